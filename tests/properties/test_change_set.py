"""Laws of the change set, over random graphs and edits."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from manciple.template.change_set import ChangeSet, as_cloudformation, change_set
from manciple.template.evaluation import Evaluation, Resource
from manciple.template.values import Value
from tests.unit.template.graphs import deployed, get_att, graph, ref, resource, update

TYPES = {
    "AWS::SNS::Topic": ("TopicName", "DisplayName", "KmsMasterKeyId"),
    "AWS::SQS::Queue": ("QueueName", "DelaySeconds", "KmsMasterKeyId"),
    "AWS::EC2::Instance": ("ImageId", "InstanceType", "UserData"),
    "Custom::Thing": ("ServiceToken", "Anything"),
}
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
            resources.append(resource(name, type_, properties=properties))
    return graph(*resources)


def values(earlier: list[str]) -> st.SearchStrategy[Value]:
    """Text, or a reference to an earlier resource."""
    texts: st.SearchStrategy[Any] = st.sampled_from(["a", "b", "c"])
    if not earlier:
        return texts
    names = st.sampled_from(earlier)
    return texts | names.map(ref) | names.map(lambda name: get_att(name, "Arn"))


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


@settings(max_examples=25)
@given(graphs())
def test_a_new_stack_adds_everything(new: Evaluation) -> None:
    changes = change_set(None, new).changes

    assert {name: change.action for name, change in changes.items()} == dict.fromkeys(new.resources, "Add")


@given(graphs(), graphs())
def test_what_stays_unexecuted_can_be_planned_again(one: Evaluation, other: Evaluation) -> None:
    """A change set is a function of its inputs alone."""
    assert change_set(deployed(one), other) == change_set(deployed(one), other)
