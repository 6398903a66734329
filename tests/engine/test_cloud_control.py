"""Resources by Cloud Control: made, changed, deleted at an endpoint in another process, whatever goes wrong."""

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from manciple.engine.credentials import Clients
from manciple.engine.place import place_of
from manciple.engine.providers.provider import Subject
from manciple.engine.targets.target import Wake
from manciple.store.tables import engine
from tests.cloud_control import There
from tests.engine.test_signals import Waiting
from tests.engine.worlds import ACCOUNT, REGION, World, open_world, template

pytestmark = pytest.mark.usefixtures("aws_credentials")

GROUP = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": "mine", "RetentionInDays": "7"}}
QUEUE = {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": "5"}}


def flags(there: There) -> dict[str, Any]:
    """Settings by which some types are real."""
    return {
        "providers.cloud_control.endpoint": there.url,
        "providers.cloud_control.types": ["AWS::Logs::*", "AWS::SQS::*", "AWS::IAM::*", "AWS::EC2::Volume"],
        "providers.cloud_control.poll_seconds": 0.02,
    }


@pytest.fixture
def settings(there: There) -> dict[str, Any]:
    return flags(there)


@pytest.fixture
def world(database_url: str, settings: dict[str, Any]) -> Iterator[World]:
    with open_world(database_url, **settings) as found:
        yield found


def reasons(world: World) -> list[str]:
    return [event.reason for event in world.events() if event.reason and event.status.endswith("_FAILED")]


def test_a_resource_is_made_changed_and_deleted_at_the_endpoint(world: World, there: There) -> None:
    changed = {"G": {**GROUP, "Properties": {"LogGroupName": "mine", "RetentionInDays": "30"}}, "Q": QUEUE}

    statuses = [world.provision({"G": GROUP, "Q": QUEUE})]
    made = there.resources()
    statuses.append(world.update(changed))
    after = there.resources("AWS::Logs::LogGroup")
    statuses.append(world.terminate())

    assert statuses == ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"]
    assert made["mine"] | {"RetentionInDays": 7} == made["mine"]
    assert after["mine"]["RetentionInDays"] == 30
    assert there.resources() == {}
    assert world.things() == {}


def test_the_patch_holds_what_changed_and_no_more(world: World, there: There) -> None:
    world.provision({"G": GROUP})

    world.update({"G": {**GROUP, "Properties": {"LogGroupName": "mine", "KmsKeyId": "arn:aws:kms:eu-west-1:1:key/k"}}})

    (update,) = there.calls("UpdateResource")
    assert json.loads(update["body"]["PatchDocument"]) == [
        {"op": "remove", "path": "/RetentionInDays"},
        {"op": "add", "path": "/KmsKeyId", "value": "arn:aws:kms:eu-west-1:1:key/k"},
    ]


def test_what_cannot_be_read_is_sent_with_every_patch(world: World, there: There) -> None:
    properties = {"UserName": "me", "LoginProfile": {"Password": "s3cret-Pass"}, "Path": "/"}
    world.provision({"U": {"Type": "AWS::IAM::User", "Properties": properties}})

    status = world.update({"U": {"Type": "AWS::IAM::User", "Properties": {**properties, "Path": "/a/"}}})

    (update,) = there.calls("UpdateResource")
    assert status == "UPDATE_COMPLETE"
    assert json.loads(update["body"]["PatchDocument"]) == [
        {"op": "add", "path": "/Path", "value": "/a/"},
        {"op": "add", "path": "/LoginProfile", "value": {"Password": "s3cret-Pass"}},
    ]


def test_attributes_and_references_come_from_what_is_there(world: World, there: There) -> None:
    reader = {"Type": "AWS::Logs::LogGroup", "Properties": {"LogGroupName": {"Fn::GetAtt": ["Q", "QueueName"]}}}
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t", "DisplayName": {"Ref": "Q"}}}
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "named"}}

    world.provision({"Q": queue, "R": reader, "T": topic})

    (url,) = there.resources("AWS::SQS::Queue")
    assert "named" in there.resources("AWS::Logs::LogGroup")
    assert [thing.model["DisplayName"] for thing in world.things().values()] == [url]


def test_what_the_settings_do_not_name_stays_simulated(world: World, there: There) -> None:
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"TopicName": "t"}}

    world.provision({"G": GROUP, "T": topic})

    assert list(there.resources()) == ["mine"]
    assert [type_ for type_, _ in world.things()] == ["AWS::SNS::Topic"]


def test_the_stack_s_tags_reach_the_resource_without_the_beginning_that_is_aws_s(world: World, there: There) -> None:
    tags = {"team": "blue"}
    auto = {"aws:servicecatalog:productArn": "arn:p"}

    world.run(world.submit(template({"G": GROUP}), tags=tags, auto_tags=auto))

    assert {tag["Key"]: tag["Value"] for tag in there.resources()["mine"]["Tags"]} == {
        "team": "blue",
        "servicecatalog:productArn": "arn:p",
    }


