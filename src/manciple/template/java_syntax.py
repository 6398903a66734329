r"""Regular expressions of Java written as the `regex` module reads them (in its version 1 mode).

The module knows Java's set operations (`[a-z&&[^b]]`), possessive repeats and atomic groups. What differs is
translated here, token by token (java.util.regex.Pattern, "Summary of regular-expression constructs"): quoting by
`\Q…\E`, POSIX classes, which are ASCII in Java, as `\d`, `\w` and `\s` are, `\h`, `\v`, `\R`, `\Z`, `\e`, `\x{…}`,
named references, the dot, and what has a meaning in the module and none in Java (`--`, `||` and `~~` in sets, fuzzy
matching in braces).
"""

from collections.abc import Callable, Iterator, Mapping

import regex  # type: ignore[import-untyped]


class BadPattern(Exception):
    """Not a regular expression of Java, or one that is too large."""


_TOKEN = regex.compile(
    r"(?P<quoted>\\Q.*?(?:\\E|\Z))"
    r"|(?P<property>\\[pP](?:\{\^?[\w =-]+\}|[A-Za-z]))"
    r"|(?P<named>\\k<\w+>)"
    r"|(?P<code>\\x\{[0-9A-Fa-f]{1,8}\})"
    r"|(?P<octal>\\0(?:[0-3][0-7]{2}|[0-7]{1,2}))"
    r"|(?P<escape>\\(?:c.|.))"
    r"|(?P<count>\{\d+(?:,\d*)?\})"
    r"|(?P<flags>\(\?[a-zA-Z-]+[:)])"
    r"|(?P<operator>--|\|\||~~)"
    r"|(?P<other>.)",
    regex.DOTALL,
)
_GROUP = regex.compile(r"\(\?(?:[:=!>]|<[=!]|<[a-zA-Z][a-zA-Z0-9]*>)")
_POSIX = {
    "Lower": "a-z",
    "Upper": "A-Z",
    "ASCII": r"\x00-\x7F",
    "Alpha": "a-zA-Z",
    "Digit": "0-9",
    "Alnum": "a-zA-Z0-9",
    "Punct": r"!-/:-@\[-`{-~",
    "Graph": "!-~",
    "Print": r"\ -~",
    "Blank": r"\ \t",
    "Cntrl": r"\x00-\x1F\x7F",
    "XDigit": "0-9a-fA-F",
    "Space": r"\ \t\n\x0B\f\r",
}
_OF_JAVA = {
    "javaLowerCase": "Lowercase",
    "javaUpperCase": "Uppercase",
    "javaAlphabetic": "Alphabetic",
    "javaLetter": "L",
    "javaDigit": "Nd",
    "javaMirrored": "Bidi_Mirrored",
    "javaWhitespace": "White_Space",
}
"""Methods of java.lang.Character, by the Unicode property that says the same."""

_VERTICAL = r"\n\x0B\f\r\x85\u2028\u2029"
_HORIZONTAL = r"\ \t\xA0\u1680\u180e\u2000-\u200a\u202f\u205f\u3000"
_ASCII = {"d": "0-9", "w": "a-zA-Z_0-9", "s": r"\ \t\n\x0B\f\r"}
_SETS = {"h": _HORIZONTAL, "v": _VERTICAL}
_ESCAPES = {
    "R": rf"(?>\r\n|[{_VERTICAL}])",
    "z": r"\Z",
    "Z": rf"(?=(?:\r\n|[{_VERTICAL}])?\Z)",
    "e": r"\x1B",
}
_KNOWN_LETTERS = frozenset("tnrfabBAXxu")
"""Letters that mean the same after a backslash; any other is an error in Java."""

_DOT = r"[^\n\r\x85\u2028\u2029]"
_FLAGS = frozenset("imsduU")


def translated(pattern: str, *, ascii_classes: bool) -> str:
    """The pattern in the module's words. Raises BadPattern.

    With `ascii_classes` a `\\d`, `\\w` or `\\s` is what it is in Java: ASCII.
    """
    return "".join(_Translation(pattern, ascii_classes).parts())


