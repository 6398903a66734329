"""The seam where tests stop the engine: it is told of every point at which a process can die."""

from typing import Literal, Protocol, TypeAlias

Point: TypeAlias = Literal["before intent", "after intent", "inside call", "after call", "after outcome"]


class Probe(Protocol):
    """Told of each point that a slice passes; what it raises ends the slice there, as a kill would."""

    def reach(self, point: Point, operation_id: str) -> None:
        """A slice of the operation is at this point."""
        ...


class NoProbe:
    """The probe of a real engine: it does nothing."""

    def reach(self, point: Point, operation_id: str) -> None:
        """Pass."""
