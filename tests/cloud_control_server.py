"""A Cloud Control API of the tests' own: real HTTP in a process of its own, whose world outlives what is tested.

It keeps client tokens, carries requests out some calls later, applies patches to the letter of RFC 6902, and can be
told to fail, throttle or fall silent: `PUT /_control` with {"faults": [{"operation", "do", "times", …}], "polls": N,
"forgets": true (client tokens), "retry_after": S}, where `do` is refuse, fail (a request that was accepted),
silent (done, without an answer) or deaf (not done either).
`GET /_control` tells every call that came. Run as `python -m tests.cloud_control_server PORT`.
"""

import json
import sys
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any
from urllib.parse import parse_qs

Json = dict[str, Any]

IDENTIFIERS = {
    "AWS::DynamoDB::Table": ["TableName"],
    "AWS::EC2::Volume": ["VolumeId"],
    "AWS::ECS::Service": ["ServiceArn", "Cluster"],
    "AWS::IAM::User": ["UserName"],
    "AWS::Logs::LogGroup": ["LogGroupName"],
    "AWS::S3::Bucket": ["BucketName"],
    "AWS::SNS::Topic": ["TopicArn"],
    "AWS::SQS::Queue": ["QueueUrl"],
}
WRITE_ONLY = {"AWS::IAM::User": ["LoginProfile"], "AWS::S3::Bucket": ["AccessControl"]}
CREATE_ONLY = {
    "AWS::Logs::LogGroup": ["LogGroupName"],
    "AWS::SQS::Queue": ["QueueName"],
    "AWS::IAM::User": ["UserName"],
}
ADDED = {
    "AWS::SQS::Queue": ["Arn"],
    "AWS::Logs::LogGroup": ["Arn"],
    "AWS::S3::Bucket": ["Arn"],
    "AWS::IAM::User": ["Arn"],
}
_ROLE_KEY = "ASIAROLE"


