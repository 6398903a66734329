"""Topics are told of a stack's events: in order, at least once, again while an address is away, and nobody else is."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import sqlalchemy as sa

from manciple.engine.drivers.courier import Courier
from manciple.engine.providers.endpoint import Refused, Unreachable
from manciple.engine.topics import Telling, claim, due, enroll
from manciple.store.tables.engine import NOTIFICATION
from tests.engine.worlds import World, open_world, template, topic

ARN, OTHER = "arn:aws:sns:eu-west-1:123456789012:stacks", "arn:aws:sns:eu-west-1:123456789012:others"
ADDRESS = "http://127.0.0.1:1/topics"


class Mailbox:
    """What was posted; the next `away` posts do not arrive, the next `refused` are refused."""

    def __init__(self) -> None:
        self.posts: list[tuple[str, dict[str, Any], Mapping[str, str]]] = []
        self.away = 0
        self.refused = 0

    def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> None:
        if self.away:
            self.away -= 1
            raise Unreachable("The endpoint is away.")
        if self.refused:
            self.refused -= 1
            raise Refused("The endpoint does not want it.")
        self.posts.append((url, json.loads(body), headers))

    @property
    def statuses(self) -> list[str]:
        """The statuses that were told, of which logical id."""
        return [f"{lines['LogicalResourceId']} {lines['ResourceStatus']}" for lines in self.lines]

    @property
    def lines(self) -> list[dict[str, str]]:
        """Every message, line by line."""
        return [_lines(document["Message"]) for _, document, _ in self.posts]


def _lines(message: str) -> dict[str, str]:
    pairs = (line.split("=", 1) for line in message.splitlines())
    return {name: value.removeprefix("'").removesuffix("'") for name, value in pairs}


@pytest.fixture
def world(database_url: str) -> Iterator[World]:
    """A world on each database."""
    with open_world(database_url) as world:
        yield world


@pytest.fixture
def mailbox() -> Mailbox:
    """Where messages arrive."""
    return Mailbox()


def courier(world: World, mailbox: Mailbox, endpoints: dict[str, str] | None = None) -> Courier:
    return Courier(world.database, {"*:stacks": ADDRESS} if endpoints is None else endpoints, mailbox.post, poll=0)


def launch(world: World, *arns: str) -> str:
    """Launch a topic whose events others are told of; the operation's id."""
    operation_id = world.submit(template({"Topic": topic("one")}), notification_arns=arns)
    world.run(operation_id)
    return operation_id


def left(world: World) -> list[str]:
    """The topics that there is still something to tell."""
    with world.database.read() as tx:
        return [row.topic_arn for row in tx.all(sa.select(NOTIFICATION))]


def test_a_topic_is_told_every_event_in_order_in_cloudformations_words(world: World, mailbox: Mailbox) -> None:
    operation_id = launch(world, ARN)
    stack = world.stack()

    courier(world, mailbox).deliver()

    assert mailbox.statuses == [
        f"{stack.name} CREATE_IN_PROGRESS",
        "Topic CREATE_IN_PROGRESS",
        "Topic CREATE_IN_PROGRESS",
        "Topic CREATE_COMPLETE",
        f"{stack.name} CREATE_COMPLETE",
    ]
    url, document, headers = mailbox.posts[0]
    assert url == ADDRESS
    assert (document["Type"], document["Subject"]) == ("Notification", "AWS CloudFormation Notification")
    assert document["TopicArn"] == ARN == headers["x-amz-sns-topic-arn"]
    assert headers["x-amz-sns-message-type"] == "Notification"
    assert document["MessageId"] == headers["x-amz-sns-message-id"]
    assert list(mailbox.lines[0]) == [
        "StackId",
        "Timestamp",
        "EventId",
        "LogicalResourceId",
        "Namespace",
        "PhysicalResourceId",
        "PrincipalId",
        "ResourceProperties",
        "ResourceStatus",
        "ResourceStatusReason",
        "ResourceType",
        "StackName",
        "ClientRequestToken",
    ]
    assert mailbox.lines[0]["StackId"] == stack.arn
    assert operation_id in mailbox.lines[0]["EventId"]
    assert left(world) == []


