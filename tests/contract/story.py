"""The scene's story, chapter by chapter: a platform's way from an empty account to one that has everything."""

import json
from typing import Any
from uuid import uuid4

import sqlalchemy as sa

from manciple.catalog.sharing import ShareAction
from manciple.store.sharing import SHARE_ACTIONS
from manciple.store.tables.engine import STACK
from manciple.store.workflows import add_workflow
from tests.contract import sandbox
from tests.contract.conftest import REGION
from tests.contract.publishing import CLOUDFORMATION, QUEUE, QUEUE_AND_TOPIC, until
from tests.contract.reads import look
from tests.contract.requests import stored
from tests.contract.scene import Scene

HELD = QUEUE.replace("  Queue:", "  Held:").replace("!Ref Queue", "!Ref Held")
HELD_LATER = HELD.replace("DelaySeconds: !Ref Delay", "DelaySeconds: 9")
RULES = {"Rules": {"Short": {"Assertions": [{"Assert": {"Fn::Contains": [["0", "9"], {"Ref": "Delay"}]}}]}}}


def play(scene: Scene) -> Scene:
    """Tell the story."""
    for chapter in _CHAPTERS:
        chapter(scene)
    return scene


def _portfolio(scene: Scene, name: str) -> None:
    made = scene.hub.create_portfolio(DisplayName=name, ProviderName="IT", IdempotencyToken=str(uuid4()))
    scene.ids[name] = made["PortfolioDetail"]["Id"]


def _product(scene: Scene, name: str, kind: str, first: str, *templates: str) -> None:
    infos = [
        {"Name": f"v{n}", "Type": kind, "Info": {"LoadTemplateFromURL": scene.templates(t)}}
        for n, t in enumerate(templates)
    ]
    made = scene.hub.create_product(
        Name=name,
        Owner="Platform",
        ProductType=kind,
        ProvisioningArtifactParameters=infos[0],
        IdempotencyToken=str(uuid4()),
    )
    scene.ids[name] = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    scene.ids[f"view of {name}"] = made["ProductViewDetail"]["ProductViewSummary"]["Id"]
    scene.ids[f"{first} version"] = made["ProvisioningArtifactDetail"]["Id"]
    for number, info in enumerate(infos[1:], 2):
        added = scene.hub.create_provisioning_artifact(
            ProductId=scene[name], Parameters=info, IdempotencyToken=str(uuid4())
        )
        scene.ids[f"{first} version {number}"] = added["ProvisioningArtifactDetail"]["Id"]


def offer(scene: Scene) -> None:
    """Portfolios, products with versions, and who may launch them."""
    for name in ("portfolio", "second portfolio", "spare portfolio"):
        _portfolio(scene, name)
    _product(scene, "product", CLOUDFORMATION, "first", QUEUE, QUEUE_AND_TOPIC, QUEUE)
    _product(scene, "second product", CLOUDFORMATION, "wide", QUEUE)
    _product(scene, "held product", CLOUDFORMATION, "held", HELD, HELD_LATER)
    _product(scene, "spare product", CLOUDFORMATION, "spare", QUEUE)
    everyone = {"PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"}
    someone = {"PrincipalARN": scene.role("Developer"), "PrincipalType": "IAM"}
    for portfolio in ("portfolio", "second portfolio"):
        for principal in (everyone, someone):
            scene.hub.associate_principal_with_portfolio(PortfolioId=scene[portfolio], **principal)
    for portfolio, product in (
        ("portfolio", "product"),
        ("portfolio", "held product"),
        ("second portfolio", "product"),
        ("second portfolio", "second product"),
        ("spare portfolio", "spare product"),
    ):
        scene.hub.associate_product_with_portfolio(ProductId=scene[product], PortfolioId=scene[portfolio])


def constrain(scene: Scene) -> None:
    """Constraints of two types on the product, one that makes stack sets of another."""
    regions = {"AccountList": [scene.accounts.hub], "RegionList": [REGION, "us-east-1"]}
    roles = {"AdminRole": scene.role("Admin"), "ExecutionRole": "Execution"}
    wanted: list[tuple[str, str, str, dict[str, Any]]] = [
        ("portfolio", "product", "TEMPLATE", RULES),
        ("portfolio", "product", "LAUNCH", {"RoleArn": scene.role("Launch")}),
        ("second portfolio", "second product", "STACKSET", {"Version": "1", "Properties": regions | roles}),
        ("spare portfolio", "spare product", "TEMPLATE", RULES),
    ]
    for portfolio, product, kind, parameters in wanted:
        made = scene.hub.create_constraint(
            PortfolioId=scene[portfolio],
            ProductId=scene[product],
            Type=kind,
            Parameters=json.dumps(parameters),
            IdempotencyToken=str(uuid4()),
        )
        scene.ids[f"constraint {kind} on {product}"] = made["ConstraintDetail"]["ConstraintId"]


