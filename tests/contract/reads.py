"""The chapter of the story in which everything is looked at."""

from typing import Any

from tests.contract.scene import Scene


def look(scene: Scene) -> None:
    """Every read, in the order of the nouns."""
    for name, members in _reads(scene).items():
        getattr(scene.hub, name)(**members)
    scene.spoke.list_accepted_portfolio_shares()


def _reads(scene: Scene) -> dict[str, dict[str, Any]]:
    portfolio, product, version = scene["portfolio"], scene["product"], scene["first version"]
    node = "ORGANIZATIONAL_UNIT"
    mine = {"ProvisionedProductId": scene["mine"]}
    return {
        "describe_portfolio": {"Id": portfolio},
        "list_portfolios": {},
        "list_portfolios_for_product": {"ProductId": product},
        "list_principals_for_portfolio": {"PortfolioId": portfolio},
        "describe_product": {"Id": product},
        "describe_product_as_admin": {"Id": product},
        "describe_product_view": {"Id": scene["view of product"]},
        "search_products": {},
        "search_products_as_admin": {"PortfolioId": portfolio},
        "describe_provisioning_artifact": {"ProductId": product, "ProvisioningArtifactId": version},
        "list_provisioning_artifacts": {"ProductId": product},
        "list_launch_paths": {"ProductId": product},
        "describe_provisioning_parameters": {
            "ProductId": product,
            "ProvisioningArtifactId": version,
            "PathId": scene.path("portfolio"),
        },
        "describe_constraint": {"Id": scene["constraint LAUNCH on product"]},
        "list_constraints_for_portfolio": {"PortfolioId": portfolio},
        "describe_tag_option": {"Id": scene["option"]},
        "list_tag_options": {},
        "list_resources_for_tag_option": {"TagOptionId": scene["option"]},
        "list_budgets_for_resource": {"ResourceId": portfolio},
        "describe_service_action": {"Id": scene["action"]},
        "list_service_actions": {},
        "list_service_actions_for_provisioning_artifact": {"ProductId": product, "ProvisioningArtifactId": version},
        "list_provisioning_artifacts_for_service_action": {"ServiceActionId": scene["action"]},
        "describe_service_action_execution_parameters": mine | {"ServiceActionId": scene["action"]},
        "describe_portfolio_shares": {"PortfolioId": portfolio, "Type": "ACCOUNT"},
        "describe_portfolio_share_status": {"PortfolioShareToken": scene["share"]},
        "list_portfolio_access": {"PortfolioId": portfolio},
        "list_organization_portfolio_access": {"PortfolioId": portfolio, "OrganizationNodeType": node},
        "describe_provisioned_product": {"Id": scene["mine"]},
        "scan_provisioned_products": {},
        "search_provisioned_products": {},
        "describe_record": {"Id": scene["record of mine"]},
        "list_record_history": {},
        "get_provisioned_product_outputs": mine,
        "describe_provisioned_product_plan": {"PlanId": scene["plan planned"]},
        "list_provisioned_product_plans": {},
        "list_stack_instances_for_provisioned_product": {"ProvisionedProductId": scene["wide"]},
    }
