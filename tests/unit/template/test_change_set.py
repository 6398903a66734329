"""The change set without property values (rules 1 to 7 and 13 to 18 of the change set reference)."""

import pytest

from manciple.errors import TemplateError
from manciple.template.change_set import Deployed, Instance, change_set
from manciple.template.evaluation import Evaluation, Policy, Read, Resource
from manciple.template.values import Bound, Value
from tests.unit.template.graphs import deployed, get_att, graph, only, reads, reasons, ref, resource, topic, update

DIRECT = ("DirectModification", None)


def test_a_changed_literal_is_a_static_direct_modification() -> None:
    change = only(update(graph(topic(DisplayName="a")), graph(topic(DisplayName="b"))))

    assert (change.action, change.replacement, change.policy_action) == ("Modify", "False", None)
    assert reasons(change) == {("DisplayName", *DIRECT, "Static")}


def test_nothing_changes_where_everything_evaluates_to_the_same() -> None:
    same = graph(topic(DisplayName="a"), topic("Other", DisplayName=ref("Topic")))

    assert not update(same, same).has_changes


def test_a_create_only_property_replaces() -> None:
    change = only(update(graph(topic(TopicName="a")), graph(topic(TopicName="b"))))

    assert (change.replacement, change.policy_action) == ("True", "ReplaceAndDelete")
    assert change.details[0].requires_recreation == "Always"


def test_a_property_that_reads_a_changed_parameter_names_it_and_is_directly_modified_too() -> None:
    before = graph(topic(DisplayName="a", reads=reads("Name", "DisplayName")), Name="a")
    after = graph(topic(DisplayName="b", reads=reads("Name", "DisplayName")), Name="b")

    change = only(update(before, after))

    assert reasons(change) == {
        ("DisplayName", "ParameterReference", "Name", "Static"),
        ("DisplayName", *DIRECT, "Dynamic"),
    }


def test_a_new_parameter_counts_as_a_changed_one() -> None:
    after = graph(topic(DisplayName="b", reads=reads("Name", "DisplayName")), Name="b")

    change = only(update(graph(topic(DisplayName="a")), after))

    assert ("DisplayName", "ParameterReference", "Name", "Static") in reasons(change)


def test_a_changed_parameter_that_changes_no_value_changes_nothing() -> None:
    before = graph(topic(DisplayName="same", reads=reads("Size", "DisplayName")), Size="1")
    after = graph(topic(DisplayName="same", reads=reads("Size", "DisplayName")), Size="2")

    assert not update(before, after).has_changes


def test_a_stored_parameter_that_resolves_to_another_value_is_a_static_direct_modification() -> None:
    before = graph(topic(DisplayName="old", reads=reads("Stored", "DisplayName")), Stored="/path")
    after = graph(topic(DisplayName="new", reads=reads("Stored", "DisplayName")), Stored="/path")

    assert reasons(only(update(before, after))) == {("DisplayName", *DIRECT, "Static")}


def test_an_attribute_of_a_modified_resource_may_change() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", DisplayName=get_att("Topic", "TopicName")))
    after = graph(topic(DisplayName="b"), topic("Reader", DisplayName=get_att("Topic", "TopicName")))

    change = update(before, after).changes["Reader"]

    assert reasons(change) == {("DisplayName", "ResourceAttribute", "Topic.TopicName", "Dynamic")}
    assert change.certainty == "if changed"


def test_changed_attributes_travel_along_a_chain() -> None:
    readers = [topic(f"T{n}", DisplayName=get_att(f"T{n - 1}", "DisplayName")) for n in range(1, 4)]
    before, after = graph(topic("T0", DisplayName="a"), *readers), graph(topic("T0", DisplayName="b"), *readers)

    changes = update(before, after).changes

    assert list(changes) == ["T0", "T1", "T2", "T3"]
    assert reasons(changes["T3"]) == {("DisplayName", "ResourceAttribute", "T2.DisplayName", "Dynamic")}


def test_a_reference_to_a_resource_modified_in_place_is_no_change() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", DisplayName=ref("Topic")))
    after = graph(topic(DisplayName="b"), topic("Reader", DisplayName=ref("Topic")))

    assert list(update(before, after).changes) == ["Topic"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (ref("Topic"), ("DisplayName", "ResourceReference", "Topic", "Static")),
        (get_att("Topic", "Arn"), ("DisplayName", "ResourceAttribute", "Topic.Arn", "Static")),
    ],
    ids=["Ref", "GetAtt"],
)
def test_what_reads_a_replaced_resource_changes_without_being_replaced(value: Value, reason: tuple[str, ...]) -> None:
    before = graph(topic(TopicName="a"), topic("Reader", DisplayName=value))
    after = graph(topic(TopicName="b"), topic("Reader", DisplayName=value))

    change = update(before, after).changes["Reader"]

    assert reasons(change) == {reason}
    assert change.replacement == "False"


