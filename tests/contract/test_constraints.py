"""Constraints: created, described, updated, deleted and listed; what each of them does is in tests of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from manciple.catalog.constraints import Constraint
from manciple.catalog.directory import Directory, Role
from manciple.catalog.entities import ProductAssociation
from manciple.store.constraint_rows import CONSTRAINTS
from manciple.store.directories import write_directory
from manciple.store.rows import PRODUCT_ASSOCIATIONS
from tests.contract.conftest import REGION
from tests.contract.requests import Bucket, create_portfolio, create_product, issue_key, offer, refusal, stored

NOTHING = "cons-aaaaaaaaaaaaa"
TAGS = '{"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}'


def topics(name: str = "stacks") -> str:
    return f'{{"NotificationArns" : ["arn:aws:sns:eu-west-1:123456789012:{name}"]}}'


def role(account: str, name: str = "Launch") -> str:
    return f'{{"RoleArn" : "arn:aws:iam::{account}:role/{name}"}}'


@dataclass
class Offered:
    """A product in a portfolio."""

    catalog: Any
    product_id: str
    portfolio_id: str

    def constrain(self, type_: str, parameters: str, **members: Any) -> dict[str, Any]:
        """Create a constraint."""
        asked = {
            "PortfolioId": self.portfolio_id,
            "ProductId": self.product_id,
            "Type": type_,
            "Parameters": parameters,
            "IdempotencyToken": str(uuid4()),
        }
        return dict(self.catalog.create_constraint(**asked | members))

    def constraint_id(self, type_: str, parameters: str, **members: Any) -> str:
        """Create a constraint and return its id."""
        return str(self.constrain(type_, parameters, **members)["ConstraintDetail"]["ConstraintId"])


@pytest.fixture
def offered(catalog: Any, s3: Bucket) -> Offered:
    """A product in a portfolio of the test's account."""
    product_id = create_product(catalog, s3)
    return Offered(catalog, product_id, offer(catalog, product_id))


def test_a_constraint_is_told_as_it_was_given_byte_for_byte(offered: Offered, catalog: Any, account: str) -> None:
    parameters = role(account)

    made = offered.constrain("LAUNCH", parameters, Description="Launch as role X")

    detail = {
        "ConstraintId": made["ConstraintDetail"]["ConstraintId"],
        "Type": "LAUNCH",
        "Description": "Launch as role X",
        "Owner": account,
        "ProductId": offered.product_id,
        "PortfolioId": offered.portfolio_id,
    }
    assert made["ConstraintDetail"]["ConstraintId"].startswith("cons-")
    assert (made["ConstraintDetail"], made["ConstraintParameters"], made["Status"]) == (detail, parameters, "CREATING")
    told = catalog.describe_constraint(Id=detail["ConstraintId"])
    assert (told["ConstraintDetail"], told["ConstraintParameters"], told["Status"]) == (detail, parameters, "AVAILABLE")


def test_a_description_that_was_not_given_is_left_out(offered: Offered) -> None:
    assert "Description" not in offered.constrain("NOTIFICATION", topics())["ConstraintDetail"]


def test_an_update_changes_what_is_given(offered: Offered, catalog: Any) -> None:
    constraint_id = offered.constraint_id("NOTIFICATION", topics("a"), Description="before")

    described = catalog.update_constraint(Id=constraint_id, Description="after")
    changed = catalog.update_constraint(Id=constraint_id, Parameters=topics("b"))

    assert (described["ConstraintDetail"]["Description"], described["ConstraintParameters"]) == ("after", topics("a"))
    assert (changed["ConstraintDetail"]["Description"], changed["ConstraintParameters"]) == ("after", topics("b"))
    assert (described["Status"], changed["Status"]) == ("CREATING", "CREATING")


def test_an_update_checks_the_parameters_of_the_constraints_own_type(offered: Offered, catalog: Any) -> None:
    constraint_id = offered.constraint_id("NOTIFICATION", topics())

    code, _ = refusal(lambda: catalog.update_constraint(Id=constraint_id, Parameters=TAGS))

    assert code == "InvalidParametersException"
    assert catalog.describe_constraint(Id=constraint_id)["ConstraintParameters"] == topics()


def test_a_deleted_constraint_is_gone(offered: Offered, catalog: Any) -> None:
    constraint_id = offered.constraint_id("NOTIFICATION", topics())

    catalog.delete_constraint(Id=constraint_id)

    gone = ("ResourceNotFoundException", f"Constraint not found: {constraint_id}")
    assert refusal(lambda: catalog.describe_constraint(Id=constraint_id)) == gone
    assert refusal(lambda: catalog.delete_constraint(Id=constraint_id)) == gone
    assert refusal(lambda: catalog.update_constraint(Id=constraint_id, Description="x")) == gone


