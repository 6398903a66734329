"""Engines under other settings: silent ones fail a record with a reason, and what comes later is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import _free_port, client_of, serve
from tests.contract.engines import body_of, publish_external, start, take, tell
from tests.contract.publishing import Published
from tests.contract.raw import send
from tests.contract.requests import refusal

QUEUE = "ServiceCatalogExternalProvisionOperationQueue"


@pytest.fixture
def settings() -> dict[str, Any]:
    """What a test sets beside the defaults."""
    return {}


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path: Path, settings: dict[str, Any]) -> Iterator[Server]:
    """A server of the test's own."""
    flags = {f"targets.{name}": value for name, value in settings.items()}
    if request.param == "sqlite":
        yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)
    else:
        port = _free_port()
        url = request.getfixturevalue("postgresql_url")
        yield from serve(url, tmp_path, port=port, public_url=f"http://127.0.0.1:{port}", **flags)


@pytest.fixture
def sqs(server: Server, account: str) -> Any:
    return client_of(server, "sqs", account)


@pytest.fixture
def product(catalog: Any, server: Server, account: str) -> Published:
    return publish_external(catalog, client_of(server, "s3", account), account)


def reason(product: Published, record_id: str) -> str:
    """Why a record failed."""
    detail = product.wait_for_record(record_id)["RecordDetail"]
    assert detail["Status"] == "FAILED"
    return str(detail["RecordErrors"][0]["Description"])


@pytest.mark.parametrize("settings", [{"external.timeout_seconds": 1.0}])
def test_a_request_that_no_engine_takes_fails_at_the_time_out(product: Published, sqs: Any, account: str) -> None:
    record_id = start(product)

    said = reason(product, record_id)

    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    assert said == (
        f"No engine took the request from {QUEUE} of account {account} within 1 s (targets.external.timeout_seconds)."
    )
    assert product.describe("mine")["Status"] == "ERROR"
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize("settings", [{"external.timeout_seconds": 1.0}])
def test_an_engine_that_is_too_late_is_told_so(catalog: Any, product: Published, sqs: Any) -> None:
    record_id = start(product)
    message = take(sqs, QUEUE)
    sqs.delete_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], ReceiptHandle=message["ReceiptHandle"])
    said = reason(product, record_id)

    late = refusal(lambda: tell(catalog, body_of(message)))

    assert said.startswith(f"The engine told no result of the request in {QUEUE} within 1 s")
    assert late == ("InvalidParametersException", f"Record {record_id} is not in progress; it is FAILED.")
    assert product.describe("mine")["Status"] == "ERROR"


@pytest.mark.parametrize("settings", [{"external.most_receives": 2}])
def test_a_request_that_is_taken_again_and_again_without_a_result_fails(product: Published, sqs: Any) -> None:
    record_id = start(product)
    take(sqs, QUEUE, VisibilityTimeout=0)
    take(sqs, QUEUE, VisibilityTimeout=1)

    said = reason(product, record_id)

    assert said == (
        f"The engine took the request from {QUEUE} 2 times and told no result; "
        "it is not offered again (targets.external.most_receives)."
    )


@pytest.mark.parametrize("settings", [{"external.most_receives": 1}])
def test_an_engine_that_took_a_request_for_the_last_time_may_still_answer(
    catalog: Any, product: Published, sqs: Any
) -> None:
    record_id = start(product)
    message = take(sqs, QUEUE, VisibilityTimeout=1)
    sqs.delete_message(QueueUrl=sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"], ReceiptHandle=message["ReceiptHandle"])

    tell(catalog, body_of(message))

    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"


def cancel(server: Server, account: str, record_id: str) -> int:
    """Ask for a record to be cancelled; answers the status."""
    own = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
    return send(server, "POST", f"/_manciple/records/{record_id}/cancel", own).status


def test_a_request_that_nobody_took_is_withdrawn_when_it_is_cancelled(
    server: Server, product: Published, sqs: Any, account: str
) -> None:
    record_id = start(product)
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    take(sqs, QUEUE, VisibilityTimeout=0)

    status = cancel(server, account, record_id)

    said = reason(product, record_id)
    assert status == 200
    assert said == "User Initiated. The engine had taken the request and may still carry it out."
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


@pytest.mark.parametrize(
    "settings", [{"external.operation_names": "documented", "external.launch_role_required": False}]
)
def test_operations_can_be_named_as_the_guide_names_them(
    server: Server, catalog: Any, product: Published, sqs: Any
) -> None:
    record_id = start(product)
    tell(catalog, body_of(take(sqs, QUEUE)))
    product.wait_for_record(record_id)
    catalog.terminate_provisioned_product(ProvisionedProductName="mine", TerminateToken="t")

    body = body_of(take(sqs, QUEUE.replace("Provision", "Terminate")))

    assert body["operation"] == "TERMINATE_PROVISION_PRODUCT"


@pytest.mark.parametrize("settings", [{"rules": [{"target": "external"}]}])
@pytest.mark.parametrize(
    ("kind", "queue"),
    [
        ("TERRAFORM_OPEN_SOURCE", "ServiceCatalogTerraformOSProvisionOperationQueue"),
        ("TERRAFORM_CLOUD", "ServiceCatalogTerraformCloudProvisionOperationQueue"),
    ],
)
def test_each_type_has_its_own_queues(
    server: Server, catalog: Any, account: str, sqs: Any, kind: str, queue: str
) -> None:
    product = publish_external(catalog, client_of(server, "s3", account), account, kind=kind)
    record_id = start(product)

    tell(catalog, body_of(take(sqs, queue)))

    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert product.describe("mine")["Type"] == kind
