"""STACKSET constraints: a launch is one stack in each account and region, in order, with tolerance and concurrency."""

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from manciple.app import Server
from manciple.engine.providers.faults import Fault, set_faults
from tests.contract import conftest
from tests.contract.constraining import constrain, role
from tests.contract.publishing import publish, walk
from tests.contract.requests import refusal, stored
from tests.contract.sandbox import own_json

FIRST, SECOND = "eu-west-1", "us-east-1"

TEMPLATE = """
Parameters:
  Label: {Type: String, Default: one}
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {DisplayName: !Sub "${AWS::AccountId} ${AWS::Region} ${Label}"}}
Outputs:
  Arn: {Value: !Ref Topic, Export: {Name: topic}}
"""
OTHER = TEMPLATE.replace("${Label}", "second ${Label}")
RULES = {
    "Rules": {
        "Known": {
            "Assertions": [{"Assert": {"Fn::Contains": [["one", "two"], {"Ref": "Label"}]}, "AssertDescription": "No"}]
        }
    }
}

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each database that looks for work often."""
    directory = tmp_path_factory.mktemp("stack-sets")
    flags: dict[str, Any] = {"engine.poll_seconds": 0.05}
    if request.param == "sqlite":
        yield from conftest.serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)
        return
    port = conftest._free_port()
    flags |= {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    with request.getfixturevalue("postgresql_server").database() as url:
        yield from conftest.serve(url, directory, **flags)


class StackSet:
    """A product whose launches are stack sets over two accounts, the first its owner's, and two regions."""

    def __init__(self, server: Server, account: str, **members: Any) -> None:
        self.server = server
        self.published = publish(
            conftest.client_of(server, "servicecatalog", account),
            conftest.client_of(server, "s3", account),
            TEMPLATE,
            OTHER,
        )
        self.accounts = [account, f"{int(account) + 10**9 + next(_numbers):012d}"[-12:]]
        properties = {
            "AccountList": self.accounts,
            "RegionList": [FIRST, SECOND],
            "AdminRole": role(account, "Admin"),
            "ExecutionRole": "Execution",
        }
        self.parameters = {"Version": "1", "Properties": properties | members}
        self.constraint_id = constrain(self.published, "STACKSET", self.parameters)

    @property
    def everywhere(self) -> list[tuple[str, str]]:
        """Every account and region."""
        return sorted(itertools.product(self.accounts, [FIRST, SECOND]))

    def instances(self, name: str) -> dict[tuple[str, str], str]:
        """The stack instances of a provisioned product."""
        found = walk(
            self.published.catalog.list_stack_instances_for_provisioned_product,
            "StackInstances",
            ProvisionedProductId=self.published.describe(name)["Id"],
        )
        return {(one["Account"], one["Region"]): one["StackInstanceStatus"] for page in found for one in page}

    def names(self) -> dict[tuple[str, str], list[str]]:
        """The display names of the topics that there are in each account and region."""
        return {place: self.names_in(*place) for place in self.everywhere}

    def names_in(self, account: str, region: str) -> list[str]:
        """Likewise in one."""
        cloud = conftest.client_of(self.server, "cloudcontrol", account, region)
        found = cloud.list_resources(TypeName="AWS::SNS::Topic")["ResourceDescriptions"]
        shown = (
            cloud.get_resource(TypeName="AWS::SNS::Topic", Identifier=one["Identifier"])["ResourceDescription"]
            for one in found
        )
        return [json.loads(one["Properties"])["DisplayName"] for one in shown]

    def break_in(self, account: str, region: str, action: str = "create") -> None:
        """Let topics fail in an account and region."""
        fault = Fault(selector="Topic", action=action, error_code="InvalidRequest", message="not here")
        with stored(self.server) as tx:
            set_faults(tx, account, region, [fault])

    def mend(self, account: str, region: str) -> None:
        """Let nothing fail any more."""
        with stored(self.server) as tx:
            set_faults(tx, account, region, [])


@pytest.fixture
def make(server: Server, account: str) -> Callable[..., StackSet]:
    """Makes a stack set; members go into its constraint's properties."""
    return lambda **members: StackSet(server, account, **members)


@pytest.fixture
def stack_set(make: Callable[..., StackSet]) -> StackSet:
    """A stack set whose instances can be created and deleted one by one."""
    return make(StackInstanceControl="ALLOWED")


def status(record: dict[str, Any]) -> str:
    return str(record["RecordDetail"]["Status"])


def reason(record: dict[str, Any]) -> str:
    return str(record["RecordDetail"]["RecordErrors"][0]["Description"])


