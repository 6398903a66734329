"""Which steps of a phase can go on now: those whose dependencies are done and whose time has come."""

from collections.abc import Iterable, Sequence

from manciple.engine.rows import Step


class Agenda:
    """The open steps of one phase. A step that failed or was cancelled keeps those that need it from starting."""

    def __init__(self, steps: Sequence[Step], phase: str, needs: Iterable[tuple[int, int]]) -> None:
        self._phase = phase
        self._steps: dict[int, Step] = {}
        self._waits: dict[int, int] = {}
        self._dependents: dict[int, list[int]] = {}
        self._open: dict[int, Step] = {}
        self.add(steps, needs)

    def add(self, steps: Sequence[Step], needs: Iterable[tuple[int, int]]) -> None:
        """Add steps of the phase, and what new and old ones wait for."""
        new = {step.number: step for step in steps if step.phase == self._phase}
        self._steps |= new
        self._waits |= dict.fromkeys(new, 0)
        for number, needed in needs:
            if number in self._steps and needed in self._steps and not _is_through(self._steps[needed]):
                self._waits[number] += 1
                self._dependents.setdefault(needed, []).append(number)
        self._open |= {number: step for number, step in new.items() if not self._waits[number] and not step.is_over}

    def take(self, now: int, *, stopping: bool) -> list[Step]:
        """Take the steps that can go on; when stopping only those whose outcome is unknown."""
        taken = [
            step for step in self._open.values() if step.not_before <= now and (not stopping or step.state == "started")
        ]
        for step in taken:
            del self._open[step.number]
        return taken

    def put_back(self, step: Step) -> None:
        """Take note of how a taken step is now: it opens others, waits on, or is over."""
        if not step.is_over:
            self._open[step.number] = step
        elif _is_through(step):
            for number in self._dependents.get(step.number, ()):
                self._waits[number] -= 1
                if not self._waits[number]:
                    self._open[number] = self._steps[number]

    def next_time(self, *, stopping: bool) -> int | None:
        """When the first of the open steps can go on; None if there is none."""
        times = [step.not_before for step in self._open.values() if not stopping or step.state == "started"]
        return min(times, default=None)

    def waiting(self) -> list[Step]:
        """The open steps whose handler is in progress."""
        return [step for step in self._open.values() if step.state == "waiting"]


def _is_through(step: Step) -> bool:
    return step.state in ("done", "skipped")
