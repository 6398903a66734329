"""Launching and updating stacks: what is done, in which order, and how it is told."""

import pytest
import sqlalchemy as sa

from manciple.engine.events import REPLACING, USER_INITIATED
from manciple.store.tables.engine import EXPORT, INSTANCE, STACK
from manciple.store.tables.sandbox import SANDBOX_LEDGER, SANDBOX_RESOURCE
from tests.engine.worlds import ACCOUNT, REGION, World, attachment, template, topic


def test_a_launch_creates_every_resource_after_what_it_reads(world: World) -> None:
    status = world.provision({"C": topic("c", "A", "B"), "B": topic("b", "A"), "A": topic("a")})

    assert status == "CREATE_COMPLETE"
    created = [name for name, status in world.told() if status == "CREATE_COMPLETE"]
    assert created == ["A", "B", "C", "stack"]
    assert world.names()["c"] == "arn:aws:sns:eu-west-1:123456789012:a,arn:aws:sns:eu-west-1:123456789012:b"


def test_a_creation_is_told_as_cloudformation_tells_it(world: World) -> None:
    world.provision({"A": topic("a")})

    assert [(event.status, event.reason, event.physical_id is not None) for event in world.events()] == [
        ("REVIEW_IN_PROGRESS", USER_INITIATED, True),
        ("CREATE_IN_PROGRESS", USER_INITIATED, True),
        ("CREATE_IN_PROGRESS", None, False),
        ("CREATE_IN_PROGRESS", "Resource creation Initiated", True),
        ("CREATE_COMPLETE", None, True),
        ("CREATE_COMPLETE", None, True),
    ]


def test_a_stack_event_names_the_stack_and_its_arn(world: World) -> None:
    world.provision({"A": topic("a")})

    (stack,) = world.rows(STACK)
    event = world.events()[-1]
    assert (event.logical_id, event.physical_id) == (stack.name, stack.arn)
    assert stack.arn == f"arn:aws:cloudformation:eu-west-1:123456789012:stack/{stack.name}/{stack.id}"
    assert stack.name == "SC-123456789012-pp-aaaaaaaaaaaaa"


