"""Nested stacks, planned and carried out: events, outputs, updates, rollback, termination."""

from typing import Any

import sqlalchemy as sa

from manciple.engine import operation
from manciple.engine.providers.faults import Fault
from manciple.engine.targets.target import Wake
from manciple.store.tables import engine
from manciple.template.limits import Limits
from tests.engine.worlds import ACCOUNT, REGION, World, broken, nested, template, topic


def parameters(*names: str) -> dict[str, Any]:
    return {name: {"Type": "String"} for name in names}


def outputs(**values: Any) -> dict[str, Any]:
    return {name: {"Value": value} for name, value in values.items()}


def test_a_nested_stack_is_created_with_events_of_its_own(world: World) -> None:
    world.put_template("child.json", {"T": topic("child")})

    world.provision({"Child": nested("child.json")})

    assert world.told() == [
        ("stack", "REVIEW_IN_PROGRESS"),
        ("stack", "CREATE_IN_PROGRESS"),
        ("Child", "CREATE_IN_PROGRESS"),
        ("Child", "CREATE_IN_PROGRESS"),
        ("Child/stack", "CREATE_IN_PROGRESS"),
        ("Child/T", "CREATE_IN_PROGRESS"),
        ("Child/T", "CREATE_IN_PROGRESS"),
        ("Child/T", "CREATE_COMPLETE"),
        ("Child/stack", "CREATE_COMPLETE"),
        ("Child", "CREATE_COMPLETE"),
        ("stack", "CREATE_COMPLETE"),
    ]
    world.check()


def test_a_value_of_the_stack_around_reaches_what_is_nested(world: World) -> None:
    child = {"T": topic("t", DisplayName={"Fn::Sub": "${Arn} ${AWS::StackName}"})}
    world.put_template("child.json", child, Parameters=parameters("Arn"))

    world.provision({"A": topic("a"), "Child": nested("child.json", {"Arn": {"Ref": "A"}})})

    stack = next(row for row in world.rows(engine.STACK) if row.path == "Child")
    assert world.names()["t"] == f"arn:aws:sns:eu-west-1:123456789012:a {stack.name}"


