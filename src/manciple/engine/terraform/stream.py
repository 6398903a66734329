"""What the program tells while it works: one JSON object a line (terraform reference, 2.4)."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

Json = Mapping[str, Any]

_LONGEST = 2000


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
    """An error in the program's words, with the layer that said it."""
    address = diagnostic.get("address")
    about = f" of {address}" if address else ""
    parts = [diagnostic.get("summary"), diagnostic.get("detail")]
    return f"Terraform said{about}: {one_line(': '.join(str(part) for part in parts if part))}"


def said_in_text(text: str, fallback: str) -> str:
    """What a command without JSON said of its failure."""
    words = one_line("".join(letter for letter in text if letter not in "│╷╵"))
    return f"Terraform said: {words.removeprefix('Error: ') or fallback}"


def one_line(text: str) -> str:
    """Text with every run of white space as one space, cut where it is too long to be read."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"
