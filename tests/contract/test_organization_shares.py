"""Sharing portfolios with nodes of an organization: under a token, without acceptance, by administrators only."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from manciple.app import Server
from manciple.catalog.sharing import OrganizationAccess
from manciple.store.sharing import write_access
from tests.contract.conftest import serve
from tests.contract.publishing import until, walk
from tests.contract.requests import create_portfolio, refusal, stored
from tests.contract.sharing import Parties, gather, ids, node

BUSY = "Cannot process more than one portfolio share action at the same time. Try again later."
ORGANIZATIONS = {"PortfolioShareType": "AWS_ORGANIZATIONS"}


@pytest.fixture
def portfolio_id(parties: Parties) -> str:
    """A portfolio of the hub's, which may share with nodes."""
    parties.enable()
    return create_portfolio(parties.catalog(parties.hub))


@pytest.fixture
def faithful(tmp_path: Path) -> Iterator[Callable[..., Parties]]:
    """Starts a faithful server on which shares take so long; its parties are those of one organization."""
    running: list[Iterator[Server]] = []

    def start(seconds: float) -> Parties:
        settings = {"faithful.sharing_seconds": seconds, "faithful.shares_per_second": 1000.0}
        running.append(serve(f"sqlite:///{tmp_path / 'm.sqlite'}", tmp_path, behaviour="faithful", **settings))
        return gather(next(running[-1]))

    yield start
    for server in running:
        next(server, None)


def share(parties: Parties, portfolio_id: str, type: str, value: str, **flags: bool) -> str:
    answer = parties.catalog(parties.hub).create_portfolio_share(
        PortfolioId=portfolio_id, OrganizationNode=node(type, value), **flags
    )
    return str(answer["PortfolioShareToken"])


def imported(parties: Parties, account: str) -> list[str]:
    return ids(parties.catalog(account).list_accepted_portfolio_shares(**ORGANIZATIONS))


NODES = [
    ("ORGANIZATION", "organization", ["delegate", "spoke", "nested"], "ORGANIZATION"),
    ("ORGANIZATIONAL_UNIT", "unit", ["spoke", "nested"], "ORGANIZATIONAL_UNIT"),
    ("ORGANIZATIONAL_UNIT", "inner", ["nested"], "ORGANIZATIONAL_UNIT"),
    ("ACCOUNT", "spoke", ["spoke"], "ORGANIZATION_MEMBER_ACCOUNT"),
]


@pytest.mark.parametrize(("type", "value", "reached", "described"), NODES)
def test_a_share_with_a_node_reaches_every_account_below_it_without_acceptance(
    parties: Parties, portfolio_id: str, type: str, value: str, reached: list[str], described: str
) -> None:
    token = share(parties, portfolio_id, type, getattr(parties, value))

    hub = parties.catalog(parties.hub)
    status = hub.describe_portfolio_share_status(PortfolioShareToken=token)
    assert token.startswith("share-")
    assert (status["PortfolioId"], status["OrganizationNodeValue"]) == (portfolio_id, getattr(parties, value))
    assert status["Status"] == "COMPLETED"
    accounts = sorted(getattr(parties, name) for name in reached)
    assert status["ShareDetails"] == {"SuccessfulShares": accounts, "ShareErrors": []}
    everybody = [parties.hub, parties.delegate, parties.spoke, parties.nested, parties.stranger]
    assert sorted(account for account in everybody if imported(parties, account) == [portfolio_id]) == accounts
    (detail,) = hub.describe_portfolio_shares(PortfolioId=portfolio_id, Type=described)["PortfolioShareDetails"]
    assert detail == {
        "PrincipalId": getattr(parties, value),
        "Type": described,
        "Accepted": True,
        "ShareTagOptions": False,
        "SharePrincipals": False,
    }


def test_nodes_are_named_by_arn_too(parties: Parties, portfolio_id: str) -> None:
    root = f"arn:aws:organizations::{parties.hub}"

    share(parties, portfolio_id, "ORGANIZATION", f"{root}:organization/{parties.organization}")
    share(parties, portfolio_id, "ORGANIZATIONAL_UNIT", f"{root}:ou/{parties.organization}/{parties.inner}")

    access = parties.catalog(parties.hub).list_organization_portfolio_access
    nodes = [
        access(PortfolioId=portfolio_id, OrganizationNodeType=kind)["OrganizationNodes"]
        for kind in ("ORGANIZATION", "ORGANIZATIONAL_UNIT", "ACCOUNT")
    ]
    assert nodes == [
        [node("ORGANIZATION", parties.organization)],
        [node("ORGANIZATIONAL_UNIT", parties.inner)],
        [],
    ]


