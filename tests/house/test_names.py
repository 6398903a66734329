"""Modules carry the field's nouns."""

from tests.house.tree import modules, relative

SAYING_NOTHING = {"utils", "util", "helpers", "helper", "common", "base", "manager", "service", "misc"}


def test_no_module_has_a_name_that_says_nothing() -> None:
    named = [relative(path) for path in modules() if SAYING_NOTHING & {path.stem, path.parent.name}]

    assert named == []