class Refusal(Exception):
    """An error answer."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


class Silence(Exception):
    """No answer at all."""


class World:
    """What exists, what was asked, and what shall go wrong."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.resources: dict[tuple[str, str], Json] = {}
        self.requests: dict[str, Json] = {}
        self.tokens: dict[str, tuple[str, str]] = {}
        self.calls: list[Json] = []
        self.faults: list[Json] = []
        self.polls = 0
        self.forgets = False
        self.retry_after = 0

    def control(self, wanted: Json) -> None:
        if wanted.get("reset"):
            self.resources, self.requests, self.tokens, self.calls, self.faults, self.polls = {}, {}, {}, [], [], 0
            self.forgets, self.retry_after = False, 0
        self.faults = wanted.get("faults", self.faults)
        self.polls = wanted.get("polls", self.polls)
        self.forgets = wanted.get("forgets", self.forgets)
        self.retry_after = wanted.get("retry_after", self.retry_after)
        for one in wanted.get("resources", []):
            key = (one["TypeName"], one["Identifier"])
            if one.get("Properties") is None:
                self.resources.pop(key, None)
            else:
                self.resources[key] = one["Properties"]

    def told(self) -> Json:
        there = [
            {"TypeName": type_, "Identifier": identifier, "Properties": properties}
            for (type_, identifier), properties in self.resources.items()
        ]
        return {"calls": self.calls, "resources": there}

    def answer(self, operation: str, body: Json, key: str) -> Json:
        self.calls.append({"operation": operation, "body": body, "key": key})
        self._pass_time()
        fault = self._fault(operation, body)
        if fault and fault["do"] == "refuse":
            raise Refusal(fault["code"], fault.get("message", "told to"), fault.get("status", 400))
        if fault and fault["do"] == "deaf":
            raise Silence
        try:
            answer: Json = getattr(self, _OPERATIONS[operation])(body, fault or {})
        except json.JSONDecodeError as error:
            raise Refusal("InvalidRequestException", f"not JSON: {error}") from error
        if fault and fault["do"] == "silent":
            raise Silence
        return answer

    def _fault(self, operation: str, body: Json) -> Json | None:
        for fault in self.faults:
            fits = fault["operation"] == operation and fault.get("type") in (None, body.get("TypeName"))
            if fits and fault.get("skip", 0):
                fault["skip"] -= 1
            elif fits and fault.get("times", 1):
                fault["times"] = fault.get("times", 1) - 1
                return fault
        return None

    def create(self, body: Json, fault: Json) -> Json:
        type_, desired = body["TypeName"], json.loads(body["DesiredState"])
        if type_ not in IDENTIFIERS:
            raise Refusal("TypeNotFoundException", f"The type '{type_}' cannot be found.")
        for name in (*IDENTIFIERS[type_], *ADDED.get(type_, ())):
            desired.setdefault(name, f"arn:aws:made:{type_.rpartition('::')[2]}-{name}-{uuid.uuid4().hex[:12]}")
        identifier = "|".join(desired[name] for name in IDENTIFIERS[type_])
        return self._ask("CREATE", body, identifier, lambda: self._create(type_, identifier, desired), fault)

    def _create(self, type_: str, identifier: str, desired: Json) -> None:
        if (type_, identifier) in self.resources:
            raise Refusal("AlreadyExists", f"{identifier} already exists")
        self.resources[type_, identifier] = desired

    def update(self, body: Json, fault: Json) -> Json:
        type_, identifier = body["TypeName"], body["Identifier"]
        found = self._find(type_, identifier)
        read = {name: value for name, value in found.items() if name not in WRITE_ONLY.get(type_, ())}
        after = patched(json.loads(json.dumps(read)), json.loads(body["PatchDocument"]))
        for name in CREATE_ONLY.get(type_, ()):
            if read.get(name) != after.get(name):
                raise Refusal("NotUpdatableException", f"{name} is create-only")
        return self._ask("UPDATE", body, identifier, lambda: self._put(type_, identifier, after), fault)

    def _put(self, type_: str, identifier: str, properties: Json) -> None:
        self.resources[type_, identifier] = properties

    def delete(self, body: Json, fault: Json) -> Json:
        type_, identifier = body["TypeName"], body["Identifier"]
        if body.get("ClientToken") not in self.tokens:
            self._find(type_, identifier)
        return self._ask("DELETE", body, identifier, lambda: self._drop(type_, identifier), fault)

    def _drop(self, type_: str, identifier: str) -> None:
        del self.resources[type_, identifier]

    def get(self, body: Json, _fault: Json) -> Json:
        type_, identifier = body["TypeName"], body["Identifier"]
        found = self._find(type_, identifier)
        read = {name: value for name, value in found.items() if name not in WRITE_ONLY.get(type_, ())}
        return {
            "TypeName": type_,
            "ResourceDescription": {"Identifier": identifier, "Properties": json.dumps(read)},
        }

    def list_all(self, body: Json, _fault: Json) -> Json:
        type_ = body["TypeName"]
        found = [identifier for kind, identifier in self.resources if kind == type_]
        return {"TypeName": type_, "ResourceDescriptions": [{"Identifier": one, "Properties": "{}"} for one in found]}

    def status(self, body: Json, _fault: Json) -> Json:
        return {"ProgressEvent": self._request(body)["event"]}

    def _pass_time(self) -> None:
        """Every call brings what is in progress nearer to its end."""
        for request in self.requests.values():
            if request["event"]["OperationStatus"] == "IN_PROGRESS":
                request["left"] -= 1
                if request["left"] < 0:
                    _finish(request)

    def cancel(self, body: Json, _fault: Json) -> Json:
        request = self._request(body)
        if request["event"]["OperationStatus"] == "IN_PROGRESS":
            request["event"]["OperationStatus"] = "CANCEL_COMPLETE"
        return {"ProgressEvent": request["event"]}

    def _request(self, body: Json) -> Json:
        if body["RequestToken"] not in self.requests:
            raise Refusal("RequestTokenNotFoundException", f"{body['RequestToken']} was not found")
        return self.requests[body["RequestToken"]]

    def _find(self, type_: str, identifier: str) -> Json:
        found = self.resources.get((type_, identifier))
        if found is None:
            raise Refusal("ResourceNotFoundException", f"{identifier} was not found")
        return found

    def _ask(self, operation: str, body: Json, identifier: str, act: Callable[[], None], fault: Json) -> Json:
        """A request under a client token: the one there is, or a new one."""
        content = json.dumps({"operation": operation, **body}, sort_keys=True)
        token = body.get("ClientToken", str(uuid.uuid4()))
        if token in self.tokens and not self.forgets:
            request, first = self.tokens[token]
            if first != content:
                raise Refusal("ClientTokenConflictException", "the token was used for something else")
            return {"ProgressEvent": self.requests[request]["event"]}
        for other in self.requests.values():
            event = other["event"]
            same = (event["TypeName"], other["identifier"]) == (body["TypeName"], identifier)
            if same and event["OperationStatus"] == "IN_PROGRESS":
                raise Refusal("ConcurrentOperationException", f"{identifier} is being changed")
        event = {
            "TypeName": body["TypeName"],
            "RequestToken": str(uuid.uuid4()),
            "Operation": operation,
            "OperationStatus": "IN_PROGRESS",
            "EventTime": 1,
        }
        if self.retry_after:
            event["RetryAfter"] = time.time() + self.retry_after
        if operation != "CREATE" or identifier in body.get("DesiredState", ""):
            event["Identifier"] = identifier
        made = {"event": event, "left": self.polls, "act": act, "identifier": identifier, "fails": fault.get("fails")}
        self.requests[event["RequestToken"]] = made
        self.tokens[token] = event["RequestToken"], content
        if not self.polls:
            _finish(made)
        return {"ProgressEvent": event}


