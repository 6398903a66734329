"""Handlers of own types when the process that called them dies, and when their type is gone."""

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.engine.test_kill import worker
from tests.engine.worlds import open_world, template

NOTE = Path(__file__).parents[1] / "types" / "note"


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the handlers keep notes."""
    directory = tmp_path / "notes"
    directory.mkdir()
    monkeypatch.setenv("NOTES_DIRECTORY", str(directory))
    return directory


def note(title: str) -> dict[str, object]:
    return {"Type": "Shop::Notes::Note", "Properties": {"Title": title, "Text": "lingering"}}


def calls(notes: Path) -> list[str]:
    """The tokens under which notes were to be made, call by call."""
    kept = notes.with_suffix(".calls")
    return kept.read_text().split() if kept.exists() else []


def wait_for(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_handler_whose_caller_was_killed_is_called_again_under_its_token(sqlite_url: str, notes: Path) -> None:
    types = [str(NOTE)]
    with open_world(sqlite_url, types=types) as world:
        record = world.submit(template({"Milk": note("milk"), "Bread": note("bread")}))
        with worker(sqlite_url, types=types) as first:
            wait_for(lambda: len(set(calls(notes))) == 2)
            first.send(signal.SIGKILL)

        with worker(sqlite_url, types=types):
            world.wait_until_done(record, seconds=60)

        tokens = calls(notes)
        assert len(tokens) > len(set(tokens)) == 2
        assert len(list(notes.iterdir())) == 2
        assert [event.status for event in world.events()][-1] == "CREATE_COMPLETE"


def test_what_handlers_made_is_not_forgotten_when_their_type_is_gone(sqlite_url: str, notes: Path) -> None:
    with open_world(sqlite_url, types=[str(NOTE)]) as world:
        world.run(world.submit(template({"Milk": note("milk")})))

    with open_world(sqlite_url) as world:
        world.records = 1
        world.run(world.submit_termination())
        reasons = [event.reason for event in world.events() if event.status == "DELETE_FAILED"]

    assert "Shop::Notes::Note is not registered any more; `manciple types add` its directory" in str(reasons[0])
    assert len(list(notes.iterdir())) == 1
