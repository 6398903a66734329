"""UpdateProvisionedProductProperties: a provisioned product gets another owner or launch role."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract import sandbox
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import issue_key, refusal

Publish = Callable[..., Published]


def update(catalog: Any, product_id: str, **properties: str) -> dict[str, Any]:
    answer: dict[str, Any] = catalog.update_provisioned_product_properties(
        ProvisionedProductId=product_id, ProvisionedProductProperties=properties, IdempotencyToken=str(uuid4())
    )
    return answer


def user(account: str, name: str) -> str:
    return f"arn:aws:iam::{account}:user/{name}"


def launched(product: Published, name: str = "mine") -> str:
    return str(product.launch(name)["RecordDetail"]["ProvisionedProductId"])


def test_the_answer_names_the_record_and_what_was_updated(account: str, catalog: Any, publish: Publish) -> None:
    product_id = launched(publish(QUEUE))
    properties = {"OWNER": user(account, "ana"), "LAUNCH_ROLE": f"arn:aws:iam::{account}:role/launch"}

    answer = update(catalog, product_id, **properties)

    record = catalog.describe_record(Id=answer["RecordId"])["RecordDetail"]
    assert answer["ProvisionedProductId"] == product_id
    assert answer["ProvisionedProductProperties"] == properties
    assert answer["Status"] == record["Status"] == "SUCCEEDED"
    assert record["RecordType"] == "UPDATE_PROVISIONED_PRODUCT_PROPERTIES"
    assert record["LaunchRoleArn"] == properties["LAUNCH_ROLE"]
    assert record["ProvisionedProductId"] == product_id


def test_the_record_is_the_last_one_but_not_the_last_provisioning_one(
    account: str, catalog: Any, publish: Publish
) -> None:
    product = publish(QUEUE)
    product_id = launched(product)
    before = product.describe("mine")

    record_id = update(catalog, product_id, OWNER=user(account, "ana"))["RecordId"]

    after = product.describe("mine")
    assert after["LastRecordId"] == record_id
    assert after["LastProvisioningRecordId"] == before["LastProvisioningRecordId"]
    assert catalog.get_provisioned_product_outputs(ProvisionedProductId=product_id)["Outputs"]


@pytest.mark.parametrize("path", ["user/team/ana", "role/team/ana"])
def test_an_owner_sees_the_product_in_place_of_who_launched_it(
    server: Server, account: str, catalog: Any, publish: Publish, path: str
) -> None:
    product_id = launched(publish(QUEUE))
    owner = f"arn:aws:iam::{account}:{path}"
    other = issue_key(server, account, owner)

    update(catalog, product_id, OWNER=owner)

    (mine,) = other.scan_provisioned_products()["ProvisionedProducts"]
    (found,) = catalog.search_provisioned_products(Filters={"SearchQuery": [f"userArn:{owner}"]})["ProvisionedProducts"]
    assert mine["Id"] == product_id
    assert (found["UserArn"], found["UserArnSession"]) == (owner, owner)
    assert catalog.scan_provisioned_products()["ProvisionedProducts"] == []


def test_the_history_stays_with_who_made_it(server: Server, account: str, catalog: Any, publish: Publish) -> None:
    product_id = launched(publish(QUEUE))
    ana = issue_key(server, account, user(account, "ana"))

    update(catalog, product_id, OWNER=user(account, "ana"))

    mine = catalog.list_record_history(SearchFilter={"Key": "provisionedproduct", "Value": product_id})
    types = [record["RecordType"] for record in mine["RecordDetails"]]
    everything = ana.list_record_history(
        SearchFilter={"Key": "provisionedproduct", "Value": product_id},
        AccessLevelFilter={"Key": "Account", "Value": "self"},
    )
    assert types == ["UPDATE_PROVISIONED_PRODUCT_PROPERTIES", "PROVISION_PRODUCT"]
    assert ana.list_record_history()["RecordDetails"] == []
    assert everything["RecordDetails"] == mine["RecordDetails"]


def test_an_assumed_role_owns_as_the_session_that_it_is(account: str, catalog: Any, publish: Publish) -> None:
    product_id = launched(publish(QUEUE))
    session = f"arn:aws:sts::{account}:assumed-role/team/ana"

    update(catalog, product_id, OWNER=session)

    (found,) = catalog.search_provisioned_products()["ProvisionedProducts"]
    assert (found["UserArn"], found["UserArnSession"]) == (f"arn:aws:iam::{account}:role/team", session)


def test_a_launch_role_shows_and_is_what_later_operations_use(account: str, catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    product_id = launched(product)
    role = f"arn:aws:iam::{account}:role/launch"

    update(catalog, product_id, LAUNCH_ROLE=role)

    record = product.update("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "5"}])["RecordDetail"]
    assert product.describe("mine")["LaunchRoleArn"] == role
    assert record["LaunchRoleArn"] == role


@pytest.mark.parametrize(
    "properties",
    [
        {"OWNER": "ana"},
        {"OWNER": ""},
        {"OWNER": "arn:aws:iam::{account}:group/team"},
        {"OWNER": "arn:aws:iam::210987654321:user/ana"},
        {"OWNER": "arn:aws:sts::210987654321:assumed-role/team/ana"},
        {"LAUNCH_ROLE": "arn:aws:iam::{account}:user/ana"},
        {"LAUNCH_ROLE": "arn:aws:sts::{account}:assumed-role/team/ana"},
        {"LAUNCH_ROLE": ""},
        {"LAUNCH_ROLE": "arn:aws:iam::210987654321:role/launch"},
    ],
)
def test_what_is_no_owner_or_launch_role_is_refused(
    account: str, catalog: Any, publish: Publish, properties: dict[str, str]
) -> None:
    product_id = launched(publish(QUEUE))
    given = {key: value.format(account=account) for key, value in properties.items()}

    code, _ = refusal(lambda: update(catalog, product_id, **given))

    assert code == "InvalidParametersException"
    assert len(catalog.list_record_history()["RecordDetails"]) == 1


def test_a_property_that_there_is_not_is_refused(catalog: Any, publish: Publish) -> None:
    product_id = launched(publish(QUEUE))

    code, message = refusal(lambda: update(catalog, product_id, NAME="other"))

    assert code == "ValidationException"
    assert "Member must satisfy enum value set" in message


def test_a_product_under_change_keeps_its_properties(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    sandbox.hold(server, account, "Queue")
    product = publish(QUEUE)
    record = catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine",
        ProvisionToken="first",
    )["RecordDetail"]

    code, message = refusal(lambda: update(catalog, record["ProvisionedProductId"], OWNER=user(account, "ana")))

    assert code == "InvalidStateException"
    assert "is UNDER_CHANGE" in message


def test_an_unknown_product_is_not_found(account: str, catalog: Any) -> None:
    refused = refusal(lambda: update(catalog, "pp-aaaaaaaaaaaaa", OWNER=user(account, "ana")))

    assert refused == ("ResourceNotFoundException", "Provisioned product not found: pp-aaaaaaaaaaaaa")
