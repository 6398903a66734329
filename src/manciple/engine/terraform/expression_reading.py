"""What policies and catalogs ask of expressions: members, names, which functions are called."""

from collections.abc import Iterator

from manciple.engine.terraform.hcl.constants import constant_text
from manciple.engine.terraform.hcl.syntax import (
    Block,
    Body,
    Call,
    Expression,
    JsonText,
    Mapping,
    Reference,
    every,
)

_PROVIDER_FUNCTION = "provider::"
_CONSTANT = ("default", "type", "description", "sensitive", "nullable", "ephemeral", "deprecated")
"""Members of a variable, which Terraform evaluates without functions."""


def members(expression: Expression) -> dict[str, Expression] | None:
    """The members of an object by name; None for what is none, or has a name that is no plain text."""
    if not isinstance(expression, Mapping):
        return None
    named = [(_key(key), value) for key, value in expression.items]
    found = {name: value for name, value in named if name is not None}
    return found if all(name is not None for name, _ in named) else None


def values(expression: Expression) -> list[Expression]:
    """The values of an object, whatever its keys are."""
    return [value for _, value in expression.items] if isinstance(expression, Mapping) else []


def optional_text(found: dict[str, Expression], name: str) -> str | None:
    """A member that is a text; None where there is none, empty where it is something else."""
    return (constant_text(found[name]) or "") if name in found else None


def root_name(expression: Expression) -> str:
    """The name that a reference begins with, also one in quotation marks (`aws.west`, `"aws.west"`)."""
    if isinstance(expression, Reference):
        return expression.name
    text = constant_text(expression) or ""
    return text.removeprefix("${").partition(".")[0].removesuffix("}").strip()


def expressions(block: Block) -> Iterator[Expression]:
    """Every expression in a block that Terraform evaluates with functions, whole ones only."""
    skipped = _CONSTANT if block.type == "variable" else ()
    for name, attribute in block.body.attributes.items():
        if name not in skipped:
            yield attribute.value
    yield from _inside(block.body)


def calls(expression: Expression) -> Iterator[Call]:
    """Every call of a function in an expression; `core::` is left off."""
    for found in every(expression):
        if isinstance(found, Call):
            yield Call(found.name.removeprefix("core::"), found.arguments, found.line)


def unreadable(expression: Expression) -> Iterator[str]:
    """Texts of the JSON form in an expression that are to be templates and are none."""
    return (one.value for one in every(expression) if isinstance(one, JsonText) and one.template is None)


def provider_functions(expression: Expression) -> Iterator[str]:
    """The local names of the providers whose functions are called."""
    for call in calls(expression):
        if call.name.startswith(_PROVIDER_FUNCTION):
            yield call.name.removeprefix(_PROVIDER_FUNCTION).partition("::")[0]


def _inside(body: Body) -> Iterator[Expression]:
    for block in body.blocks:
        yield from expressions(block)


def _key(key: Expression) -> str | None:
    if isinstance(key, Reference) and not key.steps:
        return key.name
    return constant_text(key)
