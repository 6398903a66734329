"""Which resource an operation is about, for policies, and which access levels, tags and accounts count for it.

An operation that names a portfolio or product is about that ARN. All others are about everything of their kind in the
account and region, as AWS names it in its refusals (recorded: `arn:aws:catalog:eu-west-1:<account>:*` for
CreatePortfolio, `arn:aws:servicecatalog:eu-west-2:<account>:*/*` for ScanProvisionedProducts); a policy's `*` matches
both. Source: Service authorization reference, "Actions, resources, and condition keys for AWS Service Catalog".
"""

from typing import Any, NamedTuple

from manciple.catalog.ids import partition_of, portfolio_arn, product_arn

LEVELLED = frozenset(
    (
        "CreateProvisionedProductPlan",
        "DeleteProvisionedProductPlan",
        "DescribeProvisionedProduct",
        "DescribeProvisionedProductPlan",
        "DescribeRecord",
        "DescribeServiceActionExecutionParameters",
        "ExecuteProvisionedProductPlan",
        "ExecuteProvisionedProductServiceAction",
        "ListProvisionedProductPlans",
        "ListRecordHistory",
        "ListServiceActionsForProvisioningArtifact",
        "ListStackInstancesForProvisionedProduct",
        "ScanProvisionedProducts",
        "SearchProvisionedProducts",
        "TerminateProvisionedProduct",
        "UpdateProvisionedProduct",
    )
)
"""The operations that the three keys of access levels apply to."""

_PROVISIONED = LEVELLED | {
    "GetProvisionedProductOutputs",
    "NotifyProvisionProductEngineWorkflowResult",
    "NotifyTerminateProvisionedProductEngineWorkflowResult",
    "NotifyUpdateProvisionedProductEngineWorkflowResult",
    "UpdateProvisionedProductProperties",
}

BY_MEMBER: dict[str, tuple[str, tuple[str, ...]]] = {
    **dict.fromkeys(("DeletePortfolio", "DescribePortfolio", "UpdatePortfolio"), ("portfolio", ("id",))),
    **dict.fromkeys(
        (
            "AcceptPortfolioShare",
            "AssociatePrincipalWithPortfolio",
            "CreatePortfolioShare",
            "DeletePortfolioShare",
            "DescribePortfolioShares",
            "DisassociatePrincipalFromPortfolio",
            "ListPortfolioAccess",
            "ListPrincipalsForPortfolio",
            "RejectPortfolioShare",
            "UpdatePortfolioShare",
        ),
        ("portfolio", ("portfolio_id",)),
    ),
    **dict.fromkeys(("DeleteProduct", "UpdateProduct"), ("product", ("id",))),
    **dict.fromkeys(("DescribeProduct", "DescribeProductAsAdmin"), ("product", ("id", "name"))),
    **dict.fromkeys(
        (
            "AssociateServiceActionWithProvisioningArtifact",
            "CreateConstraint",
            "CreateProvisioningArtifact",
            "DeleteProvisioningArtifact",
            "DisassociateServiceActionFromProvisioningArtifact",
            "ImportAsProvisionedProduct",
            "ListLaunchPaths",
            "ListPortfoliosForProduct",
            "ListProvisioningArtifacts",
            "ListServiceActionsForProvisioningArtifact",
            "UpdateProvisioningArtifact",
        ),
        ("product", ("product_id",)),
    ),
    **dict.fromkeys(
        ("DescribeProvisioningArtifact", "DescribeProvisioningParameters", "ProvisionProduct"),
        ("product", ("product_id", "product_name")),
    ),
    **dict.fromkeys(
        ("AssociateTagOptionWithResource", "DisassociateTagOptionFromResource"),
        ("", ("resource_id",)),
    ),
}
"""The kind of resource, and the members of the input that name it: by id, then by name where that may be.

Which kind a TagOption's resource is shows in its id.
"""

_ARNS = {"portfolio": portfolio_arn, "product": product_arn}
_CREATING = {"CreatePortfolio": "portfolio", "CreateProduct": "product"}


class Resource(NamedTuple):
    """What an operation is about. `names` are its ARNs, the last the one that a refusal tells.

    `id` or `name` is what the caller named a portfolio or product by, if one was named.
    """

    names: tuple[str, ...]
    kind: str = ""
    id: str | None = None
    name: str | None = None


def resource_of(operation: str, input: Any, account: str, region: str) -> Resource:
    """The resource that a call of an operation is about."""
    if kind := _CREATING.get(operation):
        return Resource((_ARNS[kind](account, region, "*"), _arn("catalog", "*", account, region)))
    kind, members = BY_MEMBER.get(operation, ("", ()))
    named, name = (getattr(input, member, None) for member in (*members, "", "")[:2])
    if named is not None:
        kind = kind or ("portfolio" if named.startswith("port-") else "product")
        return Resource((_ARNS[kind](account, region, named),), kind, named)
    if name is not None:
        return Resource((_ARNS[kind](account, region, "*"),), kind, name=name)
    if operation in _PROVISIONED:
        return Resource((_arn("servicecatalog", "*/*", account, region),))
    return Resource((_arn("catalog", "*", account, region),))


def requested_tags(input: Any) -> dict[str, str]:
    """The tags that an operation is asked to set."""
    given = getattr(input, "tags", None) or getattr(input, "add_tags", None) or ()
    return {tag.key: tag.value for tag in given}


def removed_tags(input: Any) -> list[str]:
    """The keys of the tags that an operation is asked to take away; they count among `aws:TagKeys`."""
    return list(getattr(input, "remove_tags", None) or ())


def _arn(service: str, resource: str, account: str, region: str) -> str:
    return f"arn:{partition_of(region)}:{service}:{region}:{account}:{resource}"
