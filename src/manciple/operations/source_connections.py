"""Products that follow a repository: new commits of a file make new versions (reference, 5.10).

The operator maps each connection's ARN to a directory or an https address in the settings; the caller names what lies
below it. A look at the repository happens outside of any transaction, when the connection is made and on the ticks of
`source_sync`; how it ended is told in LastSync and never ends a call.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog.entities import Product, ProvisioningArtifact
from manciple.catalog.policy import check_quota
from manciple.catalog.source_connections import SourceConnection
from manciple.catalog.source_paths import check_artifact_path, check_branch, check_repository
from manciple.engine.git import Git, Repository, SourceError
from manciple.errors import InvalidParametersException, LimitExceededException
from manciple.operations.call import Caller, Context, Runtime
from manciple.operations.lookups import versions_of
from manciple.operations.provisioning_artifacts import add_version
from manciple.operations.templates import CLOUDFORMATION, FetchedTemplate, check_template
from manciple.store.source_connections import SOURCE_CONNECTIONS
from manciple.store.tables.source_connections import SOURCE_CONNECTION

CODESTAR = "CODESTAR"


class Source(NamedTuple):
    """A file on a branch of a repository, and the operator's place in which that lies."""

    base: str
    connection_arn: str
    repository: str
    branch: str
    artifact_path: str


class Look(NamedTuple):
    """How a look at a repository ended: what is new there, that nothing is, or why nothing could be seen."""

    source: Source
    commit: str | None = None
    content: bytes | None = None
    error: str | None = None


def look_at_given(runtime: Runtime, caller: Caller, product_type: str, given: shapes.SourceConnection) -> Look:
    """Check the connection that a caller names, then look. Raises InvalidParametersException for a wrong name."""
    return look(runtime, product_type, read_source(runtime, caller, given), seen=None)


def read_source(runtime: Runtime, caller: Caller, given: shapes.SourceConnection) -> Source:
    """What a caller names, checked strictly. Raises InvalidParametersException."""
    code_star = given.connection_parameters.code_star
    if given.type not in {None, CODESTAR} or code_star is None:
        raise InvalidParametersException("SourceConnection takes the type CODESTAR with ConnectionParameters.CodeStar.")
    check_repository(code_star.repository)
    check_branch(code_star.branch)
    check_artifact_path(code_star.artifact_path)
    arn = code_star.connection_arn
    base = runtime.settings.source_connections.get(arn)
    if base is None or not _is_for(runtime, caller, arn):
        raise InvalidParametersException(
            f"The connection {arn} is not known here; the operator maps connections in the setting source_connections."
        )
    return Source(base, arn, code_star.repository, code_star.branch, code_star.artifact_path)


def _is_for(runtime: Runtime, caller: Caller, arn: str) -> bool:
    """Where keys are verified, a connection is for the account in its ARN only."""
    return runtime.settings.auth == "open" or arn.split(":")[4] == caller.account


def look(runtime: Runtime, product_type: str, source: Source, *, seen: str | None) -> Look:
    """Look for a commit other than the one that was seen last, and at the file there. Never raises."""
    settings = runtime.settings.sources
    git = Git(settings.timeout_seconds, settings.repository_bytes)
    try:
        repository = Repository.under(source.base, source.repository)
        if seen is not None and git.newest_commit(repository, source.branch) == seen:
            return Look(source, commit=seen)
        fetched = git.fetch(repository, source.branch, source.artifact_path)
        if product_type == CLOUDFORMATION:
            check_template(runtime, fetched.content, validate=True)
    except (SourceError, InvalidParametersException) as error:
        return Look(source, error=str(error))
    except OSError as error:
        return Look(source, error=f"git cannot be run here: {error.strerror}.")
    return Look(source, commit=fetched.commit, content=fetched.content)


