"""An operation in memory: everything it needs is loaded once a slice, worked on, and written in one go per tick."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec
import sqlalchemy as sa

from manciple.engine import rows, topics
from manciple.engine.events import STACK_TYPE, EventLog, last_number
from manciple.engine.masking import Mask
from manciple.engine.place import Place
from manciple.engine.planned import Planned, PlannedStack, decode_planned, decode_stack
from manciple.engine.rows import Instance, Operation, Stack, Step
from manciple.engine.topics import Telling
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.tables.engine import DEPENDENCY
from manciple.template.evaluation import Evaluation
from manciple.template.values import Bound, texts

_SELECT_DEPENDENCIES = sa.select(DEPENDENCY.c.number, DEPENDENCY.c.needs).where(
    DEPENDENCY.c.operation_id == sa.bindparam("id")
)
_INSERT_DEPENDENCIES = sa.insert(DEPENDENCY)


class State(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What an instance is: the model it was brought to (revealed), what the provider said of it, the stack's tags.

    `no_echo` says that the attributes are secrets.
    """

    model: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    reference: str = ""
    tags: dict[str, str] = {}
    no_echo: bool = False

    @cached_property
    def bound(self) -> Bound:
        """What `Ref` and `Fn::GetAtt` give."""
        return Bound(self.reference, self.model | self.attributes)


class Scope:
    """One stack of an operation with its instances and their states."""

    def __init__(self, stack: Stack, planned: PlannedStack | None, found: Iterable[Instance]) -> None:
        self.stack = stack
        self.place = msgspec.convert(stack.place, Place)
        self.planned = planned
        self.instances = {(one.logical_id, one.incarnation): one for one in found}
        self.states: dict[tuple[str, int], State] = {}
        self.previous: dict[tuple[str, int], State] = {}
        self._incarnations: dict[str, int] = {}
        for logical_id, incarnation in self.instances:
            self._incarnations[logical_id] = max(incarnation, self._incarnations.get(logical_id, 0))
        self.live = {one.logical_id: one for one in self.instances.values() if one.state == "live"}

    def enter(self, place: Place) -> None:
        """Work in this place from now on: the launch role may be another one."""
        self.place = place
        self.stack.place = msgspec.to_builtins(place)

    @property
    def creates(self) -> bool:
        """Is nothing deployed yet? Then statuses are CREATE_… and a failure rolls back to nothing."""
        return self.stack.deployed_digest is None

    def instance(self, logical_id: str, incarnation: int | None) -> Instance:
        """An instance by logical id and incarnation."""
        return self.instances[logical_id, incarnation or 0]

    def state(self, instance: Instance) -> State:
        """The state of an instance; empty while it is being created."""
        return self.states.get((instance.logical_id, instance.incarnation), _NOTHING)

    def next_incarnation(self, logical_id: str) -> int:
        """The number of the logical id's next instance."""
        self._incarnations[logical_id] = self._incarnations.get(logical_id, 0) + 1
        return self._incarnations[logical_id]

    @property
    def bindings(self) -> Mapping[str, Bound]:
        """What references to live instances give."""
        return _Bindings(self)


class _Bindings(Mapping[str, Bound]):
    """Looks each reference up when it is asked for: a stack has many instances and a value few references."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def __getitem__(self, logical_id: str) -> Bound:
        return self._scope.state(self._scope.live[logical_id]).bound

    def __iter__(self) -> Iterator[str]:
        return iter(self._scope.live)

    def __len__(self) -> int:
        return len(self._scope.live)


_NOTHING = State()


class Work:
    """One operation, its stacks and steps. Changes are noted here and reach the database with `write`."""

    def __init__(self, operation: Operation, objects: Objects) -> None:
        self.operation = operation
        self.objects = objects
        self.planned: Planned | None = None
        self.scopes: dict[str, Scope] = {}
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
            self.open_scope(tx, stack)

    def open_scope(self, tx: Transaction, stack: Stack) -> Scope:
        """Read a stack's instances and their states."""
        planned = self.planned.stacks.get(stack.path) if self.planned else None
        scope = Scope(stack, planned, rows.rows_of(Instance, tx.all(rows.SELECT_INSTANCES, id=stack.id)))
        blobs = self._blobs(tx, scope)
        for key, instance in scope.instances.items():
            if instance.digest:
                scope.states[key] = blobs[instance.digest]
            if instance.previous_digest:
                scope.previous[key] = blobs[instance.previous_digest]
        self.scopes[stack.path] = scope
        self.mask = Mask(self._evaluations(tx, scope))
        for state in (*scope.states.values(), *scope.previous.values()):
            self._mask_state(state)
        return scope

    def adopt(self, planned: Planned) -> None:
        """Take up a plan that was made in this slice."""
        self.planned = planned
        for path, scope in self.scopes.items():
            scope.planned = planned.stacks[path]
            self.mask.add(scope.planned.evaluation)

    def _blobs(self, tx: Transaction, scope: Scope) -> dict[str, State]:
        digests = [
            digest
            for instance in scope.instances.values()
            for digest in (instance.digest, instance.previous_digest)
            if digest
        ]
        found = self.objects.get_all(tx, digests)
        return {digest: msgspec.json.decode(content, type=State) for digest, content in found.items()}

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