def decorate(scene: Scene) -> None:
    """TagOptions, budgets, service actions."""
    for name, key in (("option", "Group"), ("second option", "Cost"), ("spare option", "Spare")):
        made = scene.hub.create_tag_option(Key=key, Value="a")
        scene.ids[name] = made["TagOptionDetail"]["Id"]
    for option, resource in (("option", "portfolio"), ("option", "second portfolio"), ("second option", "portfolio")):
        scene.hub.associate_tag_option_with_resource(ResourceId=scene[resource], TagOptionId=scene[option])
    for budget in ("monthly", "yearly"):
        scene.hub.associate_budget_with_resource(ResourceId=scene["portfolio"], BudgetName=budget)
    for name in ("action", "second action", "spare action"):
        scene.ids[name] = scene.hub.create_service_action(
            Name=name.replace(" ", "-"),
            DefinitionType="SSM_AUTOMATION",
            Definition={"Name": "Document", "Version": "1"},
            IdempotencyToken=str(uuid4()),
        )["ServiceActionDetail"]["ServiceActionSummary"]["Id"]
    for action in ("action", "second action"):
        scene.hub.associate_service_action_with_provisioning_artifact(
            **_association(scene, "first version", action), IdempotencyToken=str(uuid4())
        )
    more = [_association(scene, "first version 2", action) for action in ("action", "second action")]
    assert not scene.hub.batch_associate_service_action_with_provisioning_artifact(ServiceActionAssociations=more)[
        "FailedServiceActionAssociations"
    ]


def _association(scene: Scene, version: str, action: str) -> dict[str, str]:
    return {
        "ProductId": scene["product"],
        "ProvisioningArtifactId": scene[version],
        "ServiceActionId": scene[action],
    }


def share(scene: Scene) -> None:
    """Shares to accounts and units; the spoke accepts some and rejects one."""
    accounts = scene.accounts
    scene.hub.enable_aws_organizations_access()
    scene.hub.get_aws_organizations_access_status()
    scene.manager.enable_aws_organizations_access()
    scene.manager.disable_aws_organizations_access()
    for portfolio in ("portfolio", "second portfolio", "spare portfolio"):
        for account in (accounts.spoke, accounts.other):
            scene.hub.create_portfolio_share(PortfolioId=scene[portfolio], AccountId=account)
    for unit in (accounts.inner, accounts.unit):
        node = {"Type": "ORGANIZATIONAL_UNIT", "Value": unit}
        made = scene.hub.create_portfolio_share(PortfolioId=scene["portfolio"], OrganizationNode=node)
        scene.ids["share"] = made["PortfolioShareToken"]
    updated = scene.hub.update_portfolio_share(
        PortfolioId=scene["portfolio"], AccountId=accounts.spoke, ShareTagOptions=True
    )
    scene.ids["share updated"] = updated["PortfolioShareToken"]
    scene.spoke.reject_portfolio_share(PortfolioId=scene["spare portfolio"])
    for portfolio in ("second portfolio", "portfolio"):
        scene.spoke.accept_portfolio_share(PortfolioId=scene[portfolio])


def launch(scene: Scene) -> None:
    """Launches, and an update of one."""
    for name in ("mine", "yours", "retained", "stuck"):
        assert scene.ended(scene.provision(name))["RecordDetail"]["Status"] == "SUCCEEDED"
    updated = scene.hub.update_provisioned_product(
        ProvisionedProductId=scene["mine"],
        ProductId=scene["product"],
        ProvisioningArtifactId=scene["first version 2"],
        PathId=scene.path("portfolio"),
        UpdateToken=str(uuid4()),
    )
    assert scene.ended(updated)["RecordDetail"]["Status"] == "SUCCEEDED"


def run_actions(scene: Scene) -> None:
    """A service action for which no runner is set: its record says so."""
    executed = scene.hub.execute_provisioned_product_service_action(
        ProvisionedProductId=scene["yours"], ServiceActionId=scene["action"], ExecuteToken=str(uuid4())
    )
    assert scene.ended(executed)["RecordDetail"]["Status"] == "FAILED"


def plan(scene: Scene) -> None:
    """Plans that wait, one that is executed, one that is deleted."""
    for name in ("planned", "planned too", "executed", "spare"):
        _plan(scene, name, "product", "first version 2")
    executed = scene.hub.execute_provisioned_product_plan(PlanId=scene["plan executed"], IdempotencyToken=str(uuid4()))
    assert scene.ended(executed)["RecordDetail"]["Status"] == "SUCCEEDED"
    scene.hub.delete_provisioned_product_plan(PlanId=scene["plan spare"])


