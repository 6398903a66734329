"""The stack set target: a product as one stack in each of several accounts and regions.

plan -> begin -> forward -> done        terminate: begin -> cleanup -> done

A stack instance is an operation of its own, on the target that a product without a stack set would be deployed onto,
with its own lease, roll-back and events; this one begins them, region after region and so many at a time, and watches
how they end (decisions/stack-sets.md).
"""

from collections.abc import Iterable
from typing import Any

from manciple.catalog.ids import stack_set_arn, url_suffix_of
from manciple.engine import facts as fact_finding
from manciple.engine.events import USER_INITIATED
from manciple.engine.found_stack import FoundStack
from manciple.engine.launch import Launch
from manciple.engine.place import Place
from manciple.engine.planned import Planned, PlannedStack
from manciple.engine.previous_parameters import previous_parameters
from manciple.engine.rows import Stack
from manciple.engine.slice import Parts, Slice
from manciple.engine.stack_sets.course import Course
from manciple.engine.stack_sets.instances import TARGET
from manciple.engine.targets.target import Ended, Failed, Made, TargetType, Wake
from manciple.errors import TemplateError
from manciple.settings import Settings
from manciple.template.change_set import ChangeSet
from manciple.template.evaluation import Evaluation, Facts, Need
from manciple.template.limits import Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.rules import check_rules, with_rules
from manciple.template.values import Value

OUTPUT, OUTPUT_DESCRIPTION = "CloudformationStackSetARN", "The ARN of the launched Cloudformation StackSet"
"""As for stacks, with the word that a stack set needs (inferred)."""

_SHORTEST, _LONGEST = 100, 2_000
"""Milliseconds between two looks at what is under way: the longer it lasts, the fewer."""

_STARTS = {"provision": "CREATE_IN_PROGRESS", "update": "UPDATE_IN_PROGRESS", "terminate": "DELETE_IN_PROGRESS"}
_ENDS = {
    "provision": ("CREATE_COMPLETE", "CREATE_FAILED"),
    "update": ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"),
    "terminate": ("DELETE_COMPLETE", "DELETE_FAILED"),
}
"""How a stack set ends by the kind of its operation: well, or not."""


class StackSetTarget:
    """Has each stack instance deployed, after faults of parameters and rules are found for all of them."""

    name = TARGET

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Take up the parameters; each instance evaluates the template for itself. A stack set has no change set."""
        with slice.parts.database.read() as tx:
            launch: Launch = slice.parts.objects.get_value(tx, slice.work.operation.request_digest, Launch)
        stack = slice.work.root.stack
        stack.arn = stack_set_arn(stack.account, stack.region, stack.name, stack.id)
        slice.work.touch_stack(stack)
        try:
            evaluation, facts = self._evaluate(slice, launch, stack)
        except TemplateError as error:
            return Failed(code=error.code, message=error.message)
        planned = Planned(launch=launch, stacks={"": PlannedStack(evaluation=evaluation, facts=facts)})
        return Made(change_set=ChangeSet(changes={}), planned=planned)

    def _evaluate(self, slice: Slice, launch: Launch, stack: Stack) -> tuple[Evaluation, Facts]:
        objects = slice.parts.objects
        with slice.parts.database.read() as tx:
            text = objects.get(tx, launch.template_digest).decode(errors="replace")
            previous = previous_parameters(tx, objects, launch)
        template = with_rules(load(text, self._limits), launch.effects.rules)
        asking = _facts(launch, stack)
        parameters, facts = fact_finding.settle(
            lambda facts: resolve_parameters(template, launch.parameters, previous, facts),
            asking,
            lambda facts, needs: _known(slice, facts, needs),
        )
        check_rules(template, parameters, facts, self._limits)
        return Evaluation(resources={}, parameters=dict(parameters)), asking

    def begin(self, slice: Slice) -> None:
        """There are no steps; the caller commits the phase."""
        self._start(slice, "forward")

    def delete(self, slice: Slice) -> None:
        """Likewise."""
        self._start(slice, "cleanup")

    def _start(self, slice: Slice, phase: str) -> None:
        work = slice.work
        work.operation.phase = phase
        work.tell_stack(work.root, _STARTS[work.operation.kind], USER_INITIATED)

    def execute(self, slice: Slice) -> Wake | Ended:
        """Begin what can be begun now, note what has ended, and tell when to look again."""
        course = Course(slice)
        operation = slice.work.operation
        if course.go_on():
            now = slice.now()
            return Wake(now + min(max((now - operation.created_time) // 10, _SHORTEST), _LONGEST))
        reason = course.reason
        good, bad = _ENDS[operation.kind]
        operation.phase, operation.reason = "done", reason
        slice.work.tell_stack(slice.work.root, bad if reason else good, reason)
        return Ended(status=bad if reason else good, reason=reason)

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The stack set's ARN; the outputs of its stacks are their own."""
        arn = slice.work.root.stack.arn
        return [{"OutputKey": OUTPUT, "OutputValue": arn, "Description": OUTPUT_DESCRIPTION}]

    def find_stack(self, _parts: Parts, _place: Place, _arn: str) -> FoundStack | None:
        """A stack set is no stack; the stacks of its instances are on their own target."""
        return None


def _facts(launch: Launch, stack: Stack) -> Facts:
    """What evaluation knows of the stack set itself."""
    partition = launch.place.partition
    return Facts(
        account=launch.account,
        region=launch.region,
        partition=partition,
        url_suffix=url_suffix_of(partition),
        stack_name=stack.name,
        stack_id=stack.arn,
    )


def _known(slice: Slice, facts: Facts, needs: Iterable[Need]) -> dict[Need, Value | None]:
    with slice.parts.database.read() as tx:
        return fact_finding.known_facts(tx, slice.parts.objects, facts, needs)


def _make(settings: Settings) -> StackSetTarget:
    quota = settings.quota
    return StackSetTarget(
        Limits(
            resources=quota.resources_per_template,
            parameters=quota.parameters_per_template,
            outputs=quota.outputs_per_template,
            mappings=quota.mappings_per_template,
            template_bytes=quota.template_bytes,
        )
    )


STACK_SET = TargetType(TARGET, _make, for_launches=False)
