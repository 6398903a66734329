"""ImportAsProvisionedProduct: a CloudFormation stack that exists becomes a provisioned product (reference, 4.9).

Stacks are found on every target: those whose resources a termination has retained, and those that a CloudFormation
endpoint has. What can be checked is checked before the answer; the stack then changes hands as the record's operation.
"""

from collections.abc import Sequence
from typing import NamedTuple

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog import search_terms
from manciple.catalog.constraints.effects import Effects
from manciple.catalog.entities import RecordType
from manciple.engine import operation as engine
from manciple.engine.found_stack import FoundStack, StackAway
from manciple.engine.launch import Adoption
from manciple.engine.target_choice import TEMPLATES
from manciple.errors import (
    DuplicateResourceException,
    InvalidParametersException,
    InvalidStateException,
    ResourceNotFoundException,
    TemplateError,
)
from manciple.operations.call import Caller, Context, Runtime, operation
from manciple.operations.launches import Choice, named
from manciple.operations.provisioning import create_provisioned_product
from manciple.operations.records import OPEN, detail_of, open_record
from manciple.operations.stacks import find_stack, is_stack_arn
from manciple.operations.templates import template_bytes
from manciple.operations.visibility import find_active_version, find_launchable_product
from manciple.store import terms
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.store.tables.catalog import RECORD
from manciple.template.limits import Limits
from manciple.template.load import load

IMPORTABLE = (
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
)
"""The statuses of a stack that AWS documents for an import."""

_RECORD_TYPE: RecordType = "IMPORT_PROVISIONED_PRODUCT"


class _Found(NamedTuple):
    """The stack that is to be imported, and whether its template is the version's."""

    target: str
    stack: FoundStack
    is_same: bool


def prepare_import(runtime: Runtime, caller: Caller, input: shapes.ImportAsProvisionedProductInput) -> _Found | None:
    """Find the stack that is to be imported and read its template, before the transaction; None if there is none."""
    if not is_stack_arn(input.physical_id):
        raise InvalidParametersException(
            f"PhysicalId {input.physical_id} is not the ARN of a CloudFormation stack; only stacks can be imported."
        )
    try:
        located = find_stack(runtime, caller, input.physical_id)
    except StackAway as away:
        raise InvalidStateException(f"Stack {input.physical_id} cannot be looked at now: {away}") from away
    if located is None:
        return None
    with runtime.database.read() as tx:
        context = Context(runtime, caller, tx, runtime.now(), "")
        wanted = template_bytes(context, _choose(context, input).artifact)
    template = located.stack.template
    return _Found(*located, template is not None and _is_same(template, wanted))


@operation("ImportAsProvisionedProduct", writes=True, prepare=prepare_import)
def import_as_provisioned_product(
    context: Context, input: shapes.ImportAsProvisionedProductInput
) -> shapes.ImportAsProvisionedProductOutput:
    """Make a stack a provisioned product of a version with the same template.

    Constraints count from the first update on. Raises ResourceNotFoundException, InvalidParametersException,
    DuplicateResourceException for a name or stack that a provisioned product has, InvalidStateException for a stack
    whose status does not allow it and while another import is under way.
    """
    choice = _choose(context, input)
    found: _Found | None = context.prepared
    if found is None:
        raise ResourceNotFoundException(f"Stack {input.physical_id} does not exist or access was denied")
    _check_new(context, input, found.stack)
    _check_stack(choice, found)
    _check_alone(context)
    product = create_provisioned_product(
        context,
        choice,
        input.provisioned_product_name,
        status="UNDER_CHANGE",
        tags=found.stack.tags,
        notification_arns=(),
        token=input.idempotency_token,
    )
    product = PROVISIONED_PRODUCTS.change(context.tx, product, physical_id=found.stack.arn) or product
    record = open_record(context, product, _RECORD_TYPE)
    adoption = Adoption(
        account=context.account,
        region=context.region,
        provisioned_product_id=product.id,
        target=found.target,
        stack_arn=found.stack.arn,
        template_digest=choice.artifact.template_digest,
    )
    context.wake(engine.submit_import(context.tx, context.runtime.objects, adoption, record_id=record.id))
    return shapes.ImportAsProvisionedProductOutput(record_detail=detail_of(record))


def _choose(context: Context, input: shapes.ImportAsProvisionedProductInput) -> Choice:
    """The version, along the caller's oldest path: the request has no member to name one (inferred)."""
    product, paths = find_launchable_product(context, input.product_id, None)
    artifact = find_active_version(context, product, input.provisioning_artifact_id)
    if artifact.type not in TEMPLATES:
        raise InvalidParametersException(f"{product.id} is a {artifact.type} product; only stacks can be imported.")
    return Choice(product, artifact, paths[0], Effects())


def _check_new(context: Context, input: shapes.ImportAsProvisionedProductInput, stack: FoundStack) -> None:
    if named(context, input.provisioned_product_name) is not None:
        raise DuplicateResourceException(
            f"A provisioned product named {input.provisioned_product_name} already exists."
        )
    owner = _owner_of(context, stack)
    if owner is not None:
        raise DuplicateResourceException(f"Stack {stack.arn} belongs to provisioned product {owner}.")


def _owner_of(context: Context, stack: FoundStack) -> str | None:
    """The provisioned product that has a stack."""
    ids: Sequence[sa.Row[tuple[str]]] = context.tx.all(
        terms.matching(context.owner, search_terms.KIND, stack.arn, "physicalid")
    )
    candidates = [row.id for row in ids] + [stack.provisioned_product_id or ""]
    there = (PROVISIONED_PRODUCTS.get(context.tx, *context.owner, one) for one in candidates if one)
    return next((product.id for product in there if product is not None), None)


def _check_stack(choice: Choice, found: _Found) -> None:
    stack = found.stack
    if stack.is_nested:
        raise InvalidParametersException(f"Stack {stack.arn} is nested in another; only root stacks can be imported.")
    if stack.status not in IMPORTABLE:
        raise InvalidStateException(
            f"Stack {stack.arn} is {stack.status}; it can be imported when it is one of {', '.join(IMPORTABLE)}."
        )
    if not found.is_same:
        raise InvalidParametersException(
            f"The template of stack {stack.arn} does not match the one of provisioning artifact {choice.artifact.id}."
        )


def _is_same(template: bytes, other: bytes) -> bool:
    """Do two texts hold the same template, whatever their format and layout?"""
    return template == other or _body(template) == _body(other) is not None


def _body(template: bytes) -> object:
    """The body of a template, None for one that cannot be read."""
    try:
        return load(template.decode(), Limits()).body
    except (TemplateError, UnicodeDecodeError):
        return None


def _check_alone(context: Context) -> None:
    """Raise InvalidStateException while another import of the account and region is under way (API reference)."""
    under_change = terms.matching(context.owner, search_terms.KIND, "UNDER_CHANGE", "status")
    other = context.tx.scalar(
        sa.select(RECORD.c.id)
        .where(
            RECORD.c.account == context.account,
            RECORD.c.region == context.region,
            RECORD.c.provisioned_product_id.in_(under_change),
            RECORD.c.type == _RECORD_TYPE,
            RECORD.c.status.in_(OPEN),
        )
        .limit(1)
    )
    if other is not None:
        raise InvalidStateException(f"Another import is under way ({other}); import one product at a time.")
