"""What is wrong with a template that a server would not take: its answer, as AWS's, does not say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from manciple.cli.refusal import Refusal


@contextmanager
def explained(file: Path, template: bytes) -> Iterator[None]:
    """Publish a template within: if it is refused as invalid, Refusal names its file, and what is wrong with it."""
    from botocore.exceptions import ClientError

    from manciple.operations.templates import INVALID_TEMPLATE

    try:
        yield
    except ClientError as error:
        answer = error.response["Error"]
        if answer["Message"] != INVALID_TEMPLATE:
            raise
        raise Refusal(f"{file} is no valid template: {fault_of(template) or answer['Message']}") from error


def fault_of(template: bytes) -> str | None:
    """The first thing that is wrong with a template, in CloudFormation's words, and its line; None if nothing is."""
    from manciple.errors import TemplateError
    from manciple.template.load import load

    try:
        load(template.decode())
    except UnicodeDecodeError:
        return "It is not text in UTF-8."
    except TemplateError as error:
        has_place = error.line is None or "(line " in error.message
        return error.message if has_place else f"{error.message} (line {error.line})"
    return None
