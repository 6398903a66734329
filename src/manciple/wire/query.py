"""The query protocol: a form with `Action` and `Version` is posted, XML is answered. The version says which service."""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from manciple.errors import SerializationException, UnknownOperationException
from manciple.wire import sts
from manciple.wire.calls import Calls
from manciple.wire.messages import Request, Response

SERVICES: Mapping[str, Callable[[Calls, Request, dict[str, str]], Response]] = {sts.VERSION: sts.answer}


def answer(calls: Calls, request: Request) -> Response:
    """Answer one request. Raises the error that refuses it."""
    try:
        pairs = parse_qsl(request.body.decode(), keep_blank_values=True, errors="strict", max_num_fields=1000)
    except ValueError as error:
        raise SerializationException("The body is not a form that can be read.") from error
    form = dict(pairs)
    service = SERVICES.get(form.get("Version", ""))
    if service is None:
        raise UnknownOperationException(
            f"No service here has version {form.get('Version', '')[:20]!r} and action {form.get('Action', '')[:100]!r}."
        )
    return service(calls, request, form)
