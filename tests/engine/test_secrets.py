"""A secret reaches the provider and nothing else: not a row, not an event, not an error, not an output."""

from pathlib import Path

import pytest

from manciple.engine.providers.faults import Fault
from manciple.store.metadata import METADATA
from manciple.store.tables.engine import EXPORT
from manciple.store.tables.sandbox import SANDBOX_FAULT
from tests.engine.worlds import World, nested, open_world, template, topic

SECRET = "hunter2-correct-horse"
PARAMETERS = {"Password": {"Type": "String", "NoEcho": "true"}}


def with_secret() -> dict[str, object]:
    return topic("a", DisplayName={"Fn::Sub": "pw=${Password}"})


@pytest.mark.parametrize("fails", [False, True])
def test_no_row_holds_a_secret_as_plain_text(world: World, fails: bool) -> None:
    if fails:
        world.fault(Fault(selector="A", action="create", error_code="InvalidRequest", message=f"bad {SECRET}!"))
    outputs = {"Leak": {"Value": {"Ref": "Password"}}, "Name": {"Value": {"Fn::GetAtt": ["A", "TopicName"]}}}
    text = template({"A": with_secret(), "B": topic("b", "A")}, Parameters=PARAMETERS, Outputs=outputs)

    world.run(world.submit(text, parameters={"Password": SECRET}))

    for table in set(METADATA.sorted_tables) - {SANDBOX_FAULT}:
        assert SECRET not in str([tuple(row) for row in world.rows(table)]), table.name


def test_no_file_of_the_database_holds_a_secret(tmp_path: Path) -> None:
    with open_world(f"sqlite:///{tmp_path / 'world.sqlite'}") as world:
        text = template({"A": with_secret()}, Parameters=PARAMETERS)
        world.run(world.submit(text, parameters={"Password": SECRET}))

        found = [file.name for file in tmp_path.iterdir() if SECRET.encode() in file.read_bytes()]

    assert found == []


def test_the_provider_gets_the_secret_itself(world: World) -> None:
    text = template({"A": with_secret()}, Parameters=PARAMETERS)

    world.run(world.submit(text, parameters={"Password": SECRET}))

    (thing,) = world.things().values()
    assert thing.model["DisplayName"] == f"pw={SECRET}"


def test_an_error_that_repeats_a_secret_is_told_with_four_stars(world: World) -> None:
    world.fault(Fault(selector="A", action="create", error_code="InvalidRequest", message=f"bad {SECRET}!"))
    text = template({"A": with_secret()}, Parameters=PARAMETERS)

    operation_id = world.submit(text, parameters={"Password": SECRET})
    world.run(operation_id)

    assert '"bad ****!"' in world.operation(operation_id).reason


def exported(world: World, value: object) -> str:
    """What an output with this value exports, of a topic A that was given a secret, B that reads A, and C."""
    resources = {"A": with_secret(), "B": topic("b", DisplayName={"Fn::GetAtt": ["A", "DisplayName"]}), "C": topic("c")}
    outputs = {"O": {"Value": value, "Export": {"Name": "out"}}}
    text = template(resources, Parameters=PARAMETERS, Outputs=outputs)
    world.run(world.submit(text, parameters={"Password": "c"}))
    (row,) = world.rows(EXPORT)
    return str(row.value)


@pytest.mark.parametrize("resource", ["A", "B"])
def test_an_output_that_reads_a_secret_back_from_a_resource_is_four_stars(world: World, resource: str) -> None:
    value = exported(world, {"Fn::Base64": {"Fn::GetAtt": [resource, "DisplayName"]}})

    assert value == "****"


def test_an_output_in_which_a_short_secret_stands_by_chance_is_told_whole(world: World) -> None:
    value = exported(world, {"Fn::Sub": "https://example.com/${C.TopicName}"})

    assert value == "https://example.com/c"


def test_a_creation_policy_may_read_a_secret(world: World) -> None:
    group = {
        "Type": "AWS::AutoScaling::AutoScalingGroup",
        "CreationPolicy": {"ResourceSignal": {"Count": {"Ref": "Password"}}},
        "UpdatePolicy": {"AutoScalingRollingUpdate": {"MinInstancesInService": {"Ref": "Password"}}},
        "Properties": {"MinSize": "1", "MaxSize": "1", "AvailabilityZones": ["eu-west-1a"]},
    }
    text = template({"G": group}, Parameters=PARAMETERS)

    world.run(world.submit(text, parameters={"Password": "2"}))

    assert world.status() == "CREATE_COMPLETE", [event.reason for event in world.events()]


def test_a_tag_of_a_nested_stack_that_is_a_secret_is_kept_as_one(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    tagged = nested("child.json")
    tagged["Properties"]["Tags"] = [{"Key": "pw", "Value": {"Ref": "Password"}}]
    text = template({"Child": tagged}, Parameters=PARAMETERS)

    world.run(world.submit(text, parameters={"Password": SECRET}))

    (thing,) = world.things().values()
    assert (thing.tags["pw"], thing.sensitive) == (SECRET, (SECRET,))
