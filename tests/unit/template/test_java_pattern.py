"""AllowedPattern, as Java reads it."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from manciple.errors import TemplateError
from manciple.template.java_pattern import matches
from manciple.template.java_syntax import BadPattern

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
        (r"\p{L}+", "\u00e9t\u00e9", True),
        (r"\pL+", "\u00e9", True),
        (r"[\p{L}\p{Nd}_]+", "\u00e9\u0661_", True),
        (r"\p{IsGreek}+", "\u03b1\u03b2", True),
        (r"\p{javaUpperCase}+", "\u00c9", True),
        (r"[^\p{Alpha}]+", "12a", False),
        (r"[[:alpha:]]+", "al:", True),
        (r"[a-c--]+", "a-b", True),
        (r"[a||b]+", "a|b", True),
        (r"[]a]+", "]a", True),
        (r"[a-d[m-p]]+", "am", True),
        (r"[a-z&&[^m-p]]+", "am", False),
        (r"\x{1F600}", "\U0001f600", True),
        (r"\u0041\x41\0101\cA", "AAA\x01", True),
        (r"\w+", "\u00e9", False),
        (r"\h\v\R", "\xa0\n\r\n", True),
        (".", "\u2028", False),
        ("(?s).", "\n", True),
        (r"(?<part>a|b)\k<part>", "bb", True),
        (r"(?i)abc", "ABC", True),
        (r"(?u:\p{L})", "\u00e9", True),
        (r"(?>a+)b", "aab", True),
        (r"\Aa\Z", "a", True),
        (
            r"(([0-9a-f]{1,4}:){7}[0-9a-f]{1,4}|([0-9a-f]{1,4}:){1,7}:|([0-9a-f]{1,4}:){1,6}(:[0-9a-f]{1,4}){1,5})",
            "a::",
            True,
        ),
        (r"[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}", "01234567-89ab-cdef-0123-456789abcdef", True),
    ],
)
def test_a_pattern_matches_the_whole_value_as_in_java(pattern: str, text: str, expected: bool) -> None:
    matched = matches(pattern, text, SECONDS)

    assert matched is expected


@pytest.mark.parametrize(
    "pattern",
    [
        *("[a", "(a", "*a", "a{", "(" * 3000),
        *("((a{1000}){1000}){1000}", "x{1000000000}"),
        *("(?P<name>a)", "(?R)", "(?x) a", "(?#note)a", "(?:a){e<=1}"),
        *(r"\y", r"\p{Nonsense}", r"\k<gone>", r"\x{FFFFFFFF}", r"\L<names>"),
    ],
)
def test_what_is_no_pattern_of_java_or_would_grow_large_is_refused(pattern: str) -> None:
    with pytest.raises(BadPattern):
        matches(pattern, "a", SECONDS)


def test_a_pattern_that_takes_too_long_is_refused() -> None:
    with pytest.raises(TemplateError, match="takes too long"):
        matches(r"(?:(x+x+)+\d\1?)+y", "x" * 3000, 0.01)


SIGNS = [*"ab1-_.:[]^&|(){}?*+\\$,QEpdwshvRZxk<>=!i", r"\Q", r"\p{Alpha}", "(?", "[^", "&&", "{1,2}", "--"]


@given(st.lists(st.sampled_from(SIGNS), max_size=14).map("".join), st.text("ab1-_.", max_size=6))
def test_any_text_is_a_pattern_or_is_refused(pattern: str, text: str) -> None:
    with suppress(BadPattern, TemplateError):
        assert matches(pattern, text, SECONDS) in (True, False)


@given(st.text(max_size=12).filter(lambda text: "\\E" not in text))
def test_what_is_quoted_matches_itself_and_nothing_more(text: str) -> None:
    assert matches(f"\\Q{text}\\E", text, SECONDS)
    assert not matches(f"\\Q{text}\\E", text + "x", SECONDS)
