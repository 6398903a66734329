"""What the generated shapes are made of: structures, limits, operations."""

import re

import msgspec

_JAVA_LETTERS = r"\p{L}\p{Z}\p{N}_"
# Python's `\w` is exactly the letters (L), the numbers (N) and `_`; the separators (Z) are few.
_PYTHON_LETTERS = r"\w \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_TRANSLATIONS = {r"\d": "[0-9]", ".": r"[^\n\r\u0085\u2028\u2029]"}
_TOKEN = re.compile(r"\[(?:\\.|[^\]\\])*\]|\\.|.", re.DOTALL)


class Shape(msgspec.Struct, frozen=True, omit_defaults=True):
    """A structure of the API: a member that is None is absent on the wire, an empty list is there."""


class Operation(msgspec.Struct, frozen=True):
    """One operation of the API.

    `errors` are the wire names that the model lists (the front end's own come on top); `token` is the
    attribute of `input` that carries the idempotency token.
    """

    name: str
    input: type[Shape]
    output: type[Shape]
    errors: tuple[str, ...]
    token: str | None = None


def text(
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    sensitive: bool = False,
) -> msgspec.Meta:
    """Return the limits of a string.

    `pattern` is a Java pattern that the whole string must match, as AWS's model writes it; it is kept beside
    its translation for messages. A `sensitive` value is never repeated in a message.
    """
    return msgspec.Meta(
        min_length=min_length,
        max_length=max_length,
        pattern=None if pattern is None else full_match(pattern),
        extra={"pattern": pattern, "sensitive": sensitive},
    )


def full_match(pattern: str) -> str:
    """Translate a Java pattern that must match a whole string into one for Python's `re.search`.

    Raises ValueError for a Java construct that has no translation here.
    """
    translated = "".join(_translate(token) for token in _TOKEN.findall(pattern))
    if r"\p" in translated:
        raise ValueError(f"The pattern {pattern!r} uses a Unicode class that is not translated; add it here.")
    return rf"\A(?:{translated})\Z"


def _translate(token: str) -> str:
    if token.startswith("["):
        return token.replace(_JAVA_LETTERS, _PYTHON_LETTERS)
    return _TRANSLATIONS.get(token, token)
