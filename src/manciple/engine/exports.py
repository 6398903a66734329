"""Exports and who imports them, as rows: an export belongs to (account, region), an import is a claim on one.

A claim is taken at the start of an operation, so that what it reads cannot go while it works. It is the operation's
until that commits, and given up once the stack imports the export no longer. Messages are CloudFormation's (user guide,
"Fn::ImportValue").
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.engine.planned import Planned
from manciple.engine.rows import Stack
from manciple.store.database import Transaction
from manciple.store.tables.engine import EXPORT, IMPORT, STACK
from manciple.template.evaluation import Evaluation, Output

_INSERT = {
    False: sqlite.insert(EXPORT).on_conflict_do_nothing(),
    True: postgresql.insert(EXPORT).on_conflict_do_nothing(),
}
_CLAIM = {
    False: sqlite.insert(IMPORT).on_conflict_do_nothing(),
    True: postgresql.insert(IMPORT).on_conflict_do_nothing(),
}
_OWN = sa.select(EXPORT.c.name, EXPORT.c.value).where(EXPORT.c.stack_id == sa.bindparam("stack_id"))
_FOREIGN = sa.select(EXPORT.c.name, STACK.c.name.label("stack")).where(
    EXPORT.c.stack_id == STACK.c.id,
    EXPORT.c.stack_id != sa.bindparam("of_stack"),
    EXPORT.c.account == sa.bindparam("account"),
    EXPORT.c.region == sa.bindparam("region"),
    EXPORT.c.name.in_(sa.bindparam("names", expanding=True)),
)
_LOCK = (
    sa.select(EXPORT.c.name, EXPORT.c.value)
    .where(
        EXPORT.c.account == sa.bindparam("account"),
        EXPORT.c.region == sa.bindparam("region"),
        EXPORT.c.name.in_(sa.bindparam("names", expanding=True)),
    )
    .order_by(EXPORT.c.name)
    .with_for_update(read=True)
)
_USERS = (
    sa.select(IMPORT.c.name, STACK.c.name.label("stack"))
    .where(
        IMPORT.c.stack_id == STACK.c.id,
        IMPORT.c.stack_id.not_in(sa.bindparam("of_stacks", expanding=True)),
        IMPORT.c.account == sa.bindparam("account"),
        IMPORT.c.region == sa.bindparam("region"),
        IMPORT.c.name.in_(sa.bindparam("names", expanding=True)),
    )
    .order_by(IMPORT.c.name, STACK.c.name)
)
_DELETE = sa.delete(EXPORT).where(
    EXPORT.c.stack_id == sa.bindparam("of_stack"), EXPORT.c.name.in_(sa.bindparam("names", expanding=True))
)
_UPDATE = (
    sa.update(EXPORT)
    .where(EXPORT.c.stack_id == sa.bindparam("of_stack"), EXPORT.c.name == sa.bindparam("of_name"))
    .values(value=sa.bindparam("new_value"))
)
_RELEASE = sa.delete(IMPORT).where(
    IMPORT.c.stack_id == sa.bindparam("of_stack"), IMPORT.c.name.not_in(sa.bindparam("names", expanding=True))
)
_SETTLE = sa.update(IMPORT).where(IMPORT.c.stack_id == sa.bindparam("of_stack")).values(operation_id=None)
_ABANDON = sa.delete(IMPORT).where(IMPORT.c.operation_id == sa.bindparam("of_operation"))

DELETED = "Export {name} cannot be deleted as it is in use by {users}"
UPDATED = "Cannot update export {name} as it is in use by {users}"
TAKEN = "Export with name {name} is already exported by stack {stack}"


class ExportError(Exception):
    """An export cannot be made, changed or removed; the text is CloudFormation's."""


def imported(planned: Planned) -> list[str]:
    """The names of the exports that a plan's stacks import."""
    used = (need for stack in planned.stacks.values() for need in stack.evaluation.facts_used)
    return sorted({need.key for need in used if need.kind == "export"})


