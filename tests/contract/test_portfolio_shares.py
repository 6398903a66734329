"""Sharing portfolios with accounts: offered, accepted, rejected, ended (service-catalog-api reference, 5.7)."""

from collections.abc import Callable
from typing import Any

import pytest

from manciple.catalog.sharing import PortfolioShare
from manciple.store.sharing import PORTFOLIO_SHARES
from tests.contract.conftest import REGION
from tests.contract.publishing import walk
from tests.contract.requests import create_portfolio, refusal, stored
from tests.contract.sharing import Parties, ids, node

UNKNOWN = "port-aaaaaaaaaaaaa"


@pytest.fixture
def shared(parties: Parties) -> str:
    """A portfolio of the hub's that is offered to the spoke."""
    portfolio_id = create_portfolio(parties.catalog(parties.hub))
    parties.catalog(parties.hub).create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)
    return portfolio_id


def shares(parties: Parties, portfolio_id: str, type: str = "ACCOUNT") -> list[dict[str, Any]]:
    answer = parties.catalog(parties.hub).describe_portfolio_shares(PortfolioId=portfolio_id, Type=type)
    found: list[dict[str, Any]] = answer["PortfolioShareDetails"]
    return found


def share_many(parties: Parties, portfolio_id: str, accounts: list[str]) -> None:
    with stored(parties.server) as tx:
        PORTFOLIO_SHARES.insert(
            tx,
            *(
                PortfolioShare(
                    account=parties.hub,
                    region=REGION,
                    portfolio_id=portfolio_id,
                    type="ACCOUNT",
                    principal_id=account,
                    accepted=False,
                    created_time=0,
                )
                for account in accounts
            ),
        )


def test_a_share_with_an_account_has_no_token_and_waits_for_acceptance(parties: Parties) -> None:
    hub, portfolio_id = parties.catalog(parties.hub), create_portfolio(parties.catalog(parties.hub))

    answer = hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)

    assert "PortfolioShareToken" not in answer
    assert shares(parties, portfolio_id) == [
        {
            "PrincipalId": parties.spoke,
            "Type": "ACCOUNT",
            "Accepted": False,
            "ShareTagOptions": False,
            "SharePrincipals": False,
        }
    ]
    assert ids(parties.catalog(parties.spoke).list_accepted_portfolio_shares()) == []


def test_an_accepted_portfolio_is_listed_with_its_owners_arn(parties: Parties, shared: str) -> None:
    spoke = parties.catalog(parties.spoke)

    spoke.accept_portfolio_share(PortfolioId=shared)

    (detail,) = spoke.list_accepted_portfolio_shares()["PortfolioDetails"]
    assert detail["ARN"] == f"arn:aws:catalog:{REGION}:{parties.hub}:portfolio/{shared}"
    assert shares(parties, shared)[0]["Accepted"] is True
    assert ids(spoke.list_accepted_portfolio_shares(PortfolioShareType="AWS_ORGANIZATIONS")) == []
    assert ids(spoke.list_accepted_portfolio_shares(PortfolioShareType="AWS_SERVICECATALOG")) == []
    assert ids(spoke.list_portfolios()) == []


def test_accepting_and_sharing_again_change_nothing(parties: Parties, shared: str) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    spoke.accept_portfolio_share(PortfolioId=shared)

    spoke.accept_portfolio_share(PortfolioId=shared, PortfolioShareType="IMPORTED")
    hub.create_portfolio_share(PortfolioId=shared, AccountId=parties.spoke, ShareTagOptions=True)

    assert [(share["Accepted"], share["ShareTagOptions"]) for share in shares(parties, shared)] == [(True, False)]


def test_a_rejected_portfolio_is_gone_and_can_be_accepted_later(parties: Parties, shared: str) -> None:
    spoke = parties.catalog(parties.spoke)
    spoke.accept_portfolio_share(PortfolioId=shared)

    spoke.reject_portfolio_share(PortfolioId=shared)
    rejected = ids(spoke.list_accepted_portfolio_shares()), shares(parties, shared)[0]["Accepted"]
    spoke.accept_portfolio_share(PortfolioId=shared)

    assert rejected == ([], False)
    assert ids(spoke.list_accepted_portfolio_shares()) == [shared]


def test_an_ended_share_takes_the_portfolio_away(parties: Parties, shared: str) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    spoke.accept_portfolio_share(PortfolioId=shared)

    answer = hub.delete_portfolio_share(PortfolioId=shared, AccountId=parties.spoke)

    assert "PortfolioShareToken" not in answer
    assert ids(spoke.list_accepted_portfolio_shares()) == []
    assert refusal(lambda: spoke.accept_portfolio_share(PortfolioId=shared)) == (
        "ResourceNotFoundException",
        f"Portfolio not found: {shared}",
    )


