"""Custom resources by CloudFormation's protocol (user guide, "Custom resources")."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.catalog.plan_document import PlanDocument
from manciple.engine.providers.faults import Fault
from manciple.engine.reconcile import Done
from manciple.store.tables.engine import INSTANCE, STACK, STEP
from manciple.store.tables.sandbox import SANDBOX_LEDGER
from tests.engine.endpoints import Endpoint, open_endpoint
from tests.engine.test_crash import CrashError, Crashing
from tests.engine.test_settlement import Catalog
from tests.engine.worlds import World, broken, open_world, template, topic

TOKEN = "arn:aws:lambda:eu-west-1:123456789012:function:make"
PATTERN = "arn:aws:lambda:*:function:make"
READS = {"Url": {"Value": {"Fn::GetAtt": ["Thing", "Url"]}}}


def thing(**properties: Any) -> dict[str, Any]:
    """A custom resource."""
    return {"Type": "Custom::Thing", "Properties": {"ServiceToken": TOKEN, **properties}}


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    """Where requests are sent."""
    with open_endpoint() as found:
        yield found


@pytest.fixture
def mapped(database_url: str, endpoint: Endpoint) -> Iterator[World]:
    """A world whose custom resources are sent to the endpoint."""
    with open_world(database_url, custom_resources={PATTERN: endpoint.url}) as world:
        yield world


def begin(world: World, resources: dict[str, Any], kind: str = "provision", **sections: Any) -> str:
    """Accept a launch or update, and go as far as it goes."""
    operation_id = world.submit(template(resources, **sections), kind)
    world.engine.reconcile(operation_id)
    return operation_id


def launch(world: World, endpoint: Endpoint, resources: dict[str, Any], **response: Any) -> str:
    """A launch whose one request is answered."""
    operation_id = begin(world, resources)
    endpoint.answer(world, **response)
    world.run(operation_id)
    return operation_id


def expire(world: World, operation_id: str) -> None:
    """Let every deadline be over."""
    with world.database.write() as tx:
        tx.execute(sa.update(STEP).where(STEP.c.operation_id == operation_id, STEP.c.deadline > 0).values(deadline=1))
    world.pass_time(operation_id)


def physical_ids(world: World) -> list[str]:
    """What the engine knows to exist."""
    return sorted(row.physical_id for row in world.rows(INSTANCE))


def reasons(world: World, status: str) -> list[str | None]:
    """Why events of a status came."""
    return [one.reason for one in world.events() if one.status == status and one.logical_id == "Thing"]


def test_a_plan_names_the_resources_that_are_not_simulated(mapped: World) -> None:
    catalog = Catalog(mapped)
    other = {"Type": "Custom::Other", "Properties": {"ServiceToken": "arn:aws:sns:other"}}
    plan = catalog.plan_row(catalog.plan({"Thing": thing(), "Other": other, "T": topic("t")}))
    with mapped.database.read() as tx:
        made = mapped.objects.get_value(tx, plan.document_digest or "", PlanDocument)

    assert (made.simulated, made.not_simulated) == (True, ("Thing",))


def test_a_create_is_sent_as_cloudformation_sends_it(mapped: World, endpoint: Endpoint) -> None:
    operation_id = begin(mapped, {"Thing": thing(Size=3, Fast=True, Names=["a", 1])})

    request = endpoint.last
    stack = mapped.rows(STACK)[0].arn
    names = "RequestType ResponseURL StackId RequestId ResourceType LogicalResourceId ResourceProperties"
    assert sorted(request) == sorted(names.split())
    assert (request["RequestType"], request["StackId"]) == ("Create", stack)
    assert (request["ResourceType"], request["LogicalResourceId"]) == ("Custom::Thing", "Thing")
    assert request["ResponseURL"].startswith("http://127.0.0.1:4566/_manciple/callback/")
    assert request["ResourceProperties"] == {
        "ServiceToken": TOKEN,
        "Size": "3",
        "Fast": "true",
        "Names": ["a", "1"],
    }
    assert mapped.operation(operation_id).phase == "forward"


def test_the_response_gives_the_physical_id_and_the_attributes(mapped: World, endpoint: Endpoint) -> None:
    operation_id = begin(mapped, {"Thing": thing(), "After": topic("t", DisplayName={"Fn::GetAtt": ["Thing", "N"]})})
    endpoint.answer(mapped, Data={"N": 5})
    mapped.run(operation_id)

    told = [(one.status, one.physical_id) for one in mapped.events() if one.logical_id == "Thing"]
    assert mapped.status() == "CREATE_COMPLETE"
    assert mapped.names() == {"t": "5"}
    assert told[-2:] == [("CREATE_IN_PROGRESS", "thing-1"), ("CREATE_COMPLETE", "thing-1")]


def test_attributes_that_are_not_to_be_echoed_are_masked(mapped: World, endpoint: Endpoint) -> None:
    launch(mapped, endpoint, {"Thing": thing()}, Data={"Url": "s3cret"}, NoEcho=True)
    mapped.fault(Fault(selector="T", action="create", error_code="AccessDenied", message="no s3cret here"))
    mapped.update({"Thing": thing(), "T": topic("t", DisplayName={"Fn::GetAtt": ["Thing", "Url"]})})

    told = next(one.reason for one in mapped.events() if one.status == "CREATE_FAILED")
    assert told is not None
    assert "no **** here" in told


def test_a_failed_response_fails_the_resource_with_its_reason(mapped: World, endpoint: Endpoint) -> None:
    operation_id = begin(mapped, {"Thing": thing()})
    sent = endpoint.last
    endpoint.answer(mapped, Status="FAILED", Reason="no quota")
    mapped.engine.reconcile(operation_id)

    message = "Received response status [FAILED] from custom resource. Message returned: no quota"
    assert reasons(mapped, "CREATE_FAILED") == [f"{message} (RequestId: {sent['RequestId']})"]
    assert (endpoint.last["RequestType"], endpoint.last["PhysicalResourceId"]) == ("Delete", "thing-1")
    assert endpoint.last["ResourceProperties"] == {"ServiceToken": TOKEN}
    endpoint.answer(mapped)
    mapped.run(operation_id)
    assert (mapped.status(), physical_ids(mapped)) == ("ROLLBACK_COMPLETE", [])


def test_silence_fails_the_resource_after_its_service_timeout(mapped: World, endpoint: Endpoint) -> None:
    operation_id = begin(mapped, {"Thing": thing(ServiceTimeout=60)})
    sent = endpoint.last
    step = mapped.rows(STEP)[0]
    expire(mapped, operation_id)
    mapped.engine.reconcile(operation_id)

    assert 0 < step.deadline - mapped.operation(operation_id).created_time < 120_000
    assert f"logs for requestId [{sent['RequestId']}]" in str(reasons(mapped, "CREATE_FAILED"))
    assert endpoint.last["RequestType"] == "Delete"


def test_a_response_that_comes_too_late_is_ignored(mapped: World, endpoint: Endpoint) -> None:
    operation_id = begin(mapped, {"Thing": thing()})
    sent = endpoint.last
    expire(mapped, operation_id)
    mapped.engine.reconcile(operation_id)

    assert endpoint.answer(mapped, sent) == "IGNORED"


def test_an_update_is_sent_with_the_properties_before(mapped: World, endpoint: Endpoint) -> None:
    launch(mapped, endpoint, {"Thing": thing(Size=1)})
    operation_id = begin(mapped, {"Thing": thing(Size=2)}, "update")
    endpoint.answer(mapped)
    mapped.run(operation_id)

    request = endpoint.last
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Update", "thing-1")
    assert (request["ResourceProperties"]["Size"], request["OldResourceProperties"]["Size"]) == ("2", "1")
    assert (mapped.status(), physical_ids(mapped)) == ("UPDATE_COMPLETE", ["thing-1"])


def test_a_new_physical_id_on_update_deletes_the_old_thing_in_the_clean_up(mapped: World, endpoint: Endpoint) -> None:
    launch(mapped, endpoint, {"Thing": thing(Size=1)})
    operation_id = begin(mapped, {"Thing": thing(Size=2)}, "update")
    endpoint.answer(mapped, PhysicalResourceId="thing-2")
    mapped.engine.reconcile(operation_id)

    request = endpoint.last
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Delete", "thing-1")
    assert request["ResourceProperties"]["Size"] == "1"
    endpoint.answer(mapped)
    mapped.run(operation_id)
    assert (mapped.status(), physical_ids(mapped)) == ("UPDATE_COMPLETE", ["thing-2"])


def test_a_new_physical_id_is_deleted_again_when_the_update_rolls_back(mapped: World, endpoint: Endpoint) -> None:
    launch(mapped, endpoint, {"Thing": thing(Size=1)})
    mapped.fault(broken("New", "create"))
    operation_id = begin(mapped, {"Thing": thing(Size=2), "New": topic("n") | {"DependsOn": "Thing"}}, "update")
    endpoint.answer(mapped, PhysicalResourceId="thing-2")
    mapped.engine.reconcile(operation_id)

    request = endpoint.last
    assert (request["RequestType"], request["PhysicalResourceId"]) == ("Delete", "thing-2")
    endpoint.answer(mapped)
    mapped.run(operation_id)
    assert (mapped.status(), physical_ids(mapped)) == ("UPDATE_ROLLBACK_COMPLETE", ["thing-1"])


def test_a_termination_sends_a_delete(mapped: World, endpoint: Endpoint) -> None:
    launch(mapped, endpoint, {"Thing": thing()})
    operation_id = mapped.submit_termination()
    mapped.engine.reconcile(operation_id)
    endpoint.answer(mapped)
    mapped.run(operation_id)

    assert (endpoint.last["RequestType"], mapped.status()) == ("Delete", "DELETE_COMPLETE")


def test_an_endpoint_that_is_not_well_is_asked_again_with_the_same_request(mapped: World, endpoint: Endpoint) -> None:
    endpoint.failures = 2
    operation_id = begin(mapped, {"Thing": thing()})
    endpoint.answer(mapped)
    mapped.run(operation_id)

    assert len(endpoint.requests) == 3
    assert all(request == endpoint.last for request in endpoint.requests)
    assert mapped.status() == "CREATE_COMPLETE"


@pytest.mark.parametrize("status", [307, 404])
def test_an_endpoint_that_refuses_or_redirects_fails_the_resource(
    mapped: World, endpoint: Endpoint, status: int
) -> None:
    endpoint.status, endpoint.location = status, endpoint.url + "/elsewhere"
    operation_id = begin(mapped, {"Thing": thing()})
    mapped.run(operation_id)

    assert len(endpoint.requests) == 1
    assert f"answered {status}" in str(reasons(mapped, "CREATE_FAILED"))


def test_a_token_that_is_not_mapped_is_simulated_with_any_attribute(mapped: World, endpoint: Endpoint) -> None:
    other = {"Type": "AWS::CloudFormation::CustomResource", "Properties": {"ServiceToken": "arn:aws:sns:other"}}
    status = mapped.provision({"Thing": other}, Outputs=READS)

    assert (status, endpoint.requests) == ("CREATE_COMPLETE", [])
    assert [row.action for row in mapped.rows(SANDBOX_LEDGER)] == ["create"]


@pytest.mark.parametrize("response", [{"PhysicalResourceId": None}, {"PhysicalResourceId": ""}, {"Data": [1]}])
def test_a_response_that_lacks_what_is_needed_fails(
    mapped: World, endpoint: Endpoint, response: dict[str, Any]
) -> None:
    operation_id = begin(mapped, {"Thing": thing()})
    endpoint.answer(mapped, **response)
    mapped.engine.reconcile(operation_id)

    assert "Invalid" in str(reasons(mapped, "CREATE_FAILED"))


def test_a_death_at_any_point_repeats_the_same_request_and_makes_one_thing(tmp_path: Path) -> None:
    calm = Crashing()
    live(tmp_path / "calm.sqlite", calm)

    for death in range(len(calm.reached)):
        requests = live(tmp_path / f"{death}.sqlite", Crashing(death))
        ids = {(request["RequestType"], request["RequestId"]) for request in requests}
        assert sorted(kind for kind, _ in ids) == ["Create", "Delete", "Update"]


def live(file: Path, probe: Crashing) -> list[dict[str, Any]]:
    """A launch, an update that replaces, its clean-up; all that was sent."""
    with open_endpoint() as endpoint, open_world(f"sqlite:///{file}", custom_resources={"*": endpoint.url}) as world:
        engine = world.new_engine(probe)
        for number, kind in ((1, "provision"), (2, "update")):
            operation_id = world.submit(template({"Thing": thing(Size=number)}), kind)
            for _ in range(50):
                try:
                    if isinstance(engine.reconcile(operation_id), Done):
                        break
                except CrashError:
                    world.pass_time(operation_id)
                if endpoint.requests:
                    endpoint.answer(world, PhysicalResourceId=f"thing-{number}")
        assert (world.status(), physical_ids(world)) == ("UPDATE_COMPLETE", ["thing-2"])
        return endpoint.requests
