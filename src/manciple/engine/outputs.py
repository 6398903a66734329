"""Outputs of a stack and the exports among them."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from manciple.engine.dynamic_references import DynamicReferences
from manciple.engine.work import Scope, Work
from manciple.store.database import Transaction
from manciple.store.tables.engine import EXPORT, STACK
from manciple.template.evaluate import resolve
from manciple.template.evaluation import Output
from manciple.template.values import Value, masked

STACK_ARN = "CloudformationStackARN"
STACK_ARN_DESCRIPTION = "The ARN of the launched Cloudformation Stack"

_WITHDRAW = sa.delete(EXPORT).where(EXPORT.c.stack_id == sa.bindparam("of_stack"))
_INSERT = {
    False: sqlite.insert(EXPORT).on_conflict_do_nothing(),
    True: postgresql.insert(EXPORT).on_conflict_do_nothing(),
}
_FOREIGN = sa.select(EXPORT.c.name, STACK.c.name.label("stack")).where(
    EXPORT.c.stack_id == STACK.c.id,
    EXPORT.c.stack_id != sa.bindparam("of_stack"),
    EXPORT.c.account == sa.bindparam("account"),
    EXPORT.c.region == sa.bindparam("region"),
    EXPORT.c.name.in_(sa.bindparam("names", expanding=True)),
)


class ExportTakenError(Exception):
    """Another stack exports the name already."""


def finished(work: Work, scope: Scope, references: DynamicReferences) -> list[dict[str, Any]]:
    """The record's outputs, the stack's ARN first; secrets as four stars. Raises TemplateError."""
    first = {"OutputKey": STACK_ARN, "OutputValue": scope.stack.arn, "Description": STACK_ARN_DESCRIPTION}
    found = scope.planned.evaluation.outputs.values() if scope.planned else ()
    return [first, *(_finished(work, scope, references, output) for output in found)]


def exports(work: Work, scope: Scope, references: DynamicReferences) -> dict[str, str]:
    """What the outputs export, by name. Raises TemplateError if an output, exported or not, cannot be finished."""
    assert scope.planned is not None
    found = scope.planned.evaluation.outputs
    values = {name: _text(work, scope, references, output.value) for name, output in found.items()}
    return {
        _text(work, scope, references, output.export): values[name]
        for name, output in found.items()
        if output.export is not None
    }


def put_exports(tx: Transaction, scope: Scope, found: dict[str, str]) -> None:
    """Make these the stack's exports, in place of those it had. Raises ExportTakenError."""
    stack = scope.stack
    withdraw_exports(tx, stack.id)
    if not found:
        return
    rows = [
        {"account": stack.account, "region": stack.region, "name": name, "value": value, "stack_id": stack.id}
        for name, value in found.items()
    ]
    tx.execute(_INSERT[tx.is_postgresql], rows)
    keys = {"of_stack": stack.id, "account": stack.account, "region": stack.region, "names": list(found)}
    if taken := tx.execute(_FOREIGN, keys).first():
        raise ExportTakenError(f"Export with name {taken.name} is already exported by stack {taken.stack}")


def withdraw_exports(tx: Transaction, stack_id: str) -> None:
    """Take back what a stack exports."""
    tx.execute(_WITHDRAW, {"of_stack": stack_id})


def _finished(work: Work, scope: Scope, references: DynamicReferences, output: Output) -> dict[str, Any]:
    entry = {"OutputKey": output.name, "OutputValue": _text(work, scope, references, output.value)}
    return entry | ({"Description": output.description} if output.description is not None else {})


def _text(work: Work, scope: Scope, references: DynamicReferences, value: Value) -> str:
    assert scope.planned is not None
    resolved = masked(resolve(value, scope.bindings, scope.planned.facts))
    text = resolved if isinstance(resolved, str) else str(resolved)
    return work.mask.hide(references.text(text, scope.stack.account, scope.stack.region))
