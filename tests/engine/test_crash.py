"""A process may die at any point: the world ends as if it had not, and nothing is done twice."""

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manciple.engine.probe import Point
from tests.engine.worlds import World, attachment, broken, nested, open_world, template, topic

ROUNDS = int(os.environ.get("MANCIPLE_CRASH_ROUNDS", "10"))

BEFORE = {"A": topic("a", DisplayName="old"), "B": topic("b", "A"), "C": topic("c", "B"), "D": topic("d")}
AFTER = {"A": topic("a", DisplayName="new"), "B": topic("b2", "A"), "C": topic("c", "B"), "E": topic("e", "C")}


class CrashError(BaseException):
    """The process dies here; nothing but the operating system notices."""


class Crashing:
    """Dies at the points with these numbers, counted from 0; with none it only counts."""

    def __init__(self, *deaths: int) -> None:
        self.reached: list[Point] = []
        self._deaths = set(deaths)

    def reach(self, point: Point, operation_id: str) -> None:
        self.reached.append(point)
        if len(self.reached) - 1 in self._deaths:
            raise CrashError(f"{point} of {operation_id}")


Graph = dict[str, dict[str, Any]]
Scenario = Callable[[World], str]


def launch(world: World) -> str:
    return world.submit(template(BEFORE))


def failing_launch(world: World) -> str:
    world.fault(broken("C", "create"))
    return world.submit(template(BEFORE))


def update(world: World) -> str:
    world.run(world.submit(template(BEFORE)))
    return world.submit(template(AFTER), "update")


def failing_update(world: World) -> str:
    world.run(world.submit(template(BEFORE)))
    world.fault(broken("E", "create"))
    return world.submit(template(AFTER), "update")


def replacement_that_deletes_first(world: World) -> str:
    world.run(world.submit(template({"P": attachment("OPENZFS"), "A": topic("a")})))
    return world.submit(
        template({"P": attachment("ONTAP"), "A": topic("a", depends_on=("P",), DisplayName="x")}), "update"
    )


def failing_replacement_that_deletes_first(world: World) -> str:
    world.fault(broken("A", "update"))
    return replacement_that_deletes_first(world)


def termination(world: World) -> str:
    world.run(world.submit(template(BEFORE)))
    return world.submit_termination()


def put_nested(world: World, suffix: str = "", **extra: Any) -> dict[str, Any]:
    """A template that nests one that nests another; the suffix edits what is inside. Values travel in and out."""
    inner = {"I": topic("i", DisplayName={"Fn::Sub": f"${{Name}}{suffix}"})}
    world.put_template("inner.json", inner, Parameters={"Name": {"Type": "String"}})
    child = {
        "T": topic(f"t{suffix}", DisplayName={"Ref": "Arn"}),
        "Inner": nested("inner.json", {"Name": {"Fn::GetAtt": ["T", "TopicName"]}}),
        **({"U": topic("u", "T", depends_on=("Inner",))} if suffix else {}),
    }
    outputs = {"Arn": {"Value": {"Ref": "T"}}}
    world.put_template("child.json", child, Parameters={"Arn": {"Type": "String"}}, Outputs=outputs, **extra)
    return {
        "A": topic("a"),
        "Child": nested("child.json", {"Arn": {"Ref": "A"}}),
        "Z": topic("z", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Arn"]}),
    }


def nested_launch_expanded_at_execution(world: World) -> str:
    condition = {"IsThere": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Arn"}, ""]}]}}
    return world.submit(template(put_nested(world, Conditions=condition)))


def failing_nested_launch(world: World) -> str:
    world.fault(broken("I", "create"))
    return world.submit(template(put_nested(world)))


def nested_update(world: World) -> str:
    world.run(world.submit(template(put_nested(world))))
    return world.submit(template(put_nested(world, "x")), "update")


def failing_nested_update(world: World) -> str:
    world.run(world.submit(template(put_nested(world))))
    world.fault(broken("U", "create"))
    return world.submit(template(put_nested(world, "x")), "update")


def removal_of_a_nested_stack(world: World) -> str:
    world.run(world.submit(template(put_nested(world))))
    return world.submit(template({"A": topic("a")}), "update")


SCENARIOS = [
    nested_launch_expanded_at_execution,
    failing_nested_launch,
    nested_update,
    failing_nested_update,
    removal_of_a_nested_stack,
    launch,
    failing_launch,
    update,
    failing_update,
    replacement_that_deletes_first,
    failing_replacement_that_deletes_first,
    termination,
]


def carry_out(world: World, operation_id: str, probe: Crashing) -> None:
    """Run slices, each death followed by a new engine once the lease has run out."""
    engine = world.new_engine(probe)
    for _ in range(1000):
        try:
            world.run(operation_id, engine)
        except CrashError:
            world.pass_time(operation_id)
        else:
            return
    raise AssertionError("the operation does not end")


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_a_death_at_any_one_point_changes_nothing_of_the_end(scenario: Scenario, tmp_path: Path) -> None:
    calm = Crashing()
    with open_world(f"sqlite:///{tmp_path / 'calm.sqlite'}") as world:
        carry_out(world, scenario(world), calm)
        world.check()
        expected = (world.status(), world.models())

    for death in range(len(calm.reached)):
        with open_world(f"sqlite:///{tmp_path / f'{death}.sqlite'}") as world:
            carry_out(world, scenario(world), Crashing(death))

            world.check()
            assert (world.status(), world.models()) == expected, f"died {calm.reached[death]}, point {death}"


def test_the_suite_dies_at_every_kind_of_point(tmp_path: Path) -> None:
    probe = Crashing()
    with open_world(f"sqlite:///{tmp_path / 'world.sqlite'}") as world:
        carry_out(world, update(world), probe)

    assert set(probe.reached) == {"before intent", "after intent", "inside call", "after call", "after outcome"}


@pytest.mark.parametrize("round", range(ROUNDS))
def test_many_deaths_at_random_points_change_nothing_of_the_end(world: World, round: int) -> None:
    chance = random.Random(round)
    resources = random_graph(chance)
    operation_id = world.submit(template(resources))
    carry_out(world, operation_id, Crashing(*chance.sample(range(40), 8)))
    edited = random_edit(chance, resources)
    if chance.random() < 0.3:
        world.fault(broken(chance.choice(list(edited)), "create"))
    operation_id = world.submit(template(edited), "update")
    carry_out(world, operation_id, Crashing(*chance.sample(range(60), 12)))

    world.check()
    expected = resources if world.status() == "UPDATE_ROLLBACK_COMPLETE" else edited
    assert sorted(world.names()) == sorted(resource["Properties"]["TopicName"] for resource in expected.values())


def random_graph(chance: random.Random) -> Graph:
    """Up to 12 topics, each reading some earlier ones."""
    names = [f"T{number}" for number in range(chance.randint(2, 12))]
    return {
        name: topic(name.lower(), *chance.sample(names[:index], min(index, chance.randint(0, 3))))
        for index, name in enumerate(names)
    }


def random_edit(chance: random.Random, resources: Graph) -> Graph:
    """The graph with some topics renamed (replaced), some changed, some new, the last one perhaps gone."""
    edited: Graph = {}
    for name, resource in resources.items():
        properties = dict(resource["Properties"])
        if chance.random() < 0.3:
            properties["TopicName"] += "x"
        if chance.random() < 0.3:
            properties["FifoThroughputScope"] = "Topic"
        edited[name] = {**resource, "Properties": properties}
    if chance.random() < 0.5:
        edited.popitem()
    return edited | {"New": topic("new", *list(edited)[:1])}