def named(stack_set: StackSet, text: str) -> dict[tuple[str, str], list[str]]:
    """The names of topics that a text makes everywhere."""
    return {(account, region): [f"{account} {region} {text}"] for account, region in stack_set.everywhere}


def nothing(stack_set: StackSet) -> dict[tuple[str, str], list[str]]:
    """No topic anywhere."""
    return {place: [] for place in stack_set.everywhere}


def test_a_launch_is_a_stack_in_every_account_and_region(stack_set: StackSet, account: str) -> None:
    record = stack_set.published.launch("set")

    assert (status(record), record["RecordDetail"]["ProvisionedProductType"]) == ("SUCCEEDED", "CFN_STACKSET")
    assert stack_set.names() == named(stack_set, "one")
    assert stack_set.instances("set") == dict.fromkeys(stack_set.everywhere, "CURRENT")
    (output,) = record["RecordOutputs"]
    product = stack_set.published.describe("set")
    assert (product["Status"], product["Type"]) == ("AVAILABLE", "CFN_STACKSET")
    assert output["OutputKey"] == "CloudformationStackSetARN"
    assert output["OutputValue"].startswith(
        f"arn:aws:cloudformation:eu-west-1:{account}:stackset/SC-{account}-{product['Id']}:"
    )


def test_what_a_launch_asks_for_names_the_accounts_and_regions(stack_set: StackSet) -> None:
    answer = stack_set.published.catalog.describe_provisioning_parameters(
        ProductId=stack_set.published.product_id, ProvisioningArtifactId=stack_set.published.versions[0]
    )

    assert answer["ProvisioningArtifactPreferences"] == {
        "StackSetAccounts": stack_set.accounts,
        "StackSetRegions": [FIRST, SECOND],
    }
    assert answer["ConstraintSummaries"] == [{"Type": "STACKSET"}]


def test_preferences_narrow_a_launch(stack_set: StackSet) -> None:
    account = stack_set.accounts[1]
    preferences = {"StackSetAccounts": [account], "StackSetRegions": [SECOND]}

    record = stack_set.published.launch("set", ProvisioningPreferences=preferences)

    assert status(record) == "SUCCEEDED"
    assert stack_set.instances("set") == {(account, SECOND): "CURRENT"}
    assert stack_set.names_in(account, FIRST) == []


@pytest.mark.parametrize(
    ("preferences", "named_in_it"),
    [
        ({"StackSetAccounts": ["999999999999"]}, "999999999999 in StackSetAccounts is not in the STACKSET constraint"),
        ({"StackSetRegions": ["eu-north-1"]}, "eu-north-1 in StackSetRegions is not in the STACKSET constraint"),
        (
            {"StackSetFailureToleranceCount": 1, "StackSetFailureTolerancePercentage": 10},
            "at most one of StackSetFailureToleranceCount and StackSetFailureTolerancePercentage",
        ),
        (
            {"StackSetMaxConcurrencyCount": 1, "StackSetMaxConcurrencyPercentage": 10},
            "at most one of StackSetMaxConcurrencyCount and StackSetMaxConcurrencyPercentage",
        ),
        ({"StackSetMaxConcurrencyCount": 2}, "may be at most one more than StackSetFailureToleranceCount, which is 0"),
    ],
)
def test_preferences_that_break_a_rule_are_refused(
    stack_set: StackSet, preferences: dict[str, Any], named_in_it: str
) -> None:
    code, message = refusal(lambda: stack_set.published.launch("set", ProvisioningPreferences=preferences))

    assert code == "InvalidParametersException"
    assert named_in_it in message


def test_a_failure_stops_the_region_and_those_after_it(stack_set: StackSet) -> None:
    first, second = stack_set.accounts
    stack_set.break_in(first, FIRST)

    record = stack_set.published.launch("set")

    assert status(record) == "FAILED"
    assert reason(record).startswith(f"The following stack instance(s) failed to create: [{first}/{FIRST}]. ")
    assert "not here" in reason(record)
    assert stack_set.published.describe("set")["Status"] == "ERROR"
    assert stack_set.instances("set") == {(first, FIRST): "OUTDATED"}
    assert stack_set.names_in(second, FIRST) == []


def test_a_failure_that_is_tolerated_leaves_its_instance_outdated(stack_set: StackSet) -> None:
    failing = (stack_set.accounts[0], FIRST)
    stack_set.break_in(*failing)

    record = stack_set.published.launch(
        "set", ProvisioningPreferences={"StackSetFailureToleranceCount": 1, "StackSetMaxConcurrencyCount": 2}
    )

    assert status(record) == "SUCCEEDED"
    assert stack_set.instances("set") == dict.fromkeys(stack_set.everywhere, "CURRENT") | {failing: "OUTDATED"}


