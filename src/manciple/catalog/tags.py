"""Tags of portfolios and products: a key once, and none of AWS's own."""

from collections.abc import Iterable

from manciple.api.shapes import Tag
from manciple.catalog.entities import Tags
from manciple.errors import InvalidParametersException

RESERVED = "aws:"


def read_tags(tags: Iterable[Tag] | None) -> Tags:
    """The tags a caller gives, as a mapping in the order given.

    Raises InvalidParametersException for a key given twice and for a key that begins with `aws:`.
    """
    found: Tags = {}
    for tag in tags or ():
        if tag.key in found:
            raise InvalidParametersException(f"The tag key {tag.key} is given more than once.")
        if tag.key.lower().startswith(RESERVED):
            raise InvalidParametersException(
                f"The tag key {tag.key} begins with {RESERVED}, which is reserved for AWS."
            )
        found[tag.key] = tag.value
    return found


def change_tags(tags: Tags, add: Iterable[Tag] | None, remove: Iterable[str] | None) -> Tags:
    """Tags after an update: keys go first, then tags come; a key that is there gets the new value."""
    removed = set(remove or ())
    return {key: value for key, value in tags.items() if key not in removed} | read_tags(add)


def list_tags(tags: Tags) -> list[Tag]:
    """Tags as the API carries them."""
    return [Tag(key=key, value=value) for key, value in tags.items()]
