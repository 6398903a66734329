"""Every operation with a token, as the service model has them: one answer to one request, however often it comes."""

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from manciple.api import shapes
from manciple.app import Server
from manciple.operations.call import Operation
from manciple.registry import collect
from manciple.store.workflows import add_workflow
from tests.contract import sandbox
from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import refusal, stored

Publish = Callable[..., Published]
Call = Callable[..., Any]

TWINS = 4
THERE = {found.name for found in collect("manciple.operations", Operation)}
_TOKENS = {
    name: next(field.encode_name for field in msgspec.structs.fields(known.input) if field.name == known.token)
    for name, known in shapes.OPERATIONS.items()
    if known.token is not None
}
"""The member that holds each operation's token."""

WITH_TOKEN = {name for name, known in shapes.OPERATIONS.items() if known.token and name in THERE}


@dataclass(frozen=True)
class Scene:
    """A product that can be launched, and the server behind it."""

    server: Server
    account: str
    product: Published

    @property
    def catalog(self) -> Any:
        return self.product.catalog

    @property
    def version(self) -> dict[str, str]:
        return {"ProductId": self.product.product_id, "ProvisioningArtifactId": self.product.versions[0]}

    @property
    def template_url(self) -> str:
        return str(self.catalog.describe_provisioning_artifact(**self.version)["Info"]["TemplateUrl"])

    def under_way(self, kind: str) -> dict[str, str]:
        """A record that does not end, and a workflow token for it."""
        if kind != "PROVISION_PRODUCT":
            self.product.launch("mine")
        sandbox.fail(
            self.server, self.account, *(sandbox.slow("Queue", verb) for verb in ("create", "update", "delete"))
        )
        name = {"ProvisionedProductName": "mine"}
        begun = {
            "PROVISION_PRODUCT": lambda: self.catalog.provision_product(**self.version, **name),
            "UPDATE_PROVISIONED_PRODUCT": lambda: self.catalog.update_provisioned_product(
                **name, **self.version, ProvisioningParameters=[{"Key": "Delay", "Value": "7"}]
            ),
            "TERMINATE_PROVISIONED_PRODUCT": lambda: self.catalog.terminate_provisioned_product(**name),
        }[kind]()
        record_id, token = begun["RecordDetail"]["RecordId"], uuid4().hex
        with stored(self.server) as tx:
            add_workflow(tx, token, account=self.account, region=REGION, record_id=record_id, attempt=1)
        return {"RecordId": record_id, "WorkflowToken": token, "Status": "FAILED"}

    def service_action(self, **members: Any) -> str:
        definition = {"Name": "Restart", "Version": "1"}
        members = {"Name": "restart", "DefinitionType": "SSM_AUTOMATION", "Definition": definition, **members}
        return str(self.catalog.create_service_action(**members)["ServiceActionDetail"]["ServiceActionSummary"]["Id"])

    def associated(self) -> dict[str, str]:
        """A service action that is associated with the version."""
        association = {**self.version, "ServiceActionId": self.service_action()}
        self.catalog.associate_service_action_with_provisioning_artifact(**association)
        return association


Made = tuple[str, dict[str, Any], dict[str, Any]]
"""boto3's method, an input, and what makes it another one."""


def _copy_product(scene: Scene) -> Made:
    arn = f"arn:aws:catalog:{REGION}:{scene.account}:product/{scene.product.product_id}"
    return "copy_product", {"SourceProductArn": arn}, {"TargetProductName": "other"}


def _create_constraint(scene: Scene) -> Made:
    place = {"PortfolioId": scene.product.portfolio_id, "ProductId": scene.product.product_id}
    role = f'{{"RoleArn": "arn:aws:iam::{scene.account}:role/launch"}}'
    return "create_constraint", {**place, "Type": "LAUNCH", "Parameters": role}, {"Description": "other"}


def _create_portfolio(scene: Scene) -> Made:
    return "create_portfolio", {"DisplayName": "a", "ProviderName": "b"}, {"DisplayName": "c"}


