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
        "RiskCounts": {
            "High": 0,
            "Medium": 0,
            "Low": 0,
            "DataLoss": 0,
            "PublicExposure": 0,
            "WiderPermissions": 0,
            "WeakerProtection": 0,
            "Words": "",
        },
        "InvalidProperties": [],
        "UnknownUntilExecution": [],
        "Simulated": False,
        "NotSimulated": [],
        "Changes": [],
        "Parameters": [],
        "Outputs": [],
        "Done": None,
        "Asked": None,
        "Drift": None,
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


def test_a_value_inside_a_property_that_only_execution_tells_is_named_with_its_way() -> None:
    reader = resource("Policy", "AWS::SQS::QueuePolicy", properties={"Queues": ["a", ref("Topic")]})

    told = written(change_set(None, graph(topic(), reader)))

    assert told["UnknownUntilExecution"] == ["Policy.Queues/1"]


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


def test_a_modification_tells_its_places_beside_aws_s_own_form() -> None:
    before = graph(topic(Tags=[{"Key": "a", "Value": "1"}]))
    after = graph(topic(Tags=[{"Key": "a", "Value": "2"}]))

    (change,) = written(update(before, after))["Changes"]

    assert change["PathChanges"] == [
        {"Path": "/Properties/Tags[Key=a]/Value", "ChangeType": "Modify", "BeforeValue": "1", "AfterValue": "2"}
    ]
    assert {detail["Target"]["Path"] for detail in change["ResourceChange"]["Details"]} == {"/Properties/Tags"}


def test_parameters_and_outputs_that_change_are_told() -> None:
    before = graph(topic(), outputs={"Kept": "k", "Gone": "g", "Name": get_att("Topic", "TopicArn")}, Size="1")
    after = graph(topic(TopicName="n"), outputs={"Kept": "k", "Name": get_att("Topic", "TopicArn")}, Size="2", New="x")

    document = written(update(before, after))

    assert [(one["Path"], one["ChangeType"]) for one in document["Parameters"]] == [
        ("/Parameters/Size", "Modify"),
        ("/Parameters/New", "Add"),
    ]
    outputs = {one["Path"]: one.get("AfterValue") for one in document["Outputs"]}
    assert outputs == {"/Outputs/Gone/Value": None, "/Outputs/Name/Value": "{{changeSet:KNOWN_AFTER_APPLY}}"}


def test_tags_of_the_system_are_no_change() -> None:
    same = graph(topic())

    changes = change_set(
        deployed(same, {"aws:servicecatalog:productArn": "a"}), same, {"aws:servicecatalog:productArn": "b"}
    )

    assert written(changes)["Changes"] == []


def test_properties_that_the_schema_does_not_permit_are_told_before_anything_is_executed() -> None:
    invalid = topic(TopicNames="a", KmsMasterKeyId=ref("Key"), Tags=[{"Key": "a"}])
    changes = change_set(None, graph(invalid, resource("Key", "AWS::KMS::Key")))

    assert written(changes)["InvalidProperties"] == [
        {
            "LogicalResourceId": "Topic",
            "Path": "",
            "Reason": "extraneous key [TopicNames] is not permitted",
            "Consequence": "fails",
        },
        {
            "LogicalResourceId": "Topic",
            "Path": "Tags/0",
            "Reason": "required key [Value] not found",
            "Consequence": "fails",
        },
    ]


def test_a_value_that_may_be_a_stand_in_fails_on_aws_only() -> None:
    function = resource("Run", "AWS::Lambda::Function", properties={"Code": {"ZipFile": "pass"}, "Role": "a-role"})
    told = written(change_set(None, graph(function)))["InvalidProperties"]

    assert [(one["Path"], one["Consequence"]) for one in told] == [("Role", "fails on AWS")]


def test_invalid_properties_inside_a_nested_stack_are_named_with_its_path() -> None:
    inner = change_set(None, graph(topic(TopicNames="a")))
    outer = msgspec.structs.replace(change_set(None, graph(topic("Other"))), nested={"Child": inner})

    assert [one["LogicalResourceId"] for one in written(outer)["InvalidProperties"]] == ["Child/Topic"]


def test_what_only_another_cloud_would_check_is_not_foretold() -> None:
    changes = change_set(None, graph(topic(TopicNames="a")))

    assert written(changes, msgspec.structs.replace(FACTS, simulated=False))["InvalidProperties"] == []
