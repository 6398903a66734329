"""All that is wrong with a request, in AWS's words.

Decoding stops at the first fault, fast; only then is the raw value walked here. A value of the wrong type is
a SerializationException and comes alone; everything else is one ValidationException that lists all faults
(texts: service-catalog-api reference, 1.3; AWS's front end names the pattern before the length).

A sensitive value (a parameter's, which its template may declare NoEcho) is not repeated: AWS's form for
sensitive members, `Value at 'path' …`, is used for it, and `****` stands for it inside a larger value.
"""

from functools import cache
from itertools import islice
from typing import Any

from manciple.api.model import Shape
from manciple.errors import SerializationException, ServiceError, ValidationException
from manciple.wire.kinds import Structure, kind_of

MOST = 500  # faults told at once, so that no answer is far larger than its request


def refusal(raw: object, shape: type[Shape]) -> ServiceError:
    """Return the error for `raw`, the decoded JSON or CBOR of a body that `shape` refused."""
    structure = _structure(shape)
    if not isinstance(raw, dict):
        return SerializationException(structure.misfit(raw) or "Expected a structure.")
    misfit = structure.misfit(raw)
    if misfit is not None:
        return SerializationException(misfit)
    faults = [fault.sentence for fault in islice(structure.faults(raw, ""), MOST)]
    if not faults:
        return SerializationException(f"The body cannot be read as {shape.__name__}.")
    plural = "" if len(faults) == 1 else "s"
    return ValidationException(f"{len(faults)} validation error{plural} detected: {'; '.join(faults)}")


def refuse_null_characters(raw: object) -> None:
    """Raise ValidationException where a text holds U+0000, which no database and no AWS identifier can."""
    if _holds_null_character(raw):
        raise ValidationException(
            "1 validation error detected: A value failed to satisfy constraint: Member must not contain U+0000"
        )


def _holds_null_character(raw: object) -> bool:
    if isinstance(raw, str):
        return "\0" in raw
    if isinstance(raw, dict):
        return any(map(_holds_null_character, (*raw, *raw.values())))
    return isinstance(raw, list) and any(map(_holds_null_character, raw))


@cache
def _structure(shape: type[Any]) -> Structure:
    kind = kind_of(shape)
    assert isinstance(kind, Structure)
    return kind