def test_a_request_is_followed_until_it_is_through(world: World, there: There) -> None:
    there.tell(polls=3)

    status = world.provision({"Q": QUEUE})

    events = [event.status for event in world.events() if event.logical_id == "Q"]
    assert status == "CREATE_COMPLETE"
    assert there.count("CreateResource") == 1
    assert there.count("GetResourceRequestStatus") == 4
    assert events == ["CREATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "CREATE_COMPLETE"]


@pytest.mark.parametrize(("wanted", "heeded"), [(120, 120), (9999, 300)])
def test_the_endpoint_says_when_it_is_to_be_asked_again(world: World, there: There, wanted: int, heeded: int) -> None:
    there.tell(polls=1, retry_after=wanted)
    operation = world.submit(template({"Q": QUEUE}))

    wake = world.engine.reconcile(operation)

    (step,) = world.rows(engine.STEP)
    assert isinstance(wake, Wake)
    assert step.state == "waiting"
    assert abs(step.not_before / 1000 - time.time() - heeded) < 30


@pytest.mark.parametrize("operation", ["CreateResource", "UpdateResource", "DeleteResource", "GetResource"])
@pytest.mark.parametrize(
    "fault",
    [
        {"do": "refuse", "code": "ThrottlingException"},
        {"do": "refuse", "code": "ServiceInternalErrorException", "status": 500},
        {"do": "silent"},
        {"do": "deaf"},
    ],
    ids=["throttled", "broken", "silent", "deaf"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_call_without_an_answer_is_made_again_and_nothing_happens_twice(
    world: World, there: There, operation: str, fault: dict[str, Any]
) -> None:
    there.tell(faults=[{"operation": operation, "times": 2, **fault}])

    statuses = [world.provision({"G": GROUP, "Q": QUEUE})]
    queues = there.resources("AWS::SQS::Queue")
    changed = {"G": GROUP, "Q": {**QUEUE, "Properties": {"DelaySeconds": "9"}}}
    statuses += [world.update(changed), world.terminate()]

    assert statuses == ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"]
    assert len(queues) == 1
    assert there.resources() == {}


@pytest.mark.parametrize("operation", ["CreateResource", "UpdateResource", "DeleteResource"])
def test_a_request_that_failed_for_a_reason_that_passes_is_made_anew(
    world: World, there: There, operation: str
) -> None:
    there.fault(operation, "fail", fails="Throttling")

    statuses = [world.provision({"Q": QUEUE}), world.update({"Q": {**QUEUE, "Properties": {"DelaySeconds": "9"}}})]
    statuses.append(world.terminate())

    tokens = [call["body"]["ClientToken"] for call in there.calls(operation)]
    assert statuses == ["CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"]
    assert len(set(tokens)) == 2


def test_a_request_that_failed_for_good_fails_the_step_once(world: World, there: There) -> None:
    there.fault("CreateResource", "fail", fails="NotStabilized")

    status = world.provision({"Q": QUEUE})

    assert status == "ROLLBACK_COMPLETE"
    assert there.count("CreateResource") == 1
    assert 'Resource handler returned message: "Cloud Control said: told to fail"' in reasons(world)[0]
    assert "HandlerErrorCode: NotStabilized" in reasons(world)[0]


def test_what_was_there_before_is_neither_taken_nor_deleted(world: World, there: There) -> None:
    there.set("AWS::Logs::LogGroup", "mine", {"LogGroupName": "mine", "RetentionInDays": 1})

    status = world.provision({"G": GROUP})

    assert status == "ROLLBACK_COMPLETE"
    assert "HandlerErrorCode: AlreadyExists" in reasons(world)[0]
    assert there.resources() == {"mine": {"LogGroupName": "mine", "RetentionInDays": 1}}


def test_an_endpoint_that_forgets_client_tokens_makes_what_has_a_name_once(world: World, there: There) -> None:
    there.tell(forgets=True, faults=[{"operation": "CreateResource", "do": "silent"}])

    status = world.provision({"G": GROUP})

    assert status == "CREATE_COMPLETE"
    assert there.count("CreateResource") == 2
    assert list(there.resources()) == ["mine"]


def test_what_is_gone_is_deleted(world: World, there: There) -> None:
    world.provision({"G": GROUP})
    there.set("AWS::Logs::LogGroup", "mine", None)

    assert world.terminate() == "DELETE_COMPLETE"


def test_a_failed_update_is_rolled_back_at_the_endpoint(world: World, there: There) -> None:
    world.provision({"G": GROUP})
    there.fault("CreateResource", "fail", fails="InvalidRequest")
    changed = {**GROUP, "Properties": {"LogGroupName": "mine", "RetentionInDays": "30"}}

    status = world.update({"G": changed, "Q": {**QUEUE, "DependsOn": "G"}})

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert there.resources()["mine"]["RetentionInDays"] == 7


def test_a_request_that_is_under_way_when_another_fails_leaves_nothing(world: World, there: There) -> None:
    operation = world.submit(template({"Q": QUEUE, "G": GROUP}))
    there.tell(
        polls=50,
        faults=[
            {
                "operation": "CreateResource",
                "do": "refuse",
                "code": "InvalidRequestException",
                "type": "AWS::Logs::LogGroup",
            }
        ],
    )

    world.run(operation)

    assert world.status() == "ROLLBACK_COMPLETE"
    assert there.resources() == {}
    assert there.count("CancelResourceRequest") == 1


def test_one_with_a_name_that_is_under_way_when_another_fails_is_deleted_once_it_is_made(
    world: World, there: There
) -> None:
    there.tell(polls=9)
    there.tell(
        faults=[
            {
                "operation": "CreateResource",
                "do": "refuse",
                "code": "InvalidRequestException",
                "type": "AWS::SQS::Queue",
            }
        ]
    )

    status = world.provision({"G": GROUP, "Q": QUEUE})

    assert status == "ROLLBACK_COMPLETE"
    assert there.resources() == {}


def test_what_a_deletion_policy_retains_stays_there(world: World, there: There) -> None:
    world.provision(
        {"G": {**GROUP, "DeletionPolicy": "Retain"}, "Q": {**QUEUE, "DeletionPolicy": "RetainExceptOnCreate"}}
    )

    world.terminate()

    assert len(there.resources()) == 2
    assert there.count("DeleteResource") == 0


def test_a_snapshot_that_nobody_takes_keeps_the_resource(world: World, there: There) -> None:
    volume = {"Type": "AWS::EC2::Volume", "Properties": {"AvailabilityZone": "eu-west-1a", "Size": "1"}}
    world.provision({"V": {**volume, "DeletionPolicy": "Snapshot"}})

    status = world.terminate()

    assert status == "DELETE_FAILED"
    assert len(there.resources()) == 1
    assert "Cloud Control cannot take the snapshot" in reasons(world)[0]


def test_a_role_is_assumed_for_every_call(database_url: str, settings: dict[str, Any], there: There) -> None:
    settings["providers.cloud_control.sts_endpoint"] = there.url
    with open_world(database_url, **settings) as world:
        world.run(world.submit(template({"G": GROUP}), role_arn=f"arn:aws:iam::{ACCOUNT}:role/Launch"))

    assert {call["key"] for call in there.calls()} == {"ASIAROLE"}


def test_without_sts_a_role_is_refused_by_name(world: World, there: There) -> None:
    world.run(world.submit(template({"G": GROUP}), role_arn=f"arn:aws:iam::{ACCOUNT}:role/Launch"))

    assert (
        "The role arn:aws:iam::123456789012:role/Launch cannot be assumed; set providers.cloud_control"
        in reasons(world)[0]
    )
    assert there.calls() == []


def test_what_was_made_stays_where_it_is_whatever_the_settings_say(
    database_url: str, settings: dict[str, Any], there: There
) -> None:
    changed = {**QUEUE, "Properties": {"DelaySeconds": "9"}}
    with open_world(database_url) as world:
        world.provision({"Q": QUEUE})
    with open_world(database_url, **settings) as world:
        world.records = 10
        world.update({"Q": changed, "G": GROUP})
        simulated = list(world.things())
    with open_world(database_url) as world:
        world.records = 20
        status = world.terminate()

    assert [type_ for type_, _ in simulated] == ["AWS::SQS::Queue"]
    assert list(there.resources()) == ["mine"]
    assert status == "DELETE_FAILED"


@pytest.mark.parametrize(
    ("region", "address"),
    [
        ("eu-west-1", "https://cloudcontrolapi.eu-west-1.amazonaws.com"),
        ("cn-north-1", "https://cloudcontrolapi.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_aws_stands_for_its_own_address_of_the_region(region: str, address: str) -> None:
    assert Clients("aws").cloud_control(place_of(ACCOUNT, region)).meta.endpoint_url == address


def test_places_have_endpoints_of_their_own_and_all_others_none(database_url: str, there: There) -> None:
    places: Any = [{"account": ACCOUNT, "region": "us-east-1", "endpoint": there.url}]
    settings: dict[str, Any] = {"providers.cloud_control.places": places}
    with open_world(database_url, **settings) as world:
        providers = world.engine.parts.providers
        simulated = {
            region: providers.simulates(Subject("AWS::SQS::Queue", place_of(ACCOUNT, region), {}))
            for region in ("us-east-1", REGION)
        }
        world.provision({"G": GROUP})

    assert simulated == {"us-east-1": False, REGION: True}
    assert there.calls() == []


def test_a_creation_policy_waits_for_signals_at_our_address(sqlite_url: str, there: There) -> None:
    policy = {"ResourceSignal": {"Count": 1, "Timeout": "PT10M"}}
    there.tell(polls=1)
    with open_world(sqlite_url, is_durable=False, **flags(there)) as plain:
        world = Waiting(plain.database, plain.limits, **flags(there))
        operation = world.submit(template({"Q": {**QUEUE, "CreationPolicy": policy}}))
        for _ in range(4):
            world.slice(operation)
            world.pass_time(operation)
        waiting = world.status()
        (step,) = world.rows(engine.STEP)

        became = world.signal(step.token)
        world.run(operation)

        assert (waiting, became, world.status()) == ("CREATE_IN_PROGRESS", "ACCEPTED", "CREATE_COMPLETE")
        world.pool.shutdown()
    assert there.count("CreateResource") == 1
