"""How the process logs: structured lines on standard error, for people (`console`) or for machines (`json`).

Every line carries what is bound to the current context, above all the `request_id` that the answer's header shows.
What libraries log by the standard library comes out in the same form, from warnings upwards. No line shows the local
variables of a traceback: they may hold secrets.
"""

import logging
import sys
from collections.abc import Mapping
from typing import Any, TextIO

import msgspec
import structlog
from structlog.typing import Processor

_ALWAYS: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
)


def configure(log_format: str, log_level: str, given: TextIO | None = None) -> None:
    """Set up logging for this process, once, by whoever owns the process.

    `log_format` is `console` or `json`, `log_level` the least that is written, `given` a stream in
    place of standard error.
    """
    stream = given or sys.stderr
    level = logging.getLevelNamesMapping()[log_level.upper()]
    renderers = _to_people(stream) if log_format == "console" else _TO_MACHINES
    structlog.configure(
        processors=[*_ALWAYS, *renderers],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=lambda *_: structlog.WriteLogger(given or sys.stderr),
        cache_logger_on_first_use=False,  # standard error may be another one later
    )
    handler = logging.StreamHandler(stream)
    meta = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(processors=[meta, *renderers], foreign_pre_chain=[*_ALWAYS])
    )
    logging.basicConfig(handlers=[handler], level=max(level, logging.WARNING), force=True)


def _to_people(stream: TextIO) -> tuple[Processor, ...]:
    plain = structlog.dev.plain_traceback
    return (structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=plain, sort_keys=False),)


def _to_json(_logger: Any, _method: str, line: Mapping[str, Any]) -> str:
    return _encoder.encode(line).decode()


_encoder = msgspec.json.Encoder(enc_hook=repr)
_TO_MACHINES: tuple[Processor, ...] = (structlog.processors.format_exc_info, _to_json)