def test_an_update_in_place_keeps_the_physical_id(world: World) -> None:
    world.provision({"A": topic("a", DisplayName="old")})
    (before,) = world.rows(INSTANCE)

    status = world.update({"A": topic("a", DisplayName="new")})

    (after,) = world.rows(INSTANCE)
    assert status == "UPDATE_COMPLETE"
    assert after.physical_id == before.physical_id
    assert world.names() == {"a": "new"}
    assert world.told() == [
        ("stack", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("stack", "UPDATE_COMPLETE"),
    ]


def test_a_replacement_creates_before_it_deletes(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b", "A")})

    world.update({"A": topic("a2"), "B": topic("b", "A")})

    assert world.names() == {"a2": "", "b": "arn:aws:sns:eu-west-1:123456789012:a2"}
    assert [(event.logical_id, event.status, event.reason) for event in world.events() if event.logical_id in "AB"] == [
        ("A", "UPDATE_IN_PROGRESS", REPLACING),
        ("A", "UPDATE_IN_PROGRESS", "Resource creation Initiated"),
        ("A", "UPDATE_COMPLETE", None),
        ("B", "UPDATE_IN_PROGRESS", None),
        ("B", "UPDATE_COMPLETE", None),
        ("A", "DELETE_IN_PROGRESS", None),
        ("A", "DELETE_COMPLETE", None),
    ]


def test_the_events_of_a_replacement_name_the_old_and_the_new_physical_id(world: World) -> None:
    world.provision({"A": topic("a")})

    world.update({"A": topic("a2")})

    ids = [str(event.physical_id).rpartition(":")[2] for event in world.events() if event.logical_id == "A"]
    assert ids == ["a", "a2", "a2", "a", "a"]


def test_a_type_that_must_be_deleted_first_is_replaced_in_that_order(world: World) -> None:
    world.provision({"P": attachment("OPENZFS")})

    status = world.update({"P": attachment("ONTAP")})

    assert status == "UPDATE_COMPLETE"
    assert [model["Type"] for model in world.models()] == ["ONTAP"]
    actions = {row.token: row.action for row in world.rows(SANDBOX_LEDGER)}
    assert actions == {"rec-1//P/1/create": "create", "rec-2//P/1/delete": "delete", "rec-2//P/2/create": "create"}
    assert [row.incarnation for row in world.rows(INSTANCE)] == [2]


def test_a_type_that_must_be_deleted_first_is_not_deleted_if_its_policy_retains_it(world: World) -> None:
    world.provision({"P": attachment("OPENZFS")})

    world.update({"P": attachment("ONTAP") | {"UpdateReplacePolicy": "Retain"}})

    assert [model["Type"] for model in world.models()] == ["OPENZFS"]


def test_what_a_template_no_longer_has_is_deleted_after_the_commit_dependents_first(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b", "A"), "C": topic("c", "B"), "D": topic("d")})

    world.update({"D": topic("d", DisplayName="still here")})

    told = world.told()
    deleted = [name for name, status in told if status == "DELETE_COMPLETE"]
    assert deleted == ["C", "B", "A"]
    assert told.index(("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS")) < told.index(("C", "DELETE_IN_PROGRESS"))
    assert list(world.names()) == ["d"]


def test_a_listed_dependent_whose_value_stays_equal_is_left_alone_without_an_event(world: World) -> None:
    world.provision({"A": topic("a", DisplayName="old"), "B": topic("b", "A")})

    world.update({"A": topic("a", DisplayName="new"), "B": topic("b", "A")})

    assert "B" not in [name for name, _ in world.told()]


def test_a_change_of_metadata_alone_is_told_and_calls_no_provider(world: World) -> None:
    world.provision({"A": topic("a") | {"Metadata": {"Note": "old"}}})

    world.update({"A": topic("a") | {"Metadata": {"Note": "new"}}})

    assert ("A", "UPDATE_COMPLETE") in world.told()
    assert [row.action for row in world.rows(SANDBOX_LEDGER)] == ["create"]


def test_a_replacement_that_the_plan_did_not_allow_fails_and_everything_is_undone(world: World) -> None:
    world.provision({"A": topic("a")})
    operation_id = world.submit(template({"A": topic("a2"), "N": topic("n")}), "update")
    world.forbid_replacements(operation_id)

    world.run(operation_id)

    reasons = [event.reason for event in world.events() if event.status == "UPDATE_FAILED"]
    assert world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert reasons == [
        "The plan did not allow for A to be replaced, but its create-only property TopicName turned out to change."
    ]
    assert list(world.names()) == ["a"]


@pytest.mark.parametrize(
    ("policy", "left"), [("Retain", ["a", "b"]), ("RetainExceptOnCreate", ["a", "b"]), ("Delete", ["b"])]
)
def test_the_deletion_policy_decides_whether_a_removed_resource_stays(
    world: World, policy: str, left: list[str]
) -> None:
    world.provision({"A": topic("a") | {"DeletionPolicy": policy}, "B": topic("b")})

    world.update({"B": topic("b", DisplayName="x")})

    assert sorted(world.names()) == left
    assert (("A", "DELETE_SKIPPED") in world.told()) is (policy != "Delete")


def test_the_update_replace_policy_decides_whether_a_replaced_resource_stays(world: World) -> None:
    world.provision({"A": topic("a") | {"UpdateReplacePolicy": "Retain"}})

    world.update({"A": topic("a2") | {"UpdateReplacePolicy": "Retain"}})

    assert sorted(world.names()) == ["a", "a2"]
    assert {row.incarnation: row.state for row in world.rows(INSTANCE)} == {1: "retained", 2: "live"}


def test_a_resource_with_snapshot_policy_leaves_a_snapshot(world: World) -> None:
    world.provision({"A": topic("a") | {"DeletionPolicy": "Snapshot"}, "B": topic("b")})

    world.update({"B": topic("b", DisplayName="x")})

    states = {row.physical_id.rpartition(":")[2]: row.state for row in world.rows(SANDBOX_RESOURCE)}
    assert states == {"a": "snapshot", "b": "exists"}


def test_termination_deletes_everything_dependents_first(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b", "A"), "C": topic("c", "B")})

    status = world.terminate()

    assert status == "DELETE_COMPLETE"
    assert world.names() == {}
    assert [name for name, status in world.told() if status == "DELETE_COMPLETE"] == ["C", "B", "A", "stack"]
    assert world.rows(INSTANCE) == []


def test_depends_on_orders_creation_and_deletion(world: World) -> None:
    world.provision({"A": topic("a", depends_on=("B",)), "B": topic("b")})
    created = [name for name, status in world.told() if status == "CREATE_COMPLETE"]

    world.terminate()

    deleted = [name for name, status in world.told() if status == "DELETE_COMPLETE"]
    assert (created, deleted) == (["B", "A", "stack"], ["A", "B", "stack"])


def test_a_name_that_the_template_leaves_out_is_made_of_stack_and_logical_id(world: World) -> None:
    world.provision({"Inbox": {"Type": "AWS::SQS::Queue"}})

    ((_, physical_id),) = world.things()
    name = physical_id.rpartition("/")[2]
    assert name.startswith("SC-123456789012-pp-aaaaaaaaaaaaa-Inbox-")
    assert len(name.rpartition("-")[2]) == 12


def test_an_export_that_another_stack_has_fails_at_the_commit_and_everything_is_undone(world: World) -> None:
    outputs = {"Out": {"Value": {"Ref": "A"}, "Export": {"Name": "shared"}}}
    world.provision({"Z": topic("z")}, Outputs={"Out": {"Value": "v", "Export": {"Name": "shared"}}})
    with world.database.write() as tx:
        tx.execute(sa.update(STACK).values(provisioned_product_id="pp-other", name="other"))

    world.provision({"A": topic("a")}, Outputs=outputs)

    assert (ACCOUNT, REGION, "shared", "v") in [row[:4] for row in world.rows(EXPORT)]
    assert list(world.names()) == ["z"]
    assert "Export with name shared is already exported by stack other" in str(world.operation("rec-2").reason)


def test_events_are_numbered_without_a_gap(world: World) -> None:
    world.provision({f"T{number}": topic(f"t{number}") for number in range(20)})

    assert [event.number for event in world.events()] == list(range(1, len(world.events()) + 1))