@pytest.mark.parametrize("type", ["IMPORTED", "AWS_ORGANIZATIONS", "AWS_SERVICECATALOG", None])
@pytest.mark.parametrize("operation", ["accept_portfolio_share", "reject_portfolio_share"])
def test_only_what_is_offered_can_be_accepted_or_rejected(parties: Parties, operation: str, type: str | None) -> None:
    stranger = parties.catalog(parties.stranger)
    members = {"PortfolioShareType": type} if type else {}

    answer = refusal(lambda: getattr(stranger, operation)(PortfolioId=UNKNOWN, **members))

    assert answer == ("ResourceNotFoundException", f"Portfolio not found: {UNKNOWN}")


def test_what_is_offered_to_one_account_cannot_be_accepted_by_another(parties: Parties, shared: str) -> None:
    stranger = parties.catalog(parties.stranger)

    answers = [
        refusal(lambda: stranger.accept_portfolio_share(PortfolioId=shared)),
        refusal(lambda: stranger.describe_portfolio(Id=shared)),
        refusal(lambda: parties.catalog(parties.hub).accept_portfolio_share(PortfolioId=shared)),
    ]

    assert answers == [("ResourceNotFoundException", f"Portfolio not found: {shared}")] * 3


def test_a_share_with_an_account_is_not_accepted_as_one_of_the_organization(parties: Parties, shared: str) -> None:
    spoke = parties.catalog(parties.spoke)

    code, _ = refusal(lambda: spoke.accept_portfolio_share(PortfolioId=shared, PortfolioShareType="AWS_ORGANIZATIONS"))

    assert code == "ResourceNotFoundException"


def test_flags_that_are_not_given_stay_and_every_update_has_a_token(parties: Parties, shared: str) -> None:
    hub = parties.catalog(parties.hub)

    first = hub.update_portfolio_share(PortfolioId=shared, AccountId=parties.spoke, ShareTagOptions=True)
    hub.update_portfolio_share(PortfolioId=shared, AccountId=parties.spoke)
    kept = shares(parties, shared)[0]["ShareTagOptions"]
    hub.update_portfolio_share(PortfolioId=shared, AccountId=parties.spoke, ShareTagOptions=False)

    assert first["PortfolioShareToken"].startswith("share-")
    assert first["Status"] == "COMPLETED"
    assert (kept, shares(parties, shared)[0]["ShareTagOptions"]) == (True, False)
    status = hub.describe_portfolio_share_status(PortfolioShareToken=first["PortfolioShareToken"])
    assert (status["OrganizationNodeValue"], status["Status"]) == (parties.spoke, "COMPLETED")
    assert status["ShareDetails"] == {"SuccessfulShares": [parties.spoke], "ShareErrors": []}


@pytest.mark.parametrize("operation", ["create_portfolio_share", "update_portfolio_share", "delete_portfolio_share"])
def test_a_share_is_with_an_account_or_with_a_node(parties: Parties, shared: str, operation: str) -> None:
    call = getattr(parties.catalog(parties.hub), operation)
    both = {"AccountId": parties.spoke, "OrganizationNode": node("ORGANIZATION", parties.organization)}

    codes = [
        refusal(lambda: call(PortfolioId=shared))[0],
        refusal(lambda: call(PortfolioId=shared, **both))[0],
        refusal(lambda: call(PortfolioId=shared, OrganizationNode={"Type": "ORGANIZATION"}))[0],
    ]

    assert codes == ["InvalidParametersException"] * 3


@pytest.mark.parametrize(
    "call",
    [
        lambda hub, account: hub.create_portfolio_share(PortfolioId=UNKNOWN, AccountId=account),
        lambda hub, account: hub.update_portfolio_share(PortfolioId=UNKNOWN, AccountId=account),
        lambda hub, account: hub.delete_portfolio_share(PortfolioId=UNKNOWN, AccountId=account),
        lambda hub, account: hub.describe_portfolio_shares(PortfolioId=UNKNOWN, Type="ACCOUNT"),
        lambda hub, account: hub.list_portfolio_access(PortfolioId=UNKNOWN),
        lambda hub, account: hub.list_organization_portfolio_access(
            PortfolioId=UNKNOWN, OrganizationNodeType="ACCOUNT"
        ),
    ],
)
def test_an_unknown_portfolio_has_no_shares(parties: Parties, call: Callable[[Any, str], Any]) -> None:
    code, message = refusal(lambda: call(parties.catalog(parties.hub), parties.spoke))

    assert (code, message) == ("ResourceNotFoundException", f"Portfolio not found: {UNKNOWN}")


def test_a_share_that_is_not_there_is_neither_updated_nor_deleted(parties: Parties, shared: str) -> None:
    hub = parties.catalog(parties.hub)

    codes = [
        refusal(lambda: hub.update_portfolio_share(PortfolioId=shared, AccountId=parties.stranger))[0],
        refusal(lambda: hub.delete_portfolio_share(PortfolioId=shared, AccountId=parties.stranger))[0],
    ]

    assert codes == ["ResourceNotFoundException"] * 2


