"""Conditions and ranges of a request for an object: pure.

Source: RFC 9110, sections 13 and 14, as S3 reads them (API reference, GetObject and PutObject): If-Match wins over
If-Unmodified-Since, If-None-Match over If-Modified-Since; a range that cannot be read, or more than one, is ignored.
"""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import msgspec

from manciple.operations.own.object_errors import ObjectStoreError
from manciple.store.artifacts import StoredObject

_RANGE = re.compile(r"bytes=(\d*)-(\d*)", re.ASCII)


class Conditions(msgspec.Struct, frozen=True, kw_only=True):
    """The conditional headers of a request, as sent."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None


def is_modified(conditions: Conditions, found: StoredObject) -> bool:
    """Should the object be sent (True), or does the caller have it already (304)? Raises PreconditionFailed."""
    if conditions.if_match is not None:
        if not _names(conditions.if_match, found.etag):
            raise ObjectStoreError("PreconditionFailed", Condition="If-Match")
    elif (moment := _moment(conditions.if_unmodified_since)) and _seconds(found) > moment:
        raise ObjectStoreError("PreconditionFailed", Condition="If-Unmodified-Since")
    if conditions.if_none_match is not None:
        return not _names(conditions.if_none_match, found.etag)
    moment = _moment(conditions.if_modified_since)
    return moment is None or _seconds(found) > moment


def check_write(conditions: Conditions, found: StoredObject | None) -> None:
    """Raise PreconditionFailed, or NoSuchKey for If-Match without an object, unless the object may be written."""
    if conditions.if_match is not None:
        if found is None:
            raise ObjectStoreError("NoSuchKey")
        if not _names(conditions.if_match, found.etag):
            raise ObjectStoreError("PreconditionFailed", Condition="If-Match")
    if conditions.if_none_match is not None and found and _names(conditions.if_none_match, found.etag):
        raise ObjectStoreError("PreconditionFailed", Condition="If-None-Match")


def resolve_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The bytes that a Range header asks for, as start and end (not included), or None for all. Raises InvalidRange."""
    found = _RANGE.fullmatch(header.strip()) if header else None
    if found is None or found[1] == found[2] == "" or (found[1] and found[2] and int(found[2]) < int(found[1])):
        return None
    if found[1]:
        start, end = int(found[1]), min(int(found[2]) + 1 if found[2] else size, size)
    else:
        start, end = max(size - int(found[2]), 0), size
    if start >= end:
        raise ObjectStoreError("InvalidRange", RangeRequested=str(header), ActualObjectSize=size)
    return start, end


def _names(header: str, etag: str) -> bool:
    return any(part.strip().removeprefix("W/").strip('"') in ("*", etag) for part in header.split(","))


def _moment(header: str | None) -> datetime | None:
    try:
        moment = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def _seconds(found: StoredObject) -> datetime:
    return datetime.fromtimestamp(found.last_modified // 1000, UTC)
