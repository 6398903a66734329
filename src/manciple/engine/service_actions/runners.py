"""Runners of service actions: what the operator maps a document's name to, a program or an HTTP endpoint.

A caller's values reach a runner in the JSON document only, never in its arguments, address or environment.
"""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from fnmatch import fnmatchcase
from typing import TypeVar

import msgspec

from manciple.engine.program import Program
from manciple.engine.providers.endpoint import LONGEST_ANSWER, Endpoint, Refused, Unreachable
from manciple.settings.sections import Runner

T = TypeVar("T")

_AT_ONCE = 4
"""So many run at once in a process: each has a slice's thread for as long as it takes, and launches want some, too."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a run ended, why it failed, and what the runner said; a transient one may go well when it is tried again."""

    is_good: bool
    text: str = ""
    said: str = ""
    is_transient: bool = False


class Runners:
    """The runners that there are, by pattern of the document's name.

    `room` is for those at work; `closing` is set when the process ends: what runs is broken off, to be called again.
    """

    def __init__(self, chosen: Mapping[str, Runner] | None = None) -> None:
        self._chosen = dict(chosen or {})
        self.room = threading.BoundedSemaphore(_AT_ONCE)
        self.closing = threading.Event()

    def find(self, document: str) -> Runner | None:
        """The runner of a document: the one of its own name, else the first whose pattern matches."""
        return find_runner(self._chosen, document)


def find_runner(chosen: Mapping[str, Runner], document: str) -> Runner | None:
    """The runner that is set for a document: by its own name, else by the first pattern that matches; None if none."""
    matching = (runner for pattern, runner in chosen.items() if fnmatchcase(document, pattern))
    return chosen.get(document) or next(matching, None)


def in_background(call: Callable[[], T]) -> "Future[T]":
    """Make a call on a thread of its own, which does not keep the process from ending."""
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(call())
        except BaseException as error:  # noqa: BLE001 (whoever waits for the result gets it)
            future.set_exception(error)

    threading.Thread(target=work, name="manciple-action", daemon=True).start()
    return future


def run(runner: Runner, request: bytes, token: str, is_stopped: Callable[[], bool]) -> Outcome:
    """Run to the end, or until it takes too long or is stopped."""
    if runner.url is None:
        return _run_program(Program(runner.argv), runner, request, is_stopped)
    endpoint = Endpoint(runner.seconds, "The runner's endpoint")
    try:
        said = endpoint.ask(runner.url, request, {"Idempotency-Key": token})
    except Refused as refused:
        return Outcome(is_good=False, text=str(refused), said=_begun(refused.answer))
    except Unreachable as unreachable:
        return Outcome(is_good=False, text=str(unreachable), is_transient=True)
    return Outcome(is_good=True, said=_begun(said))


def _run_program(program: Program, runner: Runner, request: bytes, is_stopped: Callable[[], bool]) -> Outcome:
    try:
        status, said, _ = program.run(request, runner.seconds, is_stopped)
    except OSError as error:
        return Outcome(is_good=False, text=f"The program {runner.argv[0]} cannot be started: {error.strerror}.")
    if status is None:
        return Outcome(is_good=False, text=too_slow(runner), said=_readable(said))
    text = f"The program {runner.argv[0]} ended with status {status}." if status else ""
    return Outcome(is_good=status == 0, text=text, said=_readable(said), is_transient=status == _TRY_AGAIN)


def too_slow(runner: Runner) -> str:
    """Why a run was broken off."""
    return f"It took longer than {runner.seconds:g} s and was stopped."


def _begun(answer: bytes) -> str:
    """An answer; of one that was not read to its end less than was read, lest a part of a secret ends it."""
    return _readable(answer if len(answer) < LONGEST_ANSWER else answer[: -LONGEST_ANSWER // 8])


def _readable(said: bytes) -> str:
    return said.decode(errors="replace").strip().replace("\0", "")


_TRY_AGAIN = 75
"""EX_TEMPFAIL of sysexits.h: the program asks to be tried again later."""