def _finish(request: Json) -> None:
    event = request["event"]
    try:
        if request["fails"]:
            raise Refusal(request["fails"], "told to fail")
        request["act"]()
    except Refusal as refusal:
        event |= {"OperationStatus": "FAILED", "ErrorCode": refusal.code, "StatusMessage": refusal.message}
    else:
        event |= {"OperationStatus": "SUCCESS", "Identifier": request["identifier"]}


def patched(document: Any, operations: list[Json]) -> Any:
    """A document after the operations of a JSON patch, each of which must fit."""
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        place = document
        for part in way:
            if not isinstance(place, dict) or part not in place:
                raise Refusal("InvalidRequestException", f"noSuchPath: {operation['path']}")
            place = place[part]
        if operation["op"] == "add":
            place[last] = operation["value"]
        elif last not in place:
            raise Refusal("InvalidRequestException", f"noSuchPath: {operation['path']}")
        elif operation["op"] == "remove":
            del place[last]
        else:
            raise Refusal("InvalidRequestException", f"what is {operation['op']}?")
    return document


_OPERATIONS = {
    "CancelResourceRequest": "cancel",
    "CreateResource": "create",
    "DeleteResource": "delete",
    "GetResource": "get",
    "GetResourceRequestStatus": "status",
    "ListResources": "list_all",
    "UpdateResource": "update",
}
_STS = {
    "AssumeRole": f"<Credentials><AccessKeyId>{_ROLE_KEY}</AccessKeyId><SecretAccessKey>s</SecretAccessKey>"
    "<SessionToken>t</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>",
    "GetCallerIdentity": "<Arn>arn:aws:iam::123456789012:user/tester</Arn><UserId>u</UserId>"
    "<Account>123456789012</Account>",
}
WORLD = World()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        with WORLD.lock:
            self._send(200, WORLD.told())

    def do_PUT(self) -> None:
        with WORLD.lock:
            WORLD.control(json.loads(self._body()))
        self._send(200, {})

    def do_POST(self) -> None:
        body = self._body()
        target = self.headers.get("X-Amz-Target", "")
        if not target:
            self._answer_sts(parse_qs(body.decode())["Action"][0])
            return
        key = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        try:
            with WORLD.lock:
                answer = WORLD.answer(target.partition(".")[2], json.loads(body), key)
            self._send(200, answer)
        except Refusal as refusal:
            self._send(refusal.status, {"__type": refusal.code, "Message": refusal.message})
        except Silence:
            self.close_connection = True
            self.connection.close()

    def _answer_sts(self, action: str) -> None:
        content = f"<{action}Response><{action}Result>{_STS[action]}</{action}Result></{action}Response>".encode()
        self._write(200, "text/xml", content)

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _send(self, status: int, answer: Json) -> None:
        self._write(status, "application/x-amz-json-1.0", json.dumps(answer).encode())

    def _write(self, status: int, kind: str, content: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
