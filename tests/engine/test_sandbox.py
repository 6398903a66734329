"""The simulated cloud: one effect a token, unique and stable identifiers, a world of its own."""

import re
from typing import Any

import msgspec
import pytest

from manciple.engine.place import place_of
from manciple.engine.providers.faults import Fault
from manciple.engine.providers.provider import HandlerRequest, ProgressEvent
from manciple.engine.providers.shapes import Shapes
from manciple.store.tables.sandbox import SANDBOX_LEDGER
from manciple.template.resource_schemas import known_types
from tests.engine.worlds import ACCOUNT, REGION, World

PLACE = place_of(ACCOUNT, REGION)


def request(action: Any = "create", token: str = "t", **fields: Any) -> HandlerRequest:
    """A request for a topic, unless said otherwise."""
    given: dict[str, Any] = {"type": "AWS::SNS::Topic", "logical_id": "Topic", "stack_name": "stack", "place": PLACE}
    given |= fields
    return HandlerRequest(token=token, action=action, **given)


def ask(world: World, *requests: HandlerRequest) -> ProgressEvent:
    """Send requests, each in a batch of its own; the last answer."""
    answers = [world.sandbox.handle([one])[0] for one in requests]
    return answers[-1]


def test_a_second_call_under_a_token_answers_the_first_result_and_acts_on_nothing(world: World) -> None:
    first = ask(world, request())

    second = ask(world, request())

    (row,) = world.rows(SANDBOX_LEDGER)
    assert second == first
    assert (row.calls, len(world.things())) == (2, 1)


def test_a_different_request_under_a_used_token_is_refused(world: World) -> None:
    answer = ask(world, request(), request(model={"TopicName": "other"}))

    assert (answer.status, answer.error_code) == ("FAILED", "InvalidRequest")
    assert len(world.things()) == 1


class LaterRequest(HandlerRequest, frozen=True, kw_only=True, omit_defaults=True):
    """A request of a later version, which knows one member more."""

    ahead: str = ""


@pytest.mark.parametrize(("ahead", "status"), [("", "SUCCESS"), ("used", "FAILED")])
def test_a_call_goes_on_under_its_token_across_an_upgrade_that_adds_a_member(
    world: World, ahead: str, status: str
) -> None:
    earlier = request(model={"TopicName": "mine"})
    later = LaterRequest(**{name: getattr(earlier, name) for name in earlier.__struct_fields__}, ahead=ahead)

    assert ask(world, earlier, later).status == status


def test_a_create_that_failed_fails_again_even_when_the_name_is_free_by_then(world: World) -> None:
    named = {"model": {"TopicName": "mine"}}
    taken = ask(world, request(token="a", **named), request(token="b", **named))
    ask(world, request("delete", "c", physical_id=f"arn:aws:sns:{REGION}:{ACCOUNT}:mine"))

    again = ask(world, request(token="b", **named))

    assert (taken.error_code, again) == ("AlreadyExists", taken)
    assert world.things() == {}


def test_a_name_can_be_taken_once_within_a_batch_too(world: World) -> None:
    batch = [request(token=token, model={"TopicName": "mine"}) for token in "ab"]

    answers = world.sandbox.handle(batch)

    assert [answer.error_code for answer in answers] == [None, "AlreadyExists"]


def test_another_region_is_another_world(world: World) -> None:
    elsewhere = place_of(ACCOUNT, "us-east-1")

    answers = world.sandbox.handle(
        [request(token="a", model={"TopicName": "x"}), request(token="b", model={"TopicName": "x"}, place=elsewhere)]
    )

    assert [answer.physical_id for answer in answers] == [
        f"arn:aws:sns:{REGION}:{ACCOUNT}:x",
        f"arn:aws:sns:us-east-1:{ACCOUNT}:x",
    ]


@pytest.mark.parametrize("action", ["update", "delete", "read"])
def test_what_does_not_exist_is_not_found(world: World, action: str) -> None:
    answer = ask(world, request(action, physical_id="arn:none"))

    assert (answer.status, answer.error_code) == ("FAILED", "NotFound")


def test_an_update_of_a_create_only_property_is_refused(world: World) -> None:
    made = ask(world, request(model={"TopicName": "a"}))

    answer = ask(world, request("update", "u", physical_id=made.physical_id, model={"TopicName": "b"}))

    assert answer.error_code == "NotUpdatable"


def test_an_update_keeps_identifier_and_attributes(world: World) -> None:
    queue = {"type": "AWS::SQS::Queue"}
    made = ask(world, request(**queue))

    changed = ask(world, request("update", "u", physical_id=made.physical_id, model={"DelaySeconds": "5"}, **queue))

    assert (changed.physical_id, changed.attributes) == (made.physical_id, made.attributes)


def test_a_delayed_create_is_in_progress_until_its_time_and_tells_its_identifier_at_once(world: World) -> None:
    world.fault(Fault(selector="Topic", action="create", delay_ms=40))
    first = ask(world, request())
    again = request(callback_context=first.callback_context)
    answer = first

    while answer.status == "IN_PROGRESS":
        answer = ask(world, again)

    assert (first.status, first.physical_id, 0 < first.delay_ms <= 40) == ("IN_PROGRESS", answer.physical_id, True)
    assert answer.status == "SUCCESS"


def test_a_transient_fault_leaves_nothing_in_the_ledger(world: World) -> None:
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", error_code="Throttling", remaining=1))

    first = ask(world, request())
    second = ask(world, request())

    assert (first.error_code, second.status) == ("Throttling", "SUCCESS")