def test_outputs_of_a_nested_stack_reach_the_stack_around_it(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")}, Outputs=outputs(Arn={"Ref": "T"}))
    resources = {"Child": nested("child.json"), "A": topic("a", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Arn"]})}

    world.provision(resources)

    assert world.names()["a"] == "arn:aws:sns:eu-west-1:123456789012:t"


def test_a_stack_may_be_nested_in_a_nested_one(world: World) -> None:
    world.put_template("inner.json", {"T": topic("t", DisplayName={"Ref": "Name"})}, Parameters=parameters("Name"))
    middle = {"Inner": nested("inner.json", {"Name": {"Ref": "Name"}})}
    world.put_template("middle.json", middle, Parameters=parameters("Name"))

    world.provision({"A": topic("a"), "Middle": nested("middle.json", {"Name": {"Fn::GetAtt": ["A", "TopicName"]}})})

    assert world.names() == {"a": "", "t": "a"}
    assert ("Middle/Inner/T", "CREATE_COMPLETE") in world.told()
    world.check()


def test_a_change_inside_is_carried_out_inside(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"Child": nested("child.json"), "A": topic("a")})
    world.put_template("child.json", {"T": topic("t2"), "U": topic("u")})

    world.update({"Child": nested("child.json"), "A": topic("a")})

    assert world.names().keys() == {"a", "t2", "u"}
    assert world.told() == [
        ("stack", "UPDATE_IN_PROGRESS"),
        ("Child", "UPDATE_IN_PROGRESS"),
        ("Child/stack", "UPDATE_IN_PROGRESS"),
        ("Child/T", "UPDATE_IN_PROGRESS"),
        ("Child/U", "CREATE_IN_PROGRESS"),
        ("Child/T", "UPDATE_IN_PROGRESS"),
        ("Child/T", "UPDATE_COMPLETE"),
        ("Child/U", "CREATE_IN_PROGRESS"),
        ("Child/U", "CREATE_COMPLETE"),
        ("Child/stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Child", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Child/T", "DELETE_IN_PROGRESS"),
        ("Child/T", "DELETE_COMPLETE"),
        ("Child/stack", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE"),
    ]
    world.check()


def test_a_nested_stack_in_which_nothing_changes_is_left_alone(world: World) -> None:
    child = {"T": topic("t", DisplayName={"Ref": "Arn"})}
    world.put_template("child.json", child, Parameters=parameters("Arn"))
    resources = {"A": topic("a"), "Child": nested("child.json", {"Arn": {"Ref": "A"}})}
    world.provision(resources)

    world.update({**resources, "B": topic("b")})

    assert {name for name, _ in world.told()} == {"stack", "B"}


def test_a_nested_stack_that_goes_takes_all_that_is_in_it_along(world: World) -> None:
    world.put_template("child.json", {"T": topic("t"), "U": topic("u", "T")})
    world.provision({"Child": nested("child.json"), "A": topic("a")})

    world.update({"A": topic("a")})

    assert world.names().keys() == {"a"}
    assert world.told()[-8:] == [
        ("Child/stack", "DELETE_IN_PROGRESS"),
        ("Child/U", "DELETE_IN_PROGRESS"),
        ("Child/U", "DELETE_COMPLETE"),
        ("Child/T", "DELETE_IN_PROGRESS"),
        ("Child/T", "DELETE_COMPLETE"),
        ("Child/stack", "DELETE_COMPLETE"),
        ("Child", "DELETE_COMPLETE"),
        ("stack", "UPDATE_COMPLETE"),
    ]
    world.check()


def test_a_retained_nested_stack_is_left_as_it_is(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"Child": nested("child.json", DeletionPolicy="Retain"), "A": topic("a")})

    world.update({"A": topic("a")})

    assert world.names().keys() == {"a", "t"}
    assert ("Child", "DELETE_SKIPPED") in world.told()


def test_a_failure_inside_is_told_outwards_with_the_first_cause(world: World) -> None:
    world.put_template("child.json", {"T": topic("t"), "U": topic("u", "T")})
    world.fault(broken("U", "create"))

    world.provision({"A": topic("a"), "Child": nested("child.json", DependsOn="A")})

    stack = next(row for row in world.rows(engine.STACK) if row.path == "Child")
    embedded = (
        f"Embedded stack {stack.arn} was not successfully created: The following resource(s) failed to create: [U]."
    )
    record = world.operation(f"rec-{world.records}")
    assert record.reason.startswith(f"The following resource(s) failed to create: [Child]. {embedded} Resource handler")
    assert [str(event.reason).strip() for event in world.events() if event.status == "CREATE_FAILED"][-1] == embedded
    assert world.status() == "ROLLBACK_COMPLETE"
    assert world.names() == {}
    told = world.told()
    first = told.index(("Child/U", "CREATE_FAILED"))
    assert told[first:] == [
        ("Child/U", "CREATE_FAILED"),
        ("Child/stack", "CREATE_FAILED"),
        ("Child", "CREATE_FAILED"),
        ("stack", "ROLLBACK_IN_PROGRESS"),
        ("Child", "DELETE_IN_PROGRESS"),
        ("Child/stack", "DELETE_IN_PROGRESS"),
        ("Child/U", "DELETE_COMPLETE"),
        ("Child/T", "DELETE_IN_PROGRESS"),
        ("Child/T", "DELETE_COMPLETE"),
        ("Child/stack", "DELETE_COMPLETE"),
        ("Child", "DELETE_COMPLETE"),
        ("A", "DELETE_IN_PROGRESS"),
        ("A", "DELETE_COMPLETE"),
        ("stack", "ROLLBACK_COMPLETE"),
    ]
    world.check()


def test_a_failed_update_undoes_what_was_done_inside(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")}, Outputs=outputs(Name={"Fn::GetAtt": ["T", "TopicName"]}))
    reader = topic("z", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Name"]})
    world.provision({"Child": nested("child.json"), "Z": reader})
    world.put_template(
        "child.json",
        {"T": topic("t2"), "U": topic("u")},
        Outputs=outputs(Name={"Fn::GetAtt": ["T", "TopicName"]}),
    )
    world.fault(Fault(selector="Z", action="update", error_code="AccessDenied", remaining=1))

    world.update({"Child": nested("child.json"), "Z": reader})

    assert world.names() == {"t": "", "z": "t"}
    assert world.status() == "UPDATE_ROLLBACK_COMPLETE"
    stack = next(row for row in world.rows(engine.STACK) if row.path == "Child")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    world.check()


def test_a_failure_inside_an_update_is_rolled_back_in_order(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"Child": nested("child.json")})
    world.put_template("child.json", {"T": topic("t", DisplayName="new"), "U": topic("u", "T")})
    world.fault(broken("U", "create"))

    world.update({"Child": nested("child.json")})

    told = world.told()
    assert told[told.index(("Child/U", "CREATE_FAILED")) :] == [
        ("Child/U", "CREATE_FAILED"),
        ("Child/stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Child", "UPDATE_FAILED"),
        ("stack", "UPDATE_ROLLBACK_IN_PROGRESS"),
        ("Child", "UPDATE_IN_PROGRESS"),
        ("Child/T", "UPDATE_IN_PROGRESS"),
        ("Child/T", "UPDATE_COMPLETE"),
        ("Child/stack", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Child", "UPDATE_COMPLETE"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("Child/U", "DELETE_COMPLETE"),
        ("Child/stack", "UPDATE_ROLLBACK_COMPLETE"),
        ("stack", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    assert world.names() == {"t": ""}
    reason = next(event.reason for event in world.events() if event.status == "UPDATE_FAILED")
    assert "was not successfully updated. Currently in UPDATE_ROLLBACK_IN_PROGRESS with reason: " in (reason or "")
    world.check()


def test_a_nested_stack_that_could_not_be_deleted_is_offered_to_the_next_plan(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"Child": nested("child.json"), "A": topic("a")})
    world.fault(broken("T", "delete"))
    world.update({"A": topic("a")})
    world.fault()
    world.put_template("child.json", {"T": topic("new")})

    world.update({"A": topic("a"), "Child": nested("child.json")})

    assert world.status() == "UPDATE_COMPLETE"
    assert world.names().keys() == {"a", "new"}
    world.check()


def test_a_termination_that_fails_inside_names_the_way_to_it_and_can_be_tried_again(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"Child": nested("child.json"), "A": topic("a")})
    world.fault(broken("T", "delete"))

    status = world.terminate()

    assert status == "DELETE_FAILED"
    record = world.operation(f"rec-{world.records}")
    assert "was not successfully deleted: The following resource(s) failed to delete: [T]." in record.reason
    world.fault()
    assert world.terminate() == "DELETE_COMPLETE"
    assert world.names() == {}
    world.check()


CONDITIONAL: dict[str, Any] = {
    "Parameters": parameters("Name"),
    "Conditions": {"IsA": {"Fn::Equals": [{"Ref": "Name"}, "a"]}},
    "Outputs": outputs(Name={"Ref": "Name"}),
}


def test_a_nested_stack_whose_conditions_hang_on_what_is_new_is_expanded_at_execution(world: World) -> None:
    child = {"T": topic("t"), "U": {**topic("u"), "Condition": "IsA"}}
    world.put_template("child.json", child, **CONDITIONAL)
    resources = {
        "A": topic("a"),
        "Child": nested("child.json", {"Name": {"Fn::GetAtt": ["A", "TopicName"]}}),
        "Z": topic("z", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Name"]}),
    }

    world.provision(resources)

    assert world.names() == {"a": "", "t": "", "u": "", "z": "a"}
    world.check()
    assert world.terminate() == "DELETE_COMPLETE"
    assert world.names() == {}


def test_once_deployed_a_condition_on_what_stays_is_decided_by_the_plan(world: World) -> None:
    child = {"T": topic("t"), "U": {**topic("u"), "Condition": "IsA"}}
    world.put_template("child.json", child, **CONDITIONAL)
    resources = {"A": topic("a"), "Child": nested("child.json", {"Name": {"Fn::GetAtt": ["A", "TopicName"]}})}
    world.provision(resources)
    world.update({**resources, "B": topic("b")})
    assert {name for name, _ in world.told()} == {"stack", "B"}
    world.put_template("child.json", {"T": topic("t"), "U": {**topic("u2"), "Condition": "IsA"}}, **CONDITIONAL)

    world.update({**resources, "B": topic("b")})

    assert world.names().keys() == {"a", "b", "t", "u2"}
    world.check()


def test_a_parameter_that_turns_out_to_break_its_constraint_fails_the_nested_stack(world: World) -> None:
    declared = {"Name": {"Type": "String", "AllowedValues": ["b"]}}
    world.put_template("child.json", {"T": topic("t", DisplayName={"Ref": "Name"})}, Parameters=declared)

    world.provision({"A": topic("a"), "Child": nested("child.json", {"Name": {"Fn::GetAtt": ["A", "TopicName"]}})})

    assert world.status() == "ROLLBACK_COMPLETE"
    assert "Parameter 'Name' must be one of AllowedValues" in world.operation(f"rec-{world.records}").reason
    assert world.names() == {}
    world.check()


def test_one_nested_stack_may_import_what_another_exports(world: World) -> None:
    exporting = {"Arn": {"Value": {"Ref": "T"}, "Export": {"Name": "shared"}}}
    world.put_template("first.json", {"T": topic("t")}, Outputs=exporting)
    world.put_template("second.json", {"U": topic("u", DisplayName={"Fn::ImportValue": "shared"})})

    world.provision({"First": nested("first.json"), "Second": nested("second.json", DependsOn="First")})

    assert world.names()["u"] == "arn:aws:sns:eu-west-1:123456789012:t"
    assert world.terminate() == "DELETE_COMPLETE"
    assert world.names() == {}


def refusal_of(world: World, resources: dict[str, Any], **sections: Any) -> str:
    operation_id = world.submit(template(resources, **sections))
    world.run(operation_id)
    assert world.operation(operation_id).planned_digest is None
    return str(world.operation(operation_id).reason)


def test_a_template_that_is_not_there_fails_the_plan_by_name_and_address(world: World) -> None:
    world.put_template("other.json", {"T": topic("t")})

    reason = refusal_of(world, {"Child": nested("missing.json")})

    assert reason.startswith("Nested stack Child: S3 error: The specified key does not exist.")
    assert "https://templates.s3.amazonaws.com/missing.json" in reason


def test_a_template_that_nests_itself_is_refused(world: World) -> None:
    world.put_template("child.json", {"Again": nested("child.json")})

    assert refusal_of(world, {"Child": nested("child.json")}) == (
        "Nested stack Child/Again: It nests itself: a stack around it has the same template and the same parameters."
    )


def test_a_template_that_nests_itself_with_ever_new_parameters_is_refused(world: World) -> None:
    again = nested("child.json", {"Name": {"Fn::Sub": "${Name}x"}})
    world.put_template("child.json", {"Again": again}, Parameters=parameters("Name"))

    assert "It is nested in more than 16 stacks." in refusal_of(world, {"Child": nested("child.json", {"Name": "x"})})


def test_a_parameter_that_the_nested_template_has_not_is_refused(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})

    reason = refusal_of(world, {"Child": nested("child.json", {"Name": "x"})})

    assert reason == "Nested stack Child: Parameters: [Name] do not exist in the template"


def test_a_cancel_rolls_back_what_is_nested_too(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.fault(Fault(selector="T", action="create", delay_ms=60_000))
    operation_id = world.submit(template({"A": topic("a"), "Child": nested("child.json", DependsOn="A")}))
    world.engine.reconcile(operation_id)

    with world.database.write() as tx:
        operation.request_cancel(tx, ACCOUNT, REGION, operation_id)
    world.run(operation_id)

    assert world.status() == "ROLLBACK_COMPLETE"
    assert world.names() == {}
    world.check()


def test_tags_of_a_stack_and_of_the_nested_resource_reach_what_is_inside(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    child = nested("child.json")
    child["Properties"]["Tags"] = [{"Key": "team", "Value": {"Ref": "A"}}]

    world.provision({"A": topic("a"), "Child": child})

    tags = next(thing.tags for thing in world.things().values() if thing.model["TopicName"] == "t")
    assert tags == {"team": "arn:aws:sns:eu-west-1:123456789012:a"}


def test_an_output_that_the_nested_stack_has_not_is_refused(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})

    reader = topic("a", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Arn"]})
    reason = refusal_of(world, {"Child": nested("child.json"), "A": reader})

    assert reason.startswith("Output 'Arn' not found in stack 'arn:aws:cloudformation:eu-west-1:123456789012:stack/SC-")


def test_an_update_may_be_expanded_at_execution_too(world: World) -> None:
    child = {"T": topic("t"), "U": {**topic("u"), "Condition": "IsA"}, "V": {**topic("v"), "Condition": "IsNotA"}}
    conditions = CONDITIONAL["Conditions"] | {"IsNotA": {"Fn::Not": [{"Condition": "IsA"}]}}
    world.put_template("child.json", child, **CONDITIONAL | {"Conditions": conditions})
    given = {"Name": {"Fn::GetAtt": ["A", "TopicName"]}}
    world.provision({"A": topic("a"), "Child": nested("child.json", given)})
    assert world.names().keys() == {"a", "t", "u"}

    world.update({"A": topic("a2"), "Child": nested("child.json", given)})

    assert world.status() == "UPDATE_COMPLETE"
    assert world.names().keys() == {"a2", "t", "v"}
    world.check()


def test_a_failure_after_the_expansion_of_an_update_brings_back_what_was_there(world: World) -> None:
    child = {"T": topic("t", DisplayName={"Ref": "Name"}), "U": {**topic("u"), "Condition": "IsA"}}
    world.put_template("child.json", child, **CONDITIONAL)
    given = {"Name": {"Fn::GetAtt": ["A", "TopicName"]}}
    after = topic("z", DisplayName={"Fn::GetAtt": ["Child", "Outputs.Name"]})
    world.provision({"A": topic("a"), "Child": nested("child.json", given), "Z": after})
    world.fault(Fault(selector="Z", action="update", error_code="AccessDenied", remaining=1))

    world.update({"A": topic("b"), "Child": nested("child.json", given), "Z": after})

    assert world.status() == "UPDATE_ROLLBACK_COMPLETE"
    assert world.names() == {"a": "", "t": "a", "u": "", "z": "a"}
    world.check()


def test_a_rollback_that_fails_inside_is_visible_and_repaired_by_the_next_plan(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.put_template("new.json", {"N": topic("n")})
    world.provision({"Child": nested("child.json")})
    world.put_template("child.json", {"T": topic("t", DisplayName="x"), "U": topic("u", "T")})
    world.fault(broken("U", "create"), Fault(selector="T", action="update", error_code="AccessDenied", skip=1))

    world.update({"New": nested("new.json"), "Child": nested("child.json", DependsOn="New")})

    assert world.status() == "UPDATE_ROLLBACK_FAILED"
    stack = next(row for row in world.rows(engine.STACK) if row.path == "Child")
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    world.fault()
    world.update({"Child": nested("child.json")})
    assert world.status() == "UPDATE_COMPLETE"
    assert world.names() == {"t": "x", "u": "arn:aws:sns:eu-west-1:123456789012:t"}
    world.check()


def test_resources_of_all_stacks_together_are_counted(world: World) -> None:
    world.put_template("child.json", {f"T{number}": topic(f"t{number}") for number in range(40)})
    world.template_limits = Limits(resources=60, nested_resources=100)
    world.engine = world.new_engine()

    reason = refusal_of(world, {f"C{number}": nested("child.json") for number in range(3)})

    assert "A stack and those nested in it have 123 resources; at most 100 are allowed." in reason


def test_what_execution_expands_is_counted_too(world: World) -> None:
    given = {"Name": {"Fn::GetAtt": ["A", "TopicName"]}}
    inside = {"A": topic("a"), "B": {**topic("b"), "Condition": "IsA"}, "C": nested("child.json", given)}
    for resource in ("A", "B"):
        del inside[resource]["Properties"]["TopicName"]
    world.put_template("child.json", inside, **CONDITIONAL)
    world.template_limits = Limits(nested_resources=9)
    world.engine = world.new_engine()

    world.provision({"A": topic("a"), "C": nested("child.json", given)})

    assert world.status() == "ROLLBACK_COMPLETE"
    assert "at most 9 are allowed" in str([event.reason for event in world.events()])
    world.check()


def test_a_replaced_resource_inside_is_deleted_in_the_clean_up_of_all(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    world.provision({"A": topic("a"), "Child": nested("child.json")})
    world.put_template("child.json", {"T": topic("t2")})

    world.update({"A": topic("a2"), "Child": nested("child.json")})

    told = world.told()
    commit = told.index(("stack", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"))
    deletes = [told.index((name, "DELETE_COMPLETE")) for name in ("A", "Child/T")]
    assert min(deletes) > commit
    assert world.names().keys() == {"a2", "t2"}
    world.check()


def test_a_nested_stack_that_reads_what_stays_of_a_changed_one_is_left_alone(world: World) -> None:
    outputs_of = outputs(Arn={"Ref": "T"}, Name={"Fn::GetAtt": ["U", "TopicName"]})
    world.put_template("network.json", {"T": topic("t"), "U": topic("u")}, Outputs=outputs_of)
    world.put_template("child.json", {"V": topic("v", DisplayName={"Ref": "Arn"})}, Parameters=parameters("Arn"))
    resources = {
        "Network": nested("network.json"),
        "Child": nested("child.json", {"Arn": {"Fn::GetAtt": ["Network", "Outputs.Arn"]}}),
        "Z": topic("z", DisplayName={"Fn::GetAtt": ["Network", "Outputs.Name"]}),
    }
    world.provision(resources)
    world.put_template("network.json", {"T": topic("t"), "U": topic("u2")}, Outputs=outputs_of)

    world.update(resources)

    touched = {name for name, status in world.told() if status == "UPDATE_COMPLETE"}
    assert touched == {"stack", "Network", "Network/stack", "Network/U", "Z"}
    assert world.names()["z"] == "u2"
    world.check()


def test_an_output_that_a_nested_stack_has_not_is_refused_in_outputs_too(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})

    reason = refusal_of(world, {"C": nested("child.json")}, Outputs=outputs(Gone={"Fn::GetAtt": ["C", "Outputs.Gone"]}))

    assert "Output 'Gone' not found in stack" in reason
    assert world.names() == {}


def test_a_nested_stack_that_takes_longer_than_its_time_out_turns_everything_back(world: World) -> None:
    world.put_template("child.json", {"T": topic("t"), "Slow": topic("slow", "T")})
    world.fault(Fault(selector="Slow", action="create", delay_ms=600_000))
    child = nested("child.json")
    child["Properties"]["TimeoutInMinutes"] = "1"
    operation_id = world.submit(template({"A": topic("a"), "Child": child}))
    wake = world.engine.reconcile(operation_id)
    waiting = [row.deadline - world.operation(operation_id).created_time for row in closings(world)]
    with world.database.write() as tx:
        tx.execute(sa.update(engine.STEP).where(engine.STEP.c.verb == "create_close").values(deadline=1))

    world.run(operation_id)

    (arn,) = (row.arn for row in world.rows(engine.STACK) if row.path == "Child")
    failed = {name: event.reason for name, event in failures(world).items()}
    assert isinstance(wake, Wake)
    assert wake.at <= world.operation(operation_id).created_time + 90_000
    assert all(60_000 <= one < 90_000 for one in waiting)
    assert world.status() == "ROLLBACK_COMPLETE"
    assert failed["Child/stack"] == "Stack creation time exceeded the specified timeout"
    assert failed["Child"] == (
        f"Embedded stack {arn} was not successfully created: Stack creation time exceeded the specified timeout"
    )
    assert world.operation(operation_id).reason.startswith("The following resource(s) failed to create: [Child]. ")
    assert world.names() == {}


def closings(world: World) -> list[Any]:
    """The steps that close new nested stacks."""
    return [row for row in world.rows(engine.STEP) if row.verb == "create_close"]


def failures(world: World) -> dict[str, Any]:
    """The newest failure of each resource, with its path."""
    found = zip(world.told(), world.events(), strict=True)
    return {name: event for (name, status), event in found if status == "CREATE_FAILED"}


def test_a_nested_stack_within_its_time_out_is_made(world: World) -> None:
    world.put_template("child.json", {"T": topic("t")})
    child = nested("child.json")
    child["Properties"]["TimeoutInMinutes"] = "1"

    status = world.provision({"Child": child})

    assert status == "CREATE_COMPLETE"
    assert list(world.names()) == ["t"]
