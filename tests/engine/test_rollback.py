"""What happens when something fails: back to what was, in order, with the root cause first."""

import pytest
import sqlalchemy as sa

from manciple.engine import operation
from manciple.engine.memory import Memory
from manciple.engine.planned import get_planned
from manciple.engine.providers.faults import Fault
from manciple.engine.reconcile import Engine
from manciple.engine.slice import Slice
from manciple.engine.targets.stack import StackTarget
from manciple.store.tables.engine import INSTANCE, OPERATION, STEP
from tests.engine.worlds import ACCOUNT, REGION, World, attachment, broken, template, topic


def test_a_failed_launch_deletes_what_it_made_dependents_first(world: World) -> None:
    world.fault(broken("D", "create"))

    status = world.provision({"A": topic("a"), "B": topic("b", "A"), "C": topic("c", "B"), "D": topic("d", "C")})

    assert status == "ROLLBACK_COMPLETE"
    assert world.names() == {}
    assert world.rows(INSTANCE) == []
    deletes = [name for name, status in world.told() if status == "DELETE_IN_PROGRESS"]
    assert deletes == ["C", "B", "A"]


def test_a_failed_launch_names_what_failed_in_cloudformations_words(world: World) -> None:
    world.fault(broken("A", "create"))

    world.provision({"A": topic("a")})

    reasons = {(event.logical_id, event.status): event.reason for event in world.events()}
    assert str(reasons["A", "CREATE_FAILED"]).startswith('Resource handler returned message: "no" (RequestToken: ')
    stack = world.events()[-1].logical_id
    expected = "The following resource(s) failed to create: [A]. Rollback requested by user."
    assert reasons[stack, "ROLLBACK_IN_PROGRESS"] == expected


def test_a_failed_update_restores_every_resource(world: World) -> None:
    world.provision({"A": topic("a", DisplayName="old"), "B": topic("b"), "C": topic("c", "A")})
    world.fault(broken("Z", "create"))

    status = world.update(
        {
            "A": topic("a", DisplayName="new"),
            "B": topic("b2"),
            "C": topic("c", "B"),
            "N": topic("n"),
            "Z": topic("z", "A", "B", "C", "N"),
        }
    )

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert world.names() == {"a": "old", "b": "", "c": "arn:aws:sns:eu-west-1:123456789012:a"}
    assert {row.state for row in world.rows(INSTANCE)} == {"live"}


def test_a_rollback_undoes_in_reverse_order_of_dependency(world: World) -> None:
    world.provision({name: topic(name.lower(), DisplayName="old") for name in "ABC"})
    world.fault(broken("Z", "create"))

    world.update(
        {
            "A": topic("a", DisplayName="new"),
            "B": topic("b", DisplayName="new", depends_on=("A",)),
            "C": topic("c", DisplayName="new", depends_on=("B",)),
            "Z": topic("z", depends_on=("C",)),
        }
    )

    told = world.told()
    undone = told[told.index(("stack", "UPDATE_ROLLBACK_IN_PROGRESS")) :]
    assert [name for name, status in undone if status == "UPDATE_COMPLETE"] == ["C", "B", "A"]


def test_what_had_to_be_deleted_first_is_made_anew(world: World) -> None:
    world.provision({"P": attachment("OPENZFS"), "A": topic("a")})
    world.fault(broken("B", "create"))

    status = world.update({"P": attachment("ONTAP"), "A": topic("a"), "B": topic("b", depends_on=("P",))})

    assert status == "UPDATE_ROLLBACK_COMPLETE"
    assert "OPENZFS" in [model.get("Type") for model in world.models()]
    assert [
        (row.logical_id, row.state) for row in sorted(world.rows(INSTANCE), key=lambda row: str(row.logical_id))
    ] == [
        ("A", "live"),
        ("P", "live"),
    ]


