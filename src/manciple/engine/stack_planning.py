"""Plans one stack and those nested in it, by the same evaluator and the same comparison.

A nested stack is planned when its turn comes among the resources of the stack around it: what it is given is known
then, or known to be known at execution only. Where something has to be decided by that (a condition, the address of the
template) the nested stack is deferred: expanded at execution.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial

import msgspec
from msgspec.structs import replace

from manciple.engine import exports
from manciple.engine import facts as fact_finding
from manciple.engine.deployed import deployed_of, nothing_deployed, removals_of_leftovers
from manciple.engine.local_paths import refuse_local_paths
from manciple.engine.macros import Macros
from manciple.engine.nested.names import arn_of, id_of, name_of, new_stack
from manciple.engine.nested.request import Asked, asked_of, inside
from manciple.engine.nested.templates import NestedTemplates
from manciple.engine.planned import Deferred, Permit, PlannedStack, decode_stack
from manciple.engine.scope import Scope
from manciple.engine.transforms import transformed
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.store.database import Database
from manciple.store.objects import Objects
from manciple.template.attribute_reads import attribute_reads
from manciple.template.change_set import (
    Change,
    ChangeSet,
    Deployed,
    Evaluated,
    Outlook,
    change_set,
    steady_outputs,
    with_arguments,
)
from manciple.template.document import Template
from manciple.template.dynamic_references import refuse_absent
from manciple.template.evaluate import evaluate
from manciple.template.evaluation import STACK_TYPE, Evaluation, Facts, Need, Needs, Resource
from manciple.template.intrinsics.import_value import missing_exports
from manciple.template.limits import Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.resource_schemas import known_types
from manciple.template.rules import check_rules, with_rules
from manciple.template.scope import Undecided
from manciple.template.stack_paths import depth_of, joined
from manciple.template.transforms.process import CHANGE_SET_FAILED
from manciple.template.values import Value

DEEPEST = 16
TOO_DEEP = "It is nested in more than {} stacks."
CIRCULAR = "It nests itself: a stack around it has the same template and the same parameters."
NO_OUTPUT = "Output '{}' not found in stack '{}'"
TOO_MANY = "A stack and those nested in it have {} resources; at most {} are allowed."
_OUTPUTS = "Outputs."


class NestedError(TemplateError):
    """A fault in a nested stack; its message names the stack."""


class Sought(msgspec.Struct, frozen=True, kw_only=True):
    """One stack to be planned: its template, what it is given, the templates around it."""

    path: str
    text: str
    parameters: Mapping[str, str]
    previous: Mapping[str, str] = {}
    unsettled: Mapping[str, Evaluated] = {}
    facts: Facts
    tags: dict[str, str]
    template_digest: str | None = None
    rules: Mapping[str, Value] = {}
    above: tuple[str, ...] = ()


class StackPlanning:
    """The planning of one operation: its stacks, change sets and templates, by path (templates by digest).

    `is_executing` says that what is planned is carried out at once; `exported` is what its stacks export by then.
    """

    def __init__(
        self,
        database: Database,
        objects: Objects,
        templates: NestedTemplates,
        macros: Macros,
        limits: Limits,
        work: Work,
    ) -> None:
        self.stacks: dict[str, PlannedStack] = {}
        self.deferred: dict[str, Deferred] = {}
        self.changes: dict[str, ChangeSet] = {}
        self.templates: dict[str, bytes] = {}
        self.is_executing = False
        self.exported: Mapping[str, str] = {}
        self._database = database
        self._objects = objects
        self._sources = templates
        self._macros = macros
        self._limits = limits
        self._work = work
        self._known: dict[Need, Value | None] = {}
        self._addresses: dict[str, str] = {}
        self._texts: dict[str, Template] = {}
        self._frozen: dict[str, str] = {}

    def plan(self, sought: Sought) -> ChangeSet:
        """Plan a stack, and in it those that are nested. Raises TemplateError, of a nested one Undecided."""
        evaluation, facts = self._evaluate(sought)
        scope = self._work.scopes.get(sought.path)
        self._check_exports(scope, sought, evaluation)
        self.stacks[sought.path] = PlannedStack(evaluation=evaluation, facts=facts, tags=sought.tags)
        self._check_size()
        changes = change_set(
            self._deployed(scope, sought.parameters if sought.path else {}),
            evaluation,
            sought.tags,
            unsettled=sought.unsettled,
            nested=partial(self._nested, sought, facts),
        )
        self._check_outputs(sought.path, evaluation)
        changes = replace(changes, warning=missing_exports(evaluation, facts))
        if scope is not None:
            changes = replace(changes, leftovers=removals_of_leftovers(scope))
            self._note_removals(scope, changes.changes.values())
        self.stacks[sought.path] = replace(
            self.stacks[sought.path],
            permits=permits_of(changes),
            leftovers=_leftovers(scope),
            template_digest=sought.template_digest,
        )
        return changes

    def _evaluate(self, sought: Sought) -> tuple[Evaluation, Facts]:
        original = self._loaded(sought.text)
        if sought.unsettled and original.transforms:
            raise Undecided(f"parameter {next(iter(sought.unsettled))}")
        template, facts = fact_finding.settle(
            lambda facts: transformed(original, sought.parameters, sought.previous, facts, self._limits, known_types()),
            sought.facts,
            self._fetch,
        )
        constrained = with_rules(template, sought.rules)
        evaluation, facts = fact_finding.settle(
            lambda facts: _evaluated(constrained, sought, facts, self._limits), facts, self._fetch
        )
        refuse_local_paths(evaluation)
        if sought.path and not self.is_executing:
            _demand_present(facts)
        refuse_absent(facts)
        return evaluation, facts

    def _loaded(self, text: str) -> Template:
        """A template's text, read once however often it is nested."""
        if text not in self._texts:
            self._texts[text] = load(text, self._limits, known_types())
        return self._texts[text]

    def _fetch(self, facts: Facts, needs: Iterable[Need]) -> Mapping[Need, Value | None]:
        """The answers to needs; the same need has the same answer in every stack of a plan."""
        wanted = [need for need in needs if need not in self._known]
        if wanted:
            made = self._macros.answers(wanted)
            with self._database.read() as tx:
                stored = [need for need in wanted if need not in made]
                self._known |= made | fact_finding.known_facts(tx, self._objects, facts, stored)
            self._known |= {need: self.exported[need.key] for need in wanted if _is_exported(need, self.exported)}
        return {need: self._known[need] for need in needs}

    def _nested(
        self, outer: Sought, facts: Facts, resource: Resource, change: Change | None, outlook: Outlook
    ) -> Change | None:
        path = joined(outer.path, resource.logical_id)
        try:
            asked = asked_of(resource, outlook, facts)
            changes = self._plan_nested(outer, facts, path, asked)
        except Undecided as undecided:
            return self._defer(outer, facts, path, resource, change, str(undecided))
        except NestedError:
            raise
        except TemplateError as error:
            raise _named(path, error, resource) from error
        found = inside(resource, change, self._physical_id(outer.path, resource), changes)
        steady = steady_outputs(self.stacks[path].evaluation, changes, asked.unsettled)
        return found and replace(found, steady=steady)

    def _plan_nested(self, outer: Sought, facts: Facts, path: str, asked: Asked) -> ChangeSet:
        digest = self._keep_template(facts.account, asked.address)
        self._frozen[path] = digest
        around = Deferred(facts=self._facts_of(facts, path), tags=outer.tags, reason="", above=outer.above)
        return self._plan_asked(path, asked, digest, around)

    def _plan_asked(self, path: str, asked: Asked, digest: str, around: Deferred) -> ChangeSet:
        """Plan the stack that is asked for inside of what the stack around it gives every one nested in it."""
        facts = around.facts
        sought = Sought(
            path=path,
            text=self.templates[digest].decode(errors="replace"),
            parameters=asked.parameters,
            unsettled=asked.unsettled,
            facts=replace(
                facts,
                notification_arns=asked.notification_arns or facts.notification_arns,
                known={Need("template", asked.address): digest},
            ),
            tags=around.tags | asked.tags,
            template_digest=digest,
            above=(*around.above, _mark(digest, asked)),
        )
        _refuse_circles(sought)
        self.changes[path] = self.plan(sought)
        return self.changes[path]

    def expand(self, deferred: Deferred, path: str, asked: Asked) -> None:
        """Plan a nested stack that was deferred, now that all is known. Raises TemplateError."""
        self.is_executing = True
        digest = deferred.template_digest or self._keep_template(deferred.facts.account, asked.address)
        if digest not in self.templates:
            self.templates[digest] = self._template(digest)
        self._plan_asked(path, asked, digest, deferred)

    def check(self, planned: PlannedStack, parameters: Mapping[str, str]) -> None:
        """Hold what a planned stack is given, now that all is known, against its declarations. Raises TemplateError."""
        assert planned.template_digest is not None
        template = load(self._template(planned.template_digest).decode(errors="replace"), self._limits)
        found = resolve_parameters(template, parameters, {}, planned.facts)
        if not isinstance(found, Needs):
            check_rules(template, found, planned.facts, self._limits)

    def _template(self, digest: str) -> bytes:
        with self._database.read() as tx:
            return self._objects.get(tx, digest)

    def _keep_template(self, account: str, address: str) -> str:
        """The digest of the template at an address, read once: whoever names it again in a plan gets the same bytes."""
        if address not in self._addresses:
            content = self._sources.read(account, address)
            self._addresses[address] = self._objects.digest(content)
            self.templates[self._addresses[address]] = content
        return self._addresses[address]

    def _facts_of(self, outer: Facts, path: str) -> Facts:
        """What a nested stack knows of itself: the names it has, or is going to have."""
        scope = self._work.scopes.get(path)
        arn_id = id_of(self._work.root.stack, path)
        name = scope.stack.name if scope else name_of(outer.stack_name, path.rpartition("/")[2], arn_id)
        arn = scope.stack.arn if scope else arn_of(outer.stack_id, name, arn_id)
        return replace(outer, stack_name=name, stack_id=arn, known={})

    def _defer(
        self, outer: Sought, facts: Facts, path: str, resource: Resource, change: Change | None, reason: str
    ) -> Change:
        """List the nested stack as one change: what it is going to be is found out at execution."""
        for planned in (self.stacks, self.changes, self.deferred):
            for name in [name for name in planned if name == path or name.startswith(f"{path}/")]:
                del planned[name]
        self.deferred[path] = Deferred(
            facts=self._facts_of(facts, path),
            tags=outer.tags,
            reason=reason,
            template_digest=self._frozen.get(path),
            above=outer.above,
        )
        found = inside(resource, change, self._physical_id(outer.path, resource), ChangeSet(changes={}), is_open=True)
        assert found is not None
        return replace(found, certainty="expanded at execution", cause=(f"expanded at execution: {reason}",))

    def _physical_id(self, path: str, resource: Resource) -> str | None:
        scope = self._work.scopes.get(path)
        live = scope.live.get(resource.logical_id) if scope else None
        return live.physical_id if live else None

    def _deployed(self, scope: Scope | None, given: Mapping[str, str]) -> Deployed | None:
        """A stack as it is; where it was given what nobody knew, and what is known now, as if that had been known."""
        if scope is None:
            return None
        if scope.stack.deployed_digest is None:
            return None if scope.holder is None else deployed_of(self._work.root, scope, nothing_deployed(scope))
        with self._database.read() as tx:
            stack = decode_stack(self._objects.get(tx, scope.stack.deployed_digest))
        deployed = deployed_of(self._work.root, scope, stack)
        pins = {name: value for name, value in deployed.arguments.items() if name in given}
        return replace(deployed, evaluation=with_arguments(deployed.evaluation, pins)) if pins else deployed

    def _note_removals(self, scope: Scope, changes: Iterable[Change]) -> None:
        """Tell what goes with a nested stack that is removed."""
        for change in changes:
            if change.action != "Remove" or change.resource_type != STACK_TYPE or change.policy_action == "Retain":
                continue
            inner = self._work.inner(scope.live[change.logical_id])
            deployed = self._deployed(inner, {})
            if inner is not None and deployed is not None:
                removals = change_set(deployed, Evaluation(resources={}))
                self.changes[inner.path] = removals
                self._note_removals(inner, removals.changes.values())

    def _check_outputs(self, path: str, evaluation: Evaluation) -> None:
        """Refuse to read an output that a nested stack has not."""
        for read in attribute_reads(evaluation) if len(self.stacks) > 1 else ():
            nested = self.stacks.get(joined(path, read.logical_id))
            output = read.attribute.removeprefix(_OUTPUTS)
            if nested and read.attribute.startswith(_OUTPUTS) and output not in nested.evaluation.outputs:
                raise TemplateError(NO_OUTPUT.format(output, nested.facts.stack_id), path=read.path)

    def _check_size(self) -> None:
        """Count the stacks planned now, and those that the plan which is executed has already."""
        stacks = {**(self._work.planned.stacks if self._work.planned else {}), **self.stacks}
        resources = sum(len(stack.evaluation.resources) for stack in stacks.values())
        if len(stacks) > 1 and resources > self._limits.nested_resources:
            raise TemplateError(TOO_MANY.format(resources, self._limits.nested_resources), path="Resources")

    def _check_exports(self, scope: Scope | None, sought: Sought, evaluation: Evaluation) -> None:
        """Refuse a plan that would take or change an export in use, where that can be known by now."""
        exports_something = any(output.export is not None for output in evaluation.outputs.values())
        if not exports_something and (scope is None or scope.stack.deployed_digest is None):
            return
        stack = scope.stack if scope else new_stack(self._work.root.stack, sought.path, sought.facts, 0)
        try:
            with self._database.read() as tx:
                exports.check(tx, stack, evaluation, self._work.root.stack)
        except exports.ExportError as error:
            raise TemplateError(str(error), path="Outputs", code=CHANGE_SET_FAILED) from error


