"""TagOptions: templates of tags on portfolios and products, and what they make of the tags of a launch.

Administrator guide, "Launching a Product with TagOptions": a key that stands on one side only is offered as it is, one
that stands on both with the values that both have. No common value is a conflict: the launch goes on, and the tag gets
a value by which an administrator finds it. AWS records no text for a choice that is missing or not offered; those here
are ours.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from manciple.catalog.entities import Entity, ProductType, Tags
from manciple.errors import InvalidParametersException

Offer: TypeAlias = Mapping[str, Sequence[str]]
"""The values that a launch may choose from, by key; none for a conflict."""


WITHOUT_TAG_OPTIONS: tuple[ProductType, ...] = ("TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD")
"""Types of products that TagOptions do nothing for (administrator guide, "TagOption Library")."""


class TagOption(Entity, frozen=True, kw_only=True):
    """A key and one value that a tag of this key may have; inactive ones are not offered."""

    id: str
    key: str
    value: str
    active: bool = True
    created_time: int


class TagOptionAssociation(Entity, frozen=True, kw_only=True):
    """A portfolio or product offers a TagOption."""

    resource_id: str
    tag_option_id: str
    created_time: int


def merge(of_portfolio: Iterable[TagOption], of_product: Iterable[TagOption], *, product_type: ProductType) -> Offer:
    """What a launch of a product through a portfolio offers; the portfolio's keys come first."""
    if product_type in WITHOUT_TAG_OPTIONS:
        return {}
    one, other = _values(of_portfolio), _values(of_product)
    return {key: _common(one.get(key), other.get(key)) for key in dict.fromkeys([*one, *other])}


def choose(offer: Offer, given: Tags, portfolio_id: str, product_id: str) -> Tags:
    """The tags of a launch: those given, and one for each key that is offered.

    Raises InvalidParametersException where one of several values is not chosen, or another one than those.
    """
    conflict = _conflict(portfolio_id, product_id)
    return given | {key: _chosen(key, values, given.get(key)) or conflict for key, values in offer.items()}


def refresh(offer: Offer, tags: Tags, portfolio_id: str, product_id: str) -> Tags:
    """The tags of an update that gives none, where it may change tags: what is offered now without a choice comes.

    Administrator guide, "Tag Update Constraints": if allowed, new tags of the product or portfolio are applied with an
    update. Of several values nobody chose: the tag stays what it is (inferred).
    """
    conflict = _conflict(portfolio_id, product_id)
    decided = {key: values[0] if values else conflict for key, values in offer.items() if len(values) < 2}
    return tags | decided


def _conflict(portfolio_id: str, product_id: str) -> str:
    return f"sc-tagconflict-{portfolio_id}-{product_id}"


def _values(options: Iterable[TagOption]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for option in options:
        if option.active:
            found.setdefault(option.key, []).append(option.value)
    return found


def _common(one: list[str] | None, other: list[str] | None) -> list[str]:
    if one is None or other is None:
        return one or other or []
    return [value for value in one if value in other]


def _chosen(key: str, values: Sequence[str], given: str | None) -> str | None:
    """The value of an offered key; None for a conflict, whatever is given."""
    if not values:
        return None
    if given is None and len(values) == 1:
        return values[0]
    if given not in values:
        allowed = ", ".join(values)
        found = "has no value" if given is None else f"has the value {given}"
        raise InvalidParametersException(f"The tag {key} {found}; a TagOption demands one of: {allowed}.")
    return given