def test_every_event_has_a_message_id_of_its_own(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN)

    courier(world, mailbox).deliver()

    ids = {document["MessageId"] for _, document, _ in mailbox.posts}
    assert len(ids) == len(mailbox.posts)


def test_events_wait_for_an_address_that_is_away_and_keep_their_order(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN)
    mailbox.away = 3

    for _ in range(4):
        courier(world, mailbox).deliver()

    assert [status.split()[1] for status in mailbox.statuses][::4] == ["CREATE_IN_PROGRESS", "CREATE_COMPLETE"]
    assert len(mailbox.posts) == 5
    assert left(world) == []


def test_an_event_that_the_address_refuses_is_not_sent_again(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN)
    mailbox.refused = 1

    for _ in range(2):
        courier(world, mailbox).deliver()

    assert len(mailbox.posts) == 4


def test_an_address_that_stays_away_is_given_up(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN)
    mailbox.away = 10_000

    for _ in range(50):
        assert left(world) == [ARN]
        courier(world, mailbox).deliver()

    assert left(world) == []


@pytest.mark.parametrize("endpoints", [{}, {"*:others": ADDRESS}])
def test_a_topic_that_no_address_is_mapped_to_is_not_told_and_the_log_says_so(
    world: World, mailbox: Mailbox, endpoints: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    launch(world, ARN)

    with caplog.at_level("INFO"):
        courier(world, mailbox, endpoints).deliver()

    assert (mailbox.posts, left(world)) == ([], [])
    assert f"not deliverable to {ARN}" in caplog.text


def test_each_topic_is_told_for_itself(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN, OTHER)

    courier(world, mailbox, {"*": ADDRESS}).deliver()

    topics = [document["TopicArn"] for _, document, _ in mailbox.posts]
    assert sorted(topics) == sorted([ARN, OTHER] * 5)


def test_the_end_of_a_stack_is_told_to_the_topics_that_it_was_launched_with(world: World, mailbox: Mailbox) -> None:
    launch(world, ARN)
    courier(world, mailbox).deliver()
    mailbox.posts.clear()
    world.run(world.submit_termination())

    courier(world, mailbox).deliver()

    assert [status.split()[1] for status in mailbox.statuses] == [
        "DELETE_IN_PROGRESS",
        "DELETE_IN_PROGRESS",
        "DELETE_COMPLETE",
        "DELETE_COMPLETE",
    ]


def test_what_is_told_so_far_of_a_running_operation_is_not_told_again(world: World, mailbox: Mailbox) -> None:
    operation_id = world.submit(template({"Topic": topic("one")}), notification_arns=(ARN,))
    world.engine.reconcile(operation_id)
    courier(world, mailbox).deliver()
    world.run(operation_id)

    courier(world, mailbox).deliver()

    assert len({document["MessageId"] for _, document, _ in mailbox.posts}) == len(mailbox.posts) == 5


def test_two_processes_do_not_tell_one_topic_at_once(world: World) -> None:
    telling = Telling(operation_id="rec-1", stack_id="s", topic_arn=ARN, told=0)
    with world.database.write() as tx:
        enroll(tx, [telling])
        (found,) = due(tx, tx.now(), 10)

        claims = [claim(tx, found, tx.now() + 1000) for _ in range(2)]

    assert claims == [True, False]


def test_a_stack_with_more_than_five_topics_is_refused(world: World) -> None:
    arns = [f"{ARN}{number}" for number in range(6)]

    operation_id = launch(world, *arns)

    assert "'notificationARNs' failed to satisfy constraint" in (world.operation(operation_id).reason or "")
