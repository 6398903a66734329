"""Products on a CloudFormation that others wrote: planned by change set, executed, watched, deleted, never twice."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from manciple.catalog.plan_document import PlanDocument
from manciple.engine.reconcile import Done
from manciple.engine.targets.target import Wake
from tests.engine.cloudformation_worlds import CloudWorld, open_cloud_world

pytestmark = pytest.mark.usefixtures("aws_credentials")

TOO_LONG = "The template has 60063 bytes; a CloudFormation endpoint takes at most 51200 in a request."


def queues(*names: str, delay: int = 1, **outputs: Any) -> str:
    """A template of queues."""
    properties = {"DelaySeconds": delay}
    resources = {name: {"Type": "AWS::SQS::Queue", "Properties": properties} for name in names}
    return json.dumps({"Resources": resources, "Outputs": outputs})


SIZED = json.dumps(
    {
        "Parameters": {"Delay": {"Type": "Number", "Default": 3}},
        "Resources": {"A": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": {"Ref": "Delay"}}}},
        "Outputs": {"Url": {"Value": {"Ref": "A"}, "Description": "Where the messages go"}},
    }
)


@pytest.fixture
def world(sqlite_url: str, cloudformation_endpoint: str) -> Iterator[CloudWorld]:
    """A world at each endpoint."""
    with open_cloud_world(sqlite_url, cloudformation_endpoint) as found:
        yield found


@pytest.fixture
def ministack(sqlite_url: str, ministack_endpoint: str) -> Iterator[CloudWorld]:
    """A world at the endpoint that takes its time: moto carries a change set out at once, and never fails."""
    with open_cloud_world(sqlite_url, ministack_endpoint) as found:
        yield found


def waiting(seconds: int, *names: str) -> str:
    """Queues, and a wait condition that nobody signals."""
    template = json.loads(queues(*names))
    wait = {"Handle": {"Ref": "Handle"}, "Timeout": str(seconds)}
    template["Resources"] |= {
        "Handle": {"Type": "AWS::CloudFormation::WaitConditionHandle"},
        "Wait": {"Type": "AWS::CloudFormation::WaitCondition", "DependsOn": list(names), "Properties": wait},
    }
    return json.dumps(template)


def test_a_plan_is_a_change_set_and_changes_nothing(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))

    world.carry_out(plan_id)

    assert world.plan(plan_id).status == "CREATE_SUCCESS"
    assert world.change_sets_there() == [f"SC-{plan_id}"]
    assert [one["StackStatus"] for one in world.stacks_there()] == ["REVIEW_IN_PROGRESS"]
    assert world.row().arn == world.stacks_there()[0]["StackId"]


def test_a_plan_shows_the_changes_that_the_endpoint_tells(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A", "B"))

    world.carry_out(plan_id)

    shown = [(one.action, one.logical_resource_id, one.resource_type) for one in world.changes(plan_id)]
    assert shown == [("ADD", "A", "AWS::SQS::Queue"), ("ADD", "B", "AWS::SQS::Queue")]


def test_a_plan_of_an_update_shows_what_is_added_changed_and_removed(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A", "B")))
    text = json.dumps(
        {"Resources": {**json.loads(queues("A", delay=7))["Resources"], **json.loads(queues("C"))["Resources"]}}
    )
    plan_id = world.accept("plan", text)

    world.carry_out(plan_id)

    shown = {one.logical_resource_id: one.action for one in world.changes(plan_id)}
    assert shown == {"A": "MODIFY", "B": "REMOVE", "C": "ADD"}


def test_the_document_of_a_plan_says_that_it_is_real(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))

    world.carry_out(plan_id)

    with world.database.read() as tx:
        document = world.objects.get_value(tx, world.plan(plan_id).document_digest or "", PlanDocument)
    assert document.simulated is False
    assert document.summary.add == 1


def test_executing_a_plan_executes_that_very_change_set(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))
    world.carry_out(plan_id)

    status = world.carry_out(world.accept_execution(plan_id, queues("A")))

    assert status == "CREATE_COMPLETE"
    assert world.change_sets_there() == [f"SC-{plan_id}"]
    assert world.resources_there() == ["A"]


def test_a_launch_makes_the_stack_and_tells_its_events_in_order_each_once(world: CloudWorld) -> None:
    record_id = world.accept("provision", queues("A", "B"))

    status = world.carry_out(record_id)

    told = [(event.logical_id, event.status) for event in world.told_of(record_id)]
    there = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in world.events_there()]
    assert status == "CREATE_COMPLETE"
    assert told == there
    assert told[-1] == (world.stack_name, "CREATE_COMPLETE")


def test_an_update_tells_only_its_own_events(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    before = len(world.events_there())
    record_id = world.accept("update", queues("A", "B"))

    status = world.carry_out(record_id)

    told = [(event.logical_id, event.status) for event in world.told_of(record_id)]
    there = [(event["LogicalResourceId"], event["ResourceStatus"]) for event in world.events_there()]
    assert status == "UPDATE_COMPLETE"
    assert told == there[before:]
    assert world.resources_there() == ["A", "B"]


def test_parameters_reach_the_stack_and_previous_values_stay(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", SIZED, parameters={"Delay": "9"}))
    text = SIZED.replace('"Outputs"', '"Metadata": {"Note": "new"}, "Outputs"').replace('"A"', '"B"')

    status = world.carry_out(world.accept("update", text, use_previous=("Delay",)))

    (stack,) = world.cloudformation.describe_stacks(StackName=world.stack_name)["Stacks"]
    assert status == "UPDATE_COMPLETE"
    assert {one["ParameterKey"]: one["ParameterValue"] for one in stack["Parameters"]} == {"Delay": "9"}


def test_tags_reach_the_stack_the_automatic_ones_without_the_prefix_that_is_aws_s_own(world: CloudWorld) -> None:
    auto = {"aws:servicecatalog:productArn": "arn:aws:catalog:::product/p"}

    world.carry_out(world.accept("provision", queues("A"), tags={"team": "red"}, auto_tags=auto))

    (stack,) = world.cloudformation.describe_stacks(StackName=world.stack_name)["Stacks"]
    tags = {one["Key"]: one["Value"] for one in stack["Tags"]}
    assert tags == {"team": "red", "servicecatalog:productArn": "arn:aws:catalog:::product/p"}


def test_outputs_are_the_stack_s_behind_its_arn(world: CloudWorld) -> None:
    if "moto" in world.peer:
        pytest.skip("moto: a stack made by a change set has no outputs")
    record_id = world.accept("provision", SIZED)

    world.carry_out(record_id)

    arn, url = world.record(record_id).outputs
    assert (arn["OutputKey"], arn["OutputValue"]) == ("CloudformationStackARN", world.row().arn)
    assert (url["OutputKey"], url["Description"]) == ("Url", "Where the messages go")
    assert url["OutputValue"].startswith("http")


def test_a_plan_without_changes_fails_in_cloudformation_s_words(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    plan_id = world.accept("plan", queues("A"))

    world.carry_out(plan_id)

    plan = world.plan(plan_id)
    assert (plan.status, plan.status_reason) == ("CREATE_FAILED", "NO_CHANGES")
    assert plan.status_message in (
        "No updates are to be performed.",
        "The submitted information didn't contain changes. Submit different information to create a change set.",
    )


def test_an_update_without_changes_leaves_no_change_set(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    before = world.change_sets_there()
    record_id = world.accept("update", queues("A"))

    world.carry_out(record_id)

    assert world.record(record_id).errors[0]["Description"] == "No updates are to be performed."
    assert world.change_sets_there() == before


def test_a_template_that_a_request_cannot_carry_is_refused_before_it_is_sent(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A", delay=1).ljust(60_063))

    world.carry_out(plan_id)

    plan = world.plan(plan_id)
    assert plan.status == "CREATE_FAILED"
    assert TOO_LONG in (plan.status_message or "")
    assert world.stacks_there() == []


def test_a_template_that_a_request_cannot_carry_goes_through_the_bucket_that_is_set_up(world: CloudWorld) -> None:
    world.use_bucket()
    plan_id = world.accept("plan", queues("A").ljust(60_063))

    world.carry_out(plan_id)

    assert world.plan(plan_id).status == "CREATE_SUCCESS"
    assert [one.logical_resource_id for one in world.changes(plan_id)] == ["A"]


def test_what_is_left_of_a_failed_creation_is_deleted_before_the_next_one(ministack: CloudWorld) -> None:
    failed = ministack.carry_out(ministack.accept("provision", waiting(1, "A")))
    record_id = ministack.accept("update", queues("B"))

    status = ministack.carry_out(record_id)

    assert (failed, status) == ("ROLLBACK_COMPLETE", "CREATE_COMPLETE")
    assert ministack.record(record_id).status == "SUCCEEDED"
    assert ministack.standing_stacks() == ["CREATE_COMPLETE"]
    assert ministack.resources_there() == ["B"]


def test_a_termination_deletes_the_stack(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    record_id = world.accept_termination()

    status = world.carry_out(record_id)

    assert status == "DELETE_COMPLETE"
    assert [one["StackStatus"] for one in world.stacks_there()] == ["DELETE_COMPLETE"]
    assert [event.status for event in world.told_of(record_id)][-1] == "DELETE_COMPLETE"


def test_a_stack_that_is_gone_already_terminates(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    world.cloudformation.delete_stack(StackName=world.row().arn)

    assert world.carry_out(world.accept_termination()) == "DELETE_COMPLETE"


def test_deleting_a_first_plan_deletes_its_change_set_and_the_empty_stack(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))
    world.carry_out(plan_id)

    world.carry_out(world.accept_discard(plan_id))

    assert world.standing_stacks() == []


def test_deleting_a_plan_of_an_update_deletes_its_change_set_and_nothing_else(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    before = world.change_sets_there()
    plan_id = world.accept("plan", queues("B"))
    world.carry_out(plan_id)

    world.carry_out(world.accept_discard(plan_id))

    assert world.change_sets_there() == before
    assert world.resources_there() == ["A"]


def test_a_plan_that_is_deleted_while_it_is_made_leaves_nothing(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))
    discard = world.accept_discard(plan_id)
    first = world.engine.reconcile(discard)
    world.carry_out(plan_id)
    world.pass_time(discard)

    world.carry_out(discard)

    assert isinstance(first, Wake)
    assert world.standing_stacks() == []


def test_what_cannot_be_discarded_is_left_at_the_endpoint(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"), role_arn="arn:aws:iam::123456789012:role/Launch")
    world.carry_out(plan_id)

    world.carry_out(world.accept_discard(plan_id), world.new_engine(sts=None))

    assert world.change_sets_there() == [f"SC-{plan_id}"]


def test_a_change_set_that_is_gone_fails_its_execution_and_nothing_is_touched(world: CloudWorld) -> None:
    plan_id = world.accept("plan", queues("A"))
    world.carry_out(plan_id)
    world.cloudformation.delete_change_set(StackName=world.stack_name, ChangeSetName=f"SC-{plan_id}")
    record_id = world.accept_execution(plan_id, queues("A"))

    world.carry_out(record_id)

    assert world.operation(record_id).reason == (
        f"The change set SC-{plan_id} cannot be executed any more: it is GONE."
    )
    assert [one["StackStatus"] for one in world.stacks_there()] == ["REVIEW_IN_PROGRESS"]


def test_a_cancel_before_the_change_set_is_executed_leaves_everything_as_it_was(world: CloudWorld) -> None:
    world.carry_out(world.accept("provision", queues("A")))
    record_id = world.accept("update", queues("B"))
    world.cancel(record_id)

    world.carry_out(record_id)

    assert world.operation(record_id).reason == "User Initiated."
    assert world.resources_there() == ["A"]


def test_an_endpoint_that_does_not_answer_is_asked_again_later(world: CloudWorld) -> None:
    record_id = world.accept("provision", queues("A"))
    deaf = world.new_engine(url="http://127.0.0.1:9")
    answers = []
    for _ in range(2):
        answers.append(deaf.reconcile(record_id))
        world.pass_time(record_id)

    assert [type(answer) for answer in answers] == [Wake, Wake]
    assert world.operation(record_id).handle["failures"] == 2
    assert world.carry_out(record_id) == "CREATE_COMPLETE"


def test_a_role_is_entered_through_sts(world: CloudWorld) -> None:
    role = "arn:aws:iam::123456789012:role/Launch"

    assert world.carry_out(world.accept("provision", queues("A"), role_arn=role)) == "CREATE_COMPLETE"


def test_a_role_without_an_sts_endpoint_is_refused_by_name(world: CloudWorld) -> None:
    role = "arn:aws:iam::123456789012:role/Launch"
    plan_id = world.accept("plan", queues("A"), role_arn=role)

    world.carry_out(plan_id, world.new_engine(sts=None))

    assert f"The role {role} cannot be assumed; set targets.cloudformation.sts_endpoint." in (
        world.plan(plan_id).status_message or ""
    )


def test_a_creation_that_fails_tells_the_root_cause(ministack: CloudWorld) -> None:
    record_id = ministack.accept("provision", waiting(1, "A"))

    status = ministack.carry_out(record_id)

    record = ministack.record(record_id)
    assert status == "ROLLBACK_COMPLETE"
    assert record.status == "FAILED"
    assert "WaitCondition timed out. Received 0 conditions when expecting 1" in record.errors[0]["Description"]
    assert ministack.queues_there() == 0


def test_the_events_of_nested_stacks_are_told_with_their_path(ministack: CloudWorld) -> None:
    address = ministack.publish(queues("Inner"))
    child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": address}}
    record_id = ministack.accept("provision", json.dumps({"Resources": {"Child": child}}))

    status = ministack.carry_out(record_id)

    told = [(event.path, event.logical_id, event.status) for event in ministack.told_of(record_id)]
    assert status == "CREATE_COMPLETE"
    assert told.index(("Child", "Inner", "CREATE_IN_PROGRESS")) < told.index(("Child", "Inner", "CREATE_COMPLETE"))
    assert ("", "Child", "CREATE_COMPLETE") in told
    assert len(told) == len(set(told))


def test_only_what_an_operation_did_inside_a_nested_stack_is_told_by_it(ministack: CloudWorld) -> None:
    texts = []
    for names in (("Inner",), ("Inner", "Other")):
        child = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": ministack.publish(queues(*names))}}
        texts.append(json.dumps({"Resources": {"Child": child}}))
    ministack.carry_out(ministack.accept("provision", texts[0]))
    record_id = ministack.accept("update", texts[1])

    ministack.carry_out(record_id)

    told = {(event.logical_id, event.status) for event in ministack.told_of(record_id) if event.path == "Child"}
    assert ("Other", "UPDATE_COMPLETE") in told or ("Other", "CREATE_COMPLETE") in told
    assert ("Inner", "CREATE_COMPLETE") not in told


def test_an_update_that_fails_leaves_the_stack_as_it_was(ministack: CloudWorld) -> None:
    ministack.carry_out(ministack.accept("provision", queues("A")))
    record_id = ministack.accept("update", waiting(1, "A", "B"))

    status = ministack.carry_out(record_id)

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert ministack.record(record_id).errors[0]["Description"] == (
        "The following resource(s) failed to create: [Wait]. "
        "CloudFormation said of Wait: WaitCondition timed out. Received 0 conditions when expecting 1"
    )
    assert ministack.resources_there() == ["A"]


def test_a_creation_that_is_cancelled_is_deleted(ministack: CloudWorld) -> None:
    record_id = ministack.accept("provision", waiting(600, "A"))
    ministack.carry_on_until(record_id, "CREATE_IN_PROGRESS")
    ministack.cancel(record_id)

    status = ministack.carry_out(record_id)

    assert status == "DELETE_COMPLETE"
    assert ministack.record(record_id).errors[0]["Description"] == "User Initiated."
    assert ministack.queues_there() == 0


def test_an_update_that_is_cancelled_is_turned_back(ministack: CloudWorld) -> None:
    ministack.carry_out(ministack.accept("provision", queues("A")))
    record_id = ministack.accept("update", waiting(2, "A", "B"))
    ministack.carry_on_until(record_id, "UPDATE_IN_PROGRESS")
    ministack.cancel(record_id)

    status = ministack.carry_out(record_id)

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert ministack.record(record_id).errors[0]["Description"].startswith("User Initiated.")
    assert ministack.resources_there() == ["A"]


def test_an_import_waits_for_an_endpoint_that_is_away_and_is_given_up_at_last(world: CloudWorld) -> None:
    away = world.new_engine(url="http://127.0.0.1:9")
    record_id = world.accept_import("arn:aws:cloudformation:eu-west-1:123456789012:stack/theirs/1")

    first = away.reconcile(record_id)
    world.age(record_id, world.limits.deadline)
    world.carry_out(record_id, away)

    record = world.record(record_id)
    assert not isinstance(first, Done)
    assert record.status == "FAILED"
    assert "/theirs/1 could not be asked for within" in record.errors[0]["Description"]
