"""A key with the `engine` preset does an engine's work and nothing else; accounts are strictly apart."""

import json
from typing import Any

import pytest

from manciple.app import Server
from manciple.catalog.directory import read_directory
from manciple.store.directories import write_directory
from tests.contract import requests
from tests.contract.engines import ROLE, body_of, publish_external, start, take, tell
from tests.contract.requests import refusal, stored

QUEUE = "ServiceCatalogExternalProvisionOperationQueue"


@pytest.fixture
def client(sigv4_server: Server, account: str) -> Any:
    """Makes clients of services with keys under a policy, for a role that may launch."""

    def make(service: str, policy: Any, of: str = account) -> Any:
        principal = f"arn:aws:iam::{of}:role/Team"
        return requests.issue_key(sigv4_server, of, principal, policy, service=service)

    return make


def declare_role(server: Server, account: str) -> None:
    """Have the launch role in the server's directory."""
    document = json.dumps({"Roles": [{"Arn": ROLE.format(account=account)}]})
    with stored(server) as tx:
        write_directory(tx, read_directory(document.encode(), is_toml=False, most_delegates=50))


def test_an_engines_key_takes_work_reads_the_artifact_and_reports(
    sigv4_server: Server, client: Any, account: str
) -> None:
    catalog = client("servicecatalog", "admin")
    declare_role(sigv4_server, account)
    product = publish_external(catalog, client("s3", "admin"), account, "an archive")
    record_id = start(product)
    sqs, s3 = client("sqs", "engine"), client("s3", "engine")

    message = take(sqs, QUEUE)
    body = body_of(message)
    bucket, key = body["artifact"]["path"].removeprefix("s3://").split("/", 1)
    artifact = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    url = sqs.list_queues(QueueNamePrefix="ServiceCatalogExternalProvision")["QueueUrls"][0]
    tell(client("servicecatalog", "engine"), body)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    assert artifact == b"an archive"
    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert refusal(lambda: client("servicecatalog", "engine").list_portfolios())[0] == "AccessDeniedException"


def test_other_keys_take_no_messages(client: Any, account: str) -> None:
    sqs = client("sqs", "end-user")

    code, message = refusal(lambda: sqs.get_queue_url(QueueName=QUEUE))

    assert code == "AccessDenied"
    assert (
        f"is not authorized to perform: sqs:GetQueueUrl on resource: arn:aws:sqs:eu-west-1:{account}:{QUEUE}" in message
    )


def test_a_policy_may_name_single_queues_and_actions(client: Any, account: str) -> None:
    other = QUEUE.replace("Provision", "Update")
    statement = {
        "Effect": "Allow",
        "Action": ["sqs:GetQueueUrl", "sqs:ReceiveMessage"],
        "Resource": f"arn:aws:sqs:eu-west-1:{account}:{QUEUE}",
    }
    sqs = client("sqs", {"Version": "2012-10-17", "Statement": [statement]})

    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    assert refusal(lambda: sqs.receive_message(QueueUrl=url.replace(QUEUE, other)))[0] == "AccessDenied"
    assert refusal(lambda: sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": "1", "ReceiptHandle": "x"}])) == (
        "AccessDenied",
        (
            f"User: arn:aws:iam::{account}:role/Team is not authorized to perform: sqs:DeleteMessage on resource: "
            f"arn:aws:sqs:eu-west-1:{account}:{QUEUE} because no identity-based policy allows the sqs:DeleteMessage "
            "action"
        ),
    )


def test_an_engine_of_another_account_finds_nothing(client: Any) -> None:
    url = client("sqs", "engine").get_queue_url(QueueName=QUEUE)["QueueUrl"]
    other = client("sqs", "engine", "210987654321")

    assert refusal(lambda: other.receive_message(QueueUrl=url))[0] == "AWS.SimpleQueueService.NonExistentQueue"
