"""Log lines, for people and for machines."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from manciple import logs
from manciple.wire.access_log import log_access
from manciple.wire.messages import Request

TARGET = {"x-amz-target": "AWS242ServiceCatalogService.DescribeRecord"}


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


def test_a_line_for_machines_is_one_json_object_with_what_is_bound(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)

    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        structlog.get_logger().info("started", port=4566)

    line = json.loads(stream.getvalue())
    assert line.pop("timestamp").endswith("Z")
    assert line == {"event": "started", "level": "info", "port": 4566, "request_id": "r-1"}


def test_a_line_below_the_level_is_not_written(stream: io.StringIO) -> None:
    logs.configure("json", "warning", stream)

    structlog.get_logger().info("started")

    assert stream.getvalue() == ""


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_shows_no_local_variable(stream: io.StringIO, log_format: str) -> None:
    logs.configure(log_format, "info", stream)
    secret = "hunter2"

    try:
        raise ValueError(len(secret))
    except ValueError:
        structlog.get_logger().exception("failed")

    assert "ValueError: 7" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_what_libraries_log_has_the_same_form_from_warnings_upwards(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)

    logging.getLogger("uvicorn.error").info("not this")
    logging.getLogger("uvicorn.error").warning("but %s", "this")

    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("but this", "warning")


def test_a_request_leaves_one_line_that_names_operation_account_status_and_time(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    request = Request("POST", "/secret-path", "/secret-path", "secret=query", TARGET, "id", account="111122223333")

    log_access(request, "aws_json", 200, 0.0012346)

    line = json.loads(stream.getvalue())
    line.pop("timestamp")
    assert line == {
        "event": "request",
        "level": "info",
        "protocol": "aws_json",
        "operation": "DescribeRecord",
        "account": "111122223333",
        "status": 200,
        "milliseconds": 1.235,
    }
