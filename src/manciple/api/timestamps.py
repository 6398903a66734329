"""A moment as the API carries it: milliseconds inside, epoch seconds on the wire."""

from datetime import UTC, datetime
from typing import Final

_SCIENTIFIC_FROM: Final = 10_000_000_000  # ten million seconds, where Java's Double.toString turns to `E`


class Timestamp:
    """A moment in whole milliseconds since the epoch, UTC. Immutable, ordered, hashable."""

    __slots__ = ("milliseconds",)

    def __init__(self, milliseconds: int) -> None:
        self.milliseconds: Final = milliseconds

    @classmethod
    def of_seconds(cls, seconds: float) -> "Timestamp":
        """Return the moment `seconds` after the epoch, to the nearest millisecond."""
        return cls(round(seconds * 1000))

    def as_java_double(self) -> str:
        """Spell the seconds as Java prints a double, which is how AWS writes them: `1.536221931782E9`."""
        magnitude = abs(self.milliseconds)
        if magnitude < _SCIENTIFIC_FROM:
            return repr(self.milliseconds / 1000)
        sign = "-" if self.milliseconds < 0 else ""
        digits = str(magnitude)
        return f"{sign}{digits[0]}.{digits[1:].rstrip('0') or '0'}E{len(digits) - 4}"

    def as_datetime(self) -> datetime:
        """Return the moment as an aware datetime in UTC."""
        seconds, milliseconds = divmod(self.milliseconds, 1000)
        return datetime.fromtimestamp(seconds, UTC).replace(microsecond=milliseconds * 1000)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Timestamp) and self.milliseconds == other.milliseconds

    def __lt__(self, other: "Timestamp") -> bool:
        return self.milliseconds < other.milliseconds

    def __hash__(self) -> int:
        return hash(self.milliseconds)

    def __repr__(self) -> str:
        return f"Timestamp({self.milliseconds})"
