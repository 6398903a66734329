"""Faults of a template, collected: CloudFormation tells the first, people want all."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from manciple.errors import TemplateError

Locate = Callable[[str], int | None]


class TemplateErrors(TemplateError):
    """Every fault that was found; message, path, line and code are those of the first."""

    def __init__(self, faults: tuple[TemplateError, ...]) -> None:
        first = faults[0]
        super().__init__(first.message, path=first.path, line=first.line, code=first.code)
        self.faults = faults


class Faults:
    """Collects faults while a template is walked."""

    def __init__(self, locate: Locate = lambda path: None) -> None:
        self.found: list[TemplateError] = []
        self._locate = locate

    def add(self, message: str, path: str = "") -> None:
        """Note a fault at `path`."""
        self.found.append(TemplateError(message, path=path, line=self._locate(path)))

    @contextmanager
    def at(self, path: str) -> Iterator[None]:
        """Note a TemplateError raised inside, with `path` in front of its own."""
        try:
            yield
        except TemplateError as error:
            within(error, path)
            error.line = self._locate(error.path)
            self.found.append(error)

    def raise_if_any(self) -> None:
        """Raise TemplateErrors if anything was found."""
        if self.found:
            raise TemplateErrors(tuple(self.found))


def within(error: TemplateError, key: str) -> TemplateError:
    """Say that `error` stands inside `key`: the path grows from the inside out as an error leaves a value."""
    error.path = f"{key}/{error.path}" if error.path else key
    return error
