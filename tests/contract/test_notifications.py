"""Stack events are sent to the topics of the request and of NOTIFICATION constraints, where the operator says."""

from collections.abc import Iterator
from typing import Any

import pytest

from manciple.app import Server
from tests.contract import conftest
from tests.contract.constraining import constrain
from tests.contract.publishing import QUEUE, Published, publish, until
from tests.engine.endpoints import Endpoint, open_endpoint


def arn(name: str) -> str:
    return f"arn:aws:sns:eu-west-1:123456789012:{name}"


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """An address that topics are mapped to."""
    with open_endpoint() as endpoint:
        yield endpoint


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def telling_server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint
) -> Iterator[Server]:
    """A server on each database that sends events of the topics of test accounts to the address."""
    directory = tmp_path_factory.mktemp("notifications")
    flags: dict[str, Any] = {"notifications": {"arn:aws:sns:*:told-*": endpoint.url}, "engine.poll_seconds": 0.05}
    if request.param == "sqlite":
        yield from conftest.serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)
        return
    port = conftest._free_port()
    flags |= {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    with request.getfixturevalue("postgresql_server").database() as url:
        yield from conftest.serve(url, directory, **flags)


@pytest.fixture
def published(telling_server: Server, account: str, endpoint: Endpoint) -> Published:
    """A queue as a product."""
    endpoint.requests.clear()
    clients = [conftest.client_of(telling_server, service, account) for service in ("servicecatalog", "s3")]
    return publish(*clients, QUEUE)


def told(endpoint: Endpoint, record: dict[str, Any], status: str) -> dict[str, int]:
    """How many events each topic was told, once all know that the stack has a status."""
    stack_id = record["RecordOutputs"][0]["OutputValue"]
    end = f"PhysicalResourceId='{stack_id}'"

    def messages() -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for request in list(endpoint.requests):
            found.setdefault(request["TopicArn"], []).append(request["Message"])
        return found

    def is_told(message: str) -> bool:
        return end in message and f"ResourceStatus='{status}'" in message

    seen = until(messages, lambda found: len(found) == 2 and all(is_told(one[-1]) for one in found.values()))
    return {topic: len(found) for topic, found in seen.items()}


def test_topics_of_the_request_and_of_constraints_are_told_and_unmapped_ones_are_not(
    published: Published, endpoint: Endpoint
) -> None:
    constrain(published, "NOTIFICATION", {"NotificationArns": [arn("told-constraint"), arn("unmapped")]})

    record = published.launch("queue", NotificationArns=[arn("told-request")])

    assert told(endpoint, record, "CREATE_COMPLETE") == {arn("told-constraint"): 5, arn("told-request"): 5}


def test_an_executed_plan_tells_its_topics(published: Published, endpoint: Endpoint) -> None:
    constrain(published, "NOTIFICATION", {"NotificationArns": [arn("told-one")]})
    constrain(published, "NOTIFICATION", {"NotificationArns": [arn("told-two")]})
    plan = published.plan("queue")

    record = published.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    assert told(endpoint, record, "CREATE_COMPLETE") == {arn("told-one"): 5, arn("told-two"): 5}