def _create_product(scene: Scene) -> Made:
    first = {"Info": {"LoadTemplateFromURL": scene.template_url}}
    members = {"Owner": "b", "ProductType": "CLOUD_FORMATION_TEMPLATE", "ProvisioningArtifactParameters": first}
    return "create_product", {"Name": "a", **members}, {"Name": "c"}


def _create_plan(scene: Scene) -> Made:
    plan = {"PlanName": "plan", "PlanType": "CLOUDFORMATION", "ProvisionedProductName": "mine"}
    return "create_provisioned_product_plan", {**plan, **scene.version}, {"PlanName": "other"}


def _create_version(scene: Scene) -> Made:
    info = {"Info": {"LoadTemplateFromURL": scene.template_url}}
    other = {"Parameters": {"Name": "v3", **info}}
    return "create_provisioning_artifact", {"ProductId": scene.product.product_id, "Parameters": info}, other


def _create_service_action(scene: Scene) -> Made:
    members = {"DefinitionType": "SSM_AUTOMATION", "Definition": {"Name": "Restart", "Version": "1"}}
    return "create_service_action", {"Name": "a", **members}, {"Name": "b"}


def _delete_service_action(scene: Scene) -> Made:
    return "delete_service_action", {"Id": scene.service_action()}, {"Id": scene.service_action(Name="b")}


def _associate_service_action(scene: Scene) -> Made:
    association = {**scene.version, "ServiceActionId": scene.service_action()}
    other = {"ServiceActionId": scene.service_action(Name="b")}
    return "associate_service_action_with_provisioning_artifact", association, other


def _disassociate_service_action(scene: Scene) -> Made:
    other = {"ServiceActionId": scene.service_action(Name="b")}
    return "disassociate_service_action_from_provisioning_artifact", scene.associated(), other


def _execute_plan(scene: Scene) -> Made:
    plans = [scene.product.plan(name)["ProvisionedProductPlanDetails"]["PlanId"] for name in ("mine", "yours")]
    return "execute_provisioned_product_plan", {"PlanId": plans[0]}, {"PlanId": plans[1]}


def _execute_service_action(scene: Scene) -> Made:
    action_id = scene.associated()["ServiceActionId"]
    product_id = scene.product.launch("mine")["RecordDetail"]["ProvisionedProductId"]
    members = {"ProvisionedProductId": product_id, "ServiceActionId": action_id}
    return "execute_provisioned_product_service_action", members, {"Parameters": {"Why": ["so"]}}


def _import(scene: Scene) -> Made:
    arn = scene.product.launch("old")["RecordOutputs"][0]["OutputValue"]
    scene.product.terminate("old", RetainPhysicalResources=True)
    members = {**scene.version, "ProvisionedProductName": "mine", "PhysicalId": arn}
    return "import_as_provisioned_product", members, {"ProvisionedProductName": "yours"}


def _notify_provision(scene: Scene) -> Made:
    members = scene.under_way("PROVISION_PRODUCT")
    return "notify_provision_product_engine_workflow_result", members, {"FailureReason": "other"}


def _notify_update(scene: Scene) -> Made:
    members = scene.under_way("UPDATE_PROVISIONED_PRODUCT")
    return "notify_update_provisioned_product_engine_workflow_result", members, {"FailureReason": "other"}


def _notify_terminate(scene: Scene) -> Made:
    members = scene.under_way("TERMINATE_PROVISIONED_PRODUCT")
    return "notify_terminate_provisioned_product_engine_workflow_result", members, {"FailureReason": "other"}


def _provision(scene: Scene) -> Made:
    return "provision_product", {**scene.version, "ProvisionedProductName": "mine"}, {"ProvisionedProductName": "other"}


def _update(scene: Scene) -> Made:
    scene.product.launch("mine")
    delay = {"ProvisioningParameters": [{"Key": "Delay", "Value": "5"}]}
    other = {"ProvisioningParameters": [{"Key": "Delay", "Value": "6"}]}
    return "update_provisioned_product", {"ProvisionedProductName": "mine", **delay}, other


