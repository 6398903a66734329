"""Workflows: what a provisioning engine outside of this server was asked to do, and the result that it told.

Each attempt at a record has a token of its own; the engine gives it back with the result (service-catalog-api
reference, 7.3 and 7.4).
"""

from typing import Any

import msgspec

from manciple.catalog.entities import Entity


class Workflow(Entity, frozen=True, kw_only=True):
    """One attempt of an engine at a record, known by the hash of its token.

    `result_digest` is the sealed `WorkflowResult` that was told first; there is none while the engine works. A
    workflow that was given up has a `received_time` without a result.
    """

    token_hash: str
    record_id: str
    attempt: int
    created_time: int
    received_time: int | None = None
    result_digest: str | None = None


class WorkflowResult(msgspec.Struct, frozen=True, kw_only=True):
    """What an engine told. Engines send outputs and identifier with a failure too, perhaps empty."""

    status: str
    failure_reason: str | None = None
    resource_identifier: dict[str, Any] | None = None
    outputs: list[dict[str, Any]] = []