def connect(context: Context, product: Product, found: Look) -> SourceConnection:
    """Let a product follow a repository from now on, in place of the one that it did."""
    before = SOURCE_CONNECTIONS.get(context.tx, *context.owner, product.id)
    if before is not None:
        SOURCE_CONNECTIONS.delete(context.tx, before)
    connection = SourceConnection(
        account=product.account,
        region=product.region,
        product_id=product.id,
        connection_arn=found.source.connection_arn,
        repository=found.source.repository,
        branch=found.source.branch,
        artifact_path=found.source.artifact_path,
        next_sync_time=context.now,
    )
    SOURCE_CONNECTIONS.insert(context.tx, connection)
    return settle(context, product, connection, found)


def settle(context: Context, product: Product, connection: SourceConnection, found: Look) -> SourceConnection:
    """Write down how a look ended, and make the version that it asks for."""
    now = context.now
    fields: dict[str, Any] = {"last_sync_time": now, "next_sync_time": now + period(context.runtime)}
    try:
        version = _version(context, product, found)
    except LimitExceededException as error:
        found, version = found._replace(error=error.message), None
    if found.error is not None:
        fields |= {"last_sync_status": "FAILED", "last_sync_message": found.error}
    else:
        fields |= {"last_sync_status": "SUCCEEDED", "last_sync_message": None, "last_successful_sync_time": now}
        fields["revision"] = found.commit
        if version is not None:
            fields["last_successful_artifact_id"] = version.id
    return SOURCE_CONNECTIONS.change(context.tx, connection, **fields) or connection


def _version(context: Context, product: Product, found: Look) -> ProvisioningArtifact | None:
    """The version that a commit makes; none if the file is what the newest synced version was made from."""
    if found.content is None or found.commit is None:
        return None
    versions = versions_of(context, product)
    synced = [version for version in versions if version.source_revision is not None]
    if synced and synced[-1].template_digest == context.runtime.objects.digest(found.content):
        return None
    check_quota(len(versions), context.runtime.settings.quota.versions_per_product, f"versions of product {product.id}")
    source = found.source
    properties = shapes.ProvisioningArtifactProperties(
        name=found.commit[:12],
        description=f"{source.artifact_path} of {source.repository}, branch {source.branch}",
        info=None,
    )
    fetched = replace(context, prepared=FetchedTemplate(found.content, None))
    return add_version(fetched, product, properties, source_revision=found.commit)


def period(runtime: Runtime) -> int:
    """Milliseconds between two looks at a repository."""
    return int(runtime.settings.sources.poll_seconds * 1000)


def disconnect(context: Context, product: Product) -> None:
    """Follow no repository any more; for a product that is deleted."""
    if connection := SOURCE_CONNECTIONS.get(context.tx, *context.owner, product.id):
        SOURCE_CONNECTIONS.delete(context.tx, connection)


def connection_details(context: Context, products: Sequence[Product]) -> dict[str, shapes.SourceConnectionDetail]:
    """What products follow, by product id, as administrators see it."""
    ids = [product.id for product in products]
    if not ids:
        return {}
    accounts = {product.account for product in products}
    columns = SOURCE_CONNECTION.c
    found = SOURCE_CONNECTIONS.find(
        context.tx, columns.account.in_(accounts), columns.region == context.region, columns.product_id.in_(ids)
    )
    return {connection.product_id: _detail(connection) for connection in found}


def _detail(connection: SourceConnection) -> shapes.SourceConnectionDetail:
    return shapes.SourceConnectionDetail(
        type=CODESTAR,
        connection_parameters=shapes.SourceConnectionParameters(
            code_star=shapes.CodeStarParameters(
                artifact_path=connection.artifact_path,
                branch=connection.branch,
                connection_arn=connection.connection_arn,
                repository=connection.repository,
            )
        ),
        last_sync=shapes.LastSync(
            last_sync_time=_time(connection.last_sync_time),
            last_sync_status=connection.last_sync_status,
            last_sync_status_message=connection.last_sync_message,
            last_successful_sync_time=_time(connection.last_successful_sync_time),
            last_successful_sync_provisioning_artifact_id=connection.last_successful_artifact_id,
        ),
    )


def _time(milliseconds: int | None) -> Timestamp | None:
    return None if milliseconds is None else Timestamp(milliseconds)
