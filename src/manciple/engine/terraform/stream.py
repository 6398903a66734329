"""What the program tells while it works: one JSON object a line (terraform reference, 2.4)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

import msgspec

Json = Mapping[str, Any]

_LONGEST = 2000
_BLOCK = re.compile(r'(resource|data) "([^"]+)" "([^"]+)"')
_PREFIXES = {"resource": "", "data": "data."}


def messages_of(content: bytes) -> tuple[list[Json], int]:
    """The messages of whole lines, and how many bytes they took; what is no JSON is passed over."""
    end = content.rfind(b"\n") + 1
    return list(_decoded(content[:end].splitlines())), end


def _decoded(lines: Iterable[bytes]) -> Iterator[Json]:
    for line in lines:
        try:
            found = msgspec.json.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            continue
        if isinstance(found, dict):
            yield found


def faults_in(messages: Iterable[Json]) -> list[Json]:
    """The diagnostics that are errors."""
    found = [one["diagnostic"] for one in messages if one.get("type") == "diagnostic"]
    return [one for one in found if one.get("severity") == "error"]


def said(diagnostic: Json) -> str:
    """An error in the program's words, with the layer that said it and what it said it of."""
    about = diagnostic.get("address") or _about(diagnostic)
    parts = [diagnostic.get("summary"), diagnostic.get("detail")]
    text = one_line(": ".join(str(part) for part in parts if part))
    return f"Terraform said of {about}: {text}" if about else f"Terraform said: {text}"


def _about(diagnostic: Json) -> str:
    """The block that an error without an address is about, and its place in the package; of a parameter its name."""
    snippet = diagnostic.get("snippet") or {}
    context = snippet.get("context") or ""
    found = _BLOCK.fullmatch(context)
    named = context if found is None else f"{_PREFIXES[found[1]]}{found[2]}.{found[3]}"
    place = diagnostic.get("range") or {}
    if place and PurePosixPath(place["filename"]).is_absolute():  # the run's own file of parameters
        return ", ".join(dict.fromkeys(str(value.get("traversal")) for value in snippet.get("values") or ()))
    where = f"{place['filename']} line {place['start']['line']}" if place else ""
    return f"{named} ({where})" if named and where else named or where


def said_in_text(text: str, fallback: str) -> str:
    """What a command without JSON said of its failure."""
    words = one_line("".join(letter for letter in text if letter not in "│╷╵"))
    return f"Terraform said: {words.removeprefix('Error: ') or fallback}"


def one_line(text: str) -> str:
    """Text with every run of white space as one space, cut where it is too long to be read."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
