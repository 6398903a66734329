"""Exports and imports across stacks (user guide, "Get exported outputs from a deployed CloudFormation stack")."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.engine.probe import Point
from manciple.store.tables.engine import EXPORT, IMPORT, OPERATION, STACK
from tests.engine.test_crash import Crashing, carry_out
from tests.engine.test_settlement import Catalog
from tests.engine.worlds import PRODUCT, World, broken, nested, open_world, template, topic

OTHER = "pp-bbbbbbbbbbbbb"


def exporting(value: Any = "one", name: Any = "Net") -> dict[str, Any]:
    """Outputs with one export."""
    return {"Outputs": {"Net": {"Value": value, "Export": {"Name": name}}}}


def importing(name: str = "Net") -> dict[str, Any]:
    """A topic that imports an export."""
    return topic("b", DisplayName={"Fn::ImportValue": name})


def run(world: World, product: str, resources: dict[str, Any], kind: str = "provision", **sections: Any) -> str:
    """Launch or update a product; returns its stack's status."""
    world.run(world.submit(template(resources, **sections), kind, product=product))
    return status(world, product)


def status(world: World, product: str) -> str:
    """The status of a product's stack, nothing if it has none."""
    own = (row for row in world.rows(STACK) if row.provisioned_product_id == product and row.parent_id is None)
    return next((row.status for row in own), "")


def name_of(world: World, product: str) -> str:
    """The name of a product's stack."""
    return str(next(row.name for row in world.rows(STACK) if row.provisioned_product_id == product))


def claims(world: World) -> list[tuple[str, str | None]]:
    """Who claims which export, while an operation holds it."""
    return [(row.name, row.operation_id) for row in world.rows(IMPORT)]


def exported(world: World) -> dict[str, str]:
    """What is exported."""
    return {row.name: row.value for row in world.rows(EXPORT)}


def reason(world: World) -> str:
    """Why the newest operation failed."""
    return str(world.operation(f"rec-{world.records}").reason)


@pytest.fixture
def joined(world: World) -> World:
    """A product that exports `Net`, and another that imports it."""
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    run(world, OTHER, {"B": importing()})
    return world


def test_an_import_reads_the_export_and_claims_it(joined: World) -> None:
    assert joined.names() == {"a": "", "b": "one"}
    assert claims(joined) == [("Net", None)]


def test_a_plan_that_removes_an_export_in_use_fails(joined: World) -> None:
    run(joined, PRODUCT, {"A": topic("a", DisplayName="new")}, "update")

    assert reason(joined) == f"Export Net cannot be deleted as it is in use by {name_of(joined, OTHER)}"
    assert (exported(joined), joined.names()["a"]) == ({"Net": "one"}, "")


def test_a_plan_that_changes_an_export_in_use_fails(joined: World) -> None:
    run(joined, PRODUCT, {"A": topic("a")}, "update", **exporting("two"))

    assert reason(joined) == f"Cannot update export Net as it is in use by {name_of(joined, OTHER)}"
    assert exported(joined) == {"Net": "one"}


def test_a_change_that_is_known_only_at_the_commit_rolls_back(world: World) -> None:
    read = {"Fn::GetAtt": ["A", "DisplayName"]}
    run(world, PRODUCT, {"A": topic("a", DisplayName="one")}, **exporting(read))
    run(world, OTHER, {"B": importing()})
    ended = run(world, PRODUCT, {"A": topic("a", DisplayName="two")}, "update", **exporting(read))

    assert ended == "UPDATE_ROLLBACK_COMPLETE"
    assert f"Cannot update export Net as it is in use by {name_of(world, OTHER)}" in reason(world)
    assert (exported(world), world.names()["a"]) == ({"Net": "one"}, "one")


def test_users_of_an_export_are_named_together(joined: World) -> None:
    run(joined, "pp-ccccccccccccc", {"B": topic("c", DisplayName={"Fn::ImportValue": "Net"})})
    run(joined, PRODUCT, {"A": topic("a", DisplayName="new")}, "update")

    users = sorted(name_of(joined, product) for product in (OTHER, "pp-ccccccccccccc"))
    assert reason(joined).endswith(f"in use by {users[0]} and {users[1]}")


