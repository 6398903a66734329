"""What HCL text says, as frozen values (HCL native syntax specification, hclsyntax/spec.md).

Operators are kept flat in the order written; only `constants` folds them. Nothing nests deeper than the text may
(`cursor.DEEPEST`), so whoever walks these values recursively is safe.
"""

from collections.abc import Iterator
from dataclasses import dataclass


class HclError(Exception):
    """Text that is not HCL; one sentence says file, line and what is wrong."""


class Expression:
    """What has a value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Literal(Expression):
    """A number's text, true, false or null."""

    value: str | bool | None


@dataclass(frozen=True, slots=True)
class Template(Expression):
    """A quoted text or heredoc: texts and the expressions between them. `for` and `if` directives are parts too."""

    parts: tuple[str | Expression, ...]
    directives: bool = False


@dataclass(frozen=True, slots=True)
class JsonText(Expression):
    """A text of the JSON form: a template where Terraform evaluates it, itself where it does not."""

    value: str
    template: Expression | None


@dataclass(frozen=True, slots=True)
class Sequence(Expression):
    """A tuple: `[a, b]`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Mapping(Expression):
    """An object: `{a = b}`."""

    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, slots=True)
class Call(Expression):
    """A call of a function; its name with `::` where a provider or the core gives it."""

    name: str
    arguments: tuple[Expression, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Reference(Expression):
    """A name and what is looked up in it: texts for attributes, expressions for indexes, None for splats."""

    name: str
    steps: tuple[str | Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Lookup(Expression):
    """The same of a value that is no name: `f(x)[0]`."""

    of: Expression
    steps: tuple[str | Expression | None, ...]


@dataclass(frozen=True, slots=True)
class Unary(Expression):
    """`-a` or `!a`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Chain(Expression):
    """`a + b * c`: operands and the operators between them."""

    operands: tuple[Expression, ...]
    operators: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Expression):
    """`a ? b : c`."""

    condition: Expression
    if_true: Expression
    if_false: Expression


@dataclass(frozen=True, slots=True)
class For(Expression):
    """`[for ...]` or `{for ...}`: the expressions in it, in the order written."""

    expressions: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """`name = value` with the value's text as written (in the JSON form: the text itself), and its line."""

    value: Expression
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """`type "label" { ... }`."""

    type: str
    labels: tuple[str, ...]
    body: "Body"
    line: int


@dataclass(frozen=True, slots=True)
class Body:
    """Attributes by name, and blocks in order."""

    attributes: dict[str, Attribute]
    blocks: tuple[Block, ...]

    def of(self, kind: str) -> Iterator[Block]:
        """The blocks of a type."""
        return (block for block in self.blocks if block.type == kind)


def parts_of(expression: Expression) -> Iterator[Expression]:
    """The expressions directly in one."""
    match expression:
        case Template(parts=parts):
            yield from (part for part in parts if not isinstance(part, str))
        case JsonText(template=template):
            yield from () if template is None else (template,)
        case Sequence(items=items) | For(expressions=items) | Call(arguments=items) | Chain(operands=items):
            yield from items
        case Mapping(items=pairs):
            yield from (one for pair in pairs for one in pair)
        case Lookup(of=of, steps=steps):
            yield of
            yield from (step for step in steps if step is not None and not isinstance(step, str))
        case Reference(steps=steps):
            yield from (step for step in steps if step is not None and not isinstance(step, str))
        case Unary(operand=operand):
            yield operand
        case Conditional(condition=condition, if_true=first, if_false=second):
            yield from (condition, first, second)


def every(expression: Expression) -> Iterator[Expression]:
    """An expression, and all that is in it, in the order written."""
    waiting = [expression]
    while waiting:
        yield (one := waiting.pop())
        waiting += reversed(list(parts_of(one)))