def test_a_replacement_replaces_what_reads_it_in_a_create_only_property() -> None:
    before = graph(topic(TopicName="a"), topic("Reader", TopicName=ref("Topic")))
    after = graph(topic(TopicName="b"), topic("Reader", TopicName=ref("Topic")))

    assert update(before, after).changes["Reader"].replacement == "True"


def test_an_attribute_that_may_change_in_a_create_only_property_may_replace() -> None:
    before = graph(topic(DisplayName="a"), topic("Reader", TopicName=get_att("Topic", "TopicName")))
    after = graph(topic(DisplayName="b"), topic("Reader", TopicName=get_att("Topic", "TopicName")))

    change = update(before, after).changes["Reader"]

    assert (change.replacement, change.details[0].requires_recreation) == ("Conditional", "Always")


def test_a_conditional_replacement_makes_references_to_it_dynamic() -> None:
    host = resource("Host", "AWS::EC2::Instance", properties={"InstanceType": "t3.micro"})
    bigger = resource("Host", "AWS::EC2::Instance", properties={"InstanceType": "t3.large"})
    address = resource("Address", "AWS::EC2::EIPAssociation", properties={"InstanceId": ref("Host")})

    changes = update(graph(host, address), graph(bigger, address)).changes

    assert changes["Host"].replacement == changes["Address"].replacement == "Conditional"
    assert reasons(changes["Address"]) == {("InstanceId", "ResourceReference", "Host", "Dynamic")}


def test_a_value_that_begins_to_read_a_new_resource_names_it() -> None:
    after = graph(topic(KmsMasterKeyId=ref("Key")), resource("Key", "AWS::KMS::Key"))

    change = update(graph(topic()), after).changes["Topic"]

    assert reasons(change) == {
        ("KmsMasterKeyId", "ResourceReference", "Key", "Static"),
        ("KmsMasterKeyId", *DIRECT, "Dynamic"),
    }


def test_only_the_create_only_part_of_a_property_replaces() -> None:
    def cluster(family: Value) -> Resource:
        return resource("Cluster", "AWS::EKS::Cluster", properties={"KubernetesNetworkConfig": {"IpFamily": family}})

    change = only(update(graph(cluster("ipv4")), graph(cluster("ipv6"))))

    assert (change.replacement, change.details[0].requires_recreation) == ("True", "Always")


def test_an_added_resource_has_no_details_and_no_replacement() -> None:
    change = only(update(graph(), graph(topic(TopicName="a"))))

    assert (change.action, change.details, change.replacement, change.physical_id) == ("Add", (), None, None)


@pytest.mark.parametrize(
    ("policy", "action"),
    [("Delete", "Delete"), ("Retain", "Retain"), ("Snapshot", "Snapshot"), ("RetainExceptOnCreate", "Retain")],
)
def test_a_removed_resource_goes_as_its_deletion_policy_says(policy: Policy, action: str) -> None:
    change = only(update(graph(resource("Topic", "AWS::SNS::Topic", deletion_policy=policy)), graph()))

    assert (change.action, change.policy_action, change.physical_id) == ("Remove", action, "id-of-Topic")


@pytest.mark.parametrize(("policy", "action"), [("Retain", "ReplaceAndRetain"), ("Snapshot", "ReplaceAndSnapshot")])
def test_a_replaced_resource_goes_as_its_update_replace_policy_says(policy: Policy, action: str) -> None:
    def named(name: str) -> Resource:
        return resource("Topic", "AWS::SNS::Topic", properties={"TopicName": name}, update_replace_policy=policy)

    assert only(update(graph(named("a")), graph(named("b")))).policy_action == action


def test_a_resource_that_was_never_created_is_added() -> None:
    unborn = Deployed(evaluation=graph(topic(TopicName="a")))

    assert only(change_set(unborn, graph(topic(TopicName="a")))).action == "Add"


def test_what_a_failed_operation_left_behind_is_where_the_next_change_set_starts() -> None:
    left = topic("Left")
    half = topic(DisplayName="half-way")
    instances = {
        "Left": Instance("id-of-Left", Bound("id-of-Left", {}), left),
        "Topic": Instance("id-of-Topic", Bound("id-of-Topic", {}), half),
    }
    broken = Deployed(evaluation=graph(topic(DisplayName="a")), instances=instances)

    changes = change_set(broken, graph(topic(DisplayName="a"))).changes

    assert {name: change.action for name, change in changes.items()} == {"Left": "Remove", "Topic": "Modify"}


def test_metadata_that_reads_a_changed_parameter_is_a_pair_of_its_own() -> None:
    def bucket(value: str) -> Resource:
        read = Read("Metadata", "", "parameter", "Owner")
        return resource("Bucket", "AWS::S3::Bucket", reads=[read], metadata={"Owner": value})

    change = only(update(graph(bucket("a"), Owner="a"), graph(bucket("b"), Owner="b")))

    assert reasons(change) == {("Metadata", "ParameterReference", "Owner", "Static"), ("Metadata", *DIRECT, "Dynamic")}
    assert {(detail.attribute, detail.name) for detail in change.details} == {("Metadata", None)}


