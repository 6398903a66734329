"""The same request twice gives the same answer once (contracts, section 8); every operation is in test_tokens.py."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract import requests, sandbox
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, Published
from tests.contract.requests import refusal

Publish = Callable[..., Published]
Call = Callable[..., dict[str, Any]]

TWINS = 6


def body(answer: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def _execute_plan(product: Published) -> Call:
    plan_id, other = (product.plan(name)["ProvisionedProductPlanDetails"]["PlanId"] for name in ("mine", "yours"))
    return lambda token, change="": product.catalog.execute_provisioned_product_plan(
        PlanId=other if change else plan_id, IdempotencyToken=token
    )


def _provision(product: Published) -> Call:
    return lambda token, change="": product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine" + change,
        ProvisionToken=token,
    )


def _terminate(product: Published) -> Call:
    product.launch("mine")
    return lambda token, change="": product.catalog.terminate_provisioned_product(
        ProvisionedProductName="mine", IgnoreErrors=bool(change), TerminateToken=token
    )


def test_of_concurrent_executions_under_their_own_tokens_one_goes_ahead(publish: Publish) -> None:
    product = publish(QUEUE)
    call = _execute_plan(product)
    ready = threading.Barrier(TWINS)

    def send(number: int) -> str:
        ready.wait()
        try:
            call(f"token-{number}")
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "executed"

    with ThreadPoolExecutor(TWINS) as pool:
        outcomes = sorted(pool.map(send, range(TWINS)))

    assert outcomes == ["InvalidStateException"] * (TWINS - 1) + ["executed"]
    assert len(product.catalog.list_record_history()["RecordDetails"]) == 1


def test_a_second_execution_under_a_new_token_is_refused(publish: Publish) -> None:
    call = _execute_plan(publish(QUEUE))
    call("once")

    code, _ = refusal(lambda: call("twice"))

    assert code == "InvalidStateException"


def test_the_answer_stays_what_it_was_when_the_state_moves_on(publish: Publish) -> None:
    product = publish(QUEUE)
    call = _execute_plan(product)
    first = call("once")["RecordDetail"]
    product.wait_for_record(first["RecordId"])

    again = call("once")["RecordDetail"]

    assert again == first
    assert again["Status"] == "CREATED"


def test_a_terminated_products_token_still_gives_its_answer_and_a_new_one_not_found(publish: Publish) -> None:
    product = publish(QUEUE)
    call = _terminate(product)
    first = call("once")["RecordDetail"]
    product.wait_for_record(first["RecordId"])

    again = call("once")["RecordDetail"]

    assert again == first
    assert refusal(lambda: call("twice"))[0] == "ResourceNotFoundException"


def test_a_language_is_no_other_input(catalog: Any) -> None:
    call = {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "once"}

    first = catalog.create_portfolio(**call, AcceptLanguage="en")
    again = catalog.create_portfolio(**call, AcceptLanguage="jp")

    assert again["PortfolioDetail"] == first["PortfolioDetail"]


def test_another_principals_request_under_the_token_is_refused(server: Server, account: str, publish: Publish) -> None:
    product = publish(QUEUE)
    ann, bob = (
        Published(
            requests.issue_key(server, account, f"arn:aws:iam::{account}:role/{name}"),
            product.product_id,
            product.portfolio_id,
            product.versions,
        )
        for name in ("Ann", "Bob")
    )
    _provision(ann)("once")

    code, message = refusal(lambda: _provision(bob)("once"))

    assert code == "InvalidParametersException"
    assert "once" in message


def test_a_token_belongs_to_its_operation_account_and_region(make_client: Callable[..., Any], publish: Publish) -> None:
    product = publish(QUEUE)
    call = {"DisplayName": "a", "ProviderName": "b", "IdempotencyToken": "once"}
    places: list[dict[str, str]] = [{}, {"region": "us-east-2"}, {"account": "999999999998"}]

    made = [
        make_client("servicecatalog", **place).create_portfolio(**call)["PortfolioDetail"]["Id"] for place in places
    ]
    record = _provision(product)("once")["RecordDetail"]

    assert len(set(made)) == 3
    assert record["Status"] == "CREATED"


def test_a_failure_is_not_kept(publish: Publish) -> None:
    product = publish(QUEUE)
    product.launch("mine")
    call = _provision(product)
    refused = refusal(lambda: call("once"))
    product.terminate("mine")

    record = call("once")["RecordDetail"]

    assert refused == ("InvalidParametersException", "A stack named mine already exists.")
    assert record["Status"] == "CREATED"


def test_a_refused_execution_can_be_repeated_under_its_token(server: Server, account: str, publish: Publish) -> None:
    template = QUEUE_AND_TOPIC.replace("AWS::SNS::Topic}", "AWS::SNS::Topic, Properties: {TopicName: !ImportValue n}}")
    sandbox.set_environment(server, account, exports={"n": "1"})
    product = publish(template)
    plan_id = product.plan("mine")["ProvisionedProductPlanDetails"]["PlanId"]
    sandbox.set_environment(server, account, exports={"n": "2"})
    call = {"PlanId": plan_id, "IdempotencyToken": "once"}
    refused = refusal(lambda: product.catalog.execute_provisioned_product_plan(**call))
    sandbox.set_environment(server, account, exports={"n": "1"})

    record = product.catalog.execute_provisioned_product_plan(**call)["RecordDetail"]

    assert refused[0] == "InvalidStateException"
    assert record["Status"] == "CREATED"
