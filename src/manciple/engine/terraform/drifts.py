"""Drift as Terraform finds it when it plans: what is not as its state has it, beside what the plan wants."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from manciple.catalog.drift import DifferenceType, Drift, PropertyDifference, ResourceDrift
from manciple.engine.terraform.changes import leaves_of, logical_id_of, physical_id_of, side_of
from manciple.engine.terraform.values import Secrets, secrets_of
from manciple.template.change_set.path_changes import shown
from manciple.template.values import Value

Json = Mapping[str, Any]


def drift_of(plan: Json, sensitive: Iterable[str]) -> Drift | None:
    """What a plan found changed or gone outside of Terraform; None if nothing was."""
    secrets = secrets_of(plan, sensitive)
    wanted = {one["address"]: one["change"] for one in plan.get("resource_changes") or ()}
    found = tuple(
        _resource(one, wanted.get(one["address"]), secrets)
        for one in plan.get("resource_drift") or ()
        if one["change"]["actions"] in (["update"], ["delete"])
    )
    if not found:
        return None
    state = (plan.get("prior_state") or {}).get("values") or {}
    drifted = {one.logical_resource_id for one in found}
    return Drift(in_sync=sum(one not in drifted for one in _held(state.get("root_module") or {})), resources=found)


def _held(module: Json) -> Iterator[str]:
    """The managed resources of a state's module and those in it."""
    for resource in module.get("resources") or ():
        if resource.get("mode") == "managed":
            yield logical_id_of(resource["address"])
    for inner in module.get("child_modules") or ():
        yield from _held(inner)


def _resource(entry: Json, wanted: Json | None, secrets: Secrets) -> ResourceDrift:
    change = entry["change"]
    is_gone = change["actions"] == ["delete"]
    before, after = side_of(change, "before", secrets), side_of(change, "after", secrets)
    desired = side_of(wanted, "after", secrets) if wanted else None
    leaves = () if is_gone else leaves_of(dict(before or {}), dict(after or {}), ())
    return ResourceDrift(
        logical_resource_id=logical_id_of(entry["address"], entry.get("deposed")),
        physical_resource_id=physical_id_of(before) or "",
        resource_type=entry["type"],
        stack_resource_drift_status="DELETED" if is_gone else "MODIFIED",
        property_differences=tuple(_difference(path, old, new, desired) for path, old, new in leaves),
    )


def _difference(
    path: tuple[str, ...], expected: Value | None, actual: Value | None, desired: Value | None
) -> PropertyDifference:
    kind: DifferenceType = "ADD" if expected is None else "REMOVE" if actual is None else "NOT_EQUAL"
    return PropertyDifference(
        property_path="".join("/" + name.replace("~", "~0").replace("/", "~1") for name in path),
        difference_type=kind,
        expected_value=shown(expected),
        actual_value=shown(actual),
        desired_value=shown(_at(desired, path)),
    )


def _at(value: Value | None, path: tuple[str, ...]) -> Value | None:
    for name in path:
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            value = value.get(name) if isinstance(value, dict) else None
    return value
