"""Every rule of `manciple types test`: a type that keeps it passes, a type that breaks it is told so."""

import re
import shutil
from pathlib import Path

import pytest

from manciple.cli.application import run
from manciple.engine.registered.contract import RULES

SHELF = Path(__file__).parents[1] / "types" / "shelf"
DELETED = "    find(shelves, model)\n    del shelves"
BREAKS = {
    "create_delete": (DELETED, '    raise Failure("AccessDenied")\n    del shelves'),
    "create_read": ("shelves[name] = {**model,", 'shelves[name] = {**model, "Boards": 1 + model["Boards"],'),
    "create_token": (
        'shelves[name]["Token"] != token',
        "True",
        'raise Failure("AlreadyExists")',
        'raise Failure("Unknown")',
    ),
    "create_duplicate": (' and shelves[name]["Token"] != token', " and False"),
    "delete_create": ('    del shelves[model["Name"]]', '    shelves[model["Name"]]["Name"] = None'),
    "models": ('("Code", "Token")', '("Token",)'),
    "invalid_create": ('if "Weight" in model:', "if False:"),
    "create_list": ("for name in shelves]", "for name in []]"),
    "update_read": ('return shown(shelves[model["Name"]])', 'return shown(shelf | {"Name": "other"})'),
    "update_list": (
        '{"Name": name} for name in shelves',
        '{"Name": name} for name in shelves if shelves[name].get("Boards") == 1',
    ),
    "update_create_only": ('raise Failure("NotUpdatable")', "pass"),
    "delete_read": (
        "    return shown(find(shelves, model))",
        '    return shown(shelves.get(model["Name"], {**model, "Boards": 1}))',
    ),
    "delete_update": (
        "    shelf = find(shelves, model)",
        '    shelf = shelves.get(model["Name"], {"Token": "", "Wood": model.get("Wood")})',
    ),
    "delete_delete": (DELETED + '[model["Name"]]', '    shelves.pop(model["Name"], None)'),
    "delete_list": ('    del shelves[model["Name"]]', "    pass"),
}


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the type of shelves, to break."""
    monkeypatch.setenv("SHELF_FILE", str(tmp_path / "shelves.json"))
    return Path(shutil.copytree(SHELF, tmp_path / "shelf", ignore=shutil.ignore_patterns("__pycache__")))


def test_every_rule_is_tried_with_a_type_that_breaks_it() -> None:
    assert set(BREAKS) == {rule.name for rule in RULES}


def test_a_type_that_keeps_every_rule_is_asked_for_all_of_them(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status = run(["types", "test", str(shelf)])

    lines = capsys.readouterr().out.splitlines()
    assert (status, lines[-1]) == (0, "Shop::Store::Shelf keeps its contract.")
    assert [re.split(r"[ :]+", line)[:2] for line in lines[:-1]] == [["ok", rule.name] for rule in RULES]
    assert (tmp_path / "shelves.json").read_text() == "{}"


@pytest.mark.parametrize("rule", BREAKS)
def test_a_type_that_breaks_a_rule_is_told_so(shelf: Path, capsys: pytest.CaptureFixture[str], rule: str) -> None:
    handler, replaced = shelf / "shelf.py", list(BREAKS[rule])
    while replaced:
        old, new, *replaced = replaced
        assert old in handler.read_text()
        handler.write_text(handler.read_text().replace(old, new))

    status = run(["types", "test", str(shelf)])

    said = capsys.readouterr().out
    assert status == 1
    assert f"FAILED  {rule}:" in said, said
