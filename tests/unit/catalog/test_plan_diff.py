"""Two plans held against each other."""

from typing import Any

import msgspec

from manciple.catalog.plan_diff import diff_without_values, plan_diff
from manciple.catalog.plan_document import PlanDocument, PlanFacts, plan_document
from manciple.template.change_set import ChangeSet, change_set
from manciple.template.values import Secret, Value
from tests.unit.template.graphs import get_att, graph, resource, topic, update


def document(changes: ChangeSet, plan_id: str = "plan-a") -> PlanDocument:
    facts = PlanFacts(plan_id=plan_id, status="CREATE_SUCCESS", provisioned_product_id="pp-1")
    return plan_document(facts, changes)


def difference(ours: ChangeSet, theirs: ChangeSet) -> dict[str, Any]:
    diff = plan_diff(document(ours), document(theirs, "plan-b"))
    written: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(diff))
    return written


def names(changes: list[dict[str, Any]]) -> list[str]:
    return [change["ResourceChange"]["LogicalResourceId"] for change in changes]


def test_a_plan_does_not_differ_from_itself() -> None:
    changes = change_set(None, graph(topic("A"), topic("B", DisplayName="b"), outputs={"Name": "x"}))

    found = difference(changes, changes)

    assert (found["OnlyInA"], found["OnlyInB"], found["Different"], found["Equal"]) == ([], [], [], 2)
    assert (found["Parameters"], found["Outputs"]) == ([], [])


def test_what_only_one_plan_changes_is_told_whole() -> None:
    found = difference(change_set(None, graph(topic("A"), topic("B"))), change_set(None, graph(topic("B"), topic("C"))))

    assert (names(found["OnlyInA"]), names(found["OnlyInB"]), found["Equal"]) == (["A"], ["C"], 1)


def test_additions_differ_where_what_they_make_does() -> None:
    def queue(delay: str) -> ChangeSet:
        tags: Value = [{"Key": "size", "Value": delay}, {"Key": "team", "Value": "blue"}]
        return change_set(
            None, graph(resource("Q", "AWS::SQS::Queue", properties={"DelaySeconds": delay, "Tags": tags}))
        )

    (found,) = difference(queue("1"), queue("2"))["Different"]

    assert found["Attributes"] == []
    assert found["Paths"] == [
        {"Path": "/Properties/DelaySeconds", "InA": {"AfterValue": "1"}, "InB": {"AfterValue": "2"}},
        {"Path": "/Properties/Tags[Key=size]/Value", "InA": {"AfterValue": "1"}, "InB": {"AfterValue": "2"}},
    ]


def test_modifications_differ_by_what_they_change() -> None:
    before = graph(topic(DisplayName="a", KmsMasterKeyId="k"))

    (found,) = difference(
        update(before, graph(topic(DisplayName="b", KmsMasterKeyId="k"))),
        update(before, graph(topic(DisplayName="c", KmsMasterKeyId="l"))),
    )["Different"]

    assert found["Paths"] == [
        {
            "Path": "/Properties/DisplayName",
            "InA": {"BeforeValue": "a", "AfterValue": "b"},
            "InB": {"BeforeValue": "a", "AfterValue": "c"},
        },
        {"Path": "/Properties/KmsMasterKeyId", "InA": None, "InB": {"BeforeValue": "k", "AfterValue": "l"}},
    ]


def test_a_replacement_differs_from_an_update_in_place() -> None:
    before = graph(topic(TopicName="a", DisplayName="a"))

    (found,) = difference(
        update(before, graph(topic(TopicName="b", DisplayName="a"))),
        update(before, graph(topic(TopicName="a", DisplayName="b"))),
    )["Different"]

    assert found["Attributes"] == [
        {"Name": "Replacement", "InA": "True", "InB": "False"},
        {"Name": "PolicyAction", "InA": "ReplaceAndDelete", "InB": None},
    ]


def test_a_value_that_only_execution_tells_is_there_without_values() -> None:
    def stack(name: str, label: str) -> Any:
        return graph(topic(DisplayName=name), topic("Reader", DisplayName=label or get_att("Topic", "TopicName")))

    before = stack("a", "")

    found = difference(update(before, stack("b", "")), update(before, stack("b", "known")))["Different"]

    (paths,) = (one["Paths"] for one in found if one["LogicalResourceId"] == "Reader")
    assert paths[0]["InA"] == {}
    assert paths[0]["InB"]["AfterValue"] == "known"


def test_parameters_and_outputs_are_compared_as_well() -> None:
    ours = change_set(None, graph(topic(), outputs={"Url": "a"}, Size="1", Same="x"))
    theirs = change_set(None, graph(topic(), outputs={"Url": "b"}, Size="2", Same="x"))

    found = difference(ours, theirs)

    assert found["Parameters"] == [{"Path": "/Parameters/Size", "InA": {"AfterValue": "1"}, "InB": {"AfterValue": "2"}}]
    assert found["Outputs"] == [{"Path": "/Outputs/Url/Value", "InA": {"AfterValue": "a"}, "InB": {"AfterValue": "b"}}]


def test_secrets_are_neither_told_nor_a_difference() -> None:
    def made(secret: str) -> ChangeSet:
        return change_set(None, graph(topic(DisplayName=Secret(secret))))

    found = difference(made("one-secret"), made("other-secret"))

    assert found["Different"] == []
    assert "secret" not in str(found)


def test_without_values_only_the_places_are_told() -> None:
    before = graph(topic(DisplayName="old-text"))
    ours, theirs = (document(update(before, graph(topic(DisplayName=name)))) for name in ("our-text", "their-text"))

    found = diff_without_values(plan_diff(ours, theirs))

    assert [path.path for path in found.different[0].paths] == ["/Properties/DisplayName"]
    assert b"-text" not in msgspec.json.encode(found)