def test_a_changed_update_replace_policy_alone_is_a_modification() -> None:
    keeping = resource("Topic", "AWS::SNS::Topic", update_replace_policy="Retain")

    change = only(update(graph(topic()), graph(keeping)))

    assert (change.replacement, reasons(change)) == ("False", {("UpdateReplacePolicy", *DIRECT, "Static")})


def test_depends_on_is_no_change() -> None:
    after = graph(topic(), resource("Other", "AWS::SNS::Topic", depends_on=("Topic",)))

    assert not update(graph(topic(), topic("Other")), after).has_changes


def test_the_tags_of_an_instance_are_an_attribute_and_those_of_a_bucket_a_property() -> None:
    tags: dict[str, Value] = {"Tags": [{"Key": "a", "Value": "b"}]}
    before = graph(resource("Host", "AWS::EC2::Instance"), resource("Bucket", "AWS::S3::Bucket"))
    after = graph(
        resource("Host", "AWS::EC2::Instance", properties=tags), resource("Bucket", "AWS::S3::Bucket", properties=tags)
    )

    changes = update(before, after).changes

    assert [(d.attribute, d.name) for d in changes["Host"].details] == [("Tags", None)]
    assert [(d.attribute, d.name) for d in changes["Bucket"].details] == [("Properties", "Tags")]


def test_a_changed_stack_tag_reaches_every_taggable_resource() -> None:
    stack = graph(topic(), resource("Attachment", "AWS::EC2::VPCGatewayAttachment"))

    changes = change_set(deployed(stack, {"Team": "a"}), stack, {"Team": "b"}).changes

    assert {name: reasons(change) for name, change in changes.items()} == {"Topic": {("Tags", None, None, "Static")}}


def test_tags_of_the_catalog_are_no_change() -> None:
    stack = graph(topic())

    changes = change_set(deployed(stack), stack, {"aws:servicecatalog:productArn": "arn"})

    assert not changes.has_changes


def test_a_type_may_not_change_under_one_logical_id() -> None:
    before = graph(topic("A"), topic("B"), topic("C"))
    after = graph(resource("A", "AWS::SQS::Queue"), topic("B"), resource("C", "AWS::SQS::Queue"))

    with pytest.raises(TemplateError) as refused:
        update(before, after)

    assert refused.value.message == (
        "Update of resource type is not permitted. "
        "The new template modifies resource type of the following resources: [A, C]"
    )


def test_a_change_of_outputs_alone_is_a_change_without_resources() -> None:
    changes = update(graph(topic()), graph(topic(), outputs={"Name": "a"}))

    assert (changes.has_changes, changes.outputs_changed, dict(changes.changes)) == (True, True, {})


def test_a_new_stack_without_resources_can_be_created() -> None:
    assert change_set(None, graph()).has_changes


def test_a_chain_of_thousands_is_followed_without_recursion() -> None:
    readers = [topic(f"T{n}", TopicName=ref(f"T{n - 1}")) for n in range(1, 2500)]
    before, after = graph(topic("T0", TopicName="a"), *readers), graph(topic("T0", TopicName="b"), *readers)

    changes = update(before, after).changes

    assert {change.replacement for change in changes.values()} == {"True"}
    assert len(changes) == 2500
    assert max(len(change.cause) for change in changes.values()) < 20


def test_the_cause_begins_at_the_parameter_and_ends_at_the_replacement() -> None:
    def stack(name: str) -> Evaluation:
        first = topic(TopicName=name, reads=reads("Name", "TopicName"))
        return graph(first, topic("Reader", DisplayName=ref("Topic")), Name=name)

    changes = update(stack("a"), stack("b")).changes

    first = ("Parameter Name", "Ref Name", "Topic.TopicName", "replacement: create-only")
    assert changes["Topic"].cause == first
    assert changes["Reader"].cause == (*first, "Ref Topic", "Reader.DisplayName")


def test_execution_may_do_what_was_planned_and_less_but_nothing_else() -> None:
    before = graph(topic(TopicName="a"), topic("Reader", DisplayName=ref("Topic")), topic("Gone"), topic("Same"))
    after = graph(topic(TopicName="b"), topic("Reader", DisplayName=ref("Topic")), topic("New"), topic("Same"))

    changes = update(before, after)

    assert changes.permits("Topic", "Modify", "True")
    assert changes.permits("Topic", "Modify", "False")
    assert changes.permits("Reader", "Modify", "False")
    assert not changes.permits("Reader", "Modify", "True")
    assert changes.permits("New", "Add")
    assert changes.permits("Gone", "Remove")
    assert not changes.permits("Gone", "Add")
    assert not changes.permits("Same", "Modify")
