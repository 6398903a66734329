"""The functions of the template language, one file each; a file dropped in here is found by `table`."""

from collections.abc import Mapping
from functools import cache

from manciple import registry
from manciple.template.scope import Intrinsic, Place

EXTENSIONS = "manciple.template.language_extensions"


@cache
def table(place: Place, *, extended: bool = False) -> Mapping[str, Intrinsic]:
    """The functions that may stand in `place` ("value", "condition" or "rule"), by name.

    With `extended`, those of AWS::LanguageExtensions too.
    """
    allowed = {place, "both"} | ({"condition"} if place == "rule" else set())
    found = registry.collect(__name__, Intrinsic)
    if extended:
        found += registry.collect(EXTENSIONS, Intrinsic)
    return {function.name: function for function in found if function.place in allowed}


@cache
def short_tags() -> Mapping[str, str]:
    """YAML's short tags without the `!`, and the function that each abbreviates."""
    names = {*table("value", extended=True), *table("rule"), "Fn::Transform"}
    return {name.removeprefix("Fn::"): name for name in sorted(names)}
