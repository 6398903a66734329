"""How a plan of a stack is made: template, parameters and facts in, change set out. Nothing in the world changes."""

from collections.abc import Iterable, Sequence
from functools import cache

from msgspec.structs import replace

from manciple.catalog.ids import url_suffix_of
from manciple.engine import exports
from manciple.engine import facts as fact_finding
from manciple.engine.deployed import deployed_of, removals_of_leftovers
from manciple.engine.launch import Launch
from manciple.engine.local_paths import refuse_local_paths
from manciple.engine.macros import Macros
from manciple.engine.planned import Permit, Planned, PlannedStack, decode_stack
from manciple.engine.refused_types import refuse_types
from manciple.engine.rows import Stack
from manciple.engine.targets.target import Made
from manciple.engine.transforms import transformed
from manciple.engine.work import Scope
from manciple.errors import TemplateError
from manciple.store.database import Database, Transaction
from manciple.store.objects import Objects
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.template.change_set import ChangeSet, Deployed, change_set
from manciple.template.document import Template
from manciple.template.dynamic_references import refuse_absent
from manciple.template.evaluate import evaluate
from manciple.template.evaluation import Evaluation, Facts, Need, Needs
from manciple.template.intrinsics.import_value import missing_exports
from manciple.template.limits import Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.resource_schemas import known_types
from manciple.template.rules import with_rules
from manciple.template.transforms.process import CHANGE_SET_FAILED
from manciple.template.values import Value

MOST_TOPICS = 5

_NO_PREVIOUS = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"


class Planning:
    """Makes plans of stacks from what the store knows."""

    def __init__(self, database: Database, objects: Objects, limits: Limits, macros: Macros) -> None:
        self._database = database
        self._objects = objects
        self._limits = limits
        self._macros = macros

    def make(self, launch: Launch, scope: Scope) -> Made:
        """Plan a launch or an update of a stack. Raises TemplateError with CloudFormation's message."""
        _check_topics(launch.topic_arns)
        with self._database.read() as tx:
            text = self._objects.get(tx, launch.template_digest).decode(errors="replace")
            previous = self._previous_parameters(tx, launch)
            deployed = self._deployed(tx, scope)
        original = load(text, self._limits, _simulated_types())
        template, facts = fact_finding.settle(
            lambda facts: transformed(original, launch.parameters, previous, facts, self._limits, _simulated_types()),
            _first_facts(launch, scope.stack),
            self._fetch,
        )
        constrained = with_rules(template, launch.effects.rules)
        evaluation, facts = fact_finding.settle(
            lambda facts: _evaluated(constrained, launch, previous, facts, self._limits), facts, self._fetch
        )
        refuse_types(evaluation)
        refuse_local_paths(evaluation)
        refuse_absent(facts)
        self._check_exports(scope.stack, evaluation)
        changes = change_set(deployed, evaluation, launch.tags | launch.auto_tags)
        changes = replace(changes, leftovers=removals_of_leftovers(scope), warning=missing_exports(evaluation, facts))
        planned = _planned(launch, scope, evaluation, facts, changes)
        return Made(change_set=changes, planned=planned, simulated=True)

    def _fetch(self, facts: Facts, needs: Iterable[Need]) -> dict[Need, Value | None]:
        wanted = list(needs)
        made = self._macros.answers(wanted)
        with self._database.read() as tx:
            stored = fact_finding.known_facts(tx, self._objects, facts, (need for need in wanted if need not in made))
        return stored | made

    def _check_exports(self, stack: Stack, evaluation: Evaluation) -> None:
        """Refuse a plan that would take or change an export in use, where that can be known by now."""
        if stack.deployed_digest is None and all(output.export is None for output in evaluation.outputs.values()):
            return
        try:
            with self._database.read() as tx:
                exports.check(tx, stack, evaluation)
        except exports.ExportError as error:
            raise TemplateError(str(error), path="Outputs", code=CHANGE_SET_FAILED) from error

    def _previous_parameters(self, tx: Transaction, launch: Launch) -> dict[str, str]:
        """The values of the last successful deployment, of the keys given with UsePreviousValue.

        Raises TemplateError for a key that it had not.
        """
        product = PROVISIONED_PRODUCTS.get(tx, launch.account, launch.region, launch.provisioned_product_id)
        digest = product.parameters_digest if product and launch.use_previous else None
        values = self._objects.get_value(tx, digest, dict[str, str]) if digest else {}
        for key in launch.use_previous:
            if key not in values:
                raise TemplateError(f"Invalid input for parameter key {key}. {_NO_PREVIOUS}")
        return {key: values[key] for key in launch.use_previous}

    def _deployed(self, tx: Transaction, scope: Scope) -> Deployed | None:
        if scope.stack.deployed_digest is None:
            return None
        stack = decode_stack(self._objects.get(tx, scope.stack.deployed_digest))
        return deployed_of(scope, stack)


def _check_topics(arns: Sequence[str]) -> None:
    """CloudFormation refuses a stack with more topics (API reference, CreateStack)."""
    if len(arns) > MOST_TOPICS:
        raise TemplateError(
            f"1 validation error detected: Value '[{', '.join(arns)}]' at 'notificationARNs' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MOST_TOPICS}"
        )


@cache
def _simulated_types() -> frozenset[str]:
    """The types that a template may use beside custom resources."""
    return frozenset(known_types())


def _planned(launch: Launch, scope: Scope, evaluation: Evaluation, facts: Facts, changes: ChangeSet) -> Planned:
    permits = {
        logical_id: Permit(
            action=change.action, replacement=change.replacement, is_certain=change.certainty == "certain"
        )
        for logical_id, change in changes.changes.items()
    }
    stack = PlannedStack(evaluation=evaluation, facts=facts, permits=permits, tags=launch.tags | launch.auto_tags)
    leftovers = tuple(key for key, instance in scope.instances.items() if instance.state == "leftover")
    return Planned(launch=launch, stacks={"": stack}, leftovers=leftovers)


def _evaluated(
    template: Template, launch: Launch, previous: dict[str, str], facts: Facts, limits: Limits
) -> Evaluation | Needs:
    parameters = resolve_parameters(template, launch.parameters, previous, facts)
    return parameters if isinstance(parameters, Needs) else evaluate(template, parameters, facts, limits)


def _first_facts(launch: Launch, stack: Stack) -> Facts:
    partition = launch.place.partition
    return Facts(
        account=launch.account,
        region=launch.region,
        partition=partition,
        url_suffix=url_suffix_of(partition),
        stack_name=stack.name,
        stack_id=stack.arn,
        notification_arns=launch.topic_arns,
    )