def _plan(scene: Scene, name: str, product: str, version: str) -> None:
    made = scene.hub.create_provisioned_product_plan(
        PlanName=f"plan-{name}".replace(" ", "-"),
        PlanType="CLOUDFORMATION",
        ProductId=scene[product],
        PathId=scene.path("portfolio"),
        ProvisionedProductName=name.replace(" ", "-"),
        ProvisioningArtifactId=scene[version],
        IdempotencyToken=str(uuid4()),
    )
    scene.ids[f"plan {name}"], scene.ids[name] = made["PlanId"], made["ProvisionProductId"]
    told = until(
        lambda: scene.hub.describe_provisioned_product_plan(PlanId=made["PlanId"]),
        lambda answer: answer["ProvisionedProductPlanDetails"]["Status"] != "CREATE_IN_PROGRESS",
    )
    assert told["ProvisionedProductPlanDetails"]["Status"] == "CREATE_SUCCESS", told


def deploy_widely(scene: Scene) -> None:
    """A stack set over two regions."""
    launched = scene.provision(
        "wide", "wide version", ProductId=scene["second product"], PathId=scene.path("second portfolio")
    )
    assert scene.ended(launched)["RecordDetail"]["Status"] == "SUCCEEDED"


def adopt(scene: Scene) -> None:
    """Products that are terminated, their resources retained, and a stack that is imported."""
    for name in ("retained", "stuck"):
        stack = scene.hub.get_provisioned_product_outputs(ProvisionedProductId=scene[name])["Outputs"][0]
        scene.ids[f"stack {name}"] = stack["OutputValue"]
        ended = scene.hub.terminate_provisioned_product(
            ProvisionedProductId=scene[name], TerminateToken=str(uuid4()), RetainPhysicalResources=True
        )
        scene.ended(ended)
    imported = scene.hub.import_as_provisioned_product(
        ProductId=scene["product"],
        ProvisioningArtifactId=scene["first version"],
        ProvisionedProductName="imported",
        PhysicalId=scene["stack retained"],
        IdempotencyToken=str(uuid4()),
    )
    scene.ids["imported"] = imported["RecordDetail"]["ProvisionedProductId"]
    assert scene.ended(imported)["RecordDetail"]["Status"] == "SUCCEEDED"


def notify(scene: Scene) -> None:
    """Operations that never end by themselves; an engine tells of them under the tokens that it was given."""
    path = {"ProductId": scene["held product"]}
    for name in ("held update", "held termination"):
        assert scene.ended(scene.provision(name, "held version", **path))["RecordDetail"]["Status"] == "SUCCEEDED"
    faults = [sandbox.slow("Held", action) for action in ("create", "update", "delete")]
    sandbox.fail(scene.server, scene.accounts.hub, *faults)
    launched = scene.provision("held launch", "held version", **path)
    updated = scene.hub.update_provisioned_product(
        ProvisionedProductId=scene["held update"],
        ProductId=scene["held product"],
        ProvisioningArtifactId=scene["held version 2"],
        UpdateToken=str(uuid4()),
    )
    terminated = scene.hub.terminate_provisioned_product(
        ProvisionedProductId=scene["held termination"], TerminateToken=str(uuid4())
    )
    for verb, answer in (("Provision", launched), ("Update", updated), ("Terminate", terminated)):
        _tell(scene, verb, answer["RecordDetail"]["RecordId"])


def _tell(scene: Scene, verb: str, record_id: str) -> None:
    token = f"workflow{uuid4().hex}"
    with stored(scene.server) as tx:
        add_workflow(tx, token, account=scene.accounts.hub, region=REGION, record_id=record_id, attempt=1)
    noun = "product" if verb == "Provision" else "provisioned_product"
    call = getattr(scene.hub, f"notify_{verb.lower()}_{noun}_engine_workflow_result")
    call(WorkflowToken=token, RecordId=record_id, Status="SUCCEEDED", IdempotencyToken=str(uuid4()))
    scene.ids[f"record {verb}"], scene.ids[f"token {verb}"] = record_id, token


