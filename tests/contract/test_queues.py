"""The queues of provisioning engines, as clients of SQS see them: in JSON, as today's do, and in the query protocol."""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract.conftest import client_of
from tests.contract.engines import body_of, publish_external, start, take, tell
from tests.contract.old_sqs import old_session
from tests.contract.publishing import Published, until
from tests.contract.raw import send
from tests.contract.requests import refusal

QUEUE = "ServiceCatalogExternalProvisionOperationQueue"
ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist.")


@pytest.fixture(scope="module")
def sessions_of_sqs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return {"json": None, "query": old_session(tmp_path_factory.mktemp("sqs"))}


@pytest.fixture(params=["json", "query"])
def sqs_of(request: pytest.FixtureRequest, server: Server, sessions_of_sqs: dict[str, Any]) -> Callable[[str], Any]:
    """Makes a client of SQS for an account, in either protocol."""
    return lambda account: client_of(server, "sqs", account, session=sessions_of_sqs[request.param])


@pytest.fixture
def sqs(sqs_of: Callable[[str], Any], account: str) -> Any:
    return sqs_of(account)


@pytest.fixture
def url(sqs: Any) -> str:
    return str(sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"])


@pytest.fixture
def product(catalog: Any, make_client: Callable[..., Any], account: str) -> Published:
    return publish_external(catalog, make_client("s3"), account)


def test_every_account_has_the_queues_with_the_fixed_names(server: Server, sqs: Any, account: str) -> None:
    urls = sqs.list_queues()["QueueUrls"]
    external = sqs.list_queues(QueueNamePrefix="ServiceCatalogExternal")["QueueUrls"]
    page = sqs.list_queues(MaxResults=8)

    assert len(urls) == 9
    assert external == [
        f"{server.url}/{account}/ServiceCatalogExternal{verb}OperationQueue"
        for verb in ("Provision", "Terminate", "Update")
    ]
    assert [*page["QueueUrls"], *sqs.list_queues(NextToken=page["NextToken"])["QueueUrls"]] == urls
    assert sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"] in urls


def test_a_message_is_received_with_what_is_to_be_known_of_it(product: Published, sqs: Any, url: str) -> None:
    record_id = start(product)

    message = take(sqs, QUEUE, AttributeNames=["All"])

    attributes = message["Attributes"]
    assert message["MD5OfBody"] == hashlib.md5(message["Body"].encode()).hexdigest()
    assert body_of(message)["recordId"] == record_id
    assert attributes["ApproximateReceiveCount"] == "1"
    assert int(attributes["SentTimestamp"]) <= int(attributes["ApproximateFirstReceiveTimestamp"])
    assert attributes["SenderId"]


def test_only_the_attributes_that_are_asked_for_come(product: Published, sqs: Any, url: str) -> None:
    start(product)

    message = take(sqs, QUEUE, MessageSystemAttributeNames=["SentTimestamp"], VisibilityTimeout=0)
    plain = take(sqs, QUEUE)

    assert list(message["Attributes"]) == ["SentTimestamp"]
    assert "Attributes" not in plain


def test_a_received_message_is_unseen_until_its_time_is_over(product: Published, sqs: Any, url: str) -> None:
    start(product)
    first = take(sqs, QUEUE, VisibilityTimeout=1)

    unseen = sqs.receive_message(QueueUrl=url)
    again = take(sqs, QUEUE, AttributeNames=["ApproximateReceiveCount"])

    assert "Messages" not in unseen
    assert again["MessageId"] == first["MessageId"]
    assert again["Attributes"] == {"ApproximateReceiveCount": "2"}
    assert again["ReceiptHandle"] != first["ReceiptHandle"]


def test_a_message_can_be_hidden_longer_or_shown_at_once(product: Published, sqs: Any, url: str) -> None:
    start(product)
    handle = take(sqs, QUEUE, VisibilityTimeout=1)["ReceiptHandle"]
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=1000)
    hidden = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=2)
    sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=0)

    shown = sqs.receive_message(QueueUrl=url)

    assert "Messages" not in hidden
    assert len(shown["Messages"]) == 1
    assert refusal(lambda: sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=handle, VisibilityTimeout=9))[
        0
    ] == ("InvalidParameterValue")