@pytest.mark.parametrize(
    ("type", "value"),
    [("ORGANIZATION", "unit"), ("ORGANIZATIONAL_UNIT", "organization"), ("ACCOUNT", "unit"), ("ORGANIZATION", "spoke")],
)
def test_a_nodes_value_is_of_its_type(parties: Parties, portfolio_id: str, type: str, value: str) -> None:
    code, _ = refusal(lambda: share(parties, portfolio_id, type, getattr(parties, value)))

    assert code == "InvalidParametersException"


def test_a_node_is_of_the_callers_organization(parties: Parties, portfolio_id: str) -> None:
    refusals = [
        refusal(lambda: share(parties, portfolio_id, "ORGANIZATION", "o-elsewhere00")),
        refusal(lambda: share(parties, portfolio_id, "ACCOUNT", parties.stranger)),
    ]

    assert {code for code, _ in refusals} == {"ResourceNotFoundException"}
    assert parties.stranger in refusals[1][1]


@pytest.mark.parametrize("party", ["spoke", "stranger"])
def test_only_administrators_share_with_nodes(parties: Parties, party: str) -> None:
    parties.enable()
    catalog = parties.catalog(getattr(parties, party))
    portfolio_id, organization = create_portfolio(catalog), node("ORGANIZATION", parties.organization)

    refusals = [
        refusal(lambda: catalog.create_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=organization)),
        refusal(lambda: catalog.update_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=organization)),
        refusal(lambda: catalog.delete_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=organization)),
        refusal(
            lambda: catalog.list_organization_portfolio_access(
                PortfolioId=portfolio_id, OrganizationNodeType="ORGANIZATION"
            )
        ),
    ]

    assert {code for code, _ in refusals} == {"OperationNotSupportedException"}


def test_a_delegated_administrator_shares_until_it_is_one_no_more(parties: Parties) -> None:
    parties.enable()
    delegate = parties.catalog(parties.delegate)
    portfolio_id = create_portfolio(delegate)
    made = delegate.create_portfolio_share(
        PortfolioId=portfolio_id, OrganizationNode=node("ORGANIZATIONAL_UNIT", parties.unit)
    )
    before = imported(parties, parties.spoke)

    parties.declare(DelegatedAdministrators=[])

    assert (before, imported(parties, parties.spoke)) == ([portfolio_id], [])
    code, _ = refusal(lambda: delegate.describe_portfolio_share_status(PortfolioShareToken=made["PortfolioShareToken"]))
    assert code == "OperationNotSupportedException"


def test_sharing_with_nodes_waits_until_access_is_enabled(parties: Parties) -> None:
    portfolio_id = create_portfolio(parties.catalog(parties.hub))

    code, message = refusal(lambda: share(parties, portfolio_id, "ORGANIZATION", parties.organization))

    assert code == "OperationNotSupportedException"
    assert "EnableAWSOrganizationsAccess" in message


def test_access_is_switched_by_the_management_account_alone(parties: Parties) -> None:
    hub = parties.catalog(parties.hub)
    parties.declare(DelegatedAdministrators=[])

    def status() -> str:
        return str(hub.get_aws_organizations_access_status()["AccessStatus"])

    seen = [status()]
    for call in (
        hub.enable_aws_organizations_access,
        hub.enable_aws_organizations_access,
        hub.disable_aws_organizations_access,
    ):
        call()
        seen.append(status())

    assert seen == ["DISABLED", "ENABLED", "ENABLED", "DISABLED"]


