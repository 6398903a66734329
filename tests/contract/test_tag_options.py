"""TagOptions: what they are, and what they make of a launch."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract import publishing
from tests.contract.publishing import Published
from tests.contract.requests import Bucket, create_portfolio, create_product, refusal

NO_OPTION = "tag-aaaaaaaaaaaaa"
NO_PORTFOLIO = "port-aaaaaaaaaaaaa"


def create(catalog: Any, key: str, value: str) -> str:
    """Make a TagOption and return its id."""
    return str(catalog.create_tag_option(Key=key, Value=value)["TagOptionDetail"]["Id"])


def offer(catalog: Any, resource_id: str, **options: str) -> None:
    """Associate a resource with new or existing TagOptions, one for each value of `key="a b"`."""
    for key, values in options.items():
        for value in values.split():
            found = catalog.list_tag_options(Filters={"Key": key, "Value": value})["TagOptionDetails"]
            option_id = found[0]["Id"] if found else create(catalog, key, value)
            catalog.associate_tag_option_with_resource(ResourceId=resource_id, TagOptionId=option_id)


@pytest.fixture
def published(publish: Callable[..., Published]) -> Published:
    """A product that can be launched."""
    return publish(publishing.QUEUE)


def own_tags(record: dict[str, Any]) -> dict[str, str]:
    """A record's tags but AWS's own."""
    tags = {tag["Key"]: tag["Value"] for tag in record["RecordDetail"]["RecordTags"]}
    return {key: value for key, value in tags.items() if not key.startswith("aws:")}


def test_a_tag_option_is_created_active_and_described(catalog: Any, account: str) -> None:
    created = catalog.create_tag_option(Key="Group", Value="Finance")["TagOptionDetail"]

    described = catalog.describe_tag_option(Id=created["Id"])["TagOptionDetail"]
    assert described == created
    assert described == {
        "Active": True,
        "Id": created["Id"],
        "Key": "Group",
        "Owner": account,
        "Value": "Finance",
    }
    assert created["Id"].startswith("tag-")


def test_a_key_and_value_are_one_tag_option(catalog: Any) -> None:
    create(catalog, "Group", "Finance")
    other = create(catalog, "Group", "Sales")

    assert refusal(lambda: create(catalog, "Group", "Finance"))[0] == "DuplicateResourceException"
    code, message = refusal(lambda: catalog.update_tag_option(Id=other, Value="Finance"))
    assert (code, message) == (
        "DuplicateResourceException",
        "A TagOption with the key Group and the value Finance already exists.",
    )


def test_value_and_activity_are_updated_and_what_is_left_out_stays(catalog: Any) -> None:
    option_id = create(catalog, "Group", "Finance")

    catalog.update_tag_option(Id=option_id, Active=False)
    updated = catalog.update_tag_option(Id=option_id, Value="Sales")["TagOptionDetail"]

    assert (updated["Active"], updated["Key"], updated["Value"]) == (False, "Group", "Sales")
    assert catalog.update_tag_option(Id=option_id, Value="Sales")["TagOptionDetail"] == updated


def test_tag_options_are_listed_by_their_filters_and_page_token(catalog: Any) -> None:
    ids = [create(catalog, "Group", value) for value in ("a", "b", "c")]
    create(catalog, "Stage", "a")
    catalog.update_tag_option(Id=ids[1], Active=False)

    first = catalog.list_tag_options(Filters={"Key": "Group"}, PageSize=2)
    rest = catalog.list_tag_options(Filters={"Key": "Group"}, PageSize=2, PageToken=first["PageToken"])

    assert [one["Id"] for page in (first, rest) for one in page["TagOptionDetails"]] == ids
    assert "PageToken" not in rest
    assert "NextPageToken" not in first
    for filters, expected in (
        ({"Active": False}, [ids[1]]),
        ({"Key": "Group", "Value": "c"}, [ids[2]]),
        ({"Key": "Group", "Active": True}, [ids[0], ids[2]]),
    ):
        assert [one["Id"] for one in catalog.list_tag_options(Filters=filters)["TagOptionDetails"]] == expected


def test_a_tag_option_that_is_not_there_is_named(catalog: Any, make_client: Callable[..., Any]) -> None:
    other = create(make_client("servicecatalog", "999999999999"), "Group", f"of-{id(catalog)}")
    portfolio_id = create_portfolio(catalog)

    for option_id in (NO_OPTION, other):
        for call in (
            lambda found: catalog.describe_tag_option(Id=found),
            lambda found: catalog.update_tag_option(Id=found, Active=False),
            lambda found: catalog.delete_tag_option(Id=found),
            lambda found: catalog.list_resources_for_tag_option(TagOptionId=found),
            lambda found: catalog.associate_tag_option_with_resource(ResourceId=portfolio_id, TagOptionId=found),
            lambda found: catalog.disassociate_tag_option_from_resource(ResourceId=portfolio_id, TagOptionId=found),
        ):
            code, message = refusal(lambda call=call, found=option_id: call(found))  # type: ignore[misc]
            assert code == "ResourceNotFoundException"
            assert option_id in message


def test_an_associated_tag_option_is_shown_and_cannot_be_deleted(catalog: Any, s3: Bucket) -> None:
    option_id = create(catalog, "Group", "Finance")
    product_id, portfolio_id = create_product(catalog, s3), create_portfolio(catalog)

    for resource_id in (product_id, portfolio_id):
        catalog.associate_tag_option_with_resource(ResourceId=resource_id, TagOptionId=option_id)

    shown = catalog.describe_portfolio(Id=portfolio_id)["TagOptions"]
    assert shown == [catalog.describe_tag_option(Id=option_id)["TagOptionDetail"]]
    assert catalog.describe_product_as_admin(Id=product_id)["TagOptions"] == shown
    assert refusal(lambda: catalog.delete_tag_option(Id=option_id))[0] == "ResourceInUseException"
    for resource_id in (product_id, portfolio_id):
        catalog.disassociate_tag_option_from_resource(ResourceId=resource_id, TagOptionId=option_id)
    catalog.delete_tag_option(Id=option_id)
    assert catalog.describe_portfolio(Id=portfolio_id)["TagOptions"] == []


def test_an_association_is_made_once_with_a_resource_that_is_there(catalog: Any) -> None:
    option_id, portfolio_id = create(catalog, "Group", "Finance"), create_portfolio(catalog)
    catalog.associate_tag_option_with_resource(ResourceId=portfolio_id, TagOptionId=option_id)

    def associate(resource_id: str) -> str:
        return refusal(
            lambda: catalog.associate_tag_option_with_resource(ResourceId=resource_id, TagOptionId=option_id)
        )[0]

    assert associate(portfolio_id) == "DuplicateResourceException"
    assert associate(NO_PORTFOLIO) == "ResourceNotFoundException"
    assert associate("rec-aaaaaaaaaaaaa") == "ResourceNotFoundException"


def test_resources_of_a_tag_option_are_listed_by_type_and_page(catalog: Any, s3: Bucket) -> None:
    option_id = create(catalog, "Group", "Finance")
    product_id = create_product(catalog, s3)
    portfolios = sorted(create_portfolio(catalog, f"P{number}") for number in range(3))
    for resource_id in (product_id, *portfolios):
        catalog.associate_tag_option_with_resource(ResourceId=resource_id, TagOptionId=option_id)

    first = catalog.list_resources_for_tag_option(TagOptionId=option_id, PageSize=3)
    rest = catalog.list_resources_for_tag_option(TagOptionId=option_id, PageSize=3, PageToken=first["PageToken"])
    products = catalog.list_resources_for_tag_option(TagOptionId=option_id, ResourceType="Product")["ResourceDetails"]

    assert [one["Id"] for page in (first, rest) for one in page["ResourceDetails"]] == [*portfolios, product_id]
    assert "PageToken" not in rest
    described = catalog.describe_product_as_admin(Id=product_id)["ProductViewDetail"]
    assert products == [
        {
            "ARN": described["ProductARN"],
            "CreatedTime": described["CreatedTime"],
            "Id": product_id,
            "Name": described["ProductViewSummary"]["Name"],
        }
    ]
    code, message = refusal(
        lambda: catalog.list_resources_for_tag_option(TagOptionId=option_id, ResourceType="Constraint")
    )
    assert (code, message) == (
        "InvalidParametersException",
        "ResourceType takes Portfolio and Product, not Constraint.",
    )


def test_a_key_has_25_values_and_a_resource_25_tag_options(catalog: Any) -> None:
    portfolio_id = create_portfolio(catalog)
    ids = [create(catalog, "Group", f"v{number}") for number in range(25)]
    more = create(catalog, "Stage", "a")
    for option_id in ids:
        catalog.associate_tag_option_with_resource(ResourceId=portfolio_id, TagOptionId=option_id)

    assert refusal(lambda: create(catalog, "Group", "v25"))[0] == "LimitExceededException"
    assert (
        refusal(lambda: catalog.associate_tag_option_with_resource(ResourceId=portfolio_id, TagOptionId=more))[0]
        == "LimitExceededException"
    )


def test_a_deleted_portfolio_frees_its_tag_options(catalog: Any) -> None:
    option_id, portfolio_id = create(catalog, "Group", "Finance"), create_portfolio(catalog, is_open=False)
    catalog.associate_tag_option_with_resource(ResourceId=portfolio_id, TagOptionId=option_id)

    catalog.delete_portfolio(Id=portfolio_id)

    assert catalog.list_resources_for_tag_option(TagOptionId=option_id)["ResourceDetails"] == []
    catalog.delete_tag_option(Id=option_id)


def test_a_launch_is_offered_keys_of_one_side_as_they_are_and_of_both_what_they_share(
    catalog: Any, published: Published
) -> None:
    offer(catalog, published.portfolio_id, Group="Finance", Stage="dev test prod", Cost="1 2")
    offer(catalog, published.product_id, Stage="prod dev", Cost="3", Color="red green")

    shown = catalog.describe_provisioning_parameters(
        ProductId=published.product_id, ProvisioningArtifactId=published.versions[0]
    )["TagOptions"]

    assert {one["Key"]: one["Values"] for one in shown} == {
        "Group": ["Finance"],
        "Stage": ["dev", "prod"],
        "Cost": [],
        "Color": ["red", "green"],
    }


def test_a_launch_gets_single_values_by_itself_and_the_one_it_chooses_of_several(
    catalog: Any, published: Published
) -> None:
    offer(catalog, published.portfolio_id, Group="Finance", Stage="dev prod")

    record = published.launch("mine", Tags=[{"Key": "Stage", "Value": "dev"}, {"Key": "Mine", "Value": "yes"}])

    assert own_tags(record) == {"Group": "Finance", "Stage": "dev", "Mine": "yes"}
    found = catalog.search_provisioned_products(Filters={"SearchQuery": ["tags:Group:Finance"]})
    tags = {tag["Key"]: tag["Value"] for tag in found["ProvisionedProducts"][0]["Tags"]}
    assert len([key for key in tags if key.startswith("aws:servicecatalog:")]) == 5
    assert (tags["Group"], tags["Stage"], tags["Mine"]) == ("Finance", "dev", "yes")


def test_the_tags_of_tag_options_are_on_the_stacks_resources(
    catalog: Any, published: Published, make_client: Callable[..., Any]
) -> None:
    offer(catalog, published.product_id, Group="Finance")

    published.launch("mine")

    found = make_client("cloudcontrol").list_resources(TypeName="AWS::SQS::Queue")["ResourceDescriptions"]
    assert '"Finance"' in found[0]["Properties"]


@pytest.mark.parametrize(
    ("tags", "found"),
    [([], "has no value"), ([{"Key": "Stage", "Value": "test"}], "has the value test")],
    ids=["none", "another"],
)
def test_one_of_several_values_must_be_chosen(
    catalog: Any, published: Published, tags: list[dict[str, str]], found: str
) -> None:
    offer(catalog, published.portfolio_id, Stage="dev prod")
    sentence = f"The tag Stage {found}; a TagOption demands one of: dev, prod."

    launched = refusal(lambda: published.launch("mine", Tags=tags))
    planned = refusal(lambda: published.plan("mine", Tags=tags))

    assert launched == planned == ("InvalidParametersException", sentence)
    assert catalog.search_provisioned_products()["ProvisionedProducts"] == []


def test_a_plan_of_a_new_product_carries_the_tags_of_tag_options(catalog: Any, published: Published) -> None:
    offer(catalog, published.portfolio_id, Group="Finance", Stage="dev prod")

    plan = published.plan("mine", Tags=[{"Key": "Stage", "Value": "prod"}])
    record = published.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert own_tags(record) == {"Group": "Finance", "Stage": "prod"}


def test_a_conflict_does_not_block_a_launch_and_marks_the_tag(catalog: Any, published: Published) -> None:
    offer(catalog, published.portfolio_id, Stage="dev")
    offer(catalog, published.product_id, Stage="prod")
    mark = {"Stage": f"sc-tagconflict-{published.portfolio_id}-{published.product_id}"}

    silent = published.launch("mine")
    insisting = published.launch("yours", Tags=[{"Key": "Stage", "Value": "dev"}])

    assert own_tags(silent) == own_tags(insisting) == mark


def test_an_inactive_tag_option_is_neither_offered_nor_applied(catalog: Any, published: Published) -> None:
    offer(catalog, published.portfolio_id, Group="Finance", Stage="dev prod")
    for key, value in (("Group", "Finance"), ("Stage", "prod")):
        found = catalog.list_tag_options(Filters={"Key": key, "Value": value})["TagOptionDetails"]
        catalog.update_tag_option(Id=found[0]["Id"], Active=False)

    record = published.launch("mine")

    assert own_tags(record) == {"Stage": "dev"}


def test_an_update_leaves_the_tags_of_the_launch(catalog: Any, published: Published) -> None:
    published.launch("mine")
    offer(catalog, published.portfolio_id, Stage="dev prod")

    record = published.update("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "7"}])

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert own_tags(record) == {}


def test_an_update_that_may_change_tags_brings_those_of_new_tag_options(catalog: Any, published: Published) -> None:
    published.launch("mine", Tags=[{"Key": "Mine", "Value": "yes"}])
    offer(catalog, published.portfolio_id, Group="Finance", Stage="dev prod")
    catalog.create_constraint(
        PortfolioId=published.portfolio_id,
        ProductId=published.product_id,
        Type="RESOURCE_UPDATE",
        Parameters='{"Version": "2.0", "Properties": {"TagUpdateOnProvisionedProduct": "ALLOWED"}}',
    )

    silent = published.update("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "7"}])
    refused = refusal(lambda: published.update("mine", Tags=[{"Key": "Stage", "Value": "test"}]))
    choosing = published.update("mine", Tags=[{"Key": "Stage", "Value": "dev"}])

    assert own_tags(silent) == {"Mine": "yes", "Group": "Finance"}
    assert refused[0] == "InvalidParametersException"
    assert own_tags(choosing) == {"Group": "Finance", "Stage": "dev"}


def test_tags_and_those_of_tag_options_together_are_50(catalog: Any, published: Published) -> None:
    offer(catalog, published.portfolio_id, Group="Finance")
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(50)]

    code, message = refusal(lambda: published.launch("mine", Tags=tags))

    assert code == "InvalidParametersException"
    assert "51 tags" in message
