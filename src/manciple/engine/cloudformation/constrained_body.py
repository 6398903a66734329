"""A template with the rules of TEMPLATE constraints in it, as AWS Service Catalog hands it on to CloudFormation."""

import json
from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.load import read
from manciple.template.rules import join
from manciple.template.values import Value


def constrained_body(text: str, rules: Mapping[str, Value]) -> str:
    """The template's text with the rules beside its own; what else it says stays as it is written where it can.

    Raises TemplateError for a text that is no template.
    """
    if not rules:
        return text
    template = read(text)
    joined = join(template.section("Rules"), rules)
    as_json = _as_json(text)
    if as_json is not None:
        return json.dumps(as_json | {"Rules": joined})
    body = template.body | {"Rules": joined}
    appended = f"{text.rstrip()}\nRules: {json.dumps(joined)}\n"
    return appended if "Rules" not in template.body and _says(appended, body) else json.dumps(body)


def _as_json(text: str) -> dict[str, object] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def _says(text: str, body: dict[str, Value]) -> bool:
    """Is that what the text says? One that ends with a marker, or is in flow style, takes nothing behind it."""
    try:
        return read(text).body == body
    except TemplateError:
        return False