def test_a_deleted_message_is_gone_and_may_be_deleted_again(product: Published, sqs: Any, url: str) -> None:
    start(product)
    handle = take(sqs, QUEUE, VisibilityTimeout=0)["ReceiptHandle"]
    newer = take(sqs, QUEUE, VisibilityTimeout=0)["ReceiptHandle"]
    sqs.delete_message(QueueUrl=url, ReceiptHandle=handle)
    kept = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]

    for _ in range(2):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=newer)

    assert kept == {"ApproximateNumberOfMessages": "1"}
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_up_to_ten_messages_are_received_and_deleted_at_once(product: Published, sqs: Any, url: str) -> None:
    for number in range(3):
        start(product, f"mine-{number}")
    messages = [take(sqs, QUEUE) for _ in range(3)]
    entries = [{"Id": str(place), "ReceiptHandle": one["ReceiptHandle"]} for place, one in enumerate(messages)]

    shown = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[entry | {"VisibilityTimeout": 0} for entry in entries]
    )
    at_once = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    newest = [{"Id": str(place), "ReceiptHandle": one["ReceiptHandle"]} for place, one in enumerate(at_once)]
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[*newest, {"Id": "odd", "ReceiptHandle": "none"}])

    assert [one["Id"] for one in shown["Successful"]] == ["0", "1", "2"]
    assert {one["MessageId"] for one in at_once} == {one["MessageId"] for one in messages}
    assert [one["Id"] for one in deleted["Successful"]] == ["0", "1", "2"]
    assert [(one["Id"], one["Code"], one["SenderFault"]) for one in deleted["Failed"]] == [
        ("odd", "ReceiptHandleIsInvalid", True)
    ]


def test_who_waits_gets_a_message_as_soon_as_it_is_sent(product: Published, sqs: Any, url: str) -> None:
    found: list[Any] = []
    waiting = threading.Thread(target=lambda: found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)))
    waiting.start()

    record_id = start(product)

    waiting.join()
    assert [body_of(one)["recordId"] for one in found[0]["Messages"]] == [record_id]


def test_receivers_at_once_get_every_message_once(product: Published, sqs: Any, url: str) -> None:
    record_ids = {start(product, f"mine-{number}") for number in range(12)}
    name = "ApproximateNumberOfMessages"
    until(
        lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name],
        lambda count: count == "12",
    )
    found: list[str] = []

    def receive() -> None:
        while messages := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=3, WaitTimeSeconds=1).get("Messages"):
            found.extend(body_of(one)["recordId"] for one in messages)

    receivers = [threading.Thread(target=receive) for _ in range(6)]
    for one in receivers:
        one.start()
    for one in receivers:
        one.join()

    assert sorted(found) == sorted(record_ids)


def test_many_may_wait_and_hold_nobody_up(server: Server, sqs: Any, url: str, catalog: Any) -> None:
    waiting = [
        threading.Thread(target=sqs.receive_message, kwargs={"QueueUrl": url, "WaitTimeSeconds": 3}) for _ in range(40)
    ]
    for one in waiting:
        one.start()
    time.sleep(0.5)

    answered = catalog.list_portfolios()

    assert any(one.is_alive() for one in waiting)
    for one in waiting:
        one.join()
    assert answered["PortfolioDetails"] == []


def test_a_queue_tells_what_waits_in_it(product: Published, sqs: Any, url: str, account: str) -> None:
    start(product, "one")
    start(product, "two")
    take(sqs, QUEUE)
    take(sqs, QUEUE, VisibilityTimeout=0)

    attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]

    assert attributes["ApproximateNumberOfMessages"] == "1"
    assert attributes["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert attributes["VisibilityTimeout"] == "180"
    assert attributes["QueueArn"] == f"arn:aws:sqs:eu-west-1:{account}:{QUEUE}"


def test_a_queue_of_another_account_or_name_does_not_exist(
    product: Published, sqs: Any, url: str, sqs_of: Callable[[str], Any]
) -> None:
    start(product)
    handle = take(sqs, QUEUE)["ReceiptHandle"]
    other = sqs_of("210987654321")
    own = other.get_queue_url(QueueName=QUEUE)["QueueUrl"]

    assert refusal(lambda: other.receive_message(QueueUrl=url)) == ABSENT
    assert refusal(lambda: other.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])) == ABSENT
    assert refusal(lambda: other.delete_message(QueueUrl=url, ReceiptHandle=handle)) == ABSENT
    assert refusal(lambda: other.delete_message(QueueUrl=own, ReceiptHandle=handle))[0] == "ReceiptHandleIsInvalid"
    assert refusal(lambda: sqs.get_queue_url(QueueName="mine")) == ABSENT
    assert refusal(lambda: sqs.get_queue_url(QueueName=QUEUE, QueueOwnerAWSAccountId="210987654321")) == ABSENT


