"""Variables and outputs of a module.

A type is the text as written, or what is between quotation marks; a default is JSON as AWS's own parser writes it
(aws-samples, service-catalog-engine-for-terraform-os, parser.go, on top of hashicorp/terraform-config-inspect).
"""

import json
from decimal import Decimal
from typing import Any

import msgspec

from manciple.engine.terraform.hcl.constants import (
    Constant,
    NotConstantError,
    constant,
    constant_text,
    number_text,
)
from manciple.engine.terraform.hcl.syntax import Attribute, Block

_FOR_GO = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
"""What Go's encoding/json escapes beyond JSON itself."""


class Variable(msgspec.Struct, frozen=True, kw_only=True):
    """A variable. `default` is JSON text; `validations` are their error messages.

    One that is not `required` has a default, which may all the same be None here: for `null`, and if it can be computed
    by Terraform only.
    """

    name: str
    type: str = ""
    required: bool = True
    default: str | None = None
    description: str = ""
    sensitive: bool = False
    nullable: bool = True
    ephemeral: bool = False
    validations: tuple[str, ...] = ()
    place: str = ""


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """An output."""

    name: str
    description: str = ""
    sensitive: bool = False
    ephemeral: bool = False
    place: str = ""


def read_variable(block: Block, place: str, before: Variable | None) -> Variable:
    """What a block says of a variable, over what another said before."""
    given = block.body.attributes
    said: dict[str, Any] = _described(given, ("sensitive", "nullable", "ephemeral"))
    if "type" in given:
        said["type"] = type_text(given["type"])
    if "default" in given:
        said |= {"required": False, "default": default_text(given["default"])}
    if validations := tuple(map(_message, block.body.of("validation"))):
        said["validations"] = validations
    if before is not None:
        return msgspec.structs.replace(before, **said)
    return Variable(name=block.labels[0], place=place, **said)


def read_output(block: Block, place: str, before: Output | None) -> Output:
    """What a block says of an output, over what another said before."""
    said: dict[str, Any] = _described(block.body.attributes, ("sensitive", "ephemeral"))
    if before is not None:
        return msgspec.structs.replace(before, **said)
    return Output(name=block.labels[0], place=place, **said)


def type_text(attribute: Attribute) -> str:
    """A type as text: what a quoted one says, else the source."""
    quoted = constant_text(attribute.value)
    return attribute.text if quoted is None else quoted


def default_text(attribute: Attribute) -> str | None:
    """A default as JSON text with its keys sorted; None for `null`, or if it cannot be known."""
    try:
        value = constant(attribute.value)
    except NotConstantError:
        return None
    return None if value is None else json_text(value)


def json_text(value: Constant) -> str:
    """A value as Go's encoding/json writes it: compact, sorted, numbers without needless digits."""
    match value:
        case str():
            text = json.dumps(value, ensure_ascii=False)
            return "".join(_FOR_GO.get(letter, letter) for letter in text)
        case Decimal():
            return number_text(value)
        case list():
            return f"[{','.join(map(json_text, value))}]"
        case dict():
            return f"{{{','.join(f'{json_text(key)}:{json_text(value[key])}' for key in sorted(value))}}}"
        case _:
            return json.dumps(value)


def _described(given: dict[str, Attribute], switches: tuple[str, ...]) -> dict[str, Any]:
    said: dict[str, Any] = {name: _is_true(given[name]) for name in switches if name in given}
    if "description" in given:
        said["description"] = constant_text(given["description"].value) or ""
    return said


def _is_true(attribute: Attribute) -> bool:
    """Is a switch on? One that hangs on anything else is, to be safe: only `false` and `null` are off."""
    try:
        return constant(attribute.value) not in (False, None, "false")
    except NotConstantError:
        return True


def _message(block: Block) -> str:
    message = block.body.attributes.get("error_message")
    return (constant_text(message.value) or message.text) if message else ""
