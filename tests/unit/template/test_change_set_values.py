"""The change set with property values (rules 8 to 12)."""

import json
from typing import Any

from manciple.template.change_set import KNOWN_AFTER_APPLY, ChangeSet, as_cloudformation, as_review
from manciple.template.values import Secret, Value
from tests.unit.template.graphs import TOPIC, get_att, graph, reads, ref, resource, topic, update

HOST = "AWS::EC2::Instance"


def tags(*texts: str) -> dict[str, Value]:
    """Tags of keys and values in turn."""
    return {"Tags": [{"Key": key, "Value": value} for key, value in zip(texts[::2], texts[1::2], strict=True)]}


def shown(changes: ChangeSet) -> dict[str, Any]:
    entries = as_cloudformation(changes, values=True)
    return {entry["ResourceChange"]["LogicalResourceId"]: entry["ResourceChange"] for entry in entries}


def test_a_detail_tells_where_and_what_a_value_was_and_will_be() -> None:
    changes = update(graph(topic(DisplayName="a")), graph(topic(DisplayName="b")))

    target = shown(changes)["Topic"]["Details"][0]["Target"]

    assert target == {
        "Attribute": "Properties",
        "Name": "DisplayName",
        "RequiresRecreation": "Never",
        "Path": "/Properties/DisplayName",
        "BeforeValue": "a",
        "AfterValue": "b",
        "AttributeChangeType": "Modify",
    }


def test_an_added_property_has_no_value_before() -> None:
    target = shown(update(graph(topic()), graph(topic(DisplayName="b"))))["Topic"]["Details"][0]["Target"]

    assert (target["AttributeChangeType"], target["AfterValue"]) == ("Add", "b")
    assert "BeforeValue" not in target


def test_a_removed_property_has_no_value_after() -> None:
    target = shown(update(graph(topic(DisplayName="a")), graph(topic())))["Topic"]["Details"][0]["Target"]

    assert (target["AttributeChangeType"], target["BeforeValue"]) == ("Remove", "a")
    assert "AfterValue" not in target


def test_structured_values_are_json_text() -> None:
    tags: Value = [{"Key": "a", "Value": "b"}]

    target = shown(update(graph(topic()), graph(topic(Tags=tags))))["Topic"]["Details"][0]["Target"]

    assert json.loads(target["AfterValue"]) == tags


def test_tags_that_are_an_attribute_are_told_part_by_part() -> None:
    before = graph(resource("Host", HOST, properties=tags("a", "b")))
    after = graph(resource("Host", HOST, properties=tags("A", "b", "c", "d")))

    targets = [detail["Target"] for detail in shown(update(before, after))["Host"]["Details"]]

    assert [(one["Path"], one["AttributeChangeType"], one["AfterValue"]) for one in targets] == [
        ("/Properties/Tags/0/Key", "Modify", "A"),
        ("/Properties/Tags/1", "Add", '{"Key":"c","Value":"d"}'),
    ]


def test_tags_that_come_as_a_whole_are_one_detail() -> None:
    after = graph(resource("Host", HOST, properties=tags("a", "b")))

    targets = [one["Target"] for one in shown(update(graph(resource("Host", HOST)), after))["Host"]["Details"]]

    assert [(one["Path"], one["AttributeChangeType"]) for one in targets] == [("/Properties/Tags", "Add")]


def test_a_context_shows_metadata_and_policies_beside_the_properties() -> None:
    parts: dict[str, Any] = {"metadata": {"a": "b"}, "deletion_policy": "Retain", "update_replace_policy": "Retain"}
    before = graph(resource("Topic", TOPIC, properties={"DisplayName": "a"}))
    after = graph(resource("Topic", TOPIC, properties={"DisplayName": "a"}, **parts))

    change = shown(update(before, after))["Topic"]

    assert json.loads(change["BeforeContext"]) == {"Properties": {"DisplayName": "a"}}
    assert json.loads(change["AfterContext"]) == {
        "Properties": {"DisplayName": "a"},
        "Metadata": {"a": "b"},
        "UpdateReplacePolicy": "Retain",
        "DeletionPolicy": "Retain",
    }


