"""The three Notify operations: a result counts under a token that was issued for the record, and under no other."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from manciple.store.tables.workflows import WORKFLOW
from manciple.store.workflows import add_workflow, close_workflow, workflow_of
from tests.contract import sandbox
from tests.contract.conftest import REGION
from tests.contract.publishing import QUEUE, Published
from tests.contract.requests import refusal, stored

Publish = Callable[..., Published]

TOKEN = "AQICAHh/anything+at=all"
KINDS = {
    "PROVISION_PRODUCT": "notify_provision_product_engine_workflow_result",
    "UPDATE_PROVISIONED_PRODUCT": "notify_update_provisioned_product_engine_workflow_result",
    "TERMINATE_PROVISIONED_PRODUCT": "notify_terminate_provisioned_product_engine_workflow_result",
}


def notify(catalog: Any, kind: str, record_id: str, token: str = TOKEN, **members: Any) -> Any:
    return getattr(catalog, KINDS[kind])(
        **{
            "WorkflowToken": token,
            "RecordId": record_id,
            "Status": "SUCCEEDED",
            "IdempotencyToken": str(uuid4()),
            **members,
        }
    )


def under_way(server: Server, account: str, product: Published, name: str = "mine") -> str:
    """The record of a launch that never ends."""
    sandbox.hold(server, account, "Queue")
    return str(
        product.catalog.provision_product(
            ProductId=product.product_id,
            ProvisioningArtifactId=product.versions[0],
            ProvisionedProductName=name,
            ProvisionToken=str(uuid4()),
        )["RecordDetail"]["RecordId"]
    )


def issue(server: Server, account: str, record_id: str, token: str = TOKEN) -> str:
    """A token as an engine would be given it; made unlike those of other tests."""
    own = token + uuid4().hex
    with stored(server) as tx:
        add_workflow(tx, own, account=account, region=REGION, record_id=record_id, attempt=1)
    return own


@pytest.mark.parametrize("kind", KINDS)
def test_an_unknown_record_is_not_found(catalog: Any, kind: str) -> None:
    code, message = refusal(lambda: notify(catalog, kind, "rec-aaaaaaaaaaaaa"))

    assert (code, message) == ("ResourceNotFoundException", "Record rec-aaaaaaaaaaaaa not found.")


def test_a_token_that_nobody_issued_is_refused(server: Server, account: str, catalog: Any, publish: Publish) -> None:
    record_id = under_way(server, account, publish(QUEUE))

    code, message = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", record_id))

    assert code == "InvalidParametersException"
    assert TOKEN not in message
    assert record_id in message


def test_a_token_speaks_for_its_own_record_only(server: Server, account: str, catalog: Any, publish: Publish) -> None:
    product = publish(QUEUE)
    record_ids = [under_way(server, account, product, name) for name in ("mine", "yours")]
    token = issue(server, account, record_ids[0])

    code, _ = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", record_ids[1], token))

    assert code == "InvalidParametersException"


@pytest.mark.parametrize("kind", ["UPDATE_PROVISIONED_PRODUCT", "TERMINATE_PROVISIONED_PRODUCT"])
def test_a_launch_does_not_end_as_an_update_or_a_termination(
    server: Server, account: str, catalog: Any, publish: Publish, kind: str
) -> None:
    record_id = under_way(server, account, publish(QUEUE))
    token = issue(server, account, record_id)

    code, message = refusal(lambda: notify(catalog, kind, record_id, token))

    assert code == "InvalidParametersException"
    assert "is a PROVISION_PRODUCT record" in message


def test_a_record_that_is_over_takes_no_result(server: Server, account: str, catalog: Any, publish: Publish) -> None:
    record_id = publish(QUEUE).launch("mine")["RecordDetail"]["RecordId"]
    token = issue(server, account, record_id)

    code, message = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", record_id, token))

    assert code == "InvalidParametersException"
    assert "is not in progress; it is SUCCEEDED" in message


def test_the_first_result_under_a_token_is_kept_and_may_be_told_again(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    record_id = under_way(server, account, publish(QUEUE))
    token = issue(server, account, record_id)
    result = {
        "Status": "FAILED",
        "FailureReason": "no such provider",
        "Outputs": [],
        "ResourceIdentifier": {"UniqueTag": {"Key": "k", "Value": "v"}},
    }

    answers = [notify(catalog, "PROVISION_PRODUCT", record_id, token, **result) for _ in range(2)]
    code, _ = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", record_id, token))

    with stored(server) as tx:
        row = tx.first(WORKFLOW.select().where(WORKFLOW.c.record_id == record_id))
    assert [answer["ResponseMetadata"]["HTTPStatusCode"] for answer in answers] == [200, 200]
    assert code == "InvalidParametersException"
    assert row is not None
    assert row.result_digest is not None
    assert token not in str(row)


def test_a_workflow_that_was_given_up_takes_no_result(
    server: Server, account: str, catalog: Any, publish: Publish
) -> None:
    record_id = under_way(server, account, publish(QUEUE))
    token = issue(server, account, record_id)
    with stored(server) as tx:
        workflow = workflow_of(tx, account=account, region=REGION, record_id=record_id, attempt=1)
        assert workflow is not None
        closed = [close_workflow(tx, workflow) for _ in range(2)]

    refused = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", record_id, token))

    assert closed == [True, False]
    assert refused == ("InvalidParametersException", f"Record {record_id} is not in progress; it is FAILED.")


def test_an_engine_of_another_account_may_tell_the_result(
    server: Server, account: str, make_client: Callable[..., Any], publish: Publish
) -> None:
    record_id = under_way(server, account, publish(QUEUE))
    token = issue(server, account, record_id)

    answer = notify(make_client("servicecatalog", account="210987654321"), "PROVISION_PRODUCT", record_id, token)

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_of_two_results_told_at_once_one_counts(
    server: Server, account: str, make_client: Callable[..., Any], publish: Publish
) -> None:
    record_id = under_way(server, account, publish(QUEUE))
    token = issue(server, account, record_id)
    engines = [make_client("servicecatalog", account=f"21098765432{number}") for number in range(4)]

    def tell(number: int) -> str:
        members = {"Status": "FAILED", "FailureReason": f"reason {number}"}
        try:
            notify(engines[number], "PROVISION_PRODUCT", record_id, token, **members)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "taken"

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(tell, range(4)))

    assert answers == ["InvalidParametersException"] * 3 + ["taken"]


@pytest.mark.parametrize("token", ["with space", "a-b", "ü"])
def test_a_token_is_base64_like(catalog: Any, token: str) -> None:
    code, message = refusal(lambda: notify(catalog, "PROVISION_PRODUCT", "rec-aaaaaaaaaaaaa", token))

    assert code == "ValidationException"
    assert "workflowToken" in message