def test_an_absent_queue_is_the_exception_that_clients_know(sqs: Any) -> None:
    with pytest.raises(ClientError) as caught:
        sqs.get_queue_url(QueueName="mine")

    assert isinstance(caught.value, sqs.exceptions.QueueDoesNotExist) or "NonExistentQueue" in str(caught.value)


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"MaxNumberOfMessages": 11}, "Value 11 for parameter MaxNumberOfMessages is invalid. Reason: Must be between"),
        ({"WaitTimeSeconds": 21}, "Value 21 for parameter WaitTimeSeconds is invalid. Reason: Must be >= 0 and <= 20"),
        ({"VisibilityTimeout": 43201}, "Value 43201 for parameter VisibilityTimeout is invalid."),
    ],
)
def test_values_out_of_range_are_refused_in_the_words_of_sqs(
    sqs: Any, url: str, members: dict[str, int], said: str
) -> None:
    code, message = refusal(lambda: sqs.receive_message(QueueUrl=url, **members))

    assert code == "InvalidParameterValue"
    assert message.startswith(said)


def test_batches_are_refused_in_the_words_of_sqs(sqs: Any, url: str) -> None:
    def delete(*ids: str) -> Any:
        return sqs.delete_message_batch(QueueUrl=url, Entries=[{"Id": one, "ReceiptHandle": "x"} for one in ids])

    assert refusal(delete)[0] == "AWS.SimpleQueueService.EmptyBatchRequest"
    assert refusal(lambda: delete("1", "1")) == (
        "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
        "Id 1 repeated.",
    )
    assert refusal(lambda: delete(*map(str, range(11)))) == (
        "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
        "Maximum number of entries per request are 10. You have sent 11.",
    )


def test_nobody_sends_to_the_queues_or_makes_others(sqs: Any, url: str) -> None:
    sent = refusal(lambda: sqs.send_message(QueueUrl=url, MessageBody="{}"))
    made = refusal(lambda: sqs.create_queue(QueueName="mine"))
    differing = refusal(lambda: sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "30"}))

    assert sent[0] == "AWS.SimpleQueueService.UnsupportedOperation"
    assert "only this server sends messages" in sent[1]
    assert made[0] == "InvalidParameterValue"
    assert differing[0] == "QueueAlreadyExists"
    assert sqs.create_queue(QueueName=QUEUE, Attributes={"VisibilityTimeout": "180"})["QueueUrl"] == url
    assert refusal(lambda: sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["Odd"]))[0] == "InvalidAttributeName"


def test_the_message_of_a_record_that_is_over_is_gone(catalog: Any, product: Published, sqs: Any, url: str) -> None:
    record_id = start(product)
    message = take(sqs, QUEUE, VisibilityTimeout=0)

    tell(catalog, body_of(message))
    product.wait_for_record(record_id)

    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


def test_a_query_client_with_todays_names_is_answered_in_them(
    server: Server, product: Published, account: str, tmp_path: Path
) -> None:
    sqs = client_of(server, "sqs", account, session=old_session(tmp_path, names=False))
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    record_id = start(product)

    (message,) = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], WaitTimeSeconds=20)["Messages"]
    entry = {"Id": "one", "ReceiptHandle": message["ReceiptHandle"]}
    deleted = sqs.delete_message_batch(QueueUrl=url, Entries=[entry])

    assert body_of(message)["recordId"] == record_id
    assert message["Attributes"]["ApproximateReceiveCount"] == "1"
    assert deleted["Successful"] == [{"Id": "one"}]


def test_a_form_posted_to_a_queue_needs_not_name_it(server: Server) -> None:
    path = f"/000000000000/{QUEUE}"
    form = b"Action=GetQueueAttributes&Version=2012-11-05&AttributeName.1=QueueArn"

    answer = send(server, "POST", path, {"Content-Type": "application/x-www-form-urlencoded"}, form)

    assert answer.status == 200
    assert f"<Name>QueueArn</Name><Value>arn:aws:sqs:us-east-1:000000000000:{QUEUE}</Value>".encode() in answer.body
