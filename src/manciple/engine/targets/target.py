"""The contract of a target: what a product is deployed onto.

A target works in slices like the engine itself: every method does what can be done now and answers how things stand. It
keeps its own handle (a change set's id, a plan file) on the operation row, written before the call that it names.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import msgspec

from manciple.catalog.drift import Drift
from manciple.catalog.plan_document import AskedOfEngine
from manciple.engine.finding import Finding
from manciple.engine.found_stack import FoundStack
from manciple.engine.place import Place
from manciple.engine.planned import Planned
from manciple.engine.slice import Parts, Slice
from manciple.engine.target_choice import TEMPLATES
from manciple.engine.work import Work
from manciple.settings import Settings
from manciple.template.change_set import ChangeSet


class Wake(msgspec.Struct, frozen=True):
    """Nothing can be done before `at` (milliseconds), or until somebody calls."""

    at: int


class Failed(msgspec.Struct, frozen=True, kw_only=True):
    """It cannot be done: CloudFormation's code and message; `nothing_to_change` marks its refusal of an empty plan.

    Without a code no call was refused: the change set was accepted, and `message` is why it failed later.
    """

    code: str | None
    message: str
    nothing_to_change: bool = False


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """A plan that was made: what would change, what execution needs, and whether a simulated cloud would be changed.

    `not_simulated` are the changed resources for which something else is asked for all that. `templates` are the nested
    templates that it was made from. `asked` is what somebody else is asked to do, who alone knows what that changes.
    `drift` is what is not as it was deployed, where the settings want that looked for.
    """

    change_set: ChangeSet
    planned: Planned
    simulated: bool = False
    not_simulated: tuple[str, ...] = ()
    templates: tuple[bytes, ...] = ()
    asked: AskedOfEngine | None = None
    drift: Drift | None = None


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """An execution that is over. `status` is the stack's; `reason` says why it failed, None if it did not."""

    status: str
    reason: str | None = None


class Target(Protocol):
    """What products of some type are deployed onto."""

    name: str

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Find what would change; nothing in the world does."""
        ...

    def begin(self, slice: Slice) -> None:
        """Note the steps of the operation's plan; the caller commits."""
        ...

    def delete(self, slice: Slice) -> None:
        """Note the steps that delete everything, or that keep everything; the caller commits."""
        ...

    def execute(self, slice: Slice) -> Wake | Ended:
        """Carry out what was noted as far as it goes now, or turn back if it was cancelled."""
        ...

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The record's outputs: {OutputKey, OutputValue, Description}."""
        ...

    def find_stack(self, parts: Parts, place: Place, arn: str) -> FoundStack | None:
        """A stack that exists on the target, by its ARN. Raises StackAway."""
        ...


@runtime_checkable
class PlanKeeper(Protocol):
    """A target at which a plan leaves something that a deleted plan must not."""

    def discard(self, slice: Slice) -> Wake | None:
        """Remove what a plan left, as far as that can be done now; None once it is done."""
        ...


@runtime_checkable
class Inspectable(Protocol):
    """A target whose resources can be looked at as they are."""

    def find_drift(self, parts: Parts, work: Work) -> Drift:
        """Where they are not what they were last deployed as, beside what the operation's plan wants."""
        ...


@runtime_checkable
class Checkable(Protocol):
    """A target that can be asked, before anyone launches, whether it answers and allows what it needs."""

    def check(self, place: Place) -> Iterator[Finding]:
        """Ask, and change nothing; the place says where, and under which role if there is one."""
        ...


@dataclass(frozen=True, slots=True)
class TargetType:
    """What a module of this directory declares, to be found there: a target's name and how to make it.

    `make` answers None where the settings leave the target out. One that is not `for_launches` cannot be chosen as the
    target of all: the catalog decides what it is for. `product_types` are the types of products that it serves,
    `first_for` those that it is given where several serve them and no rule decides. Where it `needs_launch_role`,
    nothing is launched without one.
    """

    name: str
    make: Callable[[Settings], Target | None]
    for_launches: bool = True
    product_types: frozenset[str] = TEMPLATES
    first_for: frozenset[str] = frozenset()
    needs_launch_role: Callable[[Settings], bool] = lambda _settings: False
