"""Files of HCL's JSON form, `.tf.json` (hcl/json/spec.md; Terraform, "JSON Configuration Syntax").

What is a block follows from Terraform's own schema, as in Terraform; whatever else an object holds is an expression. A
property that occurs twice counts twice, and `//` is a comment: both as there.
"""

import json
from collections.abc import Iterator
from typing import Any

from manciple.engine.terraform.hcl.cursor import DEEPEST, Cursor
from manciple.engine.terraform.hcl.expressions import read_expression
from manciple.engine.terraform.hcl.syntax import (
    Attribute,
    Block,
    Body,
    Expression,
    HclError,
    JsonText,
    Literal,
    Mapping,
    Sequence,
    Template,
)
from manciple.engine.terraform.hcl.templates import read_text

_RESOURCE = ("resource", "data", "ephemeral", "action")
_LABELS = {
    "": {
        **dict.fromkeys(_RESOURCE, 2),
        **dict.fromkeys(("provider", "variable", "output", "module", "check"), 1),
        **dict.fromkeys(("terraform", "locals", "moved", "import", "removed"), 0),
    },
    "terraform": {"required_providers": 0, "backend": 1, "cloud": 0, "provider_meta": 1},
    **{kind: {"provisioner": 1, "connection": 0, "lifecycle": 0} for kind in (*_RESOURCE, "removed")},
    "provisioner": {"connection": 0},
    "variable": {"validation": 0},
    "output": {"precondition": 0},
    "check": {"data": 2, "assert": 0},
}
"""How many labels the blocks have that Terraform knows, by the block that they are in."""


class _Object(list[tuple[str, Any]]):
    """An object's properties in order, each as often as it occurs."""


def read_json(content: bytes, file: str) -> Body:
    """A file's body. Raises HclError."""
    try:
        text = content.decode().removeprefix("\ufeff")
        found = json.loads(
            text, object_pairs_hook=_object, parse_int=_Number, parse_float=_Number, parse_constant=_no_number
        )
    except (UnicodeDecodeError, ValueError) as error:
        raise HclError(f"{file} is not JSON: {error}.") from None
    except RecursionError:
        raise HclError(f"{file}: this is nested deeper than {DEEPEST} levels.") from None
    return _body(found, "", file)


class _Number(str):
    """A number as written: Python would not read one of thousands of digits."""

    __slots__ = ()


def _no_number(text: str) -> None:
    raise ValueError(f"{text} is no number")


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    return _Object((_whole(name), value) for name, value in pairs)


def _whole(text: str) -> str:
    """A text in which half of a pair of surrogates is what Go's encoding/json makes of it."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _body(value: Any, within: str, file: str) -> Body:
    known = _LABELS.get(within, {})
    attributes: dict[str, Attribute] = {}
    blocks: list[Block] = []
    for name, member in _properties(value, within or "the file", file):
        if name in known:
            blocks += _blocks(name, known[name], member, (), file)
        elif name in attributes:
            raise HclError(f"{file}: {name} is set twice.")
        elif name != "//":
            attributes[name] = Attribute(_expression(member, file, 0), _text(member), 1)
    return Body(attributes, tuple(blocks))


def _properties(value: Any, what: str, file: str) -> Iterator[tuple[str, Any]]:
    """The properties of an object, or of all objects in a list."""
    for one in _each(value):
        if not isinstance(one, _Object):
            raise HclError(f"{file}: {what} must be an object, or a list of objects.")
        yield from one


def _blocks(kind: str, labels: int, value: Any, found: tuple[str, ...], file: str) -> Iterator[Block]:
    if labels:
        for label, member in _properties(value, kind, file):
            yield from _blocks(kind, labels - 1, member, (*found, label), file)
        return
    for one in _each(value):
        yield Block(kind, found, _body(one, kind, file), 1)


def _each(value: Any) -> list[Any]:
    """A value, or those of a list; nothing for null."""
    listed = value if isinstance(value, list) and not isinstance(value, _Object) else [value]
    return [one for one in listed if one is not None]


def _expression(value: Any, file: str, depth: int) -> Expression:
    if depth > DEEPEST:
        raise HclError(f"{file}: this is nested deeper than {DEEPEST} levels.")
    if isinstance(value, _Object):
        return Mapping(tuple((_template(key, file), _expression(item, file, depth + 1)) for key, item in value))
    if isinstance(value, list):
        return Sequence(tuple(_expression(item, file, depth + 1) for item in value))
    if isinstance(value, str) and not isinstance(value, _Number):
        return _template(value, file)
    return Literal(value if value is None or isinstance(value, bool) else str(value))


def _template(given: str, file: str) -> JsonText:
    """A text; one that is no template has none, and may stand only where none is evaluated."""
    text = _whole(given)
    if "${" not in text and "%{" not in text:
        return JsonText(text, Template((text,)))
    try:
        return JsonText(text, read_text(Cursor(text, file), read_expression))
    except HclError:
        return JsonText(text, None)


def _text(value: Any) -> str:
    return _whole(value) if isinstance(value, str) else ""
