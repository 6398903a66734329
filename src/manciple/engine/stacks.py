"""Stacks that exist, whoever made them: what an import or a copy of a template wants to know of one."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from manciple.catalog.drift import Drift
from manciple.engine import rows
from manciple.engine.found_stack import FoundStack
from manciple.engine.launch import Adoption, Launch
from manciple.engine.living import read_real
from manciple.engine.place import Place, place_of
from manciple.engine.planned import decode_stack
from manciple.engine.providers.provider import Subject
from manciple.engine.rows import Operation, Stack
from manciple.engine.slice import Parts
from manciple.engine.targets.target import Inspectable, PlanKeeper, Target
from manciple.engine.work import Work
from manciple.store.database import Transaction
from manciple.store.tables.catalog import RECORD
from manciple.store.tables.engine import OPERATION
from manciple.template.values import revealed


class Stacks:
    """Finds stacks on every target that is set up."""

    def __init__(self, parts: Parts, targets: Mapping[str, Target]) -> None:
        self._parts = parts
        self._targets = targets

    def keeps_plans(self, target: str) -> bool:
        """Does a plan leave something at this target that a deleted plan must not?"""
        return isinstance(self._targets.get(target), PlanKeeper)

    def find(self, account: str, region: str, arn: str) -> tuple[str, FoundStack] | None:
        """A stack by its ARN, with the name of its target; None if no target has it. Raises StackAway."""
        place = place_of(account, region)
        for name, target in self._targets.items():
            if found := target.find_stack(self._parts, place, arn):
                return name, found
        return None

    def drift(self, plan_id: str) -> Drift:
        """What the resources that a plan is about are, beside what they were deployed as. Raises DriftUnknown."""
        with self._parts.database.read() as tx:
            found = rows.rows_of(Operation, tx.all(rows.SELECT_OPERATION, id=plan_id))
            if not found:
                raise DriftUnknown(f"What plan {plan_id} is about is not remembered any more.")
            work = Work(found[0], self._parts.objects)
            work.load(tx)
        return self._inspectable(found[0].target).find_drift(self._parts, work)

    def is_real(self, account: str, region: str, type_: str) -> bool:
        """Would a resource of the type be made outside the sandbox?"""
        return not self._parts.providers.simulates(Subject(type_, place_of(account, region), {}))

    def read_resource(self, account: str, region: str, type_: str, identifier: str) -> dict[str, Any] | None:
        """What a product made outside the sandbox, as it is now; None if none did. Raises Unreadable."""
        return read_real(self._parts, account, region, type_, identifier)

    def _inspectable(self, name: str) -> Inspectable:
        target: object = self._targets.get(name)
        if not isinstance(target, Inspectable):
            raise DriftUnknown(f"The target {name} does not tell what its resources are now; ask where they are.")
        return target


class DriftUnknown(Exception):
    """Nobody can tell what resources are now; one sentence says why."""


_NEWEST = (
    sa.select(OPERATION.c.kind, OPERATION.c.request_digest, RECORD.c.outputs)
    .join(
        RECORD,
        sa.and_(
            RECORD.c.account == OPERATION.c.account,
            RECORD.c.region == OPERATION.c.region,
            RECORD.c.id == OPERATION.c.record_id,
        ),
    )
    .where(
        OPERATION.c.account == sa.bindparam("account"),
        OPERATION.c.region == sa.bindparam("region"),
        OPERATION.c.provisioned_product_id == sa.bindparam("product"),
        OPERATION.c.kind.in_(("provision", "update", "execute", "import")),
        RECORD.c.status == "SUCCEEDED",
    )
    .order_by(RECORD.c.created_time.desc(), RECORD.c.id.desc())
    .limit(1)
)


def find_own(parts: Parts, place: Place, arn: str) -> FoundStack | None:
    """A stack of the stack target, by the id at the end of its ARN."""
    with parts.database.read() as tx:
        stack = own_stack(tx, place.account, place.region, arn)
        if stack is None or stack.deployed_digest is None:
            return None
        deployed = decode_stack(parts.objects.get(tx, stack.deployed_digest))
        keys = {"account": stack.account, "region": stack.region, "product": stack.provisioned_product_id}
        newest = tx.first(_NEWEST, **keys)
        return FoundStack(
            arn=stack.arn,
            name=stack.name,
            status=stack.status,
            is_nested=stack.parent_id is not None,
            template=_template(tx, parts, newest) if newest else None,
            parameters={one.name: str(revealed(one.given)) for one in deployed.evaluation.parameters.values()},
            tags={key: value for key, value in deployed.tags.items() if not key.startswith("aws:")},
            outputs=tuple(newest.outputs) if newest else (),
            provisioned_product_id=stack.provisioned_product_id,
        )


def own_stack(tx: Transaction, account: str, region: str, arn: str) -> Stack | None:
    """The row of a stack of the stack target."""
    found = rows.rows_of(Stack, tx.all(rows.SELECT_STACK, id=arn.rpartition("/")[2]))
    return next((one for one in found if (one.account, one.region, one.arn) == (account, region, arn)), None)


def _template(tx: Transaction, parts: Parts, newest: sa.Row[Any]) -> bytes:
    """The template of the newest operation that succeeded on the product of a stack."""
    kind: type[Launch] | type[Adoption] = Adoption if newest.kind == "import" else Launch
    request = parts.objects.get_value(tx, newest.request_digest, kind)
    return parts.objects.get(tx, request.template_digest)
