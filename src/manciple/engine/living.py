"""What products made outside the sandbox, as whoever made it sees it now: for the read API shaped like Cloud Control.

Only what a product of the account and region made is shown, whatever else the system behind a type has.
"""

from typing import Any

import msgspec
import sqlalchemy as sa

from manciple.engine.masking import Mask
from manciple.engine.place import Place
from manciple.engine.planned import decode_stack
from manciple.engine.providers.provider import HandlerRequest, ProgressEvent, Subject
from manciple.engine.registered.model import identified, without
from manciple.engine.scope import State
from manciple.engine.slice import Parts
from manciple.store.database import Transaction
from manciple.store.tables.engine import INSTANCE, STACK
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.typed_values import typed_properties

_OF_TYPE = (
    STACK.c.account == sa.bindparam("account"),
    STACK.c.region == sa.bindparam("region"),
    INSTANCE.c.type == sa.bindparam("type"),
    INSTANCE.c.state == "live",
    INSTANCE.c.physical_id.is_not(None),
)
_JOINED = sa.join(STACK, INSTANCE, INSTANCE.c.stack_id == STACK.c.id)
_IDENTIFIERS = sa.select(INSTANCE.c.physical_id).select_from(_JOINED).where(*_OF_TYPE)
_ONE = (
    sa.select(
        *(STACK.c.arn, STACK.c.name, STACK.c.place, STACK.c.deployed_digest),
        *(INSTANCE.c.logical_id, INSTANCE.c.digest),
    )
    .select_from(_JOINED)
    .where(*_OF_TYPE, INSTANCE.c.physical_id == sa.bindparam("physical_id"))
    .limit(1)
)


def real_identifiers(tx: Transaction, place: tuple[str, str], type_: str) -> dict[str, dict[str, Any]]:
    """The identifiers of a type's resources that products have, each with the properties that it consists of."""
    schema = schema_of(type_) or ResourceSchema()
    found = tx.all(_IDENTIFIERS, account=place[0], region=place[1], type=type_)
    return {row.physical_id: identified({}, schema, row.physical_id) for row in found}


def read_real(parts: Parts, account: str, region: str, type_: str, identifier: str) -> dict[str, Any] | None:
    """The properties of a resource that a product has, read now; None if it has none or it is gone.

    Raises Unreadable if its provider cannot tell. Secrets and write-only properties are left out.
    """
    with parts.database.read() as tx:
        row = tx.first(_ONE, account=account, region=region, type=type_, physical_id=identifier)
        if row is None:
            return None
        state = msgspec.json.decode(parts.objects.get(tx, row.digest), type=State) if row.digest else State()
        deployed = decode_stack(parts.objects.get(tx, row.deployed_digest)) if row.deployed_digest else None
    request = HandlerRequest(
        token=f"read/{row.logical_id}",
        action="read",
        type=type_,
        place=msgspec.convert(row.place, Place),
        stack_id=row.arn,
        stack_name=row.name,
        logical_id=row.logical_id,
        physical_id=identifier,
        model=state.model,
        origin=state.origin,
    )
    mask = Mask([deployed.evaluation] if deployed else [])
    answer = _asked(parts, request)
    if answer is None or (answer.status == "FAILED" and answer.error_code == "NotFound"):
        return None
    if answer.status != "SUCCESS":
        raise Unreadable(mask.hide(answer.message or "It gave no answer."))
    schema = schema_of(type_) or ResourceSchema()
    shown = without(typed_properties(dict(answer.model or answer.attributes), schema), schema.write_only)
    hidden: dict[str, Any] = _hidden(shown, mask)
    return hidden


class Unreadable(Exception):
    """A provider cannot tell what a resource is now; one sentence says why."""


def _asked(parts: Parts, request: HandlerRequest) -> ProgressEvent | None:
    """What its provider says; None of what only exists in here, which the sandbox would have shown."""
    subject = Subject(request.type, request.place, request.model, request.origin)
    try:
        if parts.providers.simulates(subject):
            return None
        (answer,) = parts.providers.of(request.type, request.origin).handle([request])
    except LookupError as error:
        raise Unreadable(str(error)) from error
    return answer


def _hidden(value: Any, mask: Mask) -> Any:
    if isinstance(value, dict):
        return {name: _hidden(member, mask) for name, member in value.items()}
    if isinstance(value, list):
        return [_hidden(item, mask) for item in value]
    return mask.hide(value) if isinstance(value, str) else value
