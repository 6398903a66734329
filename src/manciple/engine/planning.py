"""How a plan of a stack is made: template, parameters and facts in, change set out. Nothing in the world changes."""

from collections.abc import Sequence

from msgspec.structs import replace

from manciple.catalog.ids import url_suffix_of
from manciple.engine.launch import Launch
from manciple.engine.macros import Macros
from manciple.engine.nested.templates import NestedTemplates
from manciple.engine.planned import Planned
from manciple.engine.previous_parameters import previous_parameters
from manciple.engine.rows import Stack
from manciple.engine.stack_planning import Sought, StackPlanning
from manciple.engine.targets.target import Made
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.template.evaluation import Facts
from manciple.template.limits import Limits

MOST_TOPICS = 5


class Planning:
    """Makes plans of stacks from what the store knows."""

    def __init__(
        self, database: Database, objects: Objects, templates: NestedTemplates, macros: Macros, limits: Limits
    ) -> None:
        self._database = database
        self._objects = objects
        self._templates = templates
        self._limits = limits
        self._macros = macros

    def make(self, launch: Launch, work: Work) -> Made:
        """Plan a launch or an update of a stack. Raises TemplateError with CloudFormation's message."""
        _check_topics(launch.topic_arns)
        with self._database.read() as tx:
            text = self._objects.get(tx, launch.template_digest).decode(errors="replace")
            previous = previous_parameters(tx, self._objects, launch)
        planning = self.of(work)
        sought = Sought(
            path="",
            text=text,
            parameters=launch.parameters,
            previous=previous,
            facts=_first_facts(launch, work.root.stack),
            tags=launch.tags | launch.auto_tags,
            rules=launch.effects.rules,
        )
        changes = planning.plan(sought)
        planned = Planned(launch=launch, stacks=planning.stacks, deferred=planning.deferred)
        return Made(
            change_set=replace(changes, nested=planning.changes),
            planned=planned,
            simulated=True,
            templates=tuple(planning.templates.values()),
        )

    def of(self, work: Work) -> StackPlanning:
        """The planning of an operation's stacks."""
        return StackPlanning(self._database, self._objects, self._templates, self._macros, self._limits, work)


def _check_topics(arns: Sequence[str]) -> None:
    """CloudFormation refuses a stack with more topics (API reference, CreateStack)."""
    if len(arns) > MOST_TOPICS:
        raise TemplateError(
            f"1 validation error detected: Value '[{', '.join(arns)}]' at 'notificationARNs' failed to satisfy "
            f"constraint: Member must have length less than or equal to {MOST_TOPICS}"
        )


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
