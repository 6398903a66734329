"""Laws of execution, over random graphs, random edits and random deaths."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manciple.engine.planned import Planned, decode_planned
from manciple.engine.providers.faults import Fault
from manciple.store.tables.engine import OPERATION
from tests.engine.test_crash import CrashError, Crashing
from tests.engine.worlds import World, nested, open_world, template, topic

NAMES = [f"T{number}" for number in range(7)]
QUICK = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])

Graph = dict[str, dict[str, Any]]
Nest = tuple[Graph, Graph]


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Topics over the same few logical ids, so that two graphs are an edit: names are create-only, the rest is not."""
    found: Graph = {}
    for name in NAMES:
        if not found or draw(st.booleans()):
            reads = draw(st.lists(st.sampled_from(sorted(found)), max_size=2, unique=True)) if found else []
            version = draw(st.sampled_from(["", "x"]))
            properties: dict[str, Any] = draw(st.sampled_from([{}, {"FifoThroughputScope": "Topic"}]))
            found[name] = topic(name.lower() + version, *reads, **properties)
    return found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One world for all examples; each begins by clearing it."""
    path = tmp_path_factory.mktemp("engine") / "world.sqlite"
    with open_world(f"sqlite:///{path}", is_durable=False) as found:
        yield found


def wanted(graph: Graph) -> dict[str, str]:
    """Display name by topic name, as a graph asks for it."""
    arns = {name: f"arn:aws:sns:eu-west-1:123456789012:{one['Properties']['TopicName']}" for name, one in graph.items()}
    return {one["Properties"]["TopicName"]: ",".join(arns[read] for read in reads_of(one)) for one in graph.values()}


def reads_of(resource: dict[str, Any]) -> list[str]:
    joined = resource["Properties"].get("DisplayName", {"Fn::Join": [",", []]})
    return [part["Fn::GetAtt"][0] for part in joined["Fn::Join"][1]]


def planned_of(world: World) -> Planned:
    row = world.rows(OPERATION)[-1]
    with world.database.read() as tx:
        return decode_planned(world.objects.get(tx, row.planned_digest))


def update(world: World, graph: Graph, probe: Crashing | None = None) -> str:
    """Update, dying where the probe says; returns the operation's operation_id."""
    operation_id = world.submit(template(graph), "update")
    engine = world.new_engine(probe)
    while True:
        try:
            world.run(operation_id, engine)
        except CrashError:
            world.pass_time(operation_id)
        else:
            return operation_id


@QUICK
@given(graphs(), graphs())
def test_after_an_update_the_world_is_what_the_template_asks_for(world: World, before: Graph, after: Graph) -> None:
    world.clear()
    world.provision(before)

    update(world, after)

    assert world.names() == wanted(after)
    world.check()


@QUICK
@given(graphs(), graphs())
def test_what_is_done_is_a_part_of_what_was_planned_and_whatever_is_certain_is_done(
    world: World, before: Graph, after: Graph
) -> None:
    world.clear()
    world.provision(before)

    operation_id = update(world, after)

    done = actions(world, operation_id)
    if world.operation(operation_id).planned_digest is None:
        assert done == {}
        return
    permits = planned_of(world).stacks[""].permits
    assert done.keys() <= permits.keys()
    for name, (action, replaced) in done.items():
        assert action == permits[name].action
        assert not replaced or permits[name].allows_replacement
    certain = {name for name, permit in permits.items() if permit.is_certain}
    assert certain <= done.keys()


def actions(world: World, operation_id: str) -> dict[str, tuple[str, bool]]:
    """What was done to each resource: CloudFormation's action, and whether it was replaced."""
    done: dict[str, tuple[str, bool]] = {}
    for event in world.events(operation_id):
        if event.type == "AWS::CloudFormation::Stack":
            continue
        name, replaced = event.logical_id, "new physical resource" in (event.reason or "")
        if event.status == "CREATE_COMPLETE":
            done[name] = ("Add", False)
        elif event.status == "UPDATE_IN_PROGRESS":
            done[name] = ("Modify", replaced or done.get(name, ("", False))[1])
        elif event.status == "DELETE_COMPLETE" and name not in done:
            done[name] = ("Remove", False)
    return done


