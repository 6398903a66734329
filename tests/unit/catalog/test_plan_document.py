"""The plan document (contracts, section 3)."""

from typing import Any

import msgspec

from manciple.catalog.plan_document import PlanFacts, plan_document
from manciple.template.change_set import ChangeSet, change_set
from manciple.template.values import Secret
from tests.unit.template.graphs import deployed, get_att, graph, reads, ref, resource, topic, update

FACTS = PlanFacts(
    plan_id="plan-1",
    status="CREATE_SUCCESS",
    provisioned_product_id="pp-1",
    fingerprint="f2",
    base_fingerprint="f1",
    simulated=True,
)


def written(changes: ChangeSet | None, facts: PlanFacts = FACTS, *, values: bool = True) -> dict[str, Any]:
    document: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(plan_document(facts, changes, values=values)))
    return document


def replacement() -> ChangeSet:
    before = graph(
        topic(TopicName="a", reads=reads("Name", "TopicName")), topic("Reader", DisplayName=ref("Topic")), Name="a"
    )
    after = graph(
        topic(TopicName="b", reads=reads("Name", "TopicName")), topic("Reader", DisplayName=ref("Topic")), Name="b"
    )
    return update(before, after)


def test_a_plan_that_is_not_made_yet_has_a_document_too() -> None:
    facts = PlanFacts(plan_id="plan-1", status="CREATE_IN_PROGRESS", provisioned_product_id="pp-1")

    assert written(None, facts) == {
        "PlanId": "plan-1",
        "Status": "CREATE_IN_PROGRESS",
        "StatusMessage": None,
        "StatusReason": None,
        "ProvisionedProductId": "pp-1",
        "Fingerprint": None,
        "BaseFingerprint": None,
        "Summary": {"Add": 0, "Modify": 0, "Replace": 0, "Remove": 0},
        "Risks": [],
        "UnknownUntilExecution": [],
        "Simulated": False,
        "Changes": [],
    }


def test_changes_are_counted_by_what_happens() -> None:
    before = graph(topic("A", TopicName="a"), topic("B", DisplayName="a"), topic("C"))
    after = graph(topic("A", TopicName="b"), topic("B", DisplayName="b"), topic("D"), topic("E"))

    assert written(update(before, after))["Summary"] == {"Add": 2, "Modify": 1, "Replace": 1, "Remove": 1}


def test_every_change_tells_its_cause_and_certainty() -> None:
    changes = {entry["ResourceChange"]["LogicalResourceId"]: entry for entry in written(replacement())["Changes"]}

    assert changes["Topic"]["Certainty"] == "certain"
    assert changes["Topic"]["Cause"] == ["Parameter Name", "Ref Name", "Topic.TopicName", "replacement: create-only"]
    assert changes["Reader"]["Certainty"] == "if changed"
    assert changes["Reader"]["Type"] == "Resource"


def test_what_only_execution_can_tell_is_named() -> None:
    added = graph(topic(), topic("Reader", DisplayName=get_att("Topic", "Arn"), TopicName="known"))

    assert written(change_set(None, added))["UnknownUntilExecution"] == ["Reader.DisplayName"]


def test_with_values_a_hidden_dependent_is_shown_as_well() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))
    after = graph(topic(DisplayName="b"), topic("Reader", DisplayName=get_att("Topic", "DisplayName")))

    changes = [entry["ResourceChange"]["LogicalResourceId"] for entry in written(update(before, after))["Changes"]]

    assert changes == ["Reader", "Topic"]


def test_without_values_no_value_is_told() -> None:
    document = written(replacement(), values=False)

    change = document["Changes"][1]["ResourceChange"]
    assert "BeforeContext" not in change
    assert set(change["Details"][0]["Target"]) == {"Attribute", "Name", "RequiresRecreation"}


def test_a_plan_without_changes_says_so() -> None:
    same = graph(topic())
    facts = PlanFacts(plan_id="plan-1", status="CREATE_FAILED", provisioned_product_id="pp-1", status_message="No.")

    document = written(change_set(deployed(same), same), facts)

    assert (document["StatusReason"], document["StatusMessage"]) == ("NO_CHANGES", "No.")


def test_a_document_holds_no_secret() -> None:
    def stack(secret: str) -> Any:
        database = resource(
            "Db",
            "AWS::RDS::DBInstance",
            reads("Password", "MasterUserPassword"),
            {"MasterUserPassword": Secret(secret), "Tags": [{"Key": "k", "Value": Secret(secret)}]},
        )
        return graph(database, secret=["Password"], Password=secret)

    document = str(written(update(stack("old-secret"), stack("new-secret"))))

    assert "****" in document
    assert "secret" not in document
