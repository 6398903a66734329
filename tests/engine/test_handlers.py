"""Handlers of own types that misbehave: each has failed with a sentence that says how, and nothing hangs."""

import json
import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from manciple.engine.place import place_of
from manciple.engine.providers.provider import HandlerRequest, ProgressEvent
from manciple.engine.providers.registered import Registered
from manciple.engine.registered.directory import read_type
from manciple.engine.registered.handler import ask
from manciple.template import resource_schemas

SCHEMA = {
    "typeName": "Shop::Odd::Thing",
    "properties": {"Name": {"type": "string"}, "Key": {"type": "string"}, "Size": {"type": "integer"}},
    "additionalProperties": False,
    "primaryIdentifier": ["/properties/Name"],
    "writeOnlyProperties": ["/properties/Key"],
    "readOnlyProperties": ["/properties/Size"],
    "handlers": {"create": {"timeoutInMinutes": 2}, "read": {}, "delete": {}},
}

Make = Callable[..., Registered]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Makes a provider of one type, whose handlers are the lines of a Python program."""

    def make(*lines: str, seconds: float = 20, environment: str = "[]") -> Registered:
        (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
        (tmp_path / "handler.py").write_text("\n".join(["import json, os, sys, time", *lines]))
        (tmp_path / "type.toml").write_text(
            f'command = ["python3", "handler.py"]\nseconds = {seconds}\nenvironment = {environment}\n'
        )
        found = read_type(tmp_path)
        resource_schemas.register({found.name: found.schema})
        return Registered({found.name: found})

    return make


def create(provider: Registered, **members: Any) -> ProgressEvent:
    request: dict[str, Any] = {
        "token": "one",
        "action": "create",
        "type": "Shop::Odd::Thing",
        "place": place_of("123456789012", "eu-west-1"),
        "stack_name": "stack",
        "logical_id": "Thing",
        "model": {"Name": "a", "Key": "open-sesame"},
    }
    (event,) = provider.handle([HandlerRequest(**request | members)])
    return event


def answering(**event: Any) -> str:
    return f"print(json.dumps({event!r}))"


@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("print('no JSON')", "HandlerInternalFailure", "wrote no ProgressEvent to its standard output"),
        ("print('[]')", "HandlerInternalFailure", "wrote no ProgressEvent"),
        ('print(\'{"status": "DONE"}\')', "HandlerInternalFailure", "wrote no ProgressEvent"),
        ("sys.stdout.buffer.write(b'\\xff\\xfe{}')", "HandlerInternalFailure", "wrote no ProgressEvent"),
        ("print('[' * 100_000)", "HandlerInternalFailure", "wrote no ProgressEvent"),
        ("print('x' * 9_000_000)", "HandlerInternalFailure", "wrote no ProgressEvent"),
        ("pass", "HandlerInternalFailure", "wrote no ProgressEvent"),
        ("sys.exit(3)", "HandlerInternalFailure", "the CREATE handler of Shop::Odd::Thing ended with status 3"),
        ("os.kill(os.getpid(), 9)", "HandlerInternalFailure", "ended with status -9"),
        (answering(status="SUCCESS"), "HandlerInternalFailure", "a model without its primary identifier"),
        (answering(status="SUCCESS", resourceModel={"Name": None}), "HandlerInternalFailure", "without its primary"),
        (answering(status="FAILED"), "GeneralServiceException", "The handler gave no message."),
        (answering(status="FAILED", errorCode="Whim", message="no"), "GeneralServiceException", "no"),
    ],
)
def test_a_handler_that_talks_nonsense_has_failed(make: Make, line: str, code: str, said: str) -> None:
    event = create(make(line))

    assert (event.status, event.error_code) == ("FAILED", code)
    assert said in (event.message or "")


def test_a_handler_that_is_slow_is_stopped_with_all_that_it_started(make: Make, tmp_path: Path) -> None:
    started = time.monotonic()
    child = "import time, pathlib; time.sleep(3); pathlib.Path('survived').touch()"

    event = create(
        make("import subprocess", f'subprocess.Popen(["python3", "-c", {child!r}])', "time.sleep(60)", seconds=1)
    )

    assert (event.error_code, time.monotonic() - started < 30) == ("ServiceTimeout", True)
    assert "did not answer within 1 s and was stopped" in (event.message or "")
    time.sleep(3)
    assert not (tmp_path / "survived").exists()


def test_a_handler_need_not_read_its_request(make: Make) -> None:
    event = create(make(answering(status="FAILED", errorCode="InvalidRequest", message="as you wish")))

    assert (event.error_code, event.message) == ("InvalidRequest", "as you wish")


@pytest.mark.parametrize(("given", "delay"), [(-5, 0), (0.25, 250), (1e300, 120_000), (None, 0)])
def test_the_delay_of_a_callback_is_kept_within_reason(make: Make, given: float | None, delay: int) -> None:
    event = create(make(answering(status="IN_PROGRESS", resourceModel={"Name": "a"}, callbackDelaySeconds=given)))

    assert (event.status, event.delay_ms, event.timeout_ms) == ("IN_PROGRESS", delay, 120_000)


def test_secrets_are_on_standard_input_and_nowhere_else(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MANCIPLE_SECRET_KEY_FILE", "/nowhere")
    monkeypatch.setenv("SHOP_URL", "http://shop")
    caplog.set_level(logging.DEBUG)
    asked = "request = json.load(sys.stdin)['request']['desiredResourceState']"
    tell = "print('told', request['Key'], file=sys.stderr)"
    where = "found = json.dumps([sys.argv, dict(os.environ)])"
    answer = "print(json.dumps({'status': 'FAILED', 'errorCode': 'InvalidRequest', 'message': request['Key'] + found}))"

    event = create(make(asked, tell, where, answer, environment='["SHOP_URL"]'))

    message = event.message or ""
    assert message.startswith("****[")
    assert "http://shop" in message
    assert "MANCIPLE" not in message
    assert "open-sesame" not in message + caplog.text
    assert "told ****" in caplog.text


def test_what_is_printed_beside_the_answer_of_an_entry_point_does_not_spoil_it(tmp_path: Path) -> None:
    (tmp_path / "schema.json").write_text(json.dumps(SCHEMA))
    (tmp_path / "type.toml").write_text('entry_point = "mine:handle"\n')
    (tmp_path / "mine.py").write_text(
        "def handle(asked):\n    print('hello')\n    return {'status': 'SUCCESS', 'resourceModel': {'Name': 'a'}}\n"
    )

    answer = ask(read_type(tmp_path), "READ", {"desiredResourceState": {"Name": "a"}})

    assert (answer.status, answer.resource_model) == ("SUCCESS", {"Name": "a"})


def test_a_variable_that_the_server_has_not_is_named(make: Make) -> None:
    assert "SHOP_NOWHERE" not in os.environ

    event = create(make(answering(status="SUCCESS"), environment='["SHOP_NOWHERE"]'))

    assert event.error_code == "InvalidTypeConfiguration"
    assert "wants the variable SHOP_NOWHERE, which the server has not" in (event.message or "")
