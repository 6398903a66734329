"""`manciple types`: own resource types added, listed, removed, and tested against the handler contract."""

import shutil
from pathlib import Path

import pytest

from manciple.cli.application import run

NOTE = Path(__file__).parents[1] / "types" / "note"


@pytest.fixture(autouse=True)
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the handlers keep notes."""
    directory = tmp_path / "notes"
    directory.mkdir()
    monkeypatch.setenv("NOTES_DIRECTORY", str(directory))
    return directory


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """A copy of the type of notes, to break."""
    return Path(shutil.copytree(NOTE, tmp_path / "note"))


def types(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    status = run(["types", *arguments])
    said = capsys.readouterr()
    return status, said.out + said.err


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_an_added_type_is_listed_until_it_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ("--data", str(tmp_path / "data"))

    added = types(capsys, "add", str(NOTE), *data)
    listed = types(capsys, "list", *data)
    removed = types(capsys, "remove", "Shop::Notes::Note", *data)
    left = types(capsys, "list", *data)

    assert added == (0, "Shop::Notes::Note is there from the next start of the server on.\n")
    assert listed == (0, f"Shop::Notes::Note  {NOTE}\n")
    assert removed[0] == 0
    assert left == (0, "There is none; `manciple types add DIR` adds one.\n")


@pytest.mark.parametrize(
    ("file", "old", "new", "said"),
    [
        ("schema.json", "Shop::Notes::Note", "AWS::Notes::Note", "AWS::Notes::Note has a name of AWS's"),
        ("schema.json", '"/properties/Title"', '"/properties/Heading"', "/properties/Heading, which is no property"),
        ("schema.json", "#/definitions/Tag", "#/definitions/Mark", "refers to #/definitions/Mark, which is not there"),
        ("schema.json", '"additionalProperties": false,\n  "primary', '"primary', "additionalProperties must be false"),
        ("type.toml", "python3", "no-such-program", "the program no-such-program is not there"),
        ("type.toml", "seconds = 20", 'entry_point = "a:b"', "must have either command or entry_point"),
    ],
)
def test_a_directory_that_will_not_do_is_refused_by_file_and_reason(
    note: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, old: str, new: str, said: str
) -> None:
    replace(note / file, old, new)

    status, text = types(capsys, "add", str(note), "--data", str(tmp_path / "data"))

    assert status == 1
    assert said in text
    assert str(note / file) in text
    assert not (tmp_path / "data" / "types.json").exists()


def test_a_type_that_keeps_the_contract_passes_every_rule_and_leaves_nothing(
    notes: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, text = types(capsys, "test", str(NOTE))

    assert (status, "FAILED" in text) == (0, False)
    assert "Shop::Notes::Note keeps its contract." in text
    assert list(notes.iterdir()) == []


def test_a_handler_that_lacks_a_variable_says_which(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NOTES_DIRECTORY")

    status, text = types(capsys, "test", str(NOTE))

    assert status == 1
    assert "wants the variable NOTES_DIRECTORY, which the server has not" in text