def test_what_reads_a_replaced_resource_is_known_after_apply_and_directly_modified_too() -> None:
    before = graph(topic(TopicName="a"), topic("Reader", DisplayName=ref("Topic")))
    after = graph(topic(TopicName="b"), topic("Reader", DisplayName=ref("Topic")))

    details = shown(update(before, after))["Reader"]["Details"]

    assert {(detail["ChangeSource"], detail["Evaluation"]) for detail in details} == {
        ("ResourceReference", "Static"),
        ("DirectModification", "Dynamic"),
    }
    assert {detail["Target"]["BeforeValue"] for detail in details} == {"id-of-Topic"}
    assert {detail["Target"]["AfterValue"] for detail in details} == {KNOWN_AFTER_APPLY}


def test_an_attribute_that_may_change_is_hidden_because_its_value_is_the_same_today() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))
    after = graph(topic(DisplayName="b"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))

    changes = update(before, after)

    assert list(shown(changes)) == ["Topic"]
    assert list(changes.changes) == ["Reader", "Topic"]


def test_replacement_and_scope_follow_from_the_details_that_are_left() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", TopicName=get_att("Topic", "DisplayName"), DisplayName="x"))
    after = graph(topic(DisplayName="b"), topic("Reader", TopicName=get_att("Topic", "DisplayName"), DisplayName="y"))

    changes = update(before, after)

    assert changes.changes["Reader"].replacement == "Conditional"
    assert shown(changes)["Reader"]["Replacement"] == "False"
    assert "PolicyAction" not in shown(changes)["Reader"]


def test_an_added_resource_reads_existing_ones_as_they_are_and_new_ones_as_unknown() -> None:
    added = topic("Reader", DisplayName={"Fn::Join": ["-", ["a", ref("New")]]}, TopicName=get_att("Topic", "Arn"))
    changes = update(graph(topic()), graph(topic(), topic("New"), added))

    context = json.loads(shown(changes)["Reader"]["AfterContext"])

    assert context == {"Properties": {"DisplayName": KNOWN_AFTER_APPLY, "TopicName": "arn-of-Topic"}}


def test_a_sub_keeps_the_text_around_what_is_unknown() -> None:
    added = topic("Reader", DisplayName={"Fn::Sub": ["x ${New.Arn} ${!y}", {}]})

    context = json.loads(shown(update(graph(), graph(added)))["Reader"]["AfterContext"])

    assert context["Properties"]["DisplayName"] == f"x {KNOWN_AFTER_APPLY} ${{y}}"


def test_a_removed_resource_shows_every_reference_as_unknown() -> None:
    gone = topic("Reader", DisplayName=ref("Topic"), Tags=[])

    change = shown(update(graph(topic(), gone), graph(topic())))["Reader"]

    assert json.loads(change["BeforeContext"]) == {"Properties": {"DisplayName": KNOWN_AFTER_APPLY, "Tags": []}}
    assert "AfterContext" not in change


def test_an_import_is_known_after_apply() -> None:
    added = topic(DisplayName={"Fn::ImportValue": "name"})

    context = json.loads(shown(update(graph(), graph(added)))["Topic"]["AfterContext"])

    assert context["Properties"]["DisplayName"] == KNOWN_AFTER_APPLY


def test_secrets_are_four_stars_wherever_they_are_shown() -> None:
    def stack(secret: str) -> Any:
        return graph(topic(DisplayName=Secret(secret), reads=reads("Key", "DisplayName")), Key=secret, secret=["Key"])

    changes = update(stack("first-secret"), stack("second-secret"))
    text = json.dumps(as_cloudformation(changes, values=True)) + json.dumps(as_review(changes))

    assert '"AfterValue": "****"' in text
    assert "secret" not in text


def test_a_review_shows_what_either_form_shows() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))
    after = graph(topic(DisplayName="b"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))

    reviewed = [entry["ResourceChange"] for entry in as_review(update(before, after))]

    assert [change["LogicalResourceId"] for change in reviewed] == ["Reader", "Topic"]
    assert reviewed[0]["Details"][0]["CausingEntity"] == "Topic.DisplayName"
    assert reviewed[1]["Details"][0]["Target"]["AfterValue"] == "b"