class _Translation:
    """Walks a pattern; `depth` is how many sets are open, `is_first` whether one has just been opened."""

    def __init__(self, pattern: str, ascii_classes: bool) -> None:
        self._pattern = pattern
        self._sets = _SETS | (_ASCII if ascii_classes else {})
        self._depth = 0
        self._is_first = False
        self._dots_match_all = regex.search(r"\(\?[a-zA-Z]*s", pattern) is not None

    def parts(self) -> Iterator[str]:
        for token in _TOKEN.finditer(self._pattern):
            was_first = self._is_first
            yield _TOKENS[token.lastgroup](self, token[0], token.start())
            if was_first and self._is_first and token[0] != "^":
                self._is_first = False
        if self._depth:
            raise BadPattern(self._pattern)

    def quoted(self, text: str, _start: int) -> str:
        return str(regex.escape(text[2:].removesuffix(r"\E")))

    def property(self, text: str, _start: int) -> str:
        name = text[2:].strip("{}")
        letter = text[1]
        if name in _POSIX:
            return f"[{'^' if letter == 'P' else ''}{_POSIX[name]}]"
        return f"\\{letter}{{{_OF_JAVA.get(name, name)}}}"

    def named(self, text: str, _start: int) -> str:
        return f"(?P={text[3:-1]})"

    def code(self, text: str, _start: int) -> str:
        number = int(text[3:-1], 16)
        if number > 0x10FFFF:
            raise BadPattern(self._pattern)
        return f"\\U{number:08x}"

    def octal(self, text: str, _start: int) -> str:
        return f"\\x{int(text[1:], base=8):02x}"

    def escape(self, text: str, _start: int) -> str:
        letter = text[1]
        if letter == "c" and len(text) == 3:
            return f"\\x{ord(text[2]) ^ 64:02x}" if text[2].isascii() else self._refuse()
        lower = letter.lower()
        if lower in self._sets:
            return f"[{'^' if letter.isupper() else ''}{self._sets[lower]}]"
        if letter in _ESCAPES and not (self._depth and letter in "RzZ"):
            return _ESCAPES[letter]
        if letter in "dDwWsS" or not (letter.isascii() and letter.isalpha()) or letter in _KNOWN_LETTERS:
            return text
        return self._refuse()

    def count(self, text: str, _start: int) -> str:
        return text if not self._depth else str(regex.escape(text))

    def flags(self, text: str, _start: int) -> str:
        letters = text[2:-1]
        if self._depth or set(letters) - _FLAGS - {"-"} or letters.count("-") > 1:
            return text if self._depth else self._refuse()
        kept = "".join(letter for letter in letters if letter in "ims-").strip("-")
        kept = f"-{kept}" if letters.startswith("-") and kept else kept
        return f"(?{kept}{text[-1]}" if kept or text[-1] == ":" else ""

    def operator(self, text: str, _start: int) -> str:
        return "".join(f"\\{sign}" for sign in text) if self._depth else text

    def other(self, text: str, start: int) -> str:
        return self._in_set(text) if self._depth else self._outside(text, start)

    def _in_set(self, text: str) -> str:
        if text == "[":
            self._depth += 1
            self._is_first = True
        elif text == "]" and self._is_first:
            return r"\]"
        elif text == "]":
            self._depth -= 1
        elif text == ":":
            return r"\:"
        return text

    def _outside(self, text: str, start: int) -> str:
        if text == "[":
            self._depth, self._is_first = 1, True
        elif text == ".":
            return text if self._dots_match_all else _DOT
        elif text == "{" or (text == "(" and self._begins_foreign_group(start)):
            return self._refuse()
        return text

    def _begins_foreign_group(self, start: int) -> bool:
        return self._pattern.startswith("(?", start) and _GROUP.match(self._pattern, start) is None

    def _refuse(self) -> str:
        raise BadPattern(self._pattern)


_TOKENS: Mapping[str | None, Callable[[_Translation, str, int], str]] = {
    "quoted": _Translation.quoted,
    "property": _Translation.property,
    "named": _Translation.named,
    "code": _Translation.code,
    "octal": _Translation.octal,
    "escape": _Translation.escape,
    "count": _Translation.count,
    "flags": _Translation.flags,
    "operator": _Translation.operator,
    "other": _Translation.other,
}
