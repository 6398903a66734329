"""The functions of recorded macros: their recorded source, run here in place of AWS Lambda."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, TypeAlias

from scripts.account import Json

Function: TypeAlias = Callable[[Json, Any], Json]
MACRO = "AWS::CloudFormation::Macro"


class Functions:
    """Functions by the names of the macros that they carry out; those of the recording that is being played."""

    def __init__(self) -> None:
        self.url = ""
        self._sources: dict[str, str] = {}

    def take(self, recording: Json) -> None:
        """Have the functions of a recording, and no others."""
        self._sources = sources_of(recording)

    def answer(self, event: Json) -> Json | None:
        """What the function of the event's macro answers, None if there is none."""
        source = self._sources.get(event["transformId"].rpartition("::")[2])
        if source is None:
            return None
        try:
            return function_of(source)({"requestId": "recorded"} | event, None)
        except Exception as error:  # noqa: BLE001 - whatever a recorded function raises is its failure
            return {"status": "failure", "errorMessage": f"{type(error).__name__}: {error}"}


def sources_of(recording: Json) -> dict[str, str]:
    """The source of each macro: as the recording names it, or by the steps that deployed function and macro."""
    steps = [*(recording.get("setup") or []), *recording.get("steps", [])]
    functions = {
        step["args"]["func_name"]: step["args"]["handler_source"]
        for step in steps
        if step["op"] == "create_lambda_function"
    }
    found = dict((recording.get("environment") or {}).get("macros", {}))
    for step in steps:
        parameters = given(step["args"].get("Parameters"))
        declares = MACRO in json.dumps(step["args"].get("TemplateBody", ""))
        if declares and parameters.get("FunctionName") in functions:
            found[parameters["MacroName"]] = functions[parameters["FunctionName"]]
    return found


def given(parameters: Any) -> dict[str, str]:
    """Parameters by name, as a recording has them or as the API takes them."""
    if isinstance(parameters, list):
        parameters = {one["ParameterKey"]: one.get("ParameterValue", "") for one in parameters}
    return {name: str(value) for name, value in (parameters or {}).items()}


def function_of(source: str) -> Function:
    """The handler that a source defines."""
    names: dict[str, Any] = {}
    exec(compile(source, "recorded function", "exec"), names)  # noqa: S102 - the recording's own function
    handler: Function = names["handler"]
    return handler


@contextmanager
def serving() -> Iterator[Functions]:
    """Functions behind an address on loopback."""
    functions = Functions()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            answer = functions.answer(event)
            self.send_response(404 if answer is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_given: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    functions.url = f"http://127.0.0.1:{server.server_address[1]}/"
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield functions
    finally:
        server.shutdown()
        server.server_close()
