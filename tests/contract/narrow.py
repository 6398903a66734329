"""An account whose every quota is used up and whose shares with a unit take an hour: what is refused for that."""

import json
from typing import Any
from uuid import uuid4

from manciple.catalog.sharing import OrganizationAccess
from manciple.store.sharing import write_access
from tests.contract.proofs import LIMIT, STATE, Case
from tests.contract.publishing import CLOUDFORMATION, QUEUE
from tests.contract.requests import stored
from tests.contract.scene import Scene

FLAGS: dict[str, Any] = {
    "behaviour": "faithful",
    "faithful.creating_seconds": 0.001,
    "faithful.sharing_seconds": 3600.0,
    "faithful.requests_per_second": 1e6,
    "faithful.shares_per_second": 1e6,
    "quota.portfolios": 1,
    "quota.products": 2,
    "quota.products_per_portfolio": 1,
    "quota.principals_per_portfolio": 1,
    "quota.shared_accounts_per_portfolio": 1,
    "quota.constraints_per_product_and_portfolio": 1,
    "quota.tags_per_portfolio": 1,
    "quota.versions_per_product": 1,
    "quota.tag_options_per_resource": 1,
    "quota.values_per_tag_option": 1,
    "quota.budgets_per_resource": 1,
    "quota.service_actions": 2,
    "quota.actions_per_version": 1,
}
RULES = json.dumps({"Rules": {"Any": {"Assertions": [{"Assert": {"Fn::Equals": ["a", "a"]}}]}}})


def fill(scene: Scene) -> Scene:
    """Use every quota up, and begin to share the portfolio with a unit."""
    hub, ids, accounts = scene.hub, scene.ids, scene.accounts
    with stored(scene.server) as tx:
        write_access(tx, OrganizationAccess(f"o-{accounts.hub}", is_enabled=True, changed_time=0))
    scene.manager.enable_aws_organizations_access()
    for client, name in ((hub, "portfolio"), (scene.spoke, "portfolio of spoke")):
        ids[name] = client.create_portfolio(**_portfolio(scene))["PortfolioDetail"]["Id"]
    for name in ("product", "second product"):
        made = hub.create_product(**_product(scene))
        ids[name] = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        ids[f"version of {name}"] = made["ProvisioningArtifactDetail"]["Id"]
    hub.associate_product_with_portfolio(ProductId=ids["product"], PortfolioId=ids["portfolio"])
    hub.associate_principal_with_portfolio(**_principal(scene, "First"))
    hub.create_constraint(**_constraint(scene))
    for name, key in (("option", "Group"), ("second option", "Cost")):
        ids[name] = hub.create_tag_option(Key=key, Value="a")["TagOptionDetail"]["Id"]
    hub.associate_tag_option_with_resource(ResourceId=ids["portfolio"], TagOptionId=ids["option"])
    hub.associate_budget_with_resource(ResourceId=ids["portfolio"], BudgetName="monthly")
    for name in ("action", "second action"):
        made = hub.create_service_action(**_action(scene))["ServiceActionDetail"]["ServiceActionSummary"]
        ids[name] = made["Id"]
    hub.associate_service_action_with_provisioning_artifact(**_of_version(scene, "action"))
    hub.create_portfolio_share(PortfolioId=ids["portfolio"], AccountId=accounts.spoke)
    hub.create_portfolio_share(**_unit(scene))
    return scene


def _portfolio(_: Scene) -> dict[str, Any]:
    return {"DisplayName": "One", "ProviderName": "IT", "IdempotencyToken": str(uuid4())}


def _product(scene: Scene) -> dict[str, Any]:
    version = {"Type": CLOUDFORMATION, "Info": {"LoadTemplateFromURL": scene.templates(QUEUE)}}
    return {
        "Name": "Queue",
        "Owner": "IT",
        "ProductType": CLOUDFORMATION,
        "ProvisioningArtifactParameters": version,
        "IdempotencyToken": str(uuid4()),
    }


def _version(scene: Scene) -> dict[str, Any]:
    product = _product(scene)
    return {
        "ProductId": scene["product"],
        "Parameters": product["ProvisioningArtifactParameters"],
        "IdempotencyToken": str(uuid4()),
    }


