"""The steps of the way forward: one for every planned change but removals, two for a nested stack, its own between."""

from collections.abc import Mapping
from typing import NamedTuple

from manciple.engine.rows import Step
from manciple.engine.work import Work
from manciple.template.evaluation import STACK_TYPE
from manciple.template.stack_paths import joined

FORWARD = "forward"


class Span(NamedTuple):
    """The first and the last step of a resource; the same one, but for a nested stack."""

    first: Step
    last: Step


def add_forward(work: Work, path: str = "", around: Span | None = None) -> None:
    """Add the steps of the stack at a path, and of those nested in it, between the two that open and close it."""
    assert work.planned is not None
    planned = work.planned.stacks[path]
    spans = {
        logical_id: _span(work, path, logical_id, resource.type)
        for logical_id, resource in planned.evaluation.resources.items()
        if logical_id in planned.permits
    }
    for logical_id, span in spans.items():
        for needed in sorted(planned.evaluation.resources[logical_id].dependencies & spans.keys()):
            work.add_need(span.first, spans[needed].last)
    if around is not None:
        _enclose(work, around, spans)
    for logical_id, span in spans.items():
        if span.first is not span.last and joined(path, logical_id) in work.planned.stacks:
            add_forward(work, joined(path, logical_id), span)


def _enclose(work: Work, around: Span, spans: Mapping[str, Span]) -> None:
    for span in spans.values():
        work.add_need(span.first, around.first)
        work.add_need(around.last, span.last)


def _span(work: Work, path: str, logical_id: str, type_: str) -> Span:
    scope = work.scopes.get(path)
    live = scope.live.get(logical_id) if scope else None
    before = live.incarnation if live else None
    if type_ != STACK_TYPE:
        step = _add(work, path, logical_id, "create" if live is None else "modify", before)
        return Span(step, step)
    kind = "create" if live is None else "update"
    span = Span(
        _add(work, path, logical_id, f"{kind}_open", before), _add(work, path, logical_id, f"{kind}_close", before)
    )
    work.add_need(span.last, span.first)
    return span


def _add(work: Work, path: str, logical_id: str, verb: str, before: int | None) -> Step:
    step = Step(
        operation_id=work.operation.id,
        number=0,
        phase=FORWARD,
        path=path,
        logical_id=logical_id,
        verb=verb,
        before=before,
    )
    return work.add_step(step)
