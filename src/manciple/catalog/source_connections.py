"""A product that follows a repository: where its versions come from, and how the last look there ended."""

from typing import Literal, TypeAlias

from manciple.catalog.entities import Entity

SyncStatus: TypeAlias = Literal["SUCCEEDED", "FAILED"]


class SourceConnection(Entity, frozen=True, kw_only=True):
    """What a product follows: a file on a branch of a repository, reached through a connection.

    `revision` is the newest commit that was looked at; `next_sync_time` is when the next look is due.
    """

    product_id: str
    connection_arn: str
    repository: str
    branch: str
    artifact_path: str
    next_sync_time: int
    revision: str | None = None
    last_sync_time: int | None = None
    last_sync_status: SyncStatus | None = None
    last_sync_message: str | None = None
    last_successful_sync_time: int | None = None
    last_successful_artifact_id: str | None = None