def test_the_same_token_makes_one_constraint(offered: Offered, catalog: Any) -> None:
    made = [offered.constrain("NOTIFICATION", topics(), IdempotencyToken="t") for _ in range(2)]

    listed = catalog.list_constraints_for_portfolio(PortfolioId=offered.portfolio_id)["ConstraintDetails"]

    assert made[0]["ConstraintDetail"] == made[1]["ConstraintDetail"]
    assert len(listed) == 1


def test_a_product_that_is_not_in_the_portfolio_cannot_be_constrained(
    offered: Offered, catalog: Any, s3: Bucket
) -> None:
    elsewhere = create_product(catalog, s3)
    empty = create_portfolio(catalog)

    answers = [
        refusal(lambda: offered.constrain("NOTIFICATION", topics(), ProductId=elsewhere)),
        refusal(lambda: offered.constrain("NOTIFICATION", topics(), PortfolioId=empty)),
        refusal(lambda: offered.constrain("NOTIFICATION", topics(), PortfolioId="port-aaaaaaaaaaaaa")),
    ]

    assert answers == [
        (
            "ResourceNotFoundException",
            f"Product {elsewhere} is not associated with portfolio {offered.portfolio_id}.",
        ),
        ("ResourceNotFoundException", f"Product {offered.product_id} is not associated with portfolio {empty}."),
        ("ResourceNotFoundException", "Portfolio not found: port-aaaaaaaaaaaaa"),
    ]