def test_a_rolled_back_update_is_told_as_cloudformation_tells_it(world: World) -> None:
    world.provision({"A": topic("a")})
    world.fault(broken("B", "create"))

    world.update({"A": topic("a2"), "B": topic("b", "A")})

    told = world.told()
    assert told[told.index(("B", "CREATE_FAILED")) :] == [
        ("B", "CREATE_FAILED"),
        ("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("A", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("B", "DELETE_COMPLETE"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE"),
    ]


def test_the_direction_is_kept_so_that_a_rolled_back_launch_never_ends_as_a_success(world: World) -> None:
    world.fault(broken("B", "create"), Fault(selector="A", action="delete", delay_ms=60_000))
    operation_id = world.submit(template({"A": topic("a"), "B": topic("b", "A")}))
    world.engine.reconcile(operation_id)
    phase = world.operation(operation_id).phase

    world.fault()
    world.age_sandbox()
    world.run(operation_id)

    assert phase == "rollback_cleanup"
    assert world.status() == "ROLLBACK_COMPLETE"


def test_a_transient_failure_is_tried_again_under_the_same_token(world: World) -> None:
    world.fault(Fault(selector="A", action="create", error_code="Throttling", remaining=2))

    status = world.provision({"A": topic("a")})

    (step,) = world.rows(STEP)
    assert status == "CREATE_COMPLETE"
    assert (step.attempts, step.state) == (2, "done")
    assert step.token == "rec-1//A/1/create"


def test_a_transient_failure_that_stays_fails_in_the_end(world: World) -> None:
    world.fault(Fault(selector="A", action="create", error_code="Throttling"))

    assert world.provision({"A": topic("a")}) == "ROLLBACK_COMPLETE"


def test_what_is_in_progress_when_another_fails_is_cancelled_and_deleted(world: World) -> None:
    world.fault(Fault(selector="Slow", action="create", delay_ms=60_000), broken("Bad", "create"))

    status = world.provision({"Slow": topic("slow"), "Bad": topic("bad")})

    reasons = [
        event.reason for event in world.events() if (event.logical_id, event.status) == ("Slow", "CREATE_FAILED")
    ]
    assert status == "ROLLBACK_COMPLETE"
    assert reasons == ["Resource creation cancelled"]
    assert world.names() == {}


def test_a_launch_can_be_called_back_before_its_commit(world: World) -> None:
    world.fault(Fault(selector="B", action="create", delay_ms=60_000))
    operation_id = world.submit(template({"A": topic("a"), "B": topic("b", "A")}))
    world.engine.reconcile(operation_id)
    with world.database.write() as tx:
        operation.request_cancel(tx, ACCOUNT, REGION, operation_id)

    world.run(operation_id)

    assert world.status() == "ROLLBACK_COMPLETE"
    assert world.names() == {}


class DyingTarget(StackTarget):
    """The process dies between the plan and its beginning."""

    def begin(self, slice: Slice) -> None:
        raise KeyboardInterrupt


