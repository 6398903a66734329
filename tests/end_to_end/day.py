"""A platform team's whole day as data: who calls which operation with what, and what the answer holds.

The day knows no client. `$name` in an input stands for what an earlier answer, or the beginning, gave that name; a step
with `until` is asked again until the answer holds what is expected. Paths are dotted, numbers are places in lists.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from time import monotonic, sleep
from typing import Any

Json = dict[str, Any]
Call = Callable[[str, str, Json], Json]
"""What a client is here: the account that calls, the operation, its input."""

TEMPLATE = """\
Parameters:
  Size: {Type: Number, Default: 1, MinValue: 1, MaxValue: 10}
  Name: {Type: String, Default: orders}
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {DelaySeconds: !Ref Size}}
  Setting: {Type: AWS::SSM::Parameter, Properties: {Type: String, Name: !Sub "/${Name}/queue", Value: !Ref Queue}}
Outputs:
  Url: {Value: !Ref Queue}
"""
NEXT = TEMPLATE.replace("DelaySeconds", "FifoQueue: true, DelaySeconds")

_RULES = {"Rules": {"Small": {"Assertions": [{"Assert": {"Fn::Contains": [["1", "2"], {"Ref": "Size"}]}}]}}}
_ARTIFACT = {"Type": "CLOUD_FORMATION_TEMPLATE"}
_TAGS_ALLOWED = {"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}


@dataclass(frozen=True)
class Step:
    """One call. `keep` names parts of the answer, `holds` says what stands where in it, None that nothing does."""

    who: str
    operation: str
    input: Json = field(default_factory=dict)
    keep: Mapping[str, str] = field(default_factory=dict)
    holds: Mapping[str, Any] = field(default_factory=dict)
    until: bool = False


def _publish() -> Iterator[Step]:
    info = {"LoadTemplateFromURL": "$template"}
    yield Step("hub", "ListPortfolios", holds={"PortfolioDetails": []})
    yield Step(
        "hub",
        "CreatePortfolio",
        {"DisplayName": "Kits", "ProviderName": "IT"},
        keep={"portfolio": "PortfolioDetail.Id"},
    )
    yield Step(
        "hub",
        "CreateProduct",
        {
            "Name": "Orders",
            "Owner": "Platform",
            "ProductType": _ARTIFACT["Type"],
            "ProvisioningArtifactParameters": {"Name": "v1", "Info": info, **_ARTIFACT},
        },
        keep={
            "product": "ProductViewDetail.ProductViewSummary.ProductId",
            "arn": "ProductViewDetail.ProductARN",
            "v1": "ProvisioningArtifactDetail.Id",
        },
        holds={"ProductViewDetail.Status": "CREATED"},
    )
    yield Step(
        "hub",
        "CreateProvisioningArtifact",
        {"ProductId": "$product", "Parameters": {"Name": "v2", "Info": {"LoadTemplateFromURL": "$next"}, **_ARTIFACT}},
        keep={"v2": "ProvisioningArtifactDetail.Id"},
        holds={"Info.TemplateUrl": "$next"},
    )
    yield Step("hub", "AssociateProductWithPortfolio", {"ProductId": "$product", "PortfolioId": "$portfolio"})
    yield Step(
        "hub",
        "AssociatePrincipalWithPortfolio",
        {"PortfolioId": "$portfolio", "PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"},
    )


def _constrain() -> Iterator[Step]:
    wanted: dict[str, Json | str] = {
        "LAUNCH": '{"RoleArn" : "$role"}',
        "TEMPLATE": _RULES,
        "RESOURCE_UPDATE": _TAGS_ALLOWED,
        "NOTIFICATION": '{"NotificationArns": ["$topic"]}',
    }
    for kind, parameters in wanted.items():
        text = parameters if isinstance(parameters, str) else json.dumps(parameters)
        yield Step(
            "hub",
            "CreateConstraint",
            {"PortfolioId": "$portfolio", "ProductId": "$product", "Type": kind, "Parameters": text},
            keep={kind: "ConstraintDetail.ConstraintId"},
            holds={"Status": "CREATING", "ConstraintParameters": text},
        )
    yield Step("hub", "CreateTagOption", {"Key": "Group", "Value": "Sales"}, keep={"option": "TagOptionDetail.Id"})
    yield Step("hub", "AssociateTagOptionWithResource", {"ResourceId": "$portfolio", "TagOptionId": "$option"})
    yield Step(
        "hub",
        "CreateServiceAction",
        {"Name": "Drain", "DefinitionType": "SSM_AUTOMATION", "Definition": {"Name": "Drain-Queue", "Version": "1"}},
        keep={"action": "ServiceActionDetail.ServiceActionSummary.Id"},
    )
    yield Step(
        "hub",
        "AssociateServiceActionWithProvisioningArtifact",
        {"ProductId": "$product", "ProvisioningArtifactId": "$v2", "ServiceActionId": "$action"},
    )


def _browse() -> Iterator[Step]:
    yield Step("hub", "SearchProducts", holds={"ProductViewSummaries.0.Name": "Orders"})
    yield Step(
        "hub",
        "ListLaunchPaths",
        {"ProductId": "$product"},
        keep={"path": "LaunchPathSummaries.0.Id"},
        holds={"LaunchPathSummaries.0.Name": "Kits"},
    )
    yield Step(
        "hub",
        "DescribeProvisioningParameters",
        {"ProductId": "$product", "ProvisioningArtifactId": "$v1"},
        holds={
            "ProvisioningArtifactParameters.0.ParameterKey": "Size",
            "TagOptions.0": {"Key": "Group", "Values": ["Sales"]},
        },
    )


def _plan(version: str, name: str, size: str, changes: Mapping[str, Any]) -> Iterator[Step]:
    """Plan, look, execute, wait."""
    yield Step(
        "hub",
        "CreateProvisionedProductPlan",
        {
            "PlanName": name,
            "PlanType": "CLOUDFORMATION",
            "ProductId": "$product",
            "ProvisioningArtifactId": version,
            "ProvisionedProductName": "orders",
            "ProvisioningParameters": [{"Key": "Size", "Value": size}],
        },
        keep={"plan": "PlanId", "provisioned": "ProvisionProductId"},
    )
    yield Step(
        "hub",
        "DescribeProvisionedProductPlan",
        {"PlanId": "$plan"},
        holds={"ProvisionedProductPlanDetails.Status": "CREATE_SUCCESS", **changes},
        until=True,
    )
    yield Step("hub", "ListProvisionedProductPlans", {}, holds={"ProvisionedProductPlans.0.PlanName": name})
    yield Step(
        "hub",
        "ExecuteProvisionedProductPlan",
        {"PlanId": "$plan"},
        keep={"record": "RecordDetail.RecordId"},
        holds={
            "RecordDetail.Status": "CREATED",
            "RecordDetail.RecordErrors": [],
            "RecordDetail.LaunchRoleArn": "$role",
        },
    )
    yield _succeeds("hub")
    yield Step("hub", "DeleteProvisionedProductPlan", {"PlanId": "$plan"})


def _succeeds(who: str) -> Step:
    return Step(who, "DescribeRecord", {"Id": "$record"}, holds={"RecordDetail.Status": "SUCCEEDED"}, until=True)


def _launch() -> Iterator[Step]:
    added = {"ResourceChanges.0.Action": "ADD", "ResourceChanges.1.Action": "ADD", "ResourceChanges.2": None}
    yield from _plan("$v1", "first", "1", added)
    replaced = {"ResourceChanges.0.LogicalResourceId": "Queue", "ResourceChanges.0.Replacement": "TRUE"}
    yield from _plan("$v2", "second", "2", replaced)
    yield Step(
        "hub",
        "GetProvisionedProductOutputs",
        {"ProvisionedProductName": "orders"},
        holds={"Outputs.0.OutputKey": "CloudformationStackARN", "Outputs.1.OutputKey": "Url"},
    )
    yield Step(
        "hub",
        "UpdateProvisionedProduct",
        {
            "ProvisionedProductName": "orders",
            "ProductId": "$product",
            "ProvisioningArtifactId": "$v2",
            "ProvisioningParameters": [{"Key": "Size", "UsePreviousValue": True}],
            "Tags": [{"Key": "Group", "Value": "Sales"}, {"Key": "Cost", "Value": "42"}],
        },
        keep={"record": "RecordDetail.RecordId"},
        holds={"RecordDetail.RecordType": "UPDATE_PROVISIONED_PRODUCT"},
    )
    yield _succeeds("hub")


def _operate() -> Iterator[Step]:
    yield Step(
        "hub",
        "ListServiceActionsForProvisioningArtifact",
        {"ProductId": "$product", "ProvisioningArtifactId": "$v2"},
        holds={"ServiceActionSummaries.0.Name": "Drain"},
    )
    yield Step(
        "hub",
        "ExecuteProvisionedProductServiceAction",
        {"ProvisionedProductId": "$provisioned", "ServiceActionId": "$action"},
        keep={"record": "RecordDetail.RecordId"},
    )
    yield _succeeds("hub")
    yield Step(
        "hub",
        "ListRecordHistory",
        {"SearchFilter": {"Key": "provisionedproduct", "Value": "$provisioned"}},
        holds={"RecordDetails.0.RecordId": "$record", "RecordDetails.3.RecordType": "PROVISION_PRODUCT"},
    )
    yield Step(
        "hub",
        "SearchProvisionedProducts",
        {"Filters": {"SearchQuery": ["name:orders", "status:AVAILABLE"]}},
        holds={"TotalResultsCount": 1, "ProvisionedProducts.0.Id": "$provisioned"},
    )
    yield Step(
        "hub",
        "DescribeProvisionedProduct",
        {"Name": "orders"},
        holds={"ProvisionedProductDetail.Status": "AVAILABLE", "CloudWatchDashboards": []},
    )


def _share() -> Iterator[Step]:
    yield Step("hub", "CreatePortfolioShare", {"PortfolioId": "$portfolio", "AccountId": "$spoke"})
    yield Step("spoke", "AcceptPortfolioShare", {"PortfolioId": "$portfolio"})
    yield Step("spoke", "ListAcceptedPortfolioShares", {}, holds={"PortfolioDetails.0.Id": "$portfolio"})
    yield Step(
        "spoke",
        "AssociatePrincipalWithPortfolio",
        {"PortfolioId": "$portfolio", "PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"},
    )
    yield Step(
        "spoke",
        "ProvisionProduct",
        {"ProductName": "Orders", "ProvisioningArtifactName": "v1", "ProvisionedProductName": "ours"},
        keep={"record": "RecordDetail.RecordId"},
        holds={"RecordDetail.RecordType": "PROVISION_PRODUCT", "RecordDetail.RecordTags": []},
    )
    yield _succeeds("spoke")
    yield Step(
        "spoke",
        "CopyProduct",
        {"SourceProductArn": "$arn", "TargetProductName": "Our orders"},
        keep={"copy": "CopyProductToken"},
    )
    yield Step(
        "spoke",
        "DescribeCopyProductStatus",
        {"CopyProductToken": "$copy"},
        keep={"copied": "TargetProductId"},
        holds={"CopyProductStatus": "SUCCEEDED"},
        until=True,
    )


def _tidy() -> Iterator[Step]:
    for who, name in (("spoke", "ours"), ("hub", "orders")):
        yield Step(
            who, "TerminateProvisionedProduct", {"ProvisionedProductName": name}, {"record": "RecordDetail.RecordId"}
        )
        yield _succeeds(who)
        yield Step(who, "ScanProvisionedProducts", {}, holds={"ProvisionedProducts": []})
    yield Step("spoke", "DeleteProduct", {"Id": "$copied"})
    yield Step("hub", "DeletePortfolioShare", {"PortfolioId": "$portfolio", "AccountId": "$spoke"})
    yield Step("spoke", "SearchProducts", holds={"ProductViewSummaries": []})
    for kind in ("LAUNCH", "TEMPLATE", "RESOURCE_UPDATE", "NOTIFICATION"):
        yield Step("hub", "DeleteConstraint", {"Id": f"${kind}"})
    yield Step("hub", "DisassociateTagOptionFromResource", {"ResourceId": "$portfolio", "TagOptionId": "$option"})
    yield Step("hub", "DeleteTagOption", {"Id": "$option"})
    yield Step(
        "hub",
        "DisassociateServiceActionFromProvisioningArtifact",
        {"ProductId": "$product", "ProvisioningArtifactId": "$v2", "ServiceActionId": "$action"},
    )
    yield Step("hub", "DeleteServiceAction", {"Id": "$action"})
    yield Step("hub", "DisassociateProductFromPortfolio", {"ProductId": "$product", "PortfolioId": "$portfolio"})
    yield Step("hub", "DeleteProduct", {"Id": "$product"})
    yield Step(
        "hub",
        "DisassociatePrincipalFromPortfolio",
        {"PortfolioId": "$portfolio", "PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"},
    )
    yield Step("hub", "DeletePortfolio", {"Id": "$portfolio"})
    yield Step("hub", "ListPortfolios", holds={"PortfolioDetails": []})


DAY = (*_publish(), *_constrain(), *_browse(), *_launch(), *_operate(), *_share(), *_tidy())


def live(call: Call, known: dict[str, str]) -> list[Json]:
    """Live through the day with a client; `known` gives what it begins with. Returns each step's last answer."""
    return [_take(step, call, known) for step in DAY]


def _take(step: Step, call: Call, known: dict[str, str]) -> Json:
    holds = {path: filled(value, known) for path, value in step.holds.items()}
    deadline = monotonic() + 60
    while True:
        answer = call(known[step.who], step.operation, filled(step.input, known))
        found = {path: at(answer, path) for path in holds}
        if found == holds or not step.until or monotonic() > deadline:
            break
        sleep(0.05)
    assert found == holds, (step.operation, answer)
    known.update({name: at(answer, path) for name, path in step.keep.items()})
    return answer


def filled(value: Any, known: Mapping[str, str]) -> Any:
    """A value in which every `$name` is what that name stands for, in texts within texts too."""
    if isinstance(value, str):
        for name in sorted(known, key=len, reverse=True):
            value = value.replace(f"${name}", known[name])
        return value
    if isinstance(value, dict):
        return {key: filled(member, known) for key, member in value.items()}
    return [filled(item, known) for item in value] if isinstance(value, list) else value


def at(answer: Any, path: str) -> Any:
    """What stands at a path of an answer; None if nothing does."""
    for part in path.split("."):
        try:
            answer = answer[int(part) if part.isdigit() else part]
        except (KeyError, IndexError):
            return None
    return answer