def _terminate(scene: Scene) -> Made:
    scene.product.launch("mine")
    return "terminate_provisioned_product", {"ProvisionedProductName": "mine"}, {"IgnoreErrors": True}


def _update_properties(scene: Scene) -> Made:
    product_id = scene.product.launch("mine")["RecordDetail"]["ProvisionedProductId"]
    owner, other = ({"OWNER": f"arn:aws:iam::{scene.account}:user/{name}"} for name in ("ana", "bo"))
    members = {"ProvisionedProductId": product_id, "ProvisionedProductProperties": owner}
    return "update_provisioned_product_properties", members, {"ProvisionedProductProperties": other}


CALLS: Mapping[str, Callable[[Scene], Made]] = {
    "AssociateServiceActionWithProvisioningArtifact": _associate_service_action,
    "CopyProduct": _copy_product,
    "CreateConstraint": _create_constraint,
    "CreatePortfolio": _create_portfolio,
    "CreateProduct": _create_product,
    "CreateProvisionedProductPlan": _create_plan,
    "CreateProvisioningArtifact": _create_version,
    "CreateServiceAction": _create_service_action,
    "DeleteServiceAction": _delete_service_action,
    "DisassociateServiceActionFromProvisioningArtifact": _disassociate_service_action,
    "ExecuteProvisionedProductPlan": _execute_plan,
    "ExecuteProvisionedProductServiceAction": _execute_service_action,
    "ImportAsProvisionedProduct": _import,
    "NotifyProvisionProductEngineWorkflowResult": _notify_provision,
    "NotifyTerminateProvisionedProductEngineWorkflowResult": _notify_terminate,
    "NotifyUpdateProvisionedProductEngineWorkflowResult": _notify_update,
    "ProvisionProduct": _provision,
    "TerminateProvisionedProduct": _terminate,
    "UpdateProvisionedProduct": _update,
    "UpdateProvisionedProductProperties": _update_properties,
}


@pytest.fixture
def scene(server: Server, account: str, publish: Publish) -> Scene:
    return Scene(server, account, publish(QUEUE))


def call_of(scene: Scene, name: str) -> Call:
    """Sends the request of an operation under a token: the same one, or another one where that is asked."""
    method, members, change = CALLS[name](scene)
    token = _TOKENS[name]

    def call(value: str, *, other: bool = False) -> dict[str, Any]:
        answer = getattr(scene.catalog, method)(**(members | (change if other else {}) | {token: value}))
        return {key: value for key, value in answer.items() if key != "ResponseMetadata"}

    return call


def test_every_operation_with_a_token_is_here() -> None:
    assert set(CALLS) == WITH_TOKEN


@pytest.mark.parametrize("name", sorted(CALLS))
def test_a_token_gives_one_answer_and_to_other_input_none(scene: Scene, name: str) -> None:
    call = call_of(scene, name)

    first, again = call("once"), call("once")
    code, message = refusal(lambda: call("once", other=True))

    assert again == first
    assert code == "InvalidParametersException"
    assert "once" in message


@pytest.mark.parametrize("name", sorted(CALLS))
def test_twins_at_once_get_one_answer_and_do_one_thing(scene: Scene, name: str) -> None:
    call = call_of(scene, name)
    before = len(records(scene))
    ready = threading.Barrier(TWINS)

    def send() -> Any:
        ready.wait()
        return call("once")

    with ThreadPoolExecutor(TWINS) as pool:
        answers = [future.result() for future in [pool.submit(send) for _ in range(TWINS)]]

    assert all(answer == answers[0] for answer in answers)
    assert len(records(scene)) - before <= 1


def records(scene: Scene) -> list[Any]:
    found: list[Any] = scene.catalog.list_record_history(AccessLevelFilter={"Key": "Account", "Value": "self"})[
        "RecordDetails"
    ]
    return found