def permits_of(changes: ChangeSet) -> dict[str, Permit]:
    """What execution may do to each resource of a stack."""
    return {
        logical_id: Permit(
            action=change.action, replacement=change.replacement, is_certain=change.certainty != "if changed"
        )
        for logical_id, change in changes.changes.items()
    }


def _leftovers(scope: Scope | None) -> tuple[tuple[str, int], ...]:
    instances = scope.instances if scope else {}
    return tuple(key for key, instance in instances.items() if instance.state == "leftover")


def _evaluated(template: Template, sought: Sought, facts: Facts, limits: Limits) -> Evaluation | Needs:
    parameters = resolve_parameters(template, sought.parameters, sought.previous, facts, sought.unsettled)
    return parameters if isinstance(parameters, Needs) else evaluate(template, parameters, facts, limits)


def _demand_present(facts: Facts) -> None:
    """Raise Undecided for what does not exist and may do so once the stacks before this one do: exports, parameters."""
    missing = next((need.key for need, answer in facts.known.items() if need.kind == "export" and answer is None), None)
    if missing is not None:
        raise Undecided(f"export {missing}")
    try:
        refuse_absent(facts)
    except TemplateError as error:
        raise Undecided(error.message) from error


def _is_exported(need: Need, exported: Mapping[str, str]) -> bool:
    return need.kind == "export" and need.key in exported


def _mark(digest: str, asked: Asked) -> str:
    """What tells a stack that nests itself: the same template with the same parameters."""
    given = f"{sorted(asked.parameters.items())!r} {sorted(asked.unsettled)!r}"
    return f"{digest} {hashlib.sha256(given.encode()).hexdigest()}"


def _refuse_circles(sought: Sought) -> None:
    *above, own = sought.above
    if own in above:
        raise TemplateError(CIRCULAR)
    if depth_of(sought.path) > DEEPEST:
        raise TemplateError(TOO_DEEP.format(DEEPEST))


def _named(path: str, error: TemplateError, resource: Resource) -> NestedError:
    return NestedError(
        f"Nested stack {path}: {error.message}",
        path=f"Resources/{resource.logical_id}",
        line=resource.line,
        code=error.code,
    )