def test_an_export_that_nobody_uses_changes_and_goes(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    run(world, PRODUCT, {"A": topic("a", DisplayName="x")}, "update", **exporting("two"))
    changed = exported(world)
    run(world, PRODUCT, {"A": topic("a", DisplayName="y")}, "update")

    assert (changed, exported(world)) == ({"Net": "two"}, {})


def test_a_name_that_another_stack_exports_is_refused(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    run(world, OTHER, {"B": topic("b")}, **exporting("mine"))

    assert reason(world) == f"Export with name Net is already exported by stack {name_of(world, PRODUCT)}"
    assert exported(world) == {"Net": "one"}


def test_a_name_that_is_known_only_at_execution_is_refused_there(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    child = {"T": {"Type": "AWS::SNS::Topic"}}
    world.put_template(
        "child.json", child, Parameters={"Name": {"Type": "String"}}, **exporting("mine", {"Ref": "Name"})
    )
    given = {"Name": {"Fn::GetAtt": ["B", "DisplayName"]}}
    ended = run(world, OTHER, {"B": topic("b", DisplayName="Net"), "C": nested("child.json", given)})

    assert ended == "ROLLBACK_COMPLETE"
    assert f"already exported by stack {name_of(world, PRODUCT)}" in reason(world)


def test_an_export_of_another_region_is_another_one(joined: World) -> None:
    with joined.database.write() as tx:
        tx.execute(sa.update(EXPORT).values(region="eu-north-1"))
    ended = run(joined, "pp-ccccccccccccc", {"B": topic("c")}, **exporting("mine"))

    assert ended == "CREATE_COMPLETE"


def test_a_stack_that_imports_no_more_frees_the_export(joined: World) -> None:
    run(joined, OTHER, {"B": topic("b")}, "update")
    ended = run(joined, PRODUCT, {"A": topic("a", DisplayName="new")}, "update")

    assert (ended, exported(joined), claims(joined)) == ("UPDATE_COMPLETE", {}, [])


def test_a_launch_that_fails_gives_its_claims_up(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    world.fault(broken("B", "create"))
    ended = run(world, OTHER, {"B": importing()})

    assert (ended, claims(world)) == ("ROLLBACK_COMPLETE", [])


def test_an_update_that_fails_keeps_the_claims_that_were_there(joined: World) -> None:
    joined.fault(broken("C", "create"))
    run(joined, OTHER, {"B": importing(), "C": topic("c", "B")}, "update")

    assert claims(joined) == [("Net", None)]


class Watching:
    """Sees the claims before the first call is made."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.claims: list[tuple[str, str | None]] | None = None

    def reach(self, _point: Point, _operation_id: str) -> None:
        if self.claims is None:
            self.claims = claims(self.world)


def test_a_claim_is_taken_before_anything_is_made(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    operation_id = world.submit(template({"B": importing()}), product=OTHER)
    watching = Watching(world)
    world.run(operation_id, world.new_engine(watching))

    assert watching.claims == [("Net", operation_id)]


def test_an_exporting_stack_in_use_is_not_terminated(joined: World) -> None:
    joined.terminate()

    message = f"Export Net cannot be deleted as it is in use by {name_of(joined, OTHER)}"
    last = joined.events()[-1]
    assert (status(joined, PRODUCT), last.status, last.reason) == ("CREATE_COMPLETE", "CREATE_COMPLETE", message)
    assert (exported(joined), joined.names()["a"]) == ({"Net": "one"}, "")


def test_an_exporting_stack_that_nobody_uses_takes_its_exports_with_it(world: World) -> None:
    run(world, PRODUCT, {"A": topic("a")}, **exporting())
    ended = world.terminate()

    assert (ended, exported(world)) == ("DELETE_COMPLETE", {})


def test_an_export_that_changed_since_the_plan_stops_its_execution(world: World) -> None:
    run(world, OTHER, {"A": topic("a")}, **exporting())
    catalog = Catalog(world)
    catalog.number = 10
    plan = catalog.plan({"B": importing()})
    run(world, OTHER, {"A": topic("a", DisplayName="x")}, "update", **exporting("two"))
    catalog.execute(plan)

    assert "Export Net has changed since the plan was made" in str(world.rows(OPERATION)[-1].reason)
    assert sorted(world.names()) == ["a"]
    assert claims(world) == []


def test_a_death_at_any_point_leaves_the_claims_of_the_end(tmp_path: Path) -> None:
    calm = Crashing()
    live(tmp_path / "calm.sqlite", calm)

    for death in range(len(calm.reached)):
        live(tmp_path / f"{death}.sqlite", Crashing(death))


def live(file: Path, probe: Crashing) -> None:
    """A launch that imports, carried on after each death."""
    with open_world(f"sqlite:///{file}") as world:
        run(world, PRODUCT, {"A": topic("a")}, **exporting())
        carry_out(world, world.submit(template({"B": importing()}), product=OTHER), probe)

        assert (claims(world), world.names()["b"]) == ([("Net", None)], "one")


def test_a_stack_that_is_retained_keeps_its_exports_and_its_claims(joined: World) -> None:
    joined.run(joined.submit_termination(retain=True))

    assert exported(joined) == {"Net": "one"}
    assert claims(joined) == [("Net", None)]


def put_exporting_child(world: World) -> None:
    world.put_template("child.json", {"T": {"Type": "AWS::SNS::Topic"}}, **exporting())


def test_two_nested_stacks_cannot_export_one_name_and_what_is_left_of_it_can_be_terminated(world: World) -> None:
    put_exporting_child(world)

    world.provision({"C": nested("child.json"), "D": nested("child.json")})

    assert "Export with name Net is already exported by stack" in reason(world)
    assert world.status() == "ROLLBACK_COMPLETE"
    world.check()
    assert world.terminate() == "DELETE_COMPLETE"


def test_a_commit_that_is_refused_for_an_export_forgets_nothing_that_was_there(world: World) -> None:
    put_exporting_child(world)
    before = {"A": topic("a"), "B": topic("b")}
    world.provision(before)

    world.update({"A": topic("a", DisplayName="new"), "C": nested("child.json"), "D": nested("child.json")})

    assert (world.status(), world.names()) == ("UPDATE_ROLLBACK_COMPLETE", {"a": "", "b": ""})
    world.check()
    world.update({"A": topic("a")})
    assert (world.status(), world.names()) == ("UPDATE_COMPLETE", {"a": ""})
    world.check()
