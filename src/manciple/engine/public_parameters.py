"""The public parameters of Systems Manager (`/aws/service/…`), made up plausibly: images, versions, regions.

Which names there are, and what their values look like, is data (`data/public_parameters.json`); the first row that
matches the whole name counts. An image has one id for each name in each region, always the same, and exists nowhere. A
value in the operator's environment document comes before these.
"""

import json
import re
from functools import cache
from hashlib import sha256
from importlib.resources import files

import msgspec

from manciple.catalog.ids import partition_of, url_suffix_of

PREFIX = "/aws/service/"

_MEMBERS_OF_DOCUMENTS = re.compile(r"/(image_id|image_name|image_version)\Z")


class _Table(msgspec.Struct, frozen=True):
    names: list[tuple[str, str]]
    documents: dict[str, dict[str, str | int]]
    regions: dict[str, tuple[str, str]]


def public_parameter(name: str, region: str) -> str | None:
    """The value of a public parameter in a region; None if there is none of that name."""
    if not name.startswith(PREFIX):
        return None
    asked = name.removeprefix(PREFIX)
    matches = ((pattern.fullmatch(asked), value) for pattern, value in _rows())
    found = next(((match, value) for match, value in matches if match), None)
    if found is None:
        return None
    match, value = found
    words = _words(asked, region) | {key: text for key, text in match.groupdict().items() if text}
    place = match.groupdict().get("region_of")
    if place is not None and place not in _table().regions:
        return None
    return value.format_map(words | _region_words(place or region) | _documents(words))


@cache
def _table() -> _Table:
    return msgspec.json.decode((files("manciple.engine") / "data" / "public_parameters.json").read_bytes(), type=_Table)


@cache
def _rows() -> list[tuple[re.Pattern[str], str]]:
    return [(re.compile(name), value) for name, value in _table().names]


def _words(name: str, region: str) -> dict[str, str]:
    """What values are written with; a document and its single values tell of the same image."""
    image = _MEMBERS_OF_DOCUMENTS.sub("", name)
    digest = sha256(f"{region}/{image}".encode()).hexdigest()
    return {"ami": f"ami-0{digest[:16]}", "image_name": image.removesuffix("/recommended").replace("/", "-")}


def _region_words(region: str) -> dict[str, str]:
    long_name, country = _table().regions.get(region, (region, ""))
    partition = partition_of(region)
    return {
        "region": region,
        "long_name": long_name,
        "country": country,
        "partition": partition,
        "suffix": url_suffix_of(partition),
    }


def _documents(words: dict[str, str]) -> dict[str, str]:
    return {name: _document(members, words) for name, members in _table().documents.items()}


def _document(members: dict[str, str | int], words: dict[str, str]) -> str:
    filled = {key: text.format_map(words) if isinstance(text, str) else text for key, text in members.items()}
    return json.dumps(filled, separators=(",", ":"))