@QUICK
@given(graphs())
def test_a_resource_is_created_after_and_deleted_before_everything_it_reads(world: World, graph: Graph) -> None:
    world.clear()
    world.provision(graph)
    created = [name for name, status in world.told() if status == "CREATE_COMPLETE"]
    world.terminate()
    deleted = [name for name, status in world.told() if status == "DELETE_COMPLETE"]

    for name, resource in graph.items():
        for read in reads_of(resource):
            assert created.index(read) < created.index(name)
            assert deleted.index(name) < deleted.index(read)


@QUICK
@given(graphs(), graphs(), st.sets(st.integers(0, 40), max_size=4), st.sampled_from(["", *NAMES]), st.booleans())
def test_a_death_anywhere_leaves_the_same_world(
    world: World, before: Graph, after: Graph, deaths: set[int], broken: str, is_update: bool
) -> None:
    fault = Fault(selector=broken, action="update" if is_update else "create", error_code="InvalidRequest", remaining=1)
    ends = []
    for probe in (Crashing(), Crashing(*deaths)):
        world.clear()
        world.provision(before)
        world.fault(fault)
        update(world, after, probe)
        world.check()
        ends.append((world.status(), world.names(), told_of_each(world)))

    assert ends[0] == ends[1]


def told_of_each(world: World) -> dict[str, list[str]]:
    """The statuses of each resource and of the stack: what runs side by side may be told in either order."""
    told: dict[str, list[str]] = {}
    for logical_id, status in world.told():
        told.setdefault(logical_id, []).append(status)
    return told


@st.composite
def nests(draw: st.DrawFn) -> Nest:
    """A graph and one nested in it; the nested one reads what is outside and is read there."""
    outer, inner = draw(graphs()), draw(graphs())
    for resource in inner.values():
        resource["Properties"]["TopicName"] += "-inner"
    inner["T0"]["Properties"]["DisplayName"] = {"Ref": "Arn"}
    child = {"Child": nested("child.json", {"Arn": {"Ref": "T0"}})} if draw(st.integers(0, 3)) else {}
    reader = {"Z": topic("z", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Arn"]})} if child else {}
    return outer | child | reader, inner


def put_inner(world: World, inner: Graph) -> None:
    outputs = {"Arn": {"Value": {"Ref": "T0"}}}
    world.put_template("child.json", inner, Parameters={"Arn": {"Type": "String"}}, Outputs=outputs)


@settings(QUICK, max_examples=15)
@given(nests(), nests(), st.sets(st.integers(0, 60), max_size=4), st.sampled_from(["", "Z", *NAMES]), st.booleans())
def test_a_death_anywhere_in_a_nested_stack_leaves_the_same_world(
    world: World,
    before: tuple[Graph, Graph],
    after: tuple[Graph, Graph],
    deaths: set[int],
    broken: str,
    is_update: bool,
) -> None:
    fault = Fault(selector=broken, action="update" if is_update else "create", error_code="InvalidRequest", remaining=1)
    ends = []
    for probe in (Crashing(), Crashing(*deaths)):
        world.clear()
        put_inner(world, before[1])
        world.provision(before[0])
        world.fault(fault)
        put_inner(world, after[1])
        update(world, after[0], probe)
        world.check()
        ends.append((world.status(), world.names()))

    assert ends[0] == ends[1]
    if ends[0][0] == "UPDATE_COMPLETE":
        assert ends[0][1].keys() == topics_of(*after)
    elif ends[0][0] == "UPDATE_ROLLBACK_COMPLETE":
        assert ends[0][1].keys() == topics_of(*before)


def topics_of(outer: Graph, inner: Graph) -> set[str]:
    """The names of the topics that a nest asks for."""
    found = [*outer.values(), *(inner.values() if "Child" in outer else ())]
    return {one["Properties"]["TopicName"] for one in found if "TopicName" in one["Properties"]}


@QUICK
@given(graphs(), graphs(), st.sampled_from(NAMES))
def test_an_update_that_fails_leaves_what_was_there(world: World, before: Graph, after: Graph, broken: str) -> None:
    world.clear()
    world.provision(before)
    world.fault(
        Fault(selector=broken, action="create", error_code="InvalidRequest"),
        Fault(selector=broken, action="update", error_code="InvalidRequest", remaining=1),
    )

    update(world, after)

    rolled_back = world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert world.names() == wanted(before if rolled_back else after)
    world.check()