@pytest.mark.parametrize("type_", ["LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "STACKSET", "TEMPLATE"])
def test_malformed_parameters_are_invalid(offered: Offered, type_: str) -> None:
    code, message = refusal(lambda: offered.constrain(type_, '{"Unknown": 1}'))

    assert code == "InvalidParametersException"
    assert type_ in message


def test_a_type_that_there_is_not_is_invalid(offered: Offered) -> None:
    code, message = refusal(lambda: offered.constrain("BUDGET", "{}"))

    assert code == "InvalidParametersException"
    assert message.startswith("BUDGET is not a type of constraint")


def test_a_role_of_another_account_has_no_profile(offered: Offered, account: str) -> None:
    answer = refusal(lambda: offered.constrain("LAUNCH", role("210987654321")))

    assert answer == (
        "InvalidParametersException",
        f"The role arn:aws:iam::210987654321:role/Launch: profile does not exist in account {account}.",
    )


def test_in_sigv4_mode_a_role_exists_that_the_directory_declares(sigv4_server: Server, account: str) -> None:
    admin = issue_key(sigv4_server, account, f"arn:aws:iam::{account}:user/admin")
    with stored(sigv4_server) as tx:
        write_directory(tx, Directory(roles=(Role(arn=f"arn:aws:iam::{account}:role/Declared"),)))
    offered = _offered_without_template(sigv4_server, admin, account)

    made = offered.constrain("LAUNCH", role(account, "Declared"))
    code, message = refusal(lambda: offered.constrain("LAUNCH", role(account, "Other")))

    assert made["Status"] == "CREATING"
    assert (code, "profile does not exist" in message) == ("InvalidParametersException", True)


def _offered_without_template(server: Server, catalog: Any, account: str) -> Offered:
    """A product in a portfolio, the association as the store has it: nothing is uploaded."""
    offered = Offered(catalog, "prod-aaaaaaaaaaaaa", create_portfolio(catalog, is_open=False))
    association = ProductAssociation(
        account=account,
        region=REGION,
        product_id=offered.product_id,
        portfolio_id=offered.portfolio_id,
        created_time=0,
    )
    with stored(server) as tx:
        PRODUCT_ASSOCIATIONS.insert(tx, association)
    return offered


@pytest.mark.parametrize("type_", ["LAUNCH", "RESOURCE_UPDATE"])
def test_a_second_constraint_of_a_type_that_stands_alone_is_a_duplicate(
    offered: Offered, account: str, type_: str
) -> None:
    parameters = {"LAUNCH": role(account), "RESOURCE_UPDATE": TAGS}[type_]
    first = offered.constraint_id(type_, parameters)

    code, message = refusal(lambda: offered.constrain(type_, parameters))

    assert code == "DuplicateResourceException"
    assert first in message


def test_a_launch_role_and_a_stack_set_exclude_each_other(offered: Offered, account: str) -> None:
    offered.constrain("LAUNCH", role(account))
    stack_set = (
        f'{{"Version": "1", "Properties": {{"AccountList": ["{account}"], "RegionList": ["eu-west-1"], '
        f'"AdminRole": "arn:aws:iam::{account}:role/Admin", "ExecutionRole": "Execution"}}}}'
    )

    code, message = refusal(lambda: offered.constrain("STACKSET", stack_set))

    assert code == "DuplicateResourceException"
    assert "cannot stand beside the LAUNCH constraint" in message


def test_a_product_has_its_constraints_in_each_portfolio_apart(offered: Offered, catalog: Any, account: str) -> None:
    other = offer(catalog, offered.product_id)

    offered.constrain("LAUNCH", role(account, "One"))
    offered.constrain("LAUNCH", role(account, "Other"), PortfolioId=other)

    listed = [
        catalog.list_constraints_for_portfolio(PortfolioId=portfolio)["ConstraintDetails"]
        for portfolio in (offered.portfolio_id, other)
    ]
    assert [len(found) for found in listed] == [1, 1]


def test_a_product_has_100_constraints_in_a_portfolio_at_most(server: Server, offered: Offered, account: str) -> None:
    offered.constrain("NOTIFICATION", topics())
    with stored(server) as tx:
        CONSTRAINTS.insert(tx, *(_stored(offered, account, number) for number in range(99)))

    code, message = refusal(lambda: offered.constrain("NOTIFICATION", topics()))

    assert code == "LimitExceededException"
    assert message.endswith(f"constraints on product {offered.product_id} in portfolio {offered.portfolio_id}: 100.")


def _stored(offered: Offered, account: str, number: int) -> Constraint:
    return Constraint(
        account=account,
        region=REGION,
        id=f"cons-{number}",
        portfolio_id=offered.portfolio_id,
        product_id=offered.product_id,
        type="NOTIFICATION",
        parameters=topics(),
        created_time=number,
        changed_time=number,
    )


def test_constraints_are_listed_page_by_page_oldest_first(offered: Offered, catalog: Any) -> None:
    made = [offered.constraint_id("NOTIFICATION", topics(f"t{number}")) for number in range(3)]

    pages = list(
        catalog.get_paginator("list_constraints_for_portfolio").paginate(
            PortfolioId=offered.portfolio_id, PaginationConfig={"PageSize": 2}
        )
    )

    assert [len(page["ConstraintDetails"]) for page in pages] == [2, 1]
    assert sorted(one["ConstraintId"] for page in pages for one in page["ConstraintDetails"]) == sorted(made)


def test_constraints_are_listed_for_one_product(offered: Offered, catalog: Any, s3: Bucket) -> None:
    other = create_product(catalog, s3)
    catalog.associate_product_with_portfolio(ProductId=other, PortfolioId=offered.portfolio_id)
    offered.constrain("NOTIFICATION", topics())
    wanted = offered.constraint_id("NOTIFICATION", topics(), ProductId=other)

    answer = catalog.list_constraints_for_portfolio(PortfolioId=offered.portfolio_id, ProductId=other)

    assert [one["ConstraintId"] for one in answer["ConstraintDetails"]] == [wanted]


def test_constraints_of_an_unknown_portfolio_cannot_be_listed(catalog: Any) -> None:
    answer = refusal(lambda: catalog.list_constraints_for_portfolio(PortfolioId="port-aaaaaaaaaaaaa"))

    assert answer == ("ResourceNotFoundException", "Portfolio not found: port-aaaaaaaaaaaaa")


def test_another_account_or_region_sees_no_constraint(offered: Offered, make_client: Callable[..., Any]) -> None:
    constraint_id = offered.constraint_id("NOTIFICATION", topics())
    strangers = [
        make_client("servicecatalog", account="999999999999"),
        make_client("servicecatalog", region="us-east-1"),
    ]

    answers = [
        refusal(partial(call, Id=constraint_id))[0]
        for stranger in strangers
        for call in (stranger.describe_constraint, stranger.update_constraint, stranger.delete_constraint)
    ]

    assert answers == ["ResourceNotFoundException"] * 6


def test_a_portfolio_with_constraints_cannot_be_deleted(offered: Offered, catalog: Any) -> None:
    offered.constrain("NOTIFICATION", topics())

    answer = refusal(lambda: catalog.delete_portfolio(Id=offered.portfolio_id))

    assert answer == ("ResourceInUseException", f"Portfolio {offered.portfolio_id} still has associated Constraints")


def test_a_product_leaves_a_portfolio_after_its_constraints(offered: Offered, catalog: Any) -> None:
    where = {"ProductId": offered.product_id, "PortfolioId": offered.portfolio_id}
    constraint_id = offered.constraint_id("NOTIFICATION", topics())

    refused = refusal(lambda: catalog.disassociate_product_from_portfolio(**where))
    catalog.delete_constraint(Id=constraint_id)
    catalog.disassociate_product_from_portfolio(**where)

    assert refused == (
        "ResourceInUseException",
        f"Product {offered.product_id} still has Constraints in portfolio {offered.portfolio_id}",
    )
