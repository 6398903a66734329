"""Constraints of a shared portfolio hold for whoever it is shared with; a role by its name is the account's own."""

import json
from dataclasses import replace
from typing import Any

import pytest

from manciple.app import Server
from manciple.catalog.directory import Directory, Role
from manciple.store.directories import write_directory
from tests.contract.constraining import constrain, role
from tests.contract.publishing import QUEUE, Published, publish
from tests.contract.requests import issue_key, refusal, stored
from tests.contract.sharing import Parties, gather

RULES = {
    "Rules": {
        "Short": {
            "Assertions": [
                {"Assert": {"Fn::Contains": [["0", "5"], {"Ref": "Delay"}]}, "AssertDescription": "Too long"}
            ]
        }
    }
}


@pytest.fixture
def parties(server: Server) -> Parties:
    """A hub and its spokes."""
    return gather(server)


@pytest.fixture
def hub(parties: Parties) -> Published:
    """A product of the hub's."""
    return parties.publish()


@pytest.fixture
def spoke(parties: Parties, hub: Published) -> Published:
    """The same product, as the spoke launches it from the imported portfolio."""
    catalog = parties.import_into(parties.spoke, hub.portfolio_id)
    parties.open(parties.spoke, hub.portfolio_id)
    return replace(hub, catalog=catalog)


def delay(seconds: int) -> list[dict[str, str]]:
    return [{"Key": "Delay", "Value": str(seconds)}]


def test_rules_of_a_shared_portfolio_hold_for_a_spoke(hub: Published, spoke: Published) -> None:
    constrain(hub, "TEMPLATE", RULES)

    records = [spoke.launch(f"d{seconds}", ProvisioningParameters=delay(seconds)) for seconds in (5, 9)]

    assert [record["RecordDetail"]["Status"] for record in records] == ["SUCCEEDED", "FAILED"]
    assert "Too long" in records[1]["RecordDetail"]["RecordErrors"][0]["Description"]


def test_a_role_by_name_is_the_spokes_and_one_by_its_arn_the_hubs(
    parties: Parties, hub: Published, spoke: Published
) -> None:
    constraint_id = constrain(hub, "LAUNCH", {"LocalRoleName": "Local"})
    by_name = spoke.launch("one")["RecordDetail"]["LaunchRoleArn"]
    hub.catalog.update_constraint(Id=constraint_id, Parameters=json.dumps({"RoleArn": role(parties.hub)}))

    by_arn = spoke.launch("two")["RecordDetail"]["LaunchRoleArn"]

    assert (by_name, by_arn) == (role(parties.spoke, "Local"), role(parties.hub))


def test_a_spoke_sees_the_constraints_and_cannot_change_them(hub: Published, spoke: Published) -> None:
    constraint_id = constrain(hub, "TEMPLATE", RULES, Description="short delays")

    paths = spoke.catalog.list_launch_paths(ProductId=spoke.product_id)["LaunchPathSummaries"]
    listed = spoke.catalog.list_constraints_for_portfolio(PortfolioId=spoke.portfolio_id)["ConstraintDetails"]
    refusals = [
        refusal(lambda: spoke.catalog.delete_constraint(Id=constraint_id))[0],
        refusal(lambda: constrain(spoke, "TEMPLATE", RULES))[0],
    ]

    assert [path["ConstraintSummaries"] for path in paths] == [[{"Type": "TEMPLATE", "Description": "short delays"}]]
    assert [one["ConstraintId"] for one in listed] == [constraint_id]
    assert refusals == ["ResourceNotFoundException"] * 2


def test_in_sigv4_mode_the_role_must_exist_where_the_product_is_launched(sigv4_server: Server, account: str) -> None:
    arn = f"arn:aws:iam::{account}:role/Admin"
    clients: list[Any] = [issue_key(sigv4_server, account, arn, service=name) for name in ("servicecatalog", "s3")]
    published = publish(*clients, QUEUE)
    declare(sigv4_server, role(account, "Local"))
    constrain(published, "LAUNCH", {"LocalRoleName": "Local"})
    launched = published.launch("before")["RecordDetail"]
    declare(sigv4_server)

    code, message = refusal(lambda: published.launch("after"))

    assert (launched["Status"], launched["LaunchRoleArn"]) == ("SUCCEEDED", role(account, "Local"))
    assert (code, "profile does not exist" in message) == ("InvalidParametersException", True)


def declare(server: Server, *roles: str) -> None:
    """Declare roles in the server's directory."""
    with stored(server) as tx:
        write_directory(tx, Directory(roles=tuple(Role(arn=arn) for arn in roles)))