def test_a_percentage_of_the_accounts_may_fail(stack_set: StackSet) -> None:
    stack_set.break_in(stack_set.accounts[0], FIRST)

    record = stack_set.published.launch("set", ProvisioningPreferences={"StackSetFailureTolerancePercentage": 50})

    assert status(record) == "SUCCEEDED"


def test_an_update_brings_every_instance_to_the_new_version(stack_set: StackSet) -> None:
    stack_set.published.launch("set")

    record = stack_set.published.update("set", 1, ProvisioningParameters=[{"Key": "Label", "Value": "two"}])

    assert status(record) == "SUCCEEDED"
    assert stack_set.names() == named(stack_set, "second two")
    assert stack_set.instances("set") == dict.fromkeys(stack_set.everywhere, "CURRENT")


def test_an_update_takes_previous_values(stack_set: StackSet) -> None:
    stack_set.published.launch("set", ProvisioningParameters=[{"Key": "Label", "Value": "kept"}])

    stack_set.published.update("set", 1, ProvisioningParameters=[{"Key": "Label", "UsePreviousValue": True}])

    assert stack_set.names() == named(stack_set, "second kept")


def test_a_narrowed_update_leaves_the_other_instances_outdated(stack_set: StackSet) -> None:
    account = stack_set.accounts[0]
    stack_set.published.launch("set")

    stack_set.published.update("set", 1, ProvisioningPreferences={"StackSetAccounts": [account]})

    expected = {place: "CURRENT" if place[0] == account else "OUTDATED" for place in stack_set.everywhere}
    assert stack_set.instances("set") == expected
    assert stack_set.names_in(account, FIRST) == [f"{account} {FIRST} second one"]


def test_an_update_that_fails_leaves_the_product_tainted_and_can_be_made_again(stack_set: StackSet) -> None:
    failing = (stack_set.accounts[0], FIRST)
    stack_set.published.launch("set")
    stack_set.break_in(*failing, action="update")
    failed = stack_set.published.update("set", 1)
    tainted = (stack_set.published.describe("set")["Status"], stack_set.instances("set")[failing])
    stack_set.mend(*failing)

    record = stack_set.published.update("set", 1)

    assert (status(failed), tainted) == ("FAILED", ("TAINTED", "OUTDATED"))
    assert status(record) == "SUCCEEDED"
    assert stack_set.names() == named(stack_set, "second one")
    assert stack_set.published.describe("set")["Status"] == "AVAILABLE"


def test_single_instances_are_created_as_the_stack_set_is(stack_set: StackSet) -> None:
    account = stack_set.accounts[0]
    stack_set.published.launch(
        "set",
        ProvisioningPreferences={"StackSetAccounts": [account], "StackSetRegions": [FIRST]},
        ProvisioningParameters=[{"Key": "Label", "Value": "mine"}],
    )

    record = stack_set.published.update(
        "set", 1, ProvisioningPreferences={"StackSetRegions": [SECOND], "StackSetOperationType": "CREATE"}
    )

    assert status(record) == "SUCCEEDED"
    assert set(stack_set.instances("set")) == {(account, FIRST), *((one, SECOND) for one in stack_set.accounts)}
    assert stack_set.names_in(account, SECOND) == [f"{account} {SECOND} mine"]
    assert stack_set.published.describe("set")["ProvisioningArtifactId"] == stack_set.published.versions[0]


def test_single_instances_are_deleted(stack_set: StackSet) -> None:
    account = stack_set.accounts[1]
    stack_set.published.launch("set")

    record = stack_set.published.update(
        "set", ProvisioningPreferences={"StackSetAccounts": [account], "StackSetOperationType": "DELETE"}
    )

    assert status(record) == "SUCCEEDED"
    assert {place[0] for place in stack_set.instances("set")} == {stack_set.accounts[0]}
    assert stack_set.names_in(account, FIRST) == []


@pytest.mark.parametrize("verb", ["CREATE", "DELETE"])
def test_single_instances_need_the_constraints_leave(make: Callable[..., StackSet], verb: str) -> None:
    stack_set = make()
    stack_set.published.launch("set")

    code, message = refusal(
        lambda: stack_set.published.update("set", ProvisioningPreferences={"StackSetOperationType": verb})
    )

    assert code == "InvalidParametersException"
    assert message.startswith(f"StackSetOperationType {verb} is not allowed")