def test_a_delegated_administrator_reads_the_status_but_does_not_switch(parties: Parties) -> None:
    delegate, spoke, stranger = (
        parties.catalog(account) for account in (parties.delegate, parties.spoke, parties.stranger)
    )

    codes = [
        refusal(delegate.enable_aws_organizations_access)[0],
        refusal(delegate.disable_aws_organizations_access)[0],
        refusal(spoke.get_aws_organizations_access_status)[0],
    ]

    assert delegate.get_aws_organizations_access_status()["AccessStatus"] == "DISABLED"
    assert codes == ["OperationNotSupportedException"] * 3
    assert [
        refusal(stranger.enable_aws_organizations_access)[0],
        refusal(stranger.disable_aws_organizations_access)[0],
        refusal(stranger.get_aws_organizations_access_status)[0],
    ] == ["ResourceNotFoundException"] * 3


def test_access_is_not_disabled_while_there_are_delegated_administrators(parties: Parties) -> None:
    parties.enable()

    code, message = refusal(parties.catalog(parties.hub).disable_aws_organizations_access)

    assert code == "InvalidStateException"
    assert parties.delegate in message


def test_disabling_access_keeps_the_shares_that_are_there(parties: Parties, portfolio_id: str) -> None:
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)
    parties.declare(DelegatedAdministrators=[])

    parties.catalog(parties.hub).disable_aws_organizations_access()

    assert imported(parties, parties.spoke) == [portfolio_id]


def test_an_account_that_moves_out_of_a_unit_loses_its_portfolios(parties: Parties, portfolio_id: str) -> None:
    share(parties, portfolio_id, "ORGANIZATIONAL_UNIT", parties.unit)
    before = imported(parties, parties.spoke)

    parties.declare(OrganizationalUnits=[{"Id": parties.unit, "Accounts": [parties.nested]}])

    assert (before, imported(parties, parties.spoke)) == ([portfolio_id], [])
    assert imported(parties, parties.nested) == [portfolio_id]


def test_an_account_rejects_a_portfolio_of_its_organization_and_takes_it_back(
    parties: Parties, portfolio_id: str
) -> None:
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)
    spoke = parties.catalog(parties.spoke)

    spoke.reject_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)
    spoke.reject_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)
    rejected = imported(parties, parties.spoke), imported(parties, parties.nested)
    spoke.accept_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)
    spoke.accept_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)

    assert rejected == ([], [portfolio_id])
    assert imported(parties, parties.spoke) == [portfolio_id]


def test_a_rejection_ends_with_the_share(parties: Parties, portfolio_id: str) -> None:
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)
    parties.catalog(parties.spoke).reject_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)
    hub = parties.catalog(parties.hub)

    ended = hub.delete_portfolio_share(
        PortfolioId=portfolio_id, OrganizationNode=node("ORGANIZATION", parties.organization)
    )
    gone = imported(parties, parties.nested)
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)

    assert ended["PortfolioShareToken"].startswith("share-")
    assert gone == []
    assert imported(parties, parties.spoke) == [portfolio_id]


def test_without_the_type_a_share_of_the_organization_is_not_found(parties: Parties, portfolio_id: str) -> None:
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)

    answer = refusal(lambda: parties.catalog(parties.spoke).accept_portfolio_share(PortfolioId=portfolio_id))

    assert answer == ("ResourceNotFoundException", f"Portfolio not found: {portfolio_id}")


def test_a_portfolio_comes_by_several_shares_and_is_there_once(parties: Parties, portfolio_id: str) -> None:
    share(parties, portfolio_id, "ORGANIZATION", parties.organization)
    share(parties, portfolio_id, "ORGANIZATIONAL_UNIT", parties.unit)
    spoke = parties.import_into(parties.spoke, portfolio_id)

    spoke.reject_portfolio_share(PortfolioId=portfolio_id, **ORGANIZATIONS)

    assert ids(spoke.list_accepted_portfolio_shares()) == [portfolio_id]
    assert imported(parties, parties.spoke) == []
    assert spoke.describe_portfolio(Id=portfolio_id)["PortfolioDetail"]["Id"] == portfolio_id


def test_access_is_listed_for_accounts_and_below_a_node(parties: Parties, portfolio_id: str) -> None:
    hub = parties.catalog(parties.hub)
    share(parties, portfolio_id, "ORGANIZATIONAL_UNIT", parties.unit)
    share(parties, portfolio_id, "ACCOUNT", parties.delegate)
    hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.stranger)

    def access(**members: str) -> list[str]:
        pages = walk(hub.list_portfolio_access, "AccountIds", PortfolioId=portfolio_id, PageSize=1, **members)
        return [account for page in pages for account in page]

    assert access() == sorted([parties.delegate, parties.stranger])
    assert access(OrganizationParentId=parties.unit) == sorted([parties.spoke, parties.nested])
    assert access(OrganizationParentId=parties.inner) == [parties.nested]
    assert access(OrganizationParentId=parties.organization) == []