def change(scene: Scene) -> None:
    """What can be updated is, and a product is copied."""
    hub = scene.hub
    hub.update_portfolio(Id=scene["portfolio"], Description="new")
    hub.update_product(Id=scene["product"], Description="new")
    hub.update_provisioning_artifact(
        ProductId=scene["product"], ProvisioningArtifactId=scene["first version"], Guidance="DEFAULT"
    )
    hub.update_constraint(Id=scene["constraint TEMPLATE on product"], Description="new")
    hub.update_tag_option(Id=scene["second option"], Active=True)
    hub.update_service_action(Id=scene["action"], Description="new")
    hub.update_provisioned_product_properties(
        ProvisionedProductId=scene["yours"],
        ProvisionedProductProperties={"LAUNCH_ROLE": scene.role("Launch")},
        IdempotencyToken=str(uuid4()),
    )
    arn = f"arn:aws:catalog:{REGION}:{scene.accounts.hub}:product/{scene['spare product']}"
    scene.ids["copy"] = hub.copy_product(SourceProductArn=arn, IdempotencyToken=str(uuid4()))["CopyProductToken"]
    told = hub.describe_copy_product_status(CopyProductToken=scene["copy"])
    scene.ids["copied product"] = told["TargetProductId"]


def remove(scene: Scene) -> None:
    """The spares go."""
    hub, accounts = scene.hub, scene.accounts
    version = {"ProductId": scene["product"], "ProvisioningArtifactId": scene["first version 3"]}
    for action in ("action", "second action"):
        hub.associate_service_action_with_provisioning_artifact(
            **version, ServiceActionId=scene[action], IdempotencyToken=str(uuid4())
        )
    hub.disassociate_service_action_from_provisioning_artifact(
        **version, ServiceActionId=scene["action"], IdempotencyToken=str(uuid4())
    )
    hub.batch_disassociate_service_action_from_provisioning_artifact(
        ServiceActionAssociations=[version | {"ServiceActionId": scene["second action"]}]
    )
    hub.delete_provisioning_artifact(**version)
    hub.delete_service_action(Id=scene["spare action"], IdempotencyToken=str(uuid4()))
    spare = scene["spare portfolio"]
    hub.associate_principal_with_portfolio(PortfolioId=spare, PrincipalARN=scene.role("Developer"), PrincipalType="IAM")
    hub.disassociate_principal_from_portfolio(PortfolioId=spare, PrincipalARN=scene.role("Developer"))
    hub.associate_budget_with_resource(ResourceId=spare, BudgetName="monthly")
    hub.disassociate_budget_from_resource(ResourceId=spare, BudgetName="monthly")
    hub.associate_tag_option_with_resource(ResourceId=spare, TagOptionId=scene["spare option"])
    hub.disassociate_tag_option_from_resource(ResourceId=spare, TagOptionId=scene["spare option"])
    hub.delete_tag_option(Id=scene["spare option"])
    hub.delete_constraint(Id=scene["constraint TEMPLATE on spare product"])
    hub.disassociate_product_from_portfolio(ProductId=scene["spare product"], PortfolioId=spare)
    for account in (accounts.spoke, accounts.other):
        hub.delete_portfolio_share(PortfolioId=spare, AccountId=account)
    hub.delete_portfolio(Id=spare)
    hub.delete_product(Id=scene["spare product"])


def entangle(scene: Scene) -> None:
    """What stands in the way of the calls that are refused."""
    hub, spoke = scene.hub, scene.spoke
    scene.ids["like option"] = hub.create_tag_option(Key="Group", Value="b")["TagOptionDetail"]["Id"]
    made = spoke.create_portfolio(DisplayName="Spoke's", ProviderName="IT", IdempotencyToken=str(uuid4()))
    scene.ids["portfolio of spoke"] = made["PortfolioDetail"]["Id"]
    spoke.create_portfolio_share(PortfolioId=scene["portfolio of spoke"], AccountId=scene.accounts.other)
    hub.associate_service_action_with_provisioning_artifact(
        ProductId=scene["held product"],
        ProvisioningArtifactId=scene["held version"],
        ServiceActionId=scene["action"],
        IdempotencyToken=str(uuid4()),
    )
    _plan(scene, "held plan", "held product", "held version")
    hub.execute_provisioned_product_plan(PlanId=scene["plan held plan"], IdempotencyToken=str(uuid4()))
    scene.ids["share of spoke"] = f"share-{scene.accounts.spoke}"
    action = ShareAction(
        account=scene.accounts.spoke,
        region=REGION,
        id=scene["share of spoke"],
        portfolio_id=scene["portfolio of spoke"],
        verb="CREATE",
        type="ORGANIZATION",
        principal_id=f"o-{scene.accounts.hub}",
        accounts=(),
        created_time=0,
    )
    with stored(scene.server) as tx:
        SHARE_ACTIONS.insert(tx, action)
        tx.execute(sa.update(STACK).where(STACK.c.arn == scene["stack stuck"]).values(status="UPDATE_IN_PROGRESS"))


_CHAPTERS = (
    offer,
    constrain,
    decorate,
    share,
    launch,
    run_actions,
    plan,
    deploy_widely,
    adopt,
    notify,
    change,
    remove,
    entangle,
    look,
)
