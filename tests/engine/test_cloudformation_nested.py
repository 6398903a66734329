"""What changes in nested stacks, where a CloudFormation makes change sets of them: told with its path.

Neither peer does, so one stands before moto that does: it adds what AWS's API documents (ResourceChange.ChangeSetId,
DescribeChangeSet of a nested change set by its ARN), and can refuse the argument as an older endpoint would.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from manciple.catalog.plan_document import PlanDocument
from tests import peers
from tests.engine.cloudformation_worlds import CloudWorld, open_cloud_world

pytestmark = pytest.mark.usefixtures("aws_credentials")

ARN = "arn:aws:cloudformation:eu-west-1:123456789012:changeSet/{}/1"
STACK = "<ResourceType>AWS::CloudFormation::Stack</ResourceType>"
CHANGE = """<member><Type>Resource</Type><ResourceChange><Action>Add</Action>
<LogicalResourceId>{name}</LogicalResourceId>{kind}<Scope/><Details/></ResourceChange></member>"""
DESCRIBED = """<DescribeChangeSetResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/">
<DescribeChangeSetResult><ChangeSetId>{arn}</ChangeSetId><ChangeSetName>nested</ChangeSetName>
<StackId>arn:aws:cloudformation:eu-west-1:123456789012:stack/nested/1</StackId><StackName>nested</StackName>
<ExecutionStatus>AVAILABLE</ExecutionStatus><Status>CREATE_COMPLETE</Status><Changes>{changes}</Changes>
</DescribeChangeSetResult></DescribeChangeSetResponse>"""
QUEUE = "<ResourceType>AWS::SQS::Queue</ResourceType>"
NESTED = {
    ARN.format("Child"): [("Queue", QUEUE), ("Inner", STACK + f"<ChangeSetId>{ARN.format('Inner')}</ChangeSetId>")],
    ARN.format("Inner"): [("Deep", QUEUE)],
}
REFUSAL = """<ErrorResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><Error><Type>Sender</Type>
<Code>ValidationError</Code><Message>unknown parameter IncludeNestedStacks</Message></Error></ErrorResponse>"""


@contextmanager
def standing_before(url: str, *, refuses: bool) -> Iterator[str]:
    """An endpoint that passes on what it does not answer by itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            if refuses and "IncludeNestedStacks" in asked:
                self._send(400, REFUSAL.encode())
            elif asked.get("ChangeSetName") in NESTED:
                changes = [CHANGE.format(name=name, kind=kind) for name, kind in NESTED[asked["ChangeSetName"]]]
                answer = DESCRIBED.format(arn=asked["ChangeSetName"], changes="".join(changes))
                self._send(200, answer.encode())
            else:
                self._pass_on(body, asked)

        def _pass_on(self, body: bytes, asked: dict[str, str]) -> None:
            peer = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
            peer.request("POST", self.path, body, dict(self.headers))
            answer = peer.getresponse()
            content = answer.read()
            peer.close()
            if asked["Action"] == "DescribeChangeSet" and not refuses:
                named = f"{STACK}<ChangeSetId>{ARN.format('Child')}</ChangeSetId>"
                content = content.replace(STACK.encode(), named.encode())
            self._send(answer.status, content)

        def _send(self, status: int, content: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "text/xml")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def plan_over(world: CloudWorld, moto: str, *, refuses: bool) -> PlanDocument:
    """The document of a plan of a stack with one nested in it."""
    child = json.dumps({"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}})
    address = world.publish(child).replace("127.0.0.1", "localhost")
    nested = {"Type": "AWS::CloudFormation::Stack", "Properties": {"TemplateURL": address}}
    plan_id = world.accept("plan", json.dumps({"Resources": {"Child": nested}}))
    with standing_before(moto, refuses=refuses) as url:
        peers.NAMES[url] = "moto"
        world.carry_out(plan_id, world.new_engine(url=url))
    digest = world.plan(plan_id).document_digest
    assert digest is not None, world.plan(plan_id).status_message
    with world.database.read() as tx:
        found: PlanDocument = world.objects.get_value(tx, digest, PlanDocument)
    return found


def listed(document: PlanDocument) -> list[tuple[str, str, str]]:
    return [
        (change.stack_path, change.resource_change["LogicalResourceId"], change.resource_change["Action"])
        for change in document.changes
    ]


@pytest.fixture
def world(sqlite_url: str, moto_endpoint: str) -> Iterator[CloudWorld]:
    with open_cloud_world(sqlite_url, moto_endpoint) as found:
        yield found


def test_what_changes_in_nested_stacks_is_told_with_its_path(world: CloudWorld, moto_endpoint: str) -> None:
    document = plan_over(world, moto_endpoint, refuses=False)

    assert listed(document) == [
        ("", "Child", "Add"),
        ("Child", "Inner", "Add"),
        ("Child", "Queue", "Add"),
        ("Child/Inner", "Deep", "Add"),
    ]
    assert document.summary.add == 4


def test_where_the_endpoint_refuses_a_nested_stack_is_one_change(world: CloudWorld, moto_endpoint: str) -> None:
    document = plan_over(world, moto_endpoint, refuses=True)

    assert listed(document) == [("", "Child", "Add")]
