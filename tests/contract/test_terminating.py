"""TerminateProvisionedProduct, and what updating has in common with it."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract import sandbox
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]

BLOCKED = "Can't {} provisioned product because it's still under change or its status does not allow further operation"
NEEDY = QUEUE.replace("Default: 0", "MinValue: 0")
"""The queue; its delay must be given."""


def provision(product: Published, name: str = "mine", **members: Any) -> dict[str, Any]:
    """The record that ProvisionProduct answers."""
    answer = product.catalog.provision_product(
        **{
            "ProductId": product.product_id,
            "ProvisioningArtifactId": product.versions[0],
            "ProvisionedProductName": name,
            "ProvisionToken": str(uuid4()),
            **members,
        }
    )
    detail: dict[str, Any] = answer["RecordDetail"]
    return detail


def test_a_product_in_error_keeps_its_name_until_it_is_terminated(publish: Publish) -> None:
    product = publish(NEEDY)
    product.launch("mine")
    refused = refusal(lambda: provision(product))

    ended = product.terminate("mine")["RecordDetail"]
    again = product.launch("mine", ProvisioningParameters=[{"Key": "Delay", "Value": "1"}])["RecordDetail"]

    assert refused == ("InvalidParametersException", "A stack named mine already exists.")
    assert (ended["Status"], again["Status"]) == ("SUCCEEDED", "SUCCEEDED")


@pytest.mark.parametrize("members", [{}, {"ProvisionedProductId": "pp-a", "ProvisionedProductName": "a"}])
@pytest.mark.parametrize("verb", ["update", "terminate"])
def test_id_or_name_must_be_given_and_not_both(catalog: Any, verb: str, members: dict[str, str]) -> None:
    call = getattr(catalog, f"{verb}_provisioned_product")

    code, _ = refusal(lambda: call(**members, **{f"{verb.title()}Token": "t"}))

    assert code == "InvalidParametersException"


@pytest.mark.parametrize("name", ["nobody", "arn:aws:servicecatalog:eu-west-1:123456789012:stack/a/pp-a"])
@pytest.mark.parametrize("verb", ["update", "terminate"])
def test_an_unknown_product_is_not_found_in_awss_words(catalog: Any, verb: str, name: str) -> None:
    call = getattr(catalog, f"{verb}_provisioned_product")

    refused = refusal(lambda: call(ProvisionedProductName=name, **{f"{verb.title()}Token": "t"}))

    assert refused == ("ResourceNotFoundException", f"Provisioned product not found: {name}")


@pytest.mark.parametrize("verb", ["update", "terminate"])
def test_a_product_under_change_is_neither_updated_nor_terminated(
    server: Server, account: str, catalog: Any, publish: Publish, verb: str
) -> None:
    product = publish(QUEUE)
    sandbox.hold(server, account, "Queue")
    provision(product)
    call = getattr(catalog, f"{verb}_provisioned_product")

    code, message = refusal(lambda: call(ProvisionedProductName="mine", **{f"{verb.title()}Token": "t"}))

    assert code == "ValidationException"
    assert message.startswith(BLOCKED.format(verb))


@pytest.mark.parametrize("verb", ["update", "terminate"])
def test_a_planned_product_is_neither_updated_nor_terminated(catalog: Any, publish: Publish, verb: str) -> None:
    publish(QUEUE).plan("mine")
    call = getattr(catalog, f"{verb}_provisioned_product")

    code, message = refusal(lambda: call(ProvisionedProductName="mine", **{f"{verb.title()}Token": "t"}))

    assert code == "ValidationException"
    assert message.startswith(BLOCKED.format(verb))


def test_a_terminated_product_is_gone_and_its_records_stay(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    found = product.describe("mine")

    record = product.terminate("mine")["RecordDetail"]

    assert (record["RecordType"], record["Status"]) == ("TERMINATE_PROVISIONED_PRODUCT", "SUCCEEDED")
    assert refusal(lambda: catalog.describe_provisioned_product(Id=found["Id"])) == (
        "ResourceNotFoundException",
        f"Provisioned product not found: {found['Id']}",
    )
    assert catalog.describe_record(Id=found["LastRecordId"])["RecordDetail"]["Status"] == "SUCCEEDED"
    assert product.launch("mine")["RecordDetail"]["Status"] == "SUCCEEDED"


def test_a_termination_that_fails_leaves_the_product_tainted_and_can_be_tried_again(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    sandbox.refuse(server, account, "Queue", "delete")

    failed = product.terminate("mine")["RecordDetail"]
    tainted = product.describe("mine")
    sandbox.fail(server, account)
    ended = product.terminate("mine")["RecordDetail"]

    assert (failed["Status"], tainted["Status"]) == ("FAILED", "TAINTED")
    assert tainted["StatusMessage"].startswith("The following resource(s) failed to delete: [Queue].")
    assert tainted["LastProvisioningRecordId"] == failed["RecordId"]
    assert ended["Status"] == "SUCCEEDED"


def test_errors_of_a_termination_are_ignored_if_that_is_asked(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    sandbox.refuse(server, account, "Queue", "delete")

    record = product.terminate("mine", IgnoreErrors=True)["RecordDetail"]

    assert record["Status"] == "SUCCEEDED"
    assert refusal(lambda: product.describe("mine"))[0] == "ResourceNotFoundException"


def test_a_termination_that_retains_resources_deletes_none(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    sandbox.refuse(server, account, "Queue", "delete")

    record = product.terminate("mine", RetainPhysicalResources=True)["RecordDetail"]

    assert record["Status"] == "SUCCEEDED"
    assert refusal(lambda: product.describe("mine"))[0] == "ResourceNotFoundException"
