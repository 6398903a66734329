"""What a nested stack is given, looked at when all of it is known; the one place where execution adds steps."""

from msgspec.structs import replace

from manciple.engine import outputs
from manciple.engine.commit import made_stacks
from manciple.engine.forward import FORWARD, Span, add_forward
from manciple.engine.nested.request import Asked, asked_for
from manciple.engine.planned import Deferred
from manciple.engine.planning import Planning
from manciple.engine.rows import Step
from manciple.engine.scope import Scope
from manciple.engine.work import Work


class Expansion:
    """Sees to the nested stacks of an operation: planned ones are checked, deferred ones are planned."""

    def __init__(self, work: Work, planning: Planning) -> None:
        self._work = work
        self._planning = planning

    def __call__(self, step: Step, inner: Scope) -> None:
        """See to the nested stack that a step opens. Raises TemplateError if it cannot be what it is asked to be."""
        assert self._work.planned is not None
        asked = asked_for(inner.held.model)
        deferred = self._work.planned.deferred.get(inner.path)
        if deferred is not None:
            self._expand(step, inner, deferred, asked)
        elif inner.planned is not None and any(one.is_unknown for one in inner.planned.evaluation.parameters.values()):
            self._planning.of(self._work).check(inner.planned, asked.parameters)

    def _expand(self, step: Step, inner: Scope, deferred: Deferred, asked: Asked) -> None:
        """Plan the stack with what is known now, keep that plan, and add its steps before the one that closes it."""
        work = self._work
        planning = self._planning.of(work)
        planning.exported = outputs.exported_so_far(work, made_stacks(work)[1:])
        planning.expand(deferred, inner.path, asked)
        planned = work.planned
        assert planned is not None
        rest = {path: one for path, one in planned.deferred.items() if path != inner.path}
        work.replan(
            replace(planned, stacks=planned.stacks | planning.stacks, deferred=rest | planning.deferred),
            planning.templates.values(),
        )
        inner.planned = planning.stacks[inner.path]
        closing = next(one for one in work.steps if _closes(one, step))
        add_forward(work, inner.path, Span(step, closing))


def _closes(step: Step, opening: Step) -> bool:
    same = (step.phase, step.path, step.logical_id) == (FORWARD, opening.path, opening.logical_id)
    return same and step.verb.endswith("_close")
