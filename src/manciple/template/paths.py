"""Paths of a template's nodes, kept short, and the sentences of the readers' limits."""

from manciple.template.limits import Limits

LONGEST = 500
"""Beyond this many characters a path no longer grows, so that positions cannot outgrow the template."""


def extend(path: str, key: str | int) -> str:
    """The path of `key` under `path`."""
    if not path:
        return str(key)
    return f"{path}/{key}" if len(path) < LONGEST else path


def too_deep(limits: Limits) -> str:
    """The sentence on nesting over the limit."""
    return f"Template format error: nesting is deeper than {limits.depth} levels; flatten the template."


def long_key(key: str, limits: Limits) -> str:
    """The sentence on a key over the limit."""
    return f"Template format error: key {key[:40]}… is longer than {limits.key} characters; shorten it."
