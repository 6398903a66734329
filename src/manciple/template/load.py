"""Read a template's text and check its form."""

from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.intrinsics import short_tags
from manciple.template.json_reader import read_json
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.structure import check, check_declarations
from manciple.template.values import Value
from manciple.template.yaml_reader import read_yaml


def load(text: str, limits: Limits = DEFAULT_LIMITS, known_types: frozenset[str] | None = None) -> Template:
    """Read a template in JSON or YAML and check everything that can be said of it without parameters.

    Of a template that asks for a transform, anywhere, only the parameters are checked before it. `known_types` are the
    resource types that may be used (None: any). Raises TemplateError (TemplateErrors where there are several faults)
    with CloudFormation's message, path and line.
    """
    template = read(text, limits)
    if template.transforms:
        check_declarations(template, limits)
    else:
        check(template, limits, known_types)
    return template


def read(text: str, limits: Limits = DEFAULT_LIMITS) -> Template:
    """Read a template's text without checking its sections. Raises TemplateError as `load` does."""
    if len(text.encode(errors="surrogatepass")) > limits.template_bytes:
        raise TemplateError(f"Template may not exceed {limits.template_bytes} bytes in size.")
    body, positions = parse(text.removeprefix("\ufeff"), limits, short_tags())
    if not isinstance(body, dict):
        raise TemplateError("Template format error: unsupported structure.", line=1)
    return Template(body=body, positions=positions)


def parse(text: str, limits: Limits, tags: Mapping[str, str]) -> tuple[Value, dict[str, int]]:
    """The value of a text and the line of each path.

    JSON if it looks like JSON; what JSON refuses and YAML reads (comments, bare keys) is YAML. `tags` are the short
    tags that YAML may use. Raises TemplateError.
    """
    if not text.lstrip().startswith("{"):
        return read_yaml(text, tags, limits)
    try:
        return read_json(text, limits)
    except TemplateError as json_fault:
        if "not well-formed" not in json_fault.message:
            raise
        try:
            return read_yaml(text, tags, limits)
        except TemplateError:
            raise json_fault from None
