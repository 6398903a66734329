"""Asking an engine, in one transaction with all that is known of it then: token, message, time-out.

Whoever goes on after a death finds the operation's handle, or nothing: there is one message and one token for each
record, however often it is sent.
"""

import secrets
import uuid
from base64 import b64encode

import msgspec

from manciple.catalog.entities import ProvisionedProduct, Record
from manciple.catalog.queues import QueuedMessage, queue_name
from manciple.engine.external.artifact import Located, keep_copy, locate
from manciple.engine.external.request import EngineRequest, body_of
from manciple.engine.slice import Slice
from manciple.settings.sections import External
from manciple.store.database import Transaction
from manciple.store.queues import MESSAGES
from manciple.store.rows import PROVISIONED_PRODUCTS, PROVISIONING_ARTIFACTS, RECORDS
from manciple.store.workflows import add_workflow
from manciple.template.values import revealed

ATTEMPT = 1
"""A record is asked for once; who asks again has made another record."""

NEVER = 2**62
"""When a message becomes visible here that is sent elsewhere."""

_TOKEN_BYTES = 48


class Handle(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What an operation remembers of its question: until when it waits, and whether the message is where it belongs.

    `given_up` is why no answer is waited for any more, `failures` how often the message could not be sent.
    """

    deadline: int
    queue_account: str
    queue: str
    is_sent: bool = True
    failures: int = 0
    given_up: str | None = None


def handle_of(slice: Slice) -> Handle | None:
    """The handle of a slice's operation; None before its question."""
    kept = slice.work.operation.handle
    return None if kept is None else msgspec.convert(kept, Handle)


def keep_handle(slice: Slice, handle: Handle) -> None:
    """Note the handle; it is written with the next commit."""
    slice.work.operation.handle = msgspec.to_builtins(handle)


def ask(slice: Slice, settings: External) -> Handle:
    """Put the question into its queue, or ready to be sent there. Raises Fenced, CalledBackError."""
    with slice.parts.database.read() as tx:
        request, located = request_of(slice, tx, elsewhere=settings.sqs_endpoint is not None)
    operation = slice.work.operation
    token = b64encode(secrets.token_bytes(_TOKEN_BYTES)).decode()
    body = body_of(request, token, operation.record_id or "", documented=settings.operation_names == "documented")
    is_own = settings.sqs_endpoint is None
    handle = Handle(
        deadline=slice.now() + int(settings.timeout_seconds * 1000),
        queue_account=request.queue_account,
        queue=request.queue,
        is_sent=is_own,
    )
    keep_handle(slice, handle)

    def write(tx: Transaction) -> None:
        now = tx.now()
        if located is not None and located.is_copy:
            owner = (request.queue_account, operation.region)
            keep_copy(tx, slice.parts.objects, owner, located.address, now)
        add_workflow(
            tx,
            token,
            account=operation.account,
            region=operation.region,
            record_id=operation.id,
            attempt=ATTEMPT,
        )
        MESSAGES.insert(tx, _message(slice, request, body, now, visible_time=now if is_own else NEVER))

    slice.parts.probe.reach("before intent", operation.id)
    slice.commit(write, unless_cancelled=True)
    slice.parts.probe.reach("after intent", operation.id)
    return handle


def _message(slice: Slice, request: EngineRequest, body: bytes, now: int, *, visible_time: int) -> QueuedMessage:
    return QueuedMessage(
        account=request.queue_account,
        region=slice.work.operation.region,
        id=str(uuid.uuid4()),
        queue=request.queue,
        operation_id=slice.work.operation.id,
        content=slice.parts.objects.seal.close(body),
        sent_time=now,
        visible_time=visible_time,
    )


def request_of(slice: Slice, tx: Transaction, *, elsewhere: bool) -> tuple[EngineRequest, Located | None]:
    """What the operation's record asks for, and where its artifact is."""
    operation = slice.work.operation
    product = PROVISIONED_PRODUCTS.get(tx, operation.account, operation.region, operation.provisioned_product_id)
    record = RECORDS.get(tx, operation.account, operation.region, operation.record_id)
    assert product is not None, "a product outlives its operations"
    assert record is not None, "a record outlives its operation"
    owner = (record.product_account or record.account, record.region)
    planned = slice.work.planned
    located = None
    if planned is not None:
        version = PROVISIONING_ARTIFACTS.get(tx, *owner, record.provisioning_artifact_id)
        digest = planned.launch.template_digest
        located = locate(tx, owner, version, digest, slice.parts.public_url, elsewhere=elsewhere)
    return _request(slice, product, record, owner[0], located), located


def _request(
    slice: Slice, product: ProvisionedProduct, record: Record, queue_account: str, located: Located | None
) -> EngineRequest:
    planned = slice.work.planned
    parameters = planned.stacks[""].evaluation.parameters if planned else {}
    return EngineRequest(
        record_type=record.type,
        queue_account=queue_account,
        queue=queue_name(product.type, record.type),
        account=product.account,
        provisioned_product_id=product.id,
        provisioned_product_name=product.name,
        product_id=record.product_id,
        artifact_id=record.provisioning_artifact_id,
        artifact_path=located.path if located else None,
        launch_role_arn=slice.work.root.place.role_arn,
        parameters={name: str(revealed(one.given)) for name, one in parameters.items()},
        tags=planned.launch.tags if planned else {},
    )
