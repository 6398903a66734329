"""Signals and custom resources through a real server: addresses are handed out, and what comes there counts."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import pytest

from manciple.app import Server
from tests.contract import conftest
from tests.contract.publishing import Published, until
from tests.contract.raw import Answer, send
from tests.engine.endpoints import Endpoint, open_endpoint

POLICY = """
Resources:
  Group:
    Type: AWS::AutoScaling::AutoScalingGroup
    CreationPolicy: {ResourceSignal: {Count: 2, Timeout: PT15M}}
    Properties: {MinSize: 2, MaxSize: 2}
"""
CONDITION = """
Resources:
  Handle: {Type: AWS::CloudFormation::WaitConditionHandle}
  Ready: {Type: AWS::CloudFormation::WaitCondition, Properties: {Handle: !Ref Handle, Timeout: 900}}
Outputs:
  Data: {Value: !GetAtt Ready.Data}
"""
CUSTOM = """
Resources:
  Thing: {Type: Custom::Thing, Properties: {ServiceToken: 'arn:aws:lambda:eu-west-1:123456789012:function:make'}}
Outputs:
  Url: {Value: !GetAtt Thing.Url}
"""


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    """Where the server sends requests of custom resources."""
    with open_endpoint() as found:
        yield found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, endpoint: Endpoint) -> Iterator[Server]:
    """A server that waits for signals."""
    directory = tmp_path_factory.mktemp("signals")
    flags: dict[str, Any] = {"sandbox.signals": "wait", "custom_resources": {"arn:*:function:make": endpoint.url}}
    yield from conftest.serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)


def begin(product: Published) -> str:
    """Launch a product; the record's id."""
    started = product.catalog.provision_product(
        ProductId=product.product_id,
        ProvisioningArtifactId=product.versions[0],
        ProvisionedProductName="mine",
        ProvisionToken=str(uuid4()),
    )
    return str(started["RecordDetail"]["RecordId"])


def call(server: Server, address: str, **document: Any) -> Answer:
    """PUT a document to an address that was handed out."""
    assert address.startswith(server.url)
    return send(server, "PUT", urlsplit(address).path, {}, msgspec.json.encode(document))


def ask(server: Server, account: str, path: str) -> Any:
    """Ask our own API."""
    headers = {"X-Manciple-Account": account, "X-Manciple-Region": conftest.REGION}
    return send(server, "GET", path, headers).json


def outputs(record: dict[str, Any]) -> dict[str, str]:
    """A record's outputs by key."""
    return {one["OutputKey"]: one["OutputValue"] for one in record["RecordOutputs"]}


def test_a_launch_waits_for_the_signals_of_its_creation_policy(
    server: Server, account: str, publish: Callable[..., Published]
) -> None:
    product = publish(POLICY)
    record_id = begin(product)
    path = f"/_manciple/records/{record_id}/signals"
    awaited = until(lambda: ask(server, account, path)["Signals"], bool)
    address = awaited[0]["Address"]
    answers = [call(server, address, Status="SUCCESS", UniqueId=name).json for name in ("i-1", "i-1", "i-2")]

    assert [one["LogicalResourceId"] for one in awaited] == ["Group"]
    assert [answer["Status"] for answer in answers] == ["ACCEPTED", "REPEATED", "ACCEPTED"]
    assert product.wait_for_record(record_id)["RecordDetail"]["Status"] == "SUCCEEDED"
    assert ask(server, account, path) == {"Signals": []}


def test_a_signal_that_comes_too_late_is_told_as_an_ignored_event(
    server: Server, account: str, publish: Callable[..., Published]
) -> None:
    product = publish(POLICY)
    record_id = begin(product)
    awaited = until(lambda: ask(server, account, f"/_manciple/records/{record_id}/signals")["Signals"], bool)
    for name in ("i-1", "i-2"):
        call(server, awaited[0]["Address"], Status="SUCCESS", UniqueId=name)
    product.wait_for_record(record_id)
    late = call(server, awaited[0]["Address"], Status="FAILURE", UniqueId="i-3")

    events = ask(server, account, f"/_manciple/records/{record_id}/events")["Events"]
    assert late.json["Status"] == "IGNORED"
    assert events[-1]["ResourceStatus"] == "SIGNAL_IGNORED"


def test_a_wait_handle_is_an_address_and_its_condition_gives_the_data(
    server: Server, account: str, publish: Callable[..., Published]
) -> None:
    product = publish(CONDITION)
    record_id = begin(product)
    events = until(
        lambda: ask(server, account, f"/_manciple/records/{record_id}/events")["Events"],
        lambda found: any(one["ResourceStatus"] == "CREATE_COMPLETE" for one in found),
    )
    address = next(one["PhysicalResourceId"] for one in events if one["ResourceStatus"] == "CREATE_COMPLETE")
    call(server, address, Status="SUCCESS", UniqueId="setup", Data="done", Reason="ready")

    record = product.wait_for_record(record_id)
    assert outputs(record)["Data"] == '{"setup":"done"}'


def test_a_custom_resource_is_made_by_whoever_the_operator_names(
    server: Server, publish: Callable[..., Published], endpoint: Endpoint
) -> None:
    product = publish(CUSTOM)
    record_id = begin(product)
    until(lambda: len(endpoint.requests), lambda count: count == 1)
    made = call(
        server,
        endpoint.last["ResponseURL"],
        Status="SUCCESS",
        PhysicalResourceId="thing-1",
        Data={"Url": "https://thing"},
    )

    assert made.json["Status"] == "ACCEPTED"
    assert outputs(product.wait_for_record(record_id))["Url"] == "https://thing"


def test_a_response_of_more_than_four_kilobytes_is_refused(
    server: Server, publish: Callable[..., Published], endpoint: Endpoint
) -> None:
    sent = len(endpoint.requests)
    product = publish(CUSTOM)
    record_id = begin(product)
    until(lambda: len(endpoint.requests), lambda count: count == sent + 1)
    address = endpoint.last["ResponseURL"]
    refused = call(server, address, Status="SUCCESS", PhysicalResourceId="thing-2", Data={"Url": "x" * 5000})
    call(server, address, Status="FAILED", Reason="too much to say")
    until(lambda: endpoint.last["RequestType"], lambda kind: kind == "Delete")
    call(server, endpoint.last["ResponseURL"], Status="SUCCESS")

    failed = product.wait_for_record(record_id)
    assert 400 <= refused.status < 500
    assert "too much to say" in str(failed["RecordDetail"]["RecordErrors"])
