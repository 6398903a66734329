"""Records and outputs: DescribeRecord, ListRecordHistory, GetProvisionedProductOutputs."""

from collections.abc import Callable
from typing import Any

import pytest

from manciple.app import Server
from tests.contract import sandbox
from tests.contract.publishing import QUEUE, Published, until
from tests.contract.requests import refusal

Publish = Callable[..., Published]


def test_a_record_that_succeeded_has_empty_errors_and_no_launch_role(publish: Publish) -> None:
    answer = publish(QUEUE).launch("mine")

    assert answer["RecordDetail"]["RecordErrors"] == []
    assert "LaunchRoleArn" not in answer["RecordDetail"]
    assert "NextPageToken" not in answer


def test_an_output_without_a_description_has_none(publish: Publish) -> None:
    answer = publish(QUEUE + "  Name: {Value: !GetAtt Queue.QueueName}\n").launch("mine")

    assert set(answer["RecordOutputs"][-1]) == {"OutputKey", "OutputValue"}


def test_a_failed_record_names_its_error_and_has_no_outputs(server: Server, account: str, publish: Publish) -> None:
    sandbox.refuse(server, account, "Queue", "create")

    answer = publish(QUEUE).launch("mine")

    (error,) = answer["RecordDetail"]["RecordErrors"]
    assert set(error) == {"Code", "Description"}
    assert error["Code"].isdecimal()
    assert "no create today" in error["Description"]
    assert answer["RecordOutputs"] == []


def test_a_record_under_way_turns_in_progress_in_error_while_it_is_rolled_back(
    server: Server, account: str, publish: Publish
) -> None:
    product = publish(QUEUE.replace("Queue: {Type", "Topic: {Type: AWS::SNS::Topic}\n  Queue: {DependsOn: Topic, Type"))
    sandbox.fail(server, account, sandbox.broken("Queue", "create"), sandbox.slow("Topic", "delete"))
    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]
    record_id = product.execute(plan_id, wait=False)["RecordId"]

    seen = until(
        lambda: product.catalog.describe_record(Id=record_id)["RecordDetail"]["Status"],
        lambda status: status not in ("CREATED", "IN_PROGRESS"),
    )

    assert seen == "IN_PROGRESS_IN_ERROR"
    assert product.describe("mine")["Status"] == "UNDER_CHANGE"


def test_an_unknown_record_is_not_found(catalog: Any) -> None:
    code, message = refusal(lambda: catalog.describe_record(Id="rec-aaaaaaaaaaaaa"))

    assert code == "ResourceNotFoundException"
    assert "rec-aaaaaaaaaaaaa" in message


def test_the_history_begins_with_the_newest_record(catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    ids = [answer["RecordDetail"]["RecordId"] for answer in (product.launch("a"), product.launch("b"))]
    ids.append(product.terminate("a")["RecordDetail"]["RecordId"])

    history = catalog.list_record_history()["RecordDetails"]

    assert [record["RecordId"] for record in history] == ids[::-1]
    assert history[0] == catalog.describe_record(Id=ids[-1])["RecordDetail"]


def test_the_history_is_searched_by_product_or_provisioned_product(catalog: Any, publish: Publish) -> None:
    product, other = publish(QUEUE), publish(QUEUE, name="other")
    first = product.launch("a")["RecordDetail"]
    second, third = product.launch("b")["RecordDetail"], other.launch("c")["RecordDetail"]

    def found(key: str, value: str) -> list[str]:
        answer = catalog.list_record_history(SearchFilter={"Key": key, "Value": value})
        return [record["RecordId"] for record in answer["RecordDetails"]]

    assert found("product", product.product_id) == [second["RecordId"], first["RecordId"]]
    assert found("provisionedproduct", third["ProvisionedProductId"]) == [third["RecordId"]]
    assert found("product", "prod-unknown") == []


def test_the_history_is_searched_by_nothing_else(catalog: Any) -> None:
    code, message = refusal(lambda: catalog.list_record_history(SearchFilter={"Key": "status", "Value": "x"}))

    assert code == "InvalidParametersException"
    assert "status" in message


def test_no_history_is_an_empty_list(catalog: Any) -> None:
    assert catalog.list_record_history()["RecordDetails"] == []


@pytest.mark.parametrize("way", ["Id", "Name"])
def test_outputs_are_found_by_id_or_name_all_or_some(catalog: Any, publish: Publish, way: str) -> None:
    product = publish(QUEUE)
    launched = product.launch("mine")
    key = {f"ProvisionedProduct{way}": product.describe("mine")[way]}

    everything = catalog.get_provisioned_product_outputs(**key)["Outputs"]
    some = catalog.get_provisioned_product_outputs(**key, OutputKeys=["Url"])["Outputs"]

    assert everything == launched["RecordOutputs"]
    assert [output["OutputKey"] for output in some] == ["Url"]


def test_an_unknown_output_is_refused_and_named(catalog: Any, publish: Publish) -> None:
    publish(QUEUE).launch("mine")

    code, message = refusal(
        lambda: catalog.get_provisioned_product_outputs(ProvisionedProductName="mine", OutputKeys=["Url", "Nope"])
    )

    assert code == "InvalidParametersException"
    assert "Nope" in message


def test_outputs_of_what_never_succeeded_are_refused_in_awss_words(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    sandbox.refuse(server, account, "Queue", "create")
    product = publish(QUEUE)
    product.launch("failed")
    product.plan("planned")

    refused = {
        refusal(lambda name=name: catalog.get_provisioned_product_outputs(ProvisionedProductName=name))  # type: ignore[misc]
        for name in ("failed", "planned")
    }

    assert refused == {("InvalidParametersException", "Last Successful Provisioning Record doesn't exist.")}


def test_outputs_of_an_unknown_product_are_not_found(catalog: Any) -> None:
    refused = refusal(lambda: catalog.get_provisioned_product_outputs(ProvisionedProductName="nobody"))

    assert refused == ("ResourceNotFoundException", "Provisioned product not found: nobody")


def test_outputs_that_hold_a_secret_are_masked(publish: Publish) -> None:
    template = QUEUE.replace("Delay: {", "Password: {Type: String, NoEcho: true}\n  Delay: {")
    product = publish(template + "  Leak: {Value: !Sub 'it is ${Password}'}\n")

    answer = product.launch("mine", ProvisioningParameters=[{"Key": "Password", "Value": "hunter-2"}])

    assert answer["RecordDetail"]["Status"] == "SUCCEEDED"
    assert "hunter-2" not in str(answer)
    assert answer["RecordOutputs"][-1]["OutputKey"] == "Leak"