@pytest.mark.parametrize("party", ["hub", "stranger"])
def test_an_unknown_token_has_no_status(parties: Parties, party: str) -> None:
    catalog = parties.catalog(getattr(parties, party))

    code, _ = refusal(lambda: catalog.describe_portfolio_share_status(PortfolioShareToken="share-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"


def test_a_portfolio_is_not_shared_with_its_owner(parties: Parties, shared: str) -> None:
    hub = parties.catalog(parties.hub)

    code, _ = refusal(lambda: hub.create_portfolio_share(PortfolioId=shared, AccountId=parties.hub))

    assert code == "InvalidParametersException"


def test_principals_are_not_shared_with_a_single_account(parties: Parties, shared: str) -> None:
    hub = parties.catalog(parties.hub)

    codes = [
        refusal(
            lambda: hub.create_portfolio_share(PortfolioId=shared, AccountId=parties.stranger, SharePrincipals=True)
        )[0],
        refusal(lambda: hub.update_portfolio_share(PortfolioId=shared, AccountId=parties.spoke, SharePrincipals=True))[
            0
        ],
    ]

    assert codes == ["InvalidParametersException"] * 2


def test_a_shared_portfolio_is_not_shared_again(parties: Parties, shared: str) -> None:
    spoke = parties.catalog(parties.spoke)
    spoke.accept_portfolio_share(PortfolioId=shared)

    code, message = refusal(lambda: spoke.create_portfolio_share(PortfolioId=shared, AccountId=parties.stranger))

    assert code == "InvalidParametersException"
    assert message == f"Portfolio {shared} is shared with you; a shared portfolio cannot be shared again."


def test_a_portfolio_that_is_shared_is_not_deleted(parties: Parties) -> None:
    hub = parties.catalog(parties.hub)
    portfolio_id = create_portfolio(hub, is_open=False)
    hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)

    refused = refusal(lambda: hub.delete_portfolio(Id=portfolio_id))
    hub.delete_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)
    hub.delete_portfolio(Id=portfolio_id)

    assert refused == ("ResourceInUseException", f"Portfolio {portfolio_id} still has associated Shares")


def test_shares_and_accounts_come_in_pages_of_up_to_a_hundred(parties: Parties) -> None:
    hub = parties.catalog(parties.hub)
    portfolio_id = create_portfolio(hub)
    accounts = [f"{number:012d}" for number in range(101)]
    share_many(parties, portfolio_id, accounts)

    details = walk(
        hub.describe_portfolio_shares, "PortfolioShareDetails", PortfolioId=portfolio_id, Type="ACCOUNT", PageSize=100
    )
    access = walk(hub.list_portfolio_access, "AccountIds", PortfolioId=portfolio_id, PageSize=100)

    assert [len(page) for page in details] == [len(page) for page in access] == [100, 1]
    assert [share["PrincipalId"] for page in details for share in page] == accounts
    assert [account for page in access for account in page] == accounts


def test_accepted_portfolios_are_listed_page_by_page_oldest_first(parties: Parties) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    portfolio_ids = [create_portfolio(hub, f"Portfolio {number}") for number in range(3)]
    for portfolio_id in portfolio_ids:
        parties.import_into(parties.spoke, portfolio_id)

    pages = walk(spoke.list_accepted_portfolio_shares, "PortfolioDetails", PageSize=2)

    assert [detail["Id"] for page in pages for detail in page] == portfolio_ids
    assert [len(page) for page in pages] == [2, 1]


def test_a_portfolio_is_shared_with_so_many_accounts_and_no_more(parties: Parties) -> None:
    hub = parties.catalog(parties.hub)
    portfolio_id = create_portfolio(hub)
    share_many(parties, portfolio_id, [f"{number:012d}" for number in range(5000)])

    code, message = refusal(lambda: hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke))
    again = hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId="000000000007")

    assert code == "LimitExceededException"
    assert "5000" in message
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_a_portfolio_too_many_is_not_imported(parties: Parties) -> None:
    hub, spoke = parties.catalog(parties.hub), parties.catalog(parties.spoke)
    portfolio_id = create_portfolio(hub)
    hub.create_portfolio_share(PortfolioId=portfolio_id, AccountId=parties.spoke)
    for _ in range(100):
        create_portfolio(spoke, is_open=False)

    code, _ = refusal(lambda: spoke.accept_portfolio_share(PortfolioId=portfolio_id))

    assert code == "LimitExceededException"


def test_shares_are_regional(parties: Parties, shared: str) -> None:
    elsewhere = parties.catalog(parties.spoke, "us-east-2")

    code, _ = refusal(lambda: elsewhere.accept_portfolio_share(PortfolioId=shared))

    assert code == "ResourceNotFoundException"
