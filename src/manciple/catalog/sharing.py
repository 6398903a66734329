"""Sharing portfolios: shares, what became of them, and whom they reach (service-catalog-api reference, 5.7).

A share to an account waits for that account to accept it. A share to a node of the organization reaches every account
below the node, which need not accept it, but may reject it for itself.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from manciple.catalog.entities import Entity
from manciple.catalog.organizations import Organizations, is_administrator
from manciple.errors import InvalidParametersException

ShareType: TypeAlias = Literal["ACCOUNT", "ORGANIZATION", "ORGANIZATIONAL_UNIT", "ORGANIZATION_MEMBER_ACCOUNT"]
AcceptedType: TypeAlias = Literal["IMPORTED", "AWS_ORGANIZATIONS", "AWS_SERVICECATALOG"]
ShareVerb: TypeAlias = Literal["CREATE", "UPDATE", "DELETE"]

BUSY = "Cannot process more than one portfolio share action at the same time. Try again later."
"""Recorded: landing-zone-accelerator-on-aws, issue 893."""


class Recipient(NamedTuple):
    """Whom a portfolio is shared with: an account, or a node of the organization."""

    type: ShareType
    id: str

    @property
    def is_node(self) -> bool:
        """Is this a node of the organization?"""
        return self.type != "ACCOUNT"


class PortfolioShare(Entity, frozen=True, kw_only=True):
    """A portfolio of the owner's is shared with a recipient.

    `accepted` tells whether the account has imported the portfolio; of shares to nodes it is always true (recorded).
    """

    portfolio_id: str
    type: ShareType
    principal_id: str
    accepted: bool
    share_tag_options: bool = False
    share_principals: bool = False
    created_time: int

    @property
    def recipient(self) -> Recipient:
        """Whom the portfolio is shared with."""
        return Recipient(self.type, self.principal_id)

    @property
    def accepted_as(self) -> AcceptedType:
        """The type under which a recipient lists the portfolio."""
        return "AWS_ORGANIZATIONS" if self.recipient.is_node else "IMPORTED"


class ShareAction(Entity, frozen=True, kw_only=True):
    """One asynchronous change of a share; `id` is its token, `accounts` are those that it reached."""

    id: str
    portfolio_id: str
    verb: ShareVerb
    type: ShareType
    principal_id: str
    accounts: tuple[str, ...] = ()
    created_time: int

    @property
    def recipient(self) -> Recipient:
        """Whose share was changed."""
        return Recipient(self.type, self.principal_id)


class PortfolioRejection(Entity, frozen=True, kw_only=True):
    """An account does not want a portfolio that a share to a node brings."""

    portfolio_id: str
    created_time: int


class OrganizationAccess(msgspec.Struct, frozen=True):
    """Whether portfolios may be shared with an organization's nodes, and since when."""

    organization_id: str
    is_enabled: bool
    changed_time: int


class ProductCopy(Entity, frozen=True, kw_only=True):
    """One call of CopyProduct; `id` is its token. A copy that failed has a `failure` in place of a target."""

    id: str
    target_product_id: str | None = None
    failure: str | None = None
    created_time: int


class SharedPortfolio(NamedTuple):
    """A portfolio of another account as shares make it visible; several shares add up."""

    owner: str
    id: str
    accepted_as: frozenset[AcceptedType]
    shares_tag_options: bool
    shares_principals: bool


_FORMS: dict[str, re.Pattern[str]] = {
    "ACCOUNT": re.compile(r"([0-9]{12})"),
    "ORGANIZATION": re.compile(r"(?:arn:aws:organizations::\d{12}:organization/)?(o-[a-z0-9]{10,32})"),
    "ORGANIZATIONAL_UNIT": re.compile(
        r"(?:arn:aws:organizations::\d{12}:ou/o-[a-z0-9]{10,32}/)?(ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})"
    ),
}
NODE_TYPES: dict[str, ShareType] = {
    "ACCOUNT": "ORGANIZATION_MEMBER_ACCOUNT",
    "ORGANIZATION": "ORGANIZATION",
    "ORGANIZATIONAL_UNIT": "ORGANIZATIONAL_UNIT",
}

MANY: frozenset[ShareType] = frozenset({"ORGANIZATION", "ORGANIZATIONAL_UNIT"})
"""Recipients that stand for many accounts. Only to them can principal names be shared along (AWS API reference)."""

ONE: frozenset[ShareType] = frozenset({"ACCOUNT", "ORGANIZATION_MEMBER_ACCOUNT"})
"""Recipients that are one account."""


def read_node(type: str, value: str) -> Recipient:
    """The node of an organization that a caller names by id or ARN. Raises InvalidParametersException."""
    found = _FORMS[type].fullmatch(value)
    if found is None:
        raise InvalidParametersException(f"{value} is not the id or the ARN of an organization node of type {type}.")
    return Recipient(NODE_TYPES[type], found[1])


def accounts_reached(recipient: Recipient, owner: str, organizations: Organizations) -> list[str]:
    """The accounts that a share to a recipient reaches now, its owner left out."""
    if recipient.type in MANY:
        return [account for account in organizations.accounts_below(recipient.id) if account != owner]
    return [recipient.id]


def recipients_for(account: str, organizations: Organizations) -> list[str]:
    """Everything that an account is reached by: its own id, the units above it, its organization."""
    place = organizations.place_of(account)
    return [account, *(place.nodes if place else ())]


def reaches(share: PortfolioShare, account: str, organizations: Organizations) -> bool:
    """Does a share to one of an account's recipients make the portfolio visible there, unless it is rejected?

    The owner itself is no recipient. A share to a node holds as long as its owner may make such shares: it ends when a
    delegated administrator is removed (AWS API reference, DeletePortfolioShare).
    """
    if share.account == account:
        return False
    if not share.recipient.is_node:
        return share.accepted
    organization = organizations.organization_of(account)
    return organization is not None and is_administrator(organization, share.account)


def joined(shares: Sequence[PortfolioShare]) -> dict[str, SharedPortfolio]:
    """The portfolios that shares make visible, by id, each once."""
    found: dict[str, SharedPortfolio] = {}
    for share in shares:
        known = found.get(share.portfolio_id)
        found[share.portfolio_id] = SharedPortfolio(
            share.account,
            share.portfolio_id,
            frozenset({share.accepted_as}) | (known.accepted_as if known else frozenset()),
            share.share_tag_options or bool(known and known.shares_tag_options),
            share.share_principals or bool(known and known.shares_principals),
        )
    return found
