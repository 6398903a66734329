"""How every error that AWS models is brought about on the scene, and which ones cannot come here and why.

A case is an operation, an error's name without `Exception`, in words what is wrong, and the input that is wrong. Most
cases follow from the model by one rule. The generated page `docs/reference/coverage.md` is written from these tables.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from uuid import uuid4

from tests.contract.modelled import MODEL, NAMES, errors_of, members_of, token_of
from tests.contract.scene import Scene

NOT_FOUND, INVALID, STATE = "ResourceNotFound", "InvalidParameters", "InvalidState"
DUPLICATE, IN_USE, LIMIT = "DuplicateResource", "ResourceInUse", "LimitExceeded"
UNSUPPORTED, UNMIGRATED = "OperationNotSupported", "TagOptionNotMigrated"
RECORDED = "whoever called it in the story"

Input = Callable[[Scene], dict[str, Any]]


class Case(NamedTuple):
    """One refusal: `who` is an account of the scene."""

    operation: str
    error: str
    wrong: str
    input: Input
    who: str = "hub"


def recorded(scene: Scene, name: str) -> dict[str, Any]:
    """The input with which an operation succeeded last, under a new token and for things that are still there."""
    token = token_of(name)
    fresh = {token: str(uuid4())} if token and token in scene.recorder.inputs[name] else {}
    return scene.living(scene.recorder.inputs[name]) | fresh


def unknown(name: str) -> Input:
    """Likewise, but every id is nobody's."""
    return lambda scene: scene.nobodys(recorded(scene, name))


def reused(name: str) -> Input:
    """Another input under the token with which the operation succeeded last."""

    def make(scene: Scene) -> dict[str, Any]:
        same, token = recorded(scene, name), str(token_of(name))
        other = scene.nobodys(same)
        if other == same:
            other["Description"] = "other"
        return other | {token: scene.recorder.inputs[name][token]}

    return make


def foreign_page(name: str) -> Input:
    """The input with which the operation succeeded last, and a page token that nobody sealed."""
    return lambda scene: recorded(scene, name) | {"PageToken": "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="}


def _by_rule() -> Iterator[Case]:
    for name in NAMES:
        modelled = errors_of(name)
        members = members_of(name)
        if f"{NOT_FOUND}Exception" in modelled and name not in _NOT_BY_ID:
            yield Case(name, NOT_FOUND, "an unknown id", unknown(name), RECORDED)
        if f"{INVALID}Exception" not in modelled:
            continue
        if token_of(name):
            yield Case(name, INVALID, "a token used before by another request", reused(name), RECORDED)
        if "PageToken" in members:
            yield Case(name, INVALID, "a page token that is none", foreign_page(name), RECORDED)
        if not MODEL.operation_model(name).input_shape.required_members and {"Name", "Id"} <= set(members):
            yield Case(name, INVALID, "neither id nor name", lambda _: {})


_NOT_BY_ID = {
    "DisableAWSOrganizationsAccess",
    "EnableAWSOrganizationsAccess",
    "GetAWSOrganizationsAccessStatus",
    "ExecuteProvisionedProductServiceAction",
    "ListProvisionedProductPlans",
}
_NODE = "OrganizationNode"


def _nothing(_: Scene) -> dict[str, Any]:
    return {}


def _of(**names: str) -> Input:
    """An input of ids by the names that the story gave them."""
    return lambda scene: {member: scene[name] for member, name in names.items()}


def _again(name: str) -> Input:
    return lambda scene: recorded(scene, name)


def _node(portfolio: str) -> Input:
    return lambda scene: {
        "PortfolioId": scene[portfolio],
        _NODE: {"Type": "ORGANIZATION", "Value": f"o-{scene.accounts.hub}"},
    }


def _with(members: Input, **more: Any) -> Input:
    return lambda scene: members(scene) | more


def _token(name: str, members: Input) -> Input:
    return lambda scene: members(scene) | {str(token_of(name)): str(uuid4())}


_EXECUTE, _PROPERTIES = "ExecuteProvisionedProductServiceAction", "UpdateProvisionedProductProperties"
_IMPORT, _PLAN = "ImportAsProvisionedProduct", "CreateProvisionedProductPlan"

