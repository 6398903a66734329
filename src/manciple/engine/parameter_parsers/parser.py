"""The contract of a parameter parser: from an artifact to the parameters that a launch of it may be given.

On AWS that is a function of the engine's account with a fixed name (service-catalog-api reference, 7.2). It is asked
when parameters are described, and before what is launched or updated is planned.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec

from manciple.registry import collect
from manciple.settings import Settings

FAILED = "Error occurred during parameter parsing: {}"
"""AWS's words before those of whoever parsed (reference, 7.2)."""


class Artifact(msgspec.Struct, frozen=True, kw_only=True):
    """A version's artifact: where engines find it, and its bytes."""

    path: str
    content: bytes


class DeclaredParameter(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """A parameter that an artifact has. `type` is in the engine's own words; `default_value` may be None."""

    key: str
    type: str
    default_value: str | None = None
    description: str | None = None
    is_no_echo: bool = False


class ParserError(Exception):
    """The parameters cannot be told; the text says why, as whoever parsed said it."""


class ParameterParser(Protocol):
    """Reads artifacts."""

    name: str

    def parse(self, artifact: Artifact, launch_role_arn: str | None) -> list[DeclaredParameter]:
        """The parameters of an artifact, in its order; a launch role is told where one is known. Raises ParserError."""
        ...


@dataclass(frozen=True, slots=True)
class ParserType:
    """What a module of this directory declares, to be found there: a parser's name and how to make it.

    `make` answers None where the settings leave the parser out. It reads artifacts of `product_types`, of products on
    `target` alone if that is given; such a parser goes before one for all targets.
    """

    name: str
    make: Callable[[Settings], ParameterParser | None]
    product_types: frozenset[str]
    target: str | None = None


class ParameterParsers:
    """Every parser that the settings make use of."""

    def __init__(self, declared: Sequence[ParserType], settings: Settings) -> None:
        made = [(one, one.make(settings)) for one in sorted(declared, key=lambda one: one.target is None)]
        self._parsers = [(kind, parser) for kind, parser in made if parser is not None]

    def of(self, product_type: str, target: str | None) -> ParameterParser | None:
        """The parser of a product's artifacts; None if there is none."""
        fitting = (
            parser
            for kind, parser in self._parsers
            if product_type in kind.product_types and kind.target in (None, target)
        )
        return next(fitting, None)


def make_parsers(settings: Settings) -> ParameterParsers:
    """Every parser that this directory declares."""
    return ParameterParsers(collect("manciple.engine.parameter_parsers", ParserType), settings)
