"""The change set as DescribeProvisionedProductPlan answers it (reference, 3.8)."""

from manciple.api import shapes
from manciple.template.change_set import as_service_catalog
from tests.unit.template.graphs import graph, reads, resource, topic, update


def test_a_modification_is_told_in_capitals() -> None:
    before = graph(topic(TopicName="a", reads=reads("Name", "TopicName")), Name="a")
    after = graph(topic(TopicName="b", reads=reads("Name", "TopicName")), Name="b")

    (change,) = as_service_catalog(update(before, after))

    target = shapes.ResourceTargetDefinition(attribute="PROPERTIES", name="TopicName", requires_recreation="ALWAYS")
    assert change == shapes.ResourceChange(
        action="MODIFY",
        logical_resource_id="Topic",
        physical_resource_id="id-of-Topic",
        resource_type="AWS::SNS::Topic",
        replacement="TRUE",
        scope=["PROPERTIES"],
        details=[
            shapes.ResourceChangeDetail(causing_entity="Name", evaluation="STATIC", target=target),
            shapes.ResourceChangeDetail(evaluation="DYNAMIC", target=target),
        ],
    )


def test_additions_and_removals_have_no_details() -> None:
    changes = as_service_catalog(update(graph(topic("Gone")), graph(topic("New"))))

    told = [(change.action, change.physical_resource_id, change.replacement, change.details) for change in changes]
    assert told == [("REMOVE", "id-of-Gone", None, []), ("ADD", None, None, [])]


def test_an_attribute_that_service_catalog_does_not_know_is_left_out() -> None:
    keeping = resource("Topic", "AWS::SNS::Topic", update_replace_policy="Retain", deletion_policy="Retain")

    (change,) = as_service_catalog(update(graph(topic()), graph(keeping)))

    assert change.scope == ["DELETIONPOLICY"]