def test_a_termination_deletes_every_stack(stack_set: StackSet) -> None:
    stack_set.published.launch("set")

    record = stack_set.published.terminate("set")

    assert status(record) == "SUCCEEDED"
    assert stack_set.names() == nothing(stack_set)
    assert refusal(lambda: stack_set.published.describe("set"))[0] == "ResourceNotFoundException"


def test_an_instance_that_cannot_be_deleted_is_inoperable_and_can_be_tried_again(stack_set: StackSet) -> None:
    failing = (stack_set.accounts[0], FIRST)
    stack_set.published.launch("set")
    stack_set.break_in(*failing, action="delete")
    failed = stack_set.published.terminate("set")
    left = stack_set.instances("set")
    stack_set.mend(*failing)

    record = stack_set.published.terminate("set")

    assert (status(failed), left) == ("FAILED", {failing: "INOPERABLE"})
    assert status(record) == "SUCCEEDED"
    assert stack_set.names() == nothing(stack_set)


def test_a_termination_can_keep_the_stacks(stack_set: StackSet) -> None:
    stack_set.published.launch("set")

    record = stack_set.published.terminate("set", RetainPhysicalResources=True)

    assert status(record) == "SUCCEEDED"
    assert stack_set.names() == named(stack_set, "one")


def test_a_rule_that_is_broken_fails_the_record_before_any_stack_is_begun(stack_set: StackSet) -> None:
    constrain(stack_set.published, "TEMPLATE", RULES)

    record = stack_set.published.launch("set", ProvisioningParameters=[{"Key": "Label", "Value": "three"}])

    assert (status(record), "No" in reason(record)) == ("FAILED", True)
    assert stack_set.instances("set") == {}


def test_a_stack_set_cannot_be_planned(stack_set: StackSet) -> None:
    code, message = refusal(lambda: stack_set.published.plan("set", wait=False))

    assert code == "InvalidParametersException"
    assert message == (
        f"Product {stack_set.published.product_id} is launched as a stack set along the path "
        f"{stack_set.published.portfolio_id.replace('port-', 'lpv3-')}; plans can be made for stacks only."
    )


def test_a_stack_set_stays_one(stack_set: StackSet) -> None:
    stack_set.published.launch("set")
    stack_set.published.catalog.delete_constraint(Id=stack_set.constraint_id)

    code, message = refusal(lambda: stack_set.published.update("set", 1))

    assert (code, "is a CFN_STACKSET" in message) == ("InvalidParametersException", True)
    assert status(stack_set.published.terminate("set")) == "SUCCEEDED"


def test_instances_are_listed_page_by_page(stack_set: StackSet) -> None:
    stack_set.published.launch("set")

    pages = walk(
        stack_set.published.catalog.list_stack_instances_for_provisioned_product,
        "StackInstances",
        ProvisionedProductId=stack_set.published.describe("set")["Id"],
        PageSize=3,
    )

    assert [len(page) for page in pages] == [3, 1]
    assert [(one["Account"], one["Region"]) for page in pages for one in page] == stack_set.everywhere


def test_only_a_stack_set_of_the_callers_own_has_instances(stack_set: StackSet, server: Server) -> None:
    stack_set.published.catalog.delete_constraint(Id=stack_set.constraint_id)
    stack_set.published.launch("stack")
    product_id = stack_set.published.describe("stack")["Id"]
    stranger = conftest.client_of(server, "servicecatalog", "999999999999")

    def listed(catalog: Any, id: str) -> tuple[str, str]:
        return refusal(lambda: catalog.list_stack_instances_for_provisioned_product(ProvisionedProductId=id))

    assert listed(stack_set.published.catalog, product_id) == (
        "InvalidParametersException",
        f"Provisioned product {product_id} is a CFN_STACK; only a CFN_STACKSET has stack instances.",
    )
    missing = ("ResourceNotFoundException", f"Provisioned product not found: {product_id}")
    assert listed(stranger, product_id) == missing
    assert listed(stack_set.published.catalog, "pp-aaaaaaaaaaaaa")[0] == "ResourceNotFoundException"


def test_the_record_tells_how_every_instance_went(stack_set: StackSet, server: Server, account: str) -> None:
    record = stack_set.published.launch("set")

    events = own_json(server, account, f"records/{record['RecordDetail']['RecordId']}/events")["Events"]
    told = [(one["LogicalResourceId"], one["ResourceStatus"]) for one in events if "/" in one["LogicalResourceId"]]
    assert told == [
        (f"{account}/{region}", f"CREATE_{state}")
        for region in (FIRST, SECOND)
        for account in stack_set.accounts
        for state in ("IN_PROGRESS", "COMPLETE")
    ]