def claim(tx: Transaction, stack: Stack, planned: Planned, operation_id: str) -> None:
    """Claim what a plan imports. Raises ExportError if an export is not what the plan has read.

    What no stack exports (an export of the environment document, or none at all) is only noted.
    """
    names = imported(planned)
    if not names:
        return
    read = {need.key: value for one in planned.stacks.values() for need, value in one.facts.known.items()}
    place = {"account": stack.account, "region": stack.region}
    today = {row.name: row.value for row in tx.all(_LOCK, names=names, **place)}
    if moved := next((name for name, value in today.items() if read.get(name) not in (None, value)), None):
        raise ExportError(f"Export {moved} has changed since the plan was made; make a new plan.")
    rows = [{**place, "name": name, "stack_id": stack.id, "operation_id": operation_id} for name in names]
    tx.execute(_CLAIM[tx.is_postgresql], rows)


def settle_claims(tx: Transaction, stack: Stack, names: Iterable[str]) -> None:
    """The stack has come to import these: its claims on them are its own, all others are given up."""
    tx.execute(_RELEASE, {"of_stack": stack.id, "names": list(names)})
    tx.execute(_SETTLE, {"of_stack": stack.id})


def abandon_claims(tx: Transaction, operation_id: str) -> None:
    """Give up what an operation has claimed that came to nothing."""
    tx.execute(_ABANDON, {"of_operation": operation_id})


def put(tx: Transaction, stack: Stack, found: Mapping[str, str], root: Stack | None = None) -> None:
    """Make these the stack's exports, in place of those it had. Raises ExportError.

    What `root`, the product's own stack, imports is in nobody's way.
    """
    own = {row.name: row.value for row in tx.all(_OWN, stack_id=stack.id)}
    gone = [name for name in own if name not in found]
    changed = [name for name, value in found.items() if own.get(name, value) != value]
    if gone:
        tx.execute(_DELETE, {"of_stack": stack.id, "names": gone})
    for name in changed:
        tx.execute(_UPDATE, {"of_stack": stack.id, "of_name": name, "new_value": found[name]})
    _refuse_used(tx, stack, root, gone, DELETED)
    _refuse_used(tx, stack, root, changed, UPDATED)
    place = {"account": stack.account, "region": stack.region, "stack_id": stack.id}
    if new := [{**place, "name": name, "value": value} for name, value in found.items() if name not in own]:
        tx.execute(_INSERT[tx.is_postgresql], new)
    _refuse_taken(tx, stack, found)


def check(tx: Transaction, stack: Stack, evaluation: Evaluation, root: Stack) -> None:
    """Raise ExportError for what a plan makes of the stack's exports, as far as names and values are known by now.

    `root` is the product's own stack: what it and those nested in it import may change with the plan.
    """
    planned = {output.export: output for output in evaluation.outputs.values() if isinstance(output.export, str)}
    _refuse_taken(tx, stack, planned)
    own = {row.name: row.value for row in tx.all(_OWN, stack_id=stack.id)}
    exporting = [output for output in evaluation.outputs.values() if output.export is not None]
    if len(planned) == len(exporting):
        _refuse_used(tx, stack, root, [name for name in own if name not in planned], DELETED)
    changed = [name for name, output in planned.items() if name in own and _is_other(output, own[name])]
    _refuse_used(tx, stack, root, changed, UPDATED)


def withdraw(tx: Transaction, stack: Stack, root: Stack) -> None:
    """Take back all that a stack exports. Raises ExportError while some of it is in use outside its product."""
    put(tx, stack, {}, root)


def _is_other(output: Output, value: str) -> bool:
    """Is the output known to be another one? A dynamic reference in it is not known before it is read."""
    return isinstance(output.value, str) and "{{resolve:" not in output.value and str(output.value) != value


def _refuse_used(tx: Transaction, stack: Stack, root: Stack | None, names: list[str], message: str) -> None:
    if not names:
        return
    own = [stack.id] if root is None else [stack.id, root.id]
    found = tx.all(_USERS, of_stacks=own, account=stack.account, region=stack.region, names=names)
    if found:
        users = [row.stack for row in found if row.name == found[0].name]
        raise ExportError(message.format(name=found[0].name, users=_listed(users)))


def _refuse_taken(tx: Transaction, stack: Stack, names: Iterable[str]) -> None:
    keys = {"of_stack": stack.id, "account": stack.account, "region": stack.region, "names": list(names)}
    if keys["names"] and (taken := tx.first(_FOREIGN, **keys)):
        raise ExportError(TAKEN.format(name=taken.name, stack=taken.stack))


def _listed(users: list[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, last = users
    return f"{', '.join(others)} and {last}" if others else last
