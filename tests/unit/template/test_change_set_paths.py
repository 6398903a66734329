"""Places inside a property."""

import pytest

from manciple.template.change_set.paths import changed_paths, paths_that_mention
from manciple.template.values import Value


@pytest.mark.parametrize(
    ("before", "after", "paths"),
    [
        ("a", "a", []),
        ("a", "b", ["P"]),
        ({"A": "1", "B": "2"}, {"A": "1", "B": "3"}, ["P/B"]),
        ({"A": ["1", "2"]}, {"A": ["1"]}, ["P/A/1"]),
        (None, {"A": {"B": "1"}}, ["P/A/B"]),
        ({"A": "1"}, "text", ["P"]),
        ([], None, ["P"]),
        ({"Ref": "A"}, {"Ref": "B"}, ["P"]),
        ({"A": {"Fn::GetAtt": ["X", "Y"]}}, {"A": {"Fn::GetAtt": ["X", "Z"]}}, ["P/A"]),
    ],
)
def test_changed_paths_lead_to_the_texts_that_differ(
    before: Value | None, after: Value | None, paths: list[str]
) -> None:
    assert changed_paths(before, after, "P") == paths


def test_functions_are_found_by_what_they_read() -> None:
    value: Value = {"A": [{"Ref": "X"}, {"Ref": "Y"}], "B": {"Fn::Sub": ["${X.Arn}/*", {}]}, "C": "X"}

    assert list(paths_that_mention({"X"}, value, "P")) == ["P/A/0", "P/B"]
