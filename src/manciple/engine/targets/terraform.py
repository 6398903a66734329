"""The terraform target: packages that Terraform or OpenTofu deploys, by a saved plan file.

plan -> begin -> forward -> done        terminate: begin -> cleanup -> done

What the plan shows is what its file holds, and that very file is applied. The program runs beside the server and lives
on when that dies; its state is kept here, by its own `http` backend (decisions/terraform.md).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from manciple.catalog.queues import ENGINE_TYPES
from manciple.engine.events import USER_INITIATED
from manciple.engine.finding import Finding
from manciple.engine.found_stack import FoundStack
from manciple.engine.place import Place
from manciple.engine.planned import encode_stack
from manciple.engine.slice import CalledBackError, Parts, Slice
from manciple.engine.targets.target import Ended, Failed, Made, Target, TargetType, Wake
from manciple.engine.terraform.applying import Over, carry_out
from manciple.engine.terraform.checking import check
from manciple.engine.terraform.configuration import read_configuration
from manciple.engine.terraform.job import Job
from manciple.engine.terraform.overrides import TRACER
from manciple.engine.terraform.package import PackageError, limits_of, read_package
from manciple.engine.terraform.planning import plan
from manciple.engine.terraform.state import held_in, outputs_of, read_state
from manciple.settings import Settings
from manciple.settings.sections import Terraform
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.terraform import SAVED_PLANS

_ENDS = {
    "CREATE_IN_PROGRESS": ("CREATE_COMPLETE", "CREATE_FAILED"),
    "UPDATE_IN_PROGRESS": ("UPDATE_COMPLETE", "UPDATE_FAILED"),
    "DELETE_IN_PROGRESS": ("DELETE_COMPLETE", "DELETE_FAILED"),
}
"""How an operation ends that began with a status: well, or not."""

_TAINTED = "UPDATE_ROLLBACK_COMPLETE"
"""The status that a product's stack is left in when its product is TAINTED: the next plan repairs it."""


class TerraformTarget:
    """Runs the program for each plan, execution and termination; `is_wanted` where a rule names it."""

    name = "terraform"

    def __init__(self, settings: Terraform, data: Path, *, is_wanted: bool = False) -> None:
        self._settings = settings
        self._data = data
        self._is_wanted = is_wanted

    def plan(self, slice: Slice) -> Made | Wake | Failed:
        """Have a plan file made, and read it."""
        stack = slice.work.root.stack
        if stack.revision == 0 and stack.arn:
            stack.arn = ""
            slice.work.touch_stack(stack)
        return plan(self._job(slice))

    def discard(self, slice: Slice) -> None:
        """Remove the file of a plan that was deleted."""
        plan_id = slice.work.operation.plan_id

        def remove(tx: Transaction) -> None:
            saved = SAVED_PLANS.get(tx, plan_id)
            if saved is not None:
                SAVED_PLANS.delete(tx, saved)

        slice.commit(remove)

    def begin(self, slice: Slice) -> None:
        """There are no steps of ours; the caller commits the phase."""
        work = slice.work
        assert work.planned is not None
        work.root.enter(work.planned.launch.place)
        work.operation.phase = "forward"
        is_new = work.root.stack.revision == 0
        _tell(slice, "CREATE_IN_PROGRESS" if is_new else "UPDATE_IN_PROGRESS", USER_INITIATED)

    def delete(self, slice: Slice) -> None:
        """Likewise."""
        slice.work.operation.phase = "cleanup"
        _tell(slice, "DELETE_IN_PROGRESS", USER_INITIATED)

    def execute(self, slice: Slice) -> Wake | Ended:
        """Have the plan file applied, or everything destroyed, and tell what becomes of it."""
        try:
            found = carry_out(self._job(slice))
        except CalledBackError:
            found = Over(f"{USER_INITIATED}.")
        return found if isinstance(found, Wake) else _end(slice, found)

    def outputs(self, slice: Slice) -> list[dict[str, Any]]:
        """The outputs of the state."""
        with slice.parts.database.read() as tx:
            state = read_state(slice, tx)
        return outputs_of(state, self._descriptions(slice), slice.work.mask.hide)

    def find_stack(self, _parts: Parts, _place: Place, _arn: str) -> FoundStack | None:
        """A package makes no stacks."""
        return None

    def check(self, _place: Place) -> Iterator[Finding]:
        """Is there a program, and can it be run as it is to be?"""
        return check(self._settings, self._data, is_wanted=self._is_wanted)

    def _job(self, slice: Slice) -> Job:
        return Job(slice, self._settings, self._data)

    def _descriptions(self, slice: Slice) -> dict[str, str]:
        """What the package says of its outputs."""
        assert slice.work.planned is not None
        limits = limits_of(self._settings)
        with slice.parts.database.read() as tx:
            archive = slice.parts.objects.get(tx, slice.work.planned.launch.template_digest)
        try:
            configuration = read_configuration(read_package(archive, limits), limits)
        except PackageError:
            return {}
        return {one.name: one.description for one in configuration.root.outputs}


def _end(slice: Slice, over: Over) -> Ended:
    """The end; of a launch that failed and left something the product is TAINTED, so that it can be repaired."""
    work, stack = slice.work, slice.work.root.stack
    with slice.parts.database.read() as tx:
        leaves_something = bool(list(held_in(read_state(slice, tx)))) or _has_journal(slice)
    good, bad = _ENDS.get(stack.status, (stack.status, stack.status))
    told = good if over.reason is None else bad
    if over.reason is None and work.planned is not None:
        _keep_deployed(slice)
        stack.arn = f"{TRACER}={work.operation.provisioned_product_id}" if leaves_something else stack.arn
    _tell(slice, told, over.reason)
    stack.revision += over.reason is None
    if told == "UPDATE_FAILED" or (told == "CREATE_FAILED" and leaves_something):
        stack.status = told = _TAINTED
    work.operation.phase, work.operation.reason = "done", over.reason
    return Ended(status=told, reason=over.reason)


def _has_journal(slice: Slice) -> bool:
    return any(one.state in ("live", "leftover") for one in slice.work.root.instances.values())


def _keep_deployed(slice: Slice) -> None:
    """Keep what the product was brought to: a plan that was made before does not hold any more."""
    work, objects = slice.work, slice.parts.objects
    assert work.planned is not None
    content = encode_stack(work.planned.stacks[""])
    work.root.stack.deployed_digest = objects.digest(content, sealed=True)
    slice.commit(lambda tx: _keep(tx, objects, content))


def _keep(tx: Transaction, objects: Objects, content: bytes) -> None:
    objects.put(tx, content, sealed=True)


def _tell(slice: Slice, status: str, reason: str | None) -> None:
    """Tell an event of the whole product."""
    work = slice.work
    work.now = slice.now()
    work.tell_stack(work.root, status, reason)


def _make(settings: Settings) -> Target:
    is_wanted = any(rule.target == TerraformTarget.name for rule in settings.targets.rules)
    return TerraformTarget(settings.targets.terraform, settings.data, is_wanted=is_wanted)


TERRAFORM = TargetType(
    "terraform",
    _make,
    product_types=ENGINE_TYPES,
    first_for=frozenset({"TERRAFORM_OPEN_SOURCE", "TERRAFORM_CLOUD"}),
)