@pytest.mark.parametrize(
    ("type", "model", "physical_id"),
    [
        ("AWS::S3::Bucket", {"BucketName": "b"}, "b"),
        ("AWS::SQS::Queue", {"QueueName": "q"}, f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q"),
        ("AWS::SNS::Topic", {"TopicName": "t"}, f"arn:aws:sns:{REGION}:{ACCOUNT}:t"),
        (
            "AWS::IAM::ManagedPolicy",
            {"ManagedPolicyName": "p", "PolicyDocument": {"Statement": []}},
            f"arn:aws:iam::{ACCOUNT}:policy/p",
        ),
        ("AWS::SSM::Parameter", {"Name": "/a/b", "Type": "String", "Value": "c"}, "/a/b"),
    ],
)
def test_an_identifier_has_the_shape_of_its_type(
    world: World, type: str, model: dict[str, Any], physical_id: str
) -> None:
    assert ask(world, request(type=type, model=model)).physical_id == physical_id


@pytest.mark.parametrize(
    ("model", "reference", "arn"),
    [
        ({"Name": "r"}, "r", "rule/r"),
        ({"Name": "r", "EventBusName": "default"}, "r", "rule/r"),
        ({"Name": "r", "EventBusName": "bus"}, "bus|r", "rule/bus/r"),
    ],
)
def test_a_rule_of_a_bus_of_its_own_is_known_with_its_bus(
    world: World, model: dict[str, str], reference: str, arn: str
) -> None:
    answer = ask(world, request(type="AWS::Events::Rule", model=model))

    assert (answer.reference, answer.attributes["Arn"]) == (reference, f"arn:aws:events:{REGION}:{ACCOUNT}:{arn}")


@pytest.mark.parametrize(
    ("type", "pattern"),
    [
        ("AWS::EC2::VPC", r"vpc-[0-9a-f]{17}"),
        ("AWS::EC2::Instance", r"i-[0-9a-f]{17}"),
        ("AWS::KMS::Key", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}"),
        ("AWS::S3::Bucket", r"stack-topic-[a-z0-9]{12}"),
        ("AWS::Logs::LogGroup", r"stack-Topic-[A-Z0-9]{12}"),
    ],
)
def test_an_identifier_that_is_made_up_has_the_shape_of_its_type(world: World, type: str, pattern: str) -> None:
    assert re.fullmatch(pattern, str(ask(world, request(type=type)).physical_id))


def test_things_of_every_type_with_a_schema_have_identifiers_that_stay(world: World) -> None:
    shapes = Shapes(world.objects.seal)

    first, again = (
        [shapes.shape(request(type=name, logical_id="R"), token=name) for name in sorted(known_types())] for _ in "ab"
    )

    assert all(shape.physical_id and shape.reference for shape in first)
    assert again == first


@pytest.mark.parametrize("action", ["create", "update"])
def test_properties_that_the_schema_does_not_permit_fail_as_cloudformation_says(world: World, action: str) -> None:
    made = ask(world, request(token="first"))

    answer = ask(world, request(action, physical_id=made.physical_id, model={"TopicNames": "a"}))

    assert (answer.status, answer.verbatim) == ("FAILED", True)
    assert answer.message == (
        "Properties validation failed for resource Topic with message:\n#: extraneous key [TopicNames] is not permitted"
    )


def test_what_is_made_up_is_no_reason_to_fail(world: World) -> None:
    custom = ask(world, request(token="c", type="Custom::Delay", model={"ServiceToken": "arn:aws:sns:x:1:t"}))
    seconds = str(custom.attributes["*"]).replace("*", "Seconds")

    answer = ask(world, request(type="AWS::SQS::Queue", model={"DelaySeconds": seconds}))

    assert answer.status == "SUCCESS"


def test_a_read_tells_model_and_attributes_and_is_not_entered_in_the_ledger(world: World) -> None:
    made = ask(world, request(model={"TopicName": "t", "DisplayName": "d"}))

    found = ask(world, request("read", "r", physical_id=made.physical_id))

    assert (found.attributes["DisplayName"], found.attributes["TopicArn"]) == ("d", made.physical_id)
    assert len(world.rows(SANDBOX_LEDGER)) == 1


def test_the_callback_context_does_not_make_it_another_request(world: World) -> None:
    first = ask(world, request())

    again = ask(world, msgspec.structs.replace(request(), callback_context={"any": 1}))

    assert again == first


def test_an_attribute_that_is_a_list_has_different_items_of_its_kind(world: World) -> None:
    network = {"VpcId": "vpc-1", "SubnetIds": ["subnet-1", "subnet-2"]}
    model = {"Name": "a.example.com", "Size": "Small", "VpcSettings": network}

    answer = ask(world, request(type="AWS::DirectoryService::SimpleAD", model=model))

    addresses = answer.attributes["DnsIpAddresses"]
    assert len(set(addresses)) == 2
    assert all(re.fullmatch(r"[0-9.]+", str(address)) for address in addresses)


@pytest.mark.parametrize(
    ("type", "name"),
    [("Custom::Lookup", "*"), ("AWS::ServiceCatalog::CloudFormationProvisionedProduct", "Outputs.*")],
)
def test_a_type_whose_attributes_are_named_by_its_user_has_one_of_any_name(world: World, type: str, name: str) -> None:
    model = {"ServiceToken": "arn:aws:sns:x:1:t"} if type.startswith("Custom::") else {}

    answer = ask(world, request(type=type, model=model))

    assert "*" in str(answer.attributes[name])


def test_things_of_one_parent_are_told_apart_where_the_identifier_holds_the_parent(world: World) -> None:
    parent = {"type": "AWS::AutoScaling::ScheduledAction", "model": {"AutoScalingGroupName": "group"}}

    answers = [ask(world, request(token=token, logical_id=token, **parent)) for token in ("a", "b")]

    assert [answer.status for answer in answers] == ["SUCCESS", "SUCCESS"]
