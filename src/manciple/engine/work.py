"""An operation in memory: everything it needs is loaded once a slice, worked on, and written in one go per tick."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
import sqlalchemy as sa

from manciple.engine import rows, topics
from manciple.engine.events import EventLog, last_number
from manciple.engine.masking import Mask
from manciple.engine.nested.names import inner_path
from manciple.engine.planned import Planned, PlannedStack, decode_planned, decode_stack, encode_planned
from manciple.engine.rows import Instance, Operation, Stack, Step
from manciple.engine.scope import Scope, State, parameter_name
from manciple.engine.topics import Telling
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.tables.engine import DEPENDENCY
from manciple.template.evaluation import STACK_TYPE, Evaluation
from manciple.template.stack_paths import depth_of
from manciple.template.values import texts

_SELECT_DEPENDENCIES = sa.select(DEPENDENCY.c.number, DEPENDENCY.c.needs).where(
    DEPENDENCY.c.operation_id == sa.bindparam("id")
)
_INSERT_DEPENDENCIES = sa.insert(DEPENDENCY)

OUT_OF_REACH = ("deleted", "retained")
"""States of instances that no operation touches any more."""


class Work:
    """One operation, its stacks and steps. Changes are noted here and reach the database with `write`."""

    def __init__(self, operation: Operation, objects: Objects) -> None:
        self.operation = operation
        self.objects = objects
        self.planned: Planned | None = None
        self.scopes: dict[str, Scope] = {}
        self._scopes_by_arn: dict[str, Scope] = {}
        self.steps: list[Step] = []
        self.needs: list[tuple[int, int]] = []
        self.mask = Mask(())
        self.models: dict[int, dict[str, Any]] = {}
        self.now = 0
        self.log = EventLog(operation.id, 0)
        self._new_steps: list[Step] = []
        self._new_needs: list[tuple[int, int]] = []
        self._new_stacks: list[Stack] = []
        self._new_instances: dict[tuple[str, str, int], Instance] = {}
        self._steps: dict[int, Step] = {}
        self._instances: dict[tuple[str, str, int], Instance] = {}
        self._stacks: dict[str, Stack] = {}
        self._states: list[tuple[Instance, State]] = []
        self._new_tellings: list[Telling] = []
        self._grown: tuple[bytes, tuple[bytes, ...]] | None = None

    @property
    def root(self) -> Scope:
        """The product's own stack."""
        return self.scopes[""]

    @property
    def is_dirty(self) -> bool:
        """Is there anything to write?"""
        return bool(self._new_steps or self._steps or self._instances or self._new_instances or self._stacks)

    def load(self, tx: Transaction) -> None:
        """Read everything but what other operations own."""
        operation = self.operation
        self.log = EventLog(operation.id, last_number(tx, operation.id))
        if operation.planned_digest:
            self.planned = decode_planned(self.objects.get(tx, operation.planned_digest))
        self.steps = rows.rows_of(Step, tx.all(rows.SELECT_STEPS, id=operation.id))
        self.needs = [(row.number, row.needs) for row in tx.all(_SELECT_DEPENDENCIES, id=operation.id)]
        if operation.stack_id:
            stack = rows.rows_of(Stack, tx.all(rows.SELECT_STACK, id=operation.stack_id))[0]
            self.open(tx, stack)

    def open(self, tx: Transaction, root: Stack) -> Scope:
        """Read a product's stack and those nested in it, their instances and the states of these."""
        nested = rows.nested_stacks(tx, root)
        found = rows.instances_of(tx, [root.id, *(stack.id for stack in nested)])
        every = [one for instances in found.values() for one in instances]
        digests = [digest for one in every for digest in (one.digest, one.previous_digest) if digest]
        contents = self.objects.get_all(tx, digests)
        states = {digest: msgspec.json.decode(content, type=State) for digest, content in contents.items()}
        stacks = {stack.arn: stack for stack in nested}
        waiting: list[tuple[Stack, str, tuple[Scope, Instance] | None]] = [(root, "", None)]
        for stack, path, holder in waiting:
            scope = Scope(stack, self._planned_stack(path), found.get(stack.id, ()), path=path, holder=holder)
            self._open_scope(tx, scope, states)
            waiting.extend(
                (stacks[one.physical_id], inner_path(scope, one), (scope, one))
                for one in scope.instances.values()
                if one.type == STACK_TYPE and one.state not in OUT_OF_REACH and one.physical_id in stacks
            )
        return self.root

    def _open_scope(self, tx: Transaction, scope: Scope, states: Mapping[str, State]) -> None:
        for key, instance in scope.instances.items():
            if instance.digest:
                scope.states[key] = states[instance.digest]
            if instance.previous_digest:
                scope.previous[key] = states[instance.previous_digest]
        self.add_scope(scope)
        for evaluation in self._evaluations(tx, scope):
            self.mask.add(evaluation)
        for state in (*scope.states.values(), *scope.previous.values()):
            self._mask_state(state)

    def _planned_stack(self, path: str) -> PlannedStack | None:
        return self.planned.stacks.get(path) if self.planned else None

    def add_scope(self, scope: Scope) -> None:
        """Have a stack among those that the operation works on."""
        self.scopes[scope.path] = scope
        self._scopes_by_arn[scope.stack.arn] = scope

    def inner(self, instance: Instance) -> Scope | None:
        """The nested stack that an instance stands for; None for any other."""
        if instance.type != STACK_TYPE or instance.physical_id is None:
            return None
        return self._scopes_by_arn.get(instance.physical_id)

    @property
    def innermost_first(self) -> list[Scope]:
        """Every stack, each after those nested in it."""
        return sorted(self.scopes.values(), key=lambda scope: depth_of(scope.path), reverse=True)

    def adopt(self, planned: Planned) -> None:
        """Take up a plan that was made in this slice."""
        self.planned = planned
        for path, scope in self.scopes.items():
            scope.planned = planned.stacks.get(path)
        for stack in planned.stacks.values():
            self.mask.add(stack.evaluation)

    def replan(self, planned: Planned, templates: Iterable[bytes]) -> None:
        """Take up a plan that has grown while it is carried out; it is written with the steps that come of it."""
        self._grown = (encode_planned(planned), tuple(templates))
        self.operation.planned_digest = self.objects.digest(self._grown[0], sealed=True)
        self.adopt(planned)

    def _evaluations(self, tx: Transaction, scope: Scope) -> Iterable[Evaluation]:
        if scope.planned:
            yield scope.planned.evaluation
        if scope.stack.deployed_digest:
            yield decode_stack(self.objects.get(tx, scope.stack.deployed_digest)).evaluation

    def add_step(self, step: Step) -> Step:
        """Add a step, numbered after the last one."""
        step.number = len(self.steps)
        self.steps.append(step)
        self._new_steps.append(step)
        return step

    def add_need(self, step: Step, needs: Step) -> None:
        """Let a step wait for another."""
        self.needs.append((step.number, needs.number))
        self._new_needs.append((step.number, needs.number))

    def add_stack(self, stack: Stack) -> None:
        """Have a new stack written."""
        self._new_stacks.append(stack)

    def add_instance(self, scope: Scope, instance: Instance) -> Instance:
        """Add an instance."""
        scope.instances[instance.logical_id, instance.incarnation] = instance
        self._new_instances[_key(instance)] = instance
        return instance

    def tell_topics(self, scope: Scope) -> None:
        """Have the stack's topics told of the operation's events from now on."""
        for arn in scope.stack.notification_arns:
            telling = Telling(
                operation_id=self.operation.id, stack_id=scope.stack.id, topic_arn=arn, told=self.log.last
            )
            self._new_tellings.append(telling)

    def touch(self, step: Step) -> None:
        """Have a step written."""
        self._steps[step.number] = step

    def touch_instance(self, instance: Instance) -> None:
        """Have an instance written."""
        if _key(instance) not in self._new_instances:
            self._instances[_key(instance)] = instance

    def touch_stack(self, stack: Stack) -> None:
        """Have a stack written."""
        stack.updated_time = self.now
        self._stacks[stack.id] = stack

    def set_state(self, scope: Scope, instance: Instance, state: State) -> None:
        """Give an instance a state; its blob is written with it."""
        scope.states[instance.logical_id, instance.incarnation] = state
        self._states.append((instance, state))
        self._mask_state(state)
        self.touch_instance(instance)

    def _mask_state(self, state: State) -> None:
        if state.no_echo:
            self.mask.add_texts(texts(state.attributes))
        if state.silent:
            named = state.attributes | {parameter_name(name): value for name, value in state.parameters.items()}
            self.mask.add_texts(text for name in state.silent for text in texts(named.get(name, "")))

    def tell_stack(self, scope: Scope, status: str, reason: str | None = None) -> None:
        """Set the stack's status and tell it as an event."""
        stack = scope.stack
        stack.status, stack.status_reason = status, reason
        self.touch_stack(stack)
        self.log.add(
            stack.id,
            self.now,
            status,
            logical_id=stack.name,
            type_=STACK_TYPE,
            physical_id=stack.arn,
            reason=reason,
            path=stack.path,
        )

    def tell(self, scope: Scope, instance: Instance, status: str, reason: str | None = None) -> None:
        """Tell an event of a resource."""
        reference = scope.state(instance).reference
        self.log.add(
            scope.stack.id,
            self.now,
            status,
            logical_id=instance.logical_id,
            type_=instance.type,
            physical_id=reference or instance.physical_id,
            reason=reason and self.mask.hide(reason),
            path=scope.stack.path,
        )

    def write(self, tx: Transaction) -> None:
        """Write every change noted since the last write."""
        self._write_states(tx)
        if self._grown is not None:
            self.objects.put(tx, self._grown[0], sealed=True)
            self.objects.put_all(tx, self._grown[1])
            self._grown = None
        rows.insert_steps(tx, self._new_steps)
        new = {step.number for step in self._new_steps}
        rows.update_steps(tx, (step for number, step in self._steps.items() if number not in new))
        self._write_needs(tx)
        rows.insert_instances(tx, self._new_instances.values())
        changed = self._instances.values()
        rows.update_instances(tx, [one for one in changed if one.state != "deleted"])
        rows.delete_instances(tx, [one for one in changed if one.state == "deleted"])
        for stack in self._new_stacks:
            rows.insert_stack(tx, stack)
        for stack in self._stacks.values():
            rows.update_stack(tx, stack)
        self.log.write(tx)
        topics.enroll(tx, self._new_tellings)
        self._new_tellings = []
        self._new_steps, self._new_instances, self._new_stacks = [], {}, []
        self._steps, self._instances, self._stacks = {}, {}, {}

    def _write_states(self, tx: Transaction) -> None:
        contents = [msgspec.json.encode(state) for _, state in self._states]
        digests = self.objects.put_all(tx, contents, sealed=True)
        for (instance, _), digest in zip(self._states, digests, strict=True):
            instance.digest = digest
        self._states = []

    def _write_needs(self, tx: Transaction) -> None:
        if self._new_needs:
            found = [
                {"operation_id": self.operation.id, "number": number, "needs": needs}
                for number, needs in self._new_needs
            ]
            tx.execute(_INSERT_DEPENDENCIES, found)
            self._new_needs = []


def _key(instance: Instance) -> tuple[str, str, int]:
    return instance.stack_id, instance.logical_id, instance.incarnation
