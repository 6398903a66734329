"""Pages: joined they are the whole list; a token is worth nothing anywhere else (contracts, section 9)."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.contract.publishing import QUEUE, Published, walk
from tests.contract.requests import refusal

Publish = Callable[..., Published]

MANY = "\n".join(f"  Topic{number}: {{Type: AWS::SNS::Topic}}" for number in range(23))
TOPICS = (
    f"Resources:\n{MANY}\nOutputs:\n"
    + "\n".join(f"  Out{number}: {{Value: '{number}'}}" for number in range(23))
    + "\n"
)
LISTS = {
    "scan_provisioned_products": "ProvisionedProducts",
    "search_provisioned_products": "ProvisionedProducts",
    "list_record_history": "RecordDetails",
    "list_provisioned_product_plans": "ProvisionedProductPlans",
}


def some(product: Published, count: int = 3) -> None:
    """Products with a record and a plan each."""
    for number in range(count):
        plan_id = product.plan(f"p{number}")["ProvisionedProductPlanDetails"]["PlanId"]
        product.execute(plan_id, wait=False)


@pytest.mark.parametrize("operation", LISTS)
def test_pages_joined_are_the_whole_list(catalog: Any, publish: Publish, operation: str) -> None:
    some(publish(QUEUE))
    call, member = getattr(catalog, operation), LISTS[operation]

    pages = walk(call, member, PageSize=2)

    assert [len(page) for page in pages] == [2, 1]
    assert len({str(one) for page in pages for one in page}) == 3


def test_resource_changes_and_outputs_come_in_pages_of_twenty(catalog: Any, publish: Publish) -> None:
    product = publish(TOPICS)
    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]
    record_id = product.execute(plan_id)["RecordDetail"]["RecordId"]

    changes = walk(catalog.describe_provisioned_product_plan, "ResourceChanges", PlanId=plan_id, PageSize=0)
    outputs = walk(catalog.describe_record, "RecordOutputs", Id=record_id)
    again = walk(catalog.get_provisioned_product_outputs, "Outputs", ProvisionedProductName="mine")

    assert [len(page) for page in changes] == [20, 3]
    assert len({one["LogicalResourceId"] for page in changes for one in page}) == 23
    assert [len(page) for page in outputs] == [20, 4]
    assert outputs == again
    keys = [one["OutputKey"] for page in outputs for one in page]
    assert keys == ["CloudformationStackARN", *(f"Out{number}" for number in range(23))]


@pytest.mark.parametrize(
    ("operation", "largest"),
    [
        ("scan_provisioned_products", 20),
        ("search_provisioned_products", 100),
        ("list_record_history", 20),
        ("list_provisioned_product_plans", 20),
    ],
)
def test_a_page_has_its_largest_size(catalog: Any, operation: str, largest: int) -> None:
    call, member = getattr(catalog, operation), LISTS[operation]

    most = call(PageSize=largest)[member]
    code, message = refusal(lambda: call(PageSize=largest + 1))

    assert most == []
    assert code == "ValidationException"
    assert f"Member must have value less than or equal to {largest}" in message


@pytest.mark.parametrize("operation", LISTS)
@pytest.mark.parametrize("token", ["x", "not base64 ü", "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo="])
def test_a_token_that_is_none_of_ours_is_refused(catalog: Any, operation: str, token: str) -> None:
    code, _ = refusal(lambda: getattr(catalog, operation)(PageToken=token))

    assert code == "InvalidParametersException"


@pytest.mark.parametrize("operation", LISTS)
def test_a_token_is_worth_nothing_in_another_account_query_or_list(
    catalog: Any, make_client: Callable[..., Any], publish: Publish, operation: str
) -> None:
    some(publish(QUEUE), 2)
    token = getattr(catalog, operation)(PageSize=1)["NextPageToken"]
    level = {"Key": "Role", "Value": "self"}
    other = next(name for name in LISTS if name != operation)
    strangers = [make_client("servicecatalog", "999999999996"), make_client("servicecatalog", region="us-east-2")]

    refused = [refusal(lambda one=one: getattr(one, operation)(PageToken=token)) for one in strangers]  # type: ignore[misc]
    refused.append(refusal(lambda: getattr(catalog, operation)(PageToken=token, AccessLevelFilter=level)))
    refused.append(refusal(lambda: getattr(catalog, other)(PageToken=token)))

    assert {code for code, _ in refused} == {"InvalidParametersException"}


@pytest.mark.parametrize(
    "members", [{"SortBy": "name"}, {"SortOrder": "DESCENDING"}, {"Filters": {"SearchQuery": ["p0"]}}]
)
def test_a_token_is_worth_nothing_in_another_order_or_search(
    catalog: Any, publish: Publish, members: dict[str, Any]
) -> None:
    some(publish(QUEUE), 2)
    token = catalog.search_provisioned_products(PageSize=1)["NextPageToken"]

    code, _ = refusal(lambda: catalog.search_provisioned_products(PageToken=token, **members))

    assert code == "InvalidParametersException"


def test_a_token_goes_on_where_it_was_whatever_came_or_went(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    plans = [product.plan(f"p{number}")["ProvisionedProductPlanDetails"]["PlanId"] for number in range(3)]
    token = catalog.list_provisioned_product_plans(PageSize=1)["NextPageToken"]
    catalog.delete_provisioned_product_plan(PlanId=plans[0])
    late = product.plan("late")["ProvisionedProductPlanDetails"]["PlanId"]

    rest = catalog.list_provisioned_product_plans(PageToken=token)["ProvisionedProductPlans"]

    assert [plan["PlanId"] for plan in rest] == [*plans[1:], late]
