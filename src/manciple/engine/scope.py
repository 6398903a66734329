"""One stack of an operation in memory: its instances, what they are, and what references to them give."""

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any

import msgspec

from manciple.engine.place import Place
from manciple.engine.planned import PlannedStack
from manciple.engine.rows import Instance, Stack
from manciple.template.evaluation import Parameter
from manciple.template.parameters import value_of
from manciple.template.values import Bound, Secret, Value


class State(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What an instance is: the model it was brought to (revealed), what the provider said of it, the stack's tags.

    `no_echo` says that the attributes are secrets, `silent` names those parameters and attributes of a nested stack
    that are. `origin` names the provider that keeps the instance, where one does.
    """

    model: dict[str, Any] = {}
    attributes: dict[str, Any] = {}
    reference: str = ""
    tags: dict[str, str] = {}
    no_echo: bool = False
    silent: tuple[str, ...] = ()
    origin: str = ""

    @cached_property
    def bound(self) -> Bound:
        """What `Ref` and `Fn::GetAtt` give."""
        return Bound(self.reference, self.model | self.attributes)

    @property
    def parameters(self) -> dict[str, str]:
        """What a nested stack was given."""
        given = self.model.get("Parameters")
        return given if isinstance(given, dict) else {}

    @property
    def own_tags(self) -> dict[str, str]:
        """The tags that a nested stack has beside those of the stack around it."""
        return {tag["Key"]: tag["Value"] for tag in self.model.get("Tags", ())}


class Scope:
    """One stack of an operation with its instances and their states.

    `path` tells it from the operation's other stacks; `holder` is the stack around a nested one and its instance there.
    """

    def __init__(
        self,
        stack: Stack,
        planned: PlannedStack | None,
        found: Iterable[Instance],
        *,
        path: str = "",
        holder: "tuple[Scope, Instance] | None" = None,
    ) -> None:
        self.stack = stack
        self.path = path
        self.holder = holder
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

    @property
    def tags(self) -> dict[str, str]:
        """The stack's tags: those that were planned and those that are known by now."""
        planned = self.planned.tags if self.planned else {}
        return planned | self.held.own_tags

    @property
    def held(self) -> State:
        """What a nested stack is to the stack around it."""
        return self.holder[0].state(self.holder[1]) if self.holder else _NOTHING

    def arguments(self, parameters: Mapping[str, Parameter]) -> dict[str, Value]:
        """What a nested stack was given for those of its parameters that were unknown when it was planned."""
        given, silent = self.held.parameters, self.held.silent
        return {
            name: value_of(parameter, Secret(given[name]) if parameter_name(name) in silent else given[name])
            for name, parameter in parameters.items()
            if parameter.is_unknown and name in given
        }

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
        """What references to live instances give, and to parameters that were unknown when the stack was planned."""
        return self.bindings_of(self.planned.evaluation.parameters if self.planned else {})

    def bindings_of(self, parameters: Mapping[str, Parameter]) -> Mapping[str, Bound]:
        """Likewise, for a stack with these parameters."""
        unknown = self.arguments(parameters) if self.holder else {}
        return _Bindings(self, {name: Bound(value, {}) for name, value in unknown.items()})


class _Bindings(Mapping[str, Bound]):
    """Looks each reference up when it is asked for: a stack has many instances and a value few references."""

    def __init__(self, scope: Scope, parameters: Mapping[str, Bound]) -> None:
        self._scope = scope
        self._parameters = parameters

    def __getitem__(self, name: str) -> Bound:
        if name in self._parameters:
            return self._parameters[name]
        return self._scope.state(self._scope.live[name]).bound

    def __iter__(self) -> Iterator[str]:
        return iter({**self._parameters, **self._scope.live})

    def __len__(self) -> int:
        return len(self._scope.live) + len(self._parameters)


def parameter_name(name: str) -> str:
    """How a nested stack's parameter is named among its secrets; outputs are `Outputs.X`."""
    return f"Parameters.{name}"


_NOTHING = State()