def _principal(scene: Scene, name: str) -> dict[str, Any]:
    return {"PortfolioId": scene["portfolio"], "PrincipalARN": scene.role(name), "PrincipalType": "IAM"}


def _constraint(scene: Scene) -> dict[str, Any]:
    return {
        "PortfolioId": scene["portfolio"],
        "ProductId": scene["product"],
        "Type": "TEMPLATE",
        "Parameters": RULES,
        "IdempotencyToken": str(uuid4()),
    }


def _action(_: Scene) -> dict[str, Any]:
    return {
        "Name": "Act",
        "DefinitionType": "SSM_AUTOMATION",
        "Definition": {"Name": "Document", "Version": "1"},
        "IdempotencyToken": str(uuid4()),
    }


def _of_version(scene: Scene, action: str) -> dict[str, Any]:
    return {
        "ProductId": scene["product"],
        "ProvisioningArtifactId": scene["version of product"],
        "ServiceActionId": scene[action],
    }


def _unit(scene: Scene) -> dict[str, Any]:
    node = {"Type": "ORGANIZATIONAL_UNIT", "Value": scene.accounts.unit}
    return {"PortfolioId": scene["portfolio"], "OrganizationNode": node}


def _budget(scene: Scene) -> dict[str, Any]:
    return {"ResourceId": scene["portfolio"], "BudgetName": "yearly"}


def _option(scene: Scene) -> dict[str, Any]:
    return {"ResourceId": scene["portfolio"], "TagOptionId": scene["second option"]}


def _more_tags(scene: Scene) -> dict[str, Any]:
    return {"Id": scene["portfolio"], "AddTags": [{"Key": key, "Value": "a"} for key in ("a", "b")]}


def _second_product(scene: Scene) -> dict[str, Any]:
    return {"ProductId": scene["second product"], "PortfolioId": scene["portfolio"]}


_SHARING = "an organization whose access is under change"

NARROW = [
    Case("AcceptPortfolioShare", LIMIT, "too many portfolios", lambda s: {"PortfolioId": s["portfolio"]}, "spoke"),
    Case("AssociateBudgetWithResource", LIMIT, "too many budgets", _budget),
    Case("AssociatePrincipalWithPortfolio", LIMIT, "too many principals", lambda scene: _principal(scene, "Second")),
    Case("AssociateProductWithPortfolio", LIMIT, "too many products in a portfolio", _second_product),
    Case(
        "AssociateServiceActionWithProvisioningArtifact",
        LIMIT,
        "too many actions of a version",
        lambda scene: _of_version(scene, "second action"),
    ),
    Case("AssociateTagOptionWithResource", LIMIT, "too many TagOptions of a resource", _option),
    Case("CreateConstraint", LIMIT, "too many constraints", _constraint),
    Case("CreatePortfolio", LIMIT, "too many portfolios", _portfolio),
    Case(
        "CreatePortfolioShare",
        LIMIT,
        "shared with too many accounts",
        lambda scene: {"PortfolioId": scene["portfolio"], "AccountId": scene.accounts.other},
    ),
    Case("CreateProduct", LIMIT, "too many products", _product),
    Case("CreateProvisioningArtifact", LIMIT, "too many versions", _version),
    Case("CreateServiceAction", LIMIT, "too many service actions", _action),
    Case("CreateTagOption", LIMIT, "too many values of a key", lambda _: {"Key": "Group", "Value": "b"}),
    Case("UpdatePortfolio", LIMIT, "too many tags", _more_tags),
    Case("CreatePortfolioShare", STATE, "a portfolio whose sharing is under way", _unit),
    Case("UpdatePortfolioShare", STATE, "a portfolio whose sharing is under way", _unit),
    Case("DeletePortfolioShare", STATE, "a portfolio whose sharing is under way", _unit),
    Case("EnableAWSOrganizationsAccess", STATE, _SHARING, lambda _: {}, "manager"),
]
"""Refusals of an account that `fill` was done to."""
