"""Laws of the change set, over random graphs and edits."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from manciple.template.change_set import REMOVE_ACTIONS, Change, ChangeSet, as_cloudformation, change_set
from manciple.template.evaluation import Evaluation, Resource
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.values import Value
from tests.unit.template.graphs import deployed, get_att, graph, ref, resource, update

TYPES = {
    "AWS::SNS::Topic": ("TopicName", "DisplayName", "KmsMasterKeyId"),
    "AWS::SQS::Queue": ("QueueName", "DelaySeconds", "KmsMasterKeyId"),
    "AWS::EC2::Instance": ("ImageId", "InstanceType", "UserData"),
    "Custom::Thing": ("ServiceToken", "Anything"),
}
REPLACE_POLICIES = st.sampled_from(["Delete", "Retain", "Snapshot"])
NAMES = [f"R{number}" for number in range(8)]


@st.composite
def graphs(draw: st.DrawFn) -> Evaluation:
    """Graphs over the same few logical ids (with one type each), so that two of them are an edit."""
    resources: list[Resource] = []
    for number, name in enumerate(NAMES):
        if draw(st.booleans()):
            type_ = list(TYPES)[number % len(TYPES)]
            earlier = [one.logical_id for one in resources]
            properties = draw(st.dictionaries(st.sampled_from(TYPES[type_]), values(earlier), max_size=3))
            resources.append(resource(name, type_, properties=properties, **draw(parts())))
    return graph(*resources)


def parts() -> st.SearchStrategy[dict[str, Any]]:
    """What a resource declares beside its properties."""
    policies = {"deletion_policy": st.sampled_from(list(REMOVE_ACTIONS)), "update_replace_policy": REPLACE_POLICIES}
    return st.fixed_dictionaries({}, optional={"metadata": st.sampled_from(["m", {"a": ["n"]}]), **policies})


def values(earlier: list[str]) -> st.SearchStrategy[Value]:
    """Text, a structure, or a reference to an earlier resource, alone or inside one."""
    texts: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c", ["a", {"k": "b"}], [{"k": "c"}]])
    if not earlier:
        return texts
    names = st.sampled_from(earlier)
    read = names.map(ref) | names.map(lambda name: get_att(name, "Arn"))
    return texts | read | read.map(lambda value: [value, "a"])


def listed(changes: ChangeSet, *, values: bool) -> dict[str, Any]:
    entries = as_cloudformation(changes, values=values)
    return {entry["ResourceChange"]["LogicalResourceId"]: entry["ResourceChange"] for entry in entries}


@given(graphs())
def test_nothing_changes_from_a_graph_to_itself(same: Evaluation) -> None:
    assert not update(same, same).has_changes


@given(graphs(), graphs())
def test_the_way_back_adds_what_the_way_there_removes(one: Evaluation, other: Evaluation) -> None:
    there, back = update(one, other).changes, update(other, one).changes

    assert {name for name, change in there.items() if change.action == "Add"} == {
        name for name, change in back.items() if change.action == "Remove"
    }


@given(graphs(), graphs())
def test_a_replacement_has_a_static_cause_that_demands_it(one: Evaluation, other: Evaluation) -> None:
    for change in update(one, other).changes.values():
        demanded = any((d.requires_recreation, d.evaluation) == ("Always", "Static") for d in change.details)

        assert (change.replacement == "True") == demanded


@given(graphs(), graphs())
def test_the_form_with_values_lists_nothing_that_the_other_does_not(one: Evaluation, other: Evaluation) -> None:
    changes = update(one, other)
    with_values, without = listed(changes, values=True), listed(changes, values=False)

    assert with_values.keys() <= without.keys()
    assert all(set(change["Scope"]) <= set(without[name]["Scope"]) for name, change in with_values.items())


@given(graphs(), graphs())
def test_every_modification_has_details_and_a_cause_and_nothing_else_has(one: Evaluation, other: Evaluation) -> None:
    for change in update(one, other).changes.values():
        assert bool(change.details) == bool(change.cause) == (change.action == "Modify")


@given(graphs(), graphs())
def test_a_causing_entity_changes_itself(one: Evaluation, other: Evaluation) -> None:
    changes = update(one, other).changes

    entities = {d.causing_entity.partition(".")[0] for c in changes.values() for d in c.details if d.causing_entity}
    assert entities <= changes.keys()


@given(graphs(), graphs())
def test_a_change_that_is_not_listed_would_change_nothing(one: Evaluation, other: Evaluation) -> None:
    changes = update(one, other).changes

    for name in other.resources.keys() - changes.keys():
        assert one.resources[name].properties == other.resources[name].properties


@given(graphs(), graphs())
def test_the_scope_is_what_the_details_name_in_both_forms(one: Evaluation, other: Evaluation) -> None:
    changes = update(one, other)

    for values in (True, False):
        for change in listed(changes, values=values).values():
            assert set(change["Scope"]) == {detail["Target"]["Attribute"] for detail in change["Details"]}


@given(graphs(), graphs())
def test_what_differs_in_the_templates_is_listed_in_both_directions(one: Evaluation, other: Evaluation) -> None:
    there, back = update(one, other).changes, update(other, one).changes

    for name in one.resources.keys() & other.resources.keys():
        differing = direct(one.resources[name], other.resources[name])
        assert differing <= places(there.get(name))
        assert differing <= places(back.get(name))


@given(graphs(), graphs())
def test_an_edit_of_a_create_only_text_replaces_in_both_directions(one: Evaluation, other: Evaluation) -> None:
    there, back = update(one, other).changes, update(other, one).changes

    for name in one.resources.keys() & other.resources.keys():
        schema = schema_of(one.resources[name].type) or ResourceSchema()
        edited = direct(one.resources[name], other.resources[name])
        if any(schema.requires_recreation(property_) == "Always" for property_ in edited if property_):
            texts = (one.resources[name].properties, other.resources[name].properties)
            if not any("Ref" in str(value) or "Fn::" in str(value) for value in texts):
                assert (there[name].replacement, back[name].replacement) == ("True", "True")


@given(graphs(), graphs())
def test_a_replacement_replaces_whatever_reads_it_in_a_create_only_property(one: Evaluation, other: Evaluation) -> None:
    changes = update(one, other).changes
    replaced = {name for name, change in changes.items() if change.replacement == "True"}

    for name in one.resources.keys() & other.resources.keys():
        resource_ = other.resources[name]
        schema = schema_of(resource_.type) or ResourceSchema()
        for read in resource_.reads:
            is_hard = schema.requires_recreation(read.property) == "Always"
            if is_hard and read.name.partition(".")[0] in replaced:
                assert changes[name].replacement == "True"


@given(graphs(), graphs())
def test_what_becomes_of_the_old_thing_is_its_policy(one: Evaluation, other: Evaluation) -> None:
    for name, change in update(one, other).changes.items():
        if change.action == "Remove":
            assert change.policy_action == REMOVE_ACTIONS[one.resources[name].deletion_policy]
        elif change.replacement in (None, "False"):
            assert change.policy_action is None
        else:
            assert change.policy_action == f"ReplaceAnd{other.resources[name].update_replace_policy}"


@given(graphs(), graphs())
def test_every_value_that_is_shown_differs(one: Evaluation, other: Evaluation) -> None:
    for change in listed(update(one, other), values=True).values():
        for target in (detail["Target"] for detail in change["Details"]):
            assert target.get("BeforeValue") != target.get("AfterValue")
            assert target["AttributeChangeType"] == kind_of(target)


def direct(before: Resource, after: Resource) -> set[str]:
    """The properties whose values differ as they are written."""
    names = {*before.properties, *after.properties}
    return {name for name in names if before.properties.get(name) != after.properties.get(name)}


def places(change: Change | None) -> set[str]:
    """The properties that a change lists."""
    return {detail.property for detail in change.details} if change else set()


def kind_of(target: dict[str, Any]) -> str:
    if "BeforeValue" not in target:
        return "Add"
    return "Modify" if "AfterValue" in target else "Remove"


@settings(max_examples=25)
@given(graphs())
def test_a_new_stack_adds_everything(new: Evaluation) -> None:
    changes = change_set(None, new).changes

    assert {name: change.action for name, change in changes.items()} == dict.fromkeys(new.resources, "Add")


@given(graphs(), graphs())
def test_what_stays_unexecuted_can_be_planned_again(one: Evaluation, other: Evaluation) -> None:
    """A change set is a function of its inputs alone."""
    assert change_set(deployed(one), other) == change_set(deployed(one), other)