def test_a_launch_can_be_called_back_between_its_plan_and_its_beginning(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a")}))
    dying = Engine(world.engine.parts, {"stack": DyingTarget(world.template_limits)}, Memory(0))
    with pytest.raises(KeyboardInterrupt):
        dying.reconcile(operation_id)
    phase = world.operation(operation_id).phase
    with world.database.write() as tx:
        operation.request_cancel(tx, ACCOUNT, REGION, operation_id)
    world.pass_time(operation_id)

    world.run(operation_id)

    assert phase == "begin"
    assert world.status() == "ROLLBACK_COMPLETE"
    assert world.names() == {}


def test_a_delete_that_fails_in_the_clean_up_is_left_over_and_offered_to_the_next_plan(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b")})
    world.fault(broken("A", "delete"))

    status = world.update({"B": topic("b", DisplayName="x")})
    left = [row.logical_id for row in world.rows(INSTANCE) if row.state == "leftover"]
    world.fault()
    world.update({"B": topic("b", DisplayName="y")})

    assert status == "UPDATE_COMPLETE"
    assert left == ["A"]
    assert list(world.names()) == ["b"]


def test_a_rollback_that_fails_is_kept_and_the_next_update_starts_from_what_exists(world: World) -> None:
    world.provision({"A": topic("a", DisplayName="old"), "B": topic("b")})
    world.fault(
        broken("Z", "create"),
        broken("A", "update", skip=1),
    )
    failed = world.update({"A": topic("a", DisplayName="new"), "B": topic("b2"), "Z": topic("z", "A", "B")})
    world.fault()

    status = world.update({"A": topic("a", DisplayName="good"), "B": topic("b")})

    assert failed == "UPDATE_ROLLBACK_FAILED"
    assert status == "UPDATE_COMPLETE"
    assert world.names() == {"a": "good", "b": ""}


def test_after_a_rollback_that_failed_a_plan_back_to_the_old_template_brings_back_what_went_astray(
    world: World,
) -> None:
    old = {"A": topic("a", DisplayName="old"), "B": topic("b", "A")}
    world.provision(old)
    world.fault(broken("Z", "create"), broken("A", "update", skip=1))
    failed = world.update({"A": topic("a", DisplayName="new"), "B": topic("b", "A"), "Z": topic("z", "A")})
    world.fault()

    status = world.update(old)

    assert failed == "UPDATE_ROLLBACK_FAILED"
    assert status == "UPDATE_COMPLETE"
    assert world.names()["a"] == "old"


def test_what_an_update_that_was_given_up_made_is_removed_by_the_next_plan_and_listed_there(world: World) -> None:
    world.provision({"A": topic("a")})
    world.fault(Fault(selector="C", action="create", delay_ms=60_000))
    given_up = world.submit(template({"A": topic("a"), "B": topic("b"), "C": topic("c", "B")}), "update")
    world.engine.reconcile(given_up)
    with world.database.write() as tx:
        tx.execute(sa.update(OPERATION).values(claims=world.limits.claims))
    world.run(given_up)
    world.fault()

    world.update({"A": topic("a", DisplayName="x")})

    with world.database.read() as tx:
        planned = get_planned(tx, world.objects, world.operation(f"rec-{world.records}").planned_digest)
    assert planned.stacks[""].permits["B"].action == "Remove"
    assert world.names() == {"a": "x"}


def test_a_termination_that_cannot_delete_something_fails_and_can_be_repeated(world: World) -> None:
    world.provision({"A": topic("a"), "B": topic("b", "A")})
    world.fault(broken("B", "delete"))
    failed = world.terminate()
    remaining = sorted(world.names())
    world.fault()

    status = world.terminate()

    assert (failed, remaining) == ("DELETE_FAILED", ["a", "b"])
    assert (status, world.names()) == ("DELETE_COMPLETE", {})


def test_deleting_what_is_gone_already_succeeds(world: World) -> None:
    world.provision({"A": topic("a")})
    with world.database.write() as tx:
        from manciple.store.tables.sandbox import SANDBOX_RESOURCE

        tx.execute(sa.delete(SANDBOX_RESOURCE))

    assert world.terminate() == "DELETE_COMPLETE"


def test_an_operation_that_gets_further_each_time_is_never_given_up(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a"), "B": topic("b", "A"), "C": topic("c", "B")}))
    with world.database.write() as tx:
        tx.execute(sa.update(OPERATION).values(claims=world.limits.claims - 1))

    world.engine.reconcile(operation_id)

    assert world.operation(operation_id).claims == 0
    assert world.status() == "CREATE_COMPLETE"


def test_an_operation_whose_slices_die_again_and_again_is_given_up(world: World) -> None:
    operation_id = world.submit(template({"A": topic("a")}))
    with world.database.write() as tx:
        tx.execute(sa.update(OPERATION).values(claims=world.limits.claims))

    world.run(operation_id)

    row = world.operation(operation_id)
    assert row.phase == "done"
    assert "given up" in row.reason
