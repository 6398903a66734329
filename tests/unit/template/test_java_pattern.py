"""AllowedPattern, as Java reads it."""

import pytest

from manciple.errors import TemplateError
from manciple.template.java_pattern import BadPattern, matches

SECONDS = 0.2


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("[a-z]+", "abc", True),
        ("[a-z]+", "abc1", False),
        (r"[\w-\+]+", "a-b+c", True),
        (r"\p{Print}*", "text!", True),
        (r"\p{Print}*", "\u00e9", False),
        (r"\P{Alpha}+", "123", True),
        (r"\d+", "\u0661", False),
        ("[a-z&&[^b]]+", "acd", True),
        ("[a-z&&[^b]]+", "abc", False),
        ("a++a", "aaa", False),
        (r"\Qa.b\E+", "a.bb", True),
        (r"(?!.*--)[a-z-]+", "a--b", False),
        (r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "01234567-89ab-cdef-0123-456789abcdef", True),
    ],
)
def test_a_pattern_matches_the_whole_value_as_in_java(pattern: str, text: str, expected: bool) -> None:
    matched = matches(pattern, text, SECONDS)

    assert matched is expected


@pytest.mark.parametrize(
    "pattern",
    ["[a", "(a", "*a", "((a{1000}){1000}){1000}", "x{1000000000}", "(?P<name>a)", "(?R)", "(?x) a", "(" * 3000],
)
def test_what_is_no_pattern_of_java_or_would_grow_large_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        matches(pattern, "a", SECONDS)


def test_a_pattern_that_takes_too_long_is_refused() -> None:
    with pytest.raises(TemplateError, match="takes too long"):
        matches(r"(?:(x+x+)+\d\1?)+y", "x" * 3000, 0.01)
