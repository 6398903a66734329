"""Transforms that need nothing but the template and facts, one file each, found by `table`."""

from collections.abc import Mapping
from functools import cache

from manciple import registry
from manciple.template.transforms.transform import Transform


@cache
def table() -> Mapping[str, Transform]:
    """The pure transforms by name."""
    return {transform.name: transform for transform in registry.collect(__name__, Transform)}