_ONE_BY_ONE = [
    Case("EnableAWSOrganizationsAccess", NOT_FOUND, "an account in no organization", _nothing, "stranger"),
    Case("DisableAWSOrganizationsAccess", NOT_FOUND, "an account in no organization", _nothing, "stranger"),
    Case("GetAWSOrganizationsAccessStatus", NOT_FOUND, "an account in no organization", _nothing, "stranger"),
    Case(
        _EXECUTE,
        NOT_FOUND,
        "an unknown action",
        lambda scene: {
            "ProvisionedProductId": scene["mine"],
            "ServiceActionId": "act-aaaaaaaaaaaaa",
            "ExecuteToken": str(uuid4()),
        },
    ),
    Case(
        "AssociatePrincipalWithPortfolio",
        INVALID,
        "the ARN of no principal",
        lambda scene: {"PortfolioId": scene["portfolio"], "PrincipalARN": "arn:x", "PrincipalType": "IAM"},
    ),
    Case(
        "AssociateProductWithPortfolio",
        INVALID,
        "a shared product for a portfolio that is shared",
        _of(ProductId="product", PortfolioId="portfolio of spoke", SourcePortfolioId="portfolio"),
        "spoke",
    ),
    Case("DeletePortfolioShare", INVALID, "neither account nor node", _of(PortfolioId="portfolio")),
    Case("CreatePortfolioShare", INVALID, "neither account nor node", _of(PortfolioId="portfolio")),
    Case("UpdatePortfolioShare", INVALID, "neither account nor node", _of(PortfolioId="portfolio")),
    Case("DeleteProvisionedProductPlan", INVALID, "a plan that is being executed", _of(PlanId="plan held plan")),
    Case("DescribeProvisioningArtifact", INVALID, "neither id nor name", lambda scene: {"ProductId": scene["product"]}),
    Case(
        "DescribeProvisioningParameters", INVALID, "neither id nor name", lambda scene: {"ProductId": scene["product"]}
    ),
    Case(
        "UpdateConstraint",
        INVALID,
        "parameters that its type cannot read",
        _with(_of(Id="constraint TEMPLATE on product"), Parameters="{}"),
    ),
    Case(
        "UpdatePortfolio",
        INVALID,
        "a tag of AWS's own",
        _with(_of(Id="portfolio"), AddTags=[{"Key": "aws:a", "Value": "b"}]),
    ),
    Case("UpdateProduct", INVALID, "an address that is none", _with(_of(Id="product"), SupportUrl="ftp://a")),
    Case(
        "UpdateServiceAction",
        INVALID,
        "a definition without Name",
        _with(_of(Id="action"), Definition={"Version": "1"}),
    ),
    Case(
        "AssociateBudgetWithResource",
        DUPLICATE,
        "again",
        lambda scene: {"ResourceId": scene["portfolio"], "BudgetName": "monthly"},
    ),
    Case(
        "AssociateServiceActionWithProvisioningArtifact",
        DUPLICATE,
        "again",
        _of(ProductId="product", ProvisioningArtifactId="first version", ServiceActionId="action"),
    ),
    Case("AssociateTagOptionWithResource", DUPLICATE, "again", _of(ResourceId="portfolio", TagOptionId="option")),
    Case(
        "CreateConstraint",
        DUPLICATE,
        "a second LAUNCH",
        lambda scene: {
            "PortfolioId": scene["portfolio"],
            "ProductId": scene["product"],
            "Type": "LAUNCH",
            "Parameters": f'{{"RoleArn": "{scene.role("Launch")}"}}',
            "IdempotencyToken": str(uuid4()),
        },
    ),
    Case("CreateTagOption", DUPLICATE, "again", lambda _: {"Key": "Group", "Value": "a"}),
    Case("UpdateTagOption", DUPLICATE, "the value of another", _with(_of(Id="like option"), Value="a")),
    Case(_IMPORT, DUPLICATE, "a stack that a product has", _again(_IMPORT)),
    Case("DeletePortfolio", IN_USE, "a portfolio with products", _of(Id="portfolio")),
    Case("DeleteProduct", IN_USE, "a product in a portfolio", _of(Id="product")),
    Case(
        "DeleteProvisioningArtifact",
        IN_USE,
        "the only version",
        _of(ProductId="second product", ProvisioningArtifactId="wide version"),
    ),
    Case("DeleteServiceAction", IN_USE, "an action of a version", _of(Id="action")),
    Case("DeleteTagOption", IN_USE, "an option of a portfolio", _of(Id="option")),
    Case(
        "DisassociateProductFromPortfolio",
        IN_USE,
        "a constrained product",
        _of(ProductId="product", PortfolioId="portfolio"),
    ),
    Case("DisableAWSOrganizationsAccess", STATE, "an organization with delegated administrators", _nothing),
    Case(
        _PLAN,
        STATE,
        "a product with a plan",
        lambda scene: (
            recorded(scene, _PLAN)
            | {
                "ProvisionedProductName": "planned",
                "ProductId": scene["product"],
                "ProvisioningArtifactId": scene["first version"],
            }
        ),
    ),
    Case(
        "ExecuteProvisionedProductPlan",
        STATE,
        "a plan that was executed",
        _token("ExecuteProvisionedProductPlan", _of(PlanId="plan executed")),
    ),
    Case(
        _EXECUTE,
        STATE,
        "a product under change",
        _token(_EXECUTE, _of(ProvisionedProductId="held launch", ServiceActionId="action")),
    ),
    Case(
        _PROPERTIES,
        STATE,
        "a product under change",
        lambda scene: recorded(scene, _PROPERTIES) | {"ProvisionedProductId": scene["held launch"]},
    ),
    Case(
        _IMPORT,
        STATE,
        "a stack under change",
        lambda scene: (
            recorded(scene, _IMPORT) | {"ProvisionedProductName": "other", "PhysicalId": scene["stack stuck"]}
        ),
    ),
    Case("EnableAWSOrganizationsAccess", UNSUPPORTED, "an account that manages nothing", _nothing, "spoke"),
    Case("DisableAWSOrganizationsAccess", UNSUPPORTED, "an account that manages nothing", _nothing, "spoke"),
    Case("GetAWSOrganizationsAccessStatus", UNSUPPORTED, "an account that administers nothing", _nothing, "spoke"),
    Case(
        "CreatePortfolioShare", UNSUPPORTED, "an account that administers nothing", _node("portfolio of spoke"), "spoke"
    ),
    Case(
        "UpdatePortfolioShare", UNSUPPORTED, "an account that administers nothing", _node("portfolio of spoke"), "spoke"
    ),
    Case(
        "DeletePortfolioShare", UNSUPPORTED, "an account that administers nothing", _node("portfolio of spoke"), "spoke"
    ),
    Case(
        "DescribePortfolioShareStatus",
        UNSUPPORTED,
        "an account that administers nothing any more",
        _of(PortfolioShareToken="share of spoke"),
        "spoke",
    ),
    Case(
        "ListOrganizationPortfolioAccess",
        UNSUPPORTED,
        "an account that administers nothing",
        lambda scene: {"PortfolioId": scene["portfolio of spoke"], "OrganizationNodeType": "ORGANIZATION"},
        "spoke",
    ),
]