def test_an_update_sets_what_is_shared_along(parties: Parties, portfolio_id: str) -> None:
    hub, organization = parties.catalog(parties.hub), node("ORGANIZATION", parties.organization)
    share(parties, portfolio_id, "ORGANIZATION", parties.organization, SharePrincipals=True)

    answer = hub.update_portfolio_share(PortfolioId=portfolio_id, OrganizationNode=organization, ShareTagOptions=True)

    (detail,) = hub.describe_portfolio_shares(PortfolioId=portfolio_id, Type="ORGANIZATION")["PortfolioShareDetails"]
    assert (detail["ShareTagOptions"], detail["SharePrincipals"]) == (True, True)
    assert answer["Status"] == "COMPLETED"


def test_sharing_again_changes_nothing_and_has_a_token(parties: Parties, portfolio_id: str) -> None:
    first = share(parties, portfolio_id, "ORGANIZATION", parties.organization)

    second = share(parties, portfolio_id, "ORGANIZATION", parties.organization, ShareTagOptions=True)

    hub = parties.catalog(parties.hub)
    (detail,) = hub.describe_portfolio_shares(PortfolioId=portfolio_id, Type="ORGANIZATION")["PortfolioShareDetails"]
    assert first != second
    assert detail["ShareTagOptions"] is False


def test_in_faithful_behaviour_one_action_at_a_time_is_under_way(faithful: Callable[..., Parties]) -> None:
    parties = faithful(3600.0)
    hub = parties.catalog(parties.hub)
    with stored(parties.server) as tx:
        write_access(tx, OrganizationAccess(parties.organization, is_enabled=True, changed_time=0))
    first, second = create_portfolio(hub), create_portfolio(hub)

    token = share(parties, first, "ORGANIZATION", parties.organization)
    refused = refusal(lambda: share(parties, first, "ORGANIZATIONAL_UNIT", parties.unit))
    share(parties, second, "ORGANIZATION", parties.organization)

    status = hub.describe_portfolio_share_status(PortfolioShareToken=token)
    assert (status["Status"], status["ShareDetails"]["SuccessfulShares"]) == ("IN_PROGRESS", [])
    assert refused == ("InvalidStateException", BUSY)


def test_in_faithful_behaviour_access_is_under_change_at_first(faithful: Callable[..., Parties]) -> None:
    parties = faithful(3600.0)
    hub = parties.catalog(parties.hub)

    hub.enable_aws_organizations_access()

    assert hub.get_aws_organizations_access_status()["AccessStatus"] == "UNDER_CHANGE"


def test_in_faithful_behaviour_access_and_shares_are_there_in_the_end(faithful: Callable[..., Parties]) -> None:
    parties = faithful(0.05)
    hub = parties.catalog(parties.hub)
    hub.enable_aws_organizations_access()
    until(hub.get_aws_organizations_access_status, lambda answer: answer["AccessStatus"] == "ENABLED")
    portfolio_id = create_portfolio(hub)

    token = share(parties, portfolio_id, "ORGANIZATION", parties.organization)
    until(
        lambda: hub.describe_portfolio_share_status(PortfolioShareToken=token),
        lambda answer: answer["Status"] == "COMPLETED",
    )

    assert imported(parties, parties.spoke) == [portfolio_id]


def test_in_faithful_behaviour_a_share_is_not_updated_while_that_is_under_way(faithful: Callable[..., Parties]) -> None:
    parties = faithful(3600.0)
    hub, account = parties.catalog(parties.hub), parties.spoke
    portfolio_id = create_portfolio(hub)
    hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=account)
    begun = hub.update_portfolio_share(PortfolioId=portfolio_id, AccountId=account, ShareTagOptions=True)

    refused = refusal(
        lambda: hub.update_portfolio_share(PortfolioId=portfolio_id, AccountId=account, ShareTagOptions=False)
    )

    assert begun["Status"] == "IN_PROGRESS"
    assert refused == ("InvalidStateException", BUSY)