CASES = [*_by_rule(), *_ONE_BY_ONE]

_MEANT = "whatever the model lets through can be meant: its limits are ValidationException, ids lead somewhere or not"
_OLD = "for accounts that had tags of AWS's first TagOption library; there are none here"

NOT_HERE: dict[tuple[str, str], str] = {
    **{(name, UNMIGRATED): _OLD for name in NAMES if f"{UNMIGRATED}Exception" in errors_of(name)},
    **{
        (name, INVALID): _MEANT
        for name in (
            "AcceptPortfolioShare",
            "AssociateBudgetWithResource",
            "AssociateTagOptionWithResource",
            "DeleteConstraint",
            "DeletePortfolio",
            "DeleteProduct",
            "DeleteProvisioningArtifact",
            "DescribePortfolioShareStatus",
            "DescribeProductView",
            "DescribeServiceActionExecutionParameters",
            "DisassociatePrincipalFromPortfolio",
            "DisassociateProductFromPortfolio",
            "ListProvisioningArtifacts",
            "UpdateProvisioningArtifact",
            "UpdateTagOption",
        )
    },
    **{
        (f"Batch{verb}", INVALID): "each association fails for itself, under its error code in the answer"
        for verb in (
            "AssociateServiceActionWithProvisioningArtifact",
            "DisassociateServiceActionFromProvisioningArtifact",
        )
    },
    ("AssociateTagOptionWithResource", STATE): "nothing that a TagOption can be associated with has a status",
    ("ListProvisionedProductPlans", NOT_FOUND): "ProvisionProductId is a filter: one that is unknown lists no plans",
    ("ListAcceptedPortfolioShares", UNSUPPORTED): "accepted shares can be listed by every account",
    ("ProvisionProduct", DUPLICATE): "AWS answers a taken name with InvalidParametersException (observed), so do we",
}
