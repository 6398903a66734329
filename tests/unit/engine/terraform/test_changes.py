"""A plan of Terraform as a change set: `plans/everything.json` is what Terraform 1.11.4 made of `everything.tf`."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from manciple.catalog.plan_document import PlanDocument, PlanFacts, plan_document
from manciple.engine.terraform.causes import Causes
from manciple.engine.terraform.changes import LONGEST_ID, change_set_of, logical_id_of
from manciple.engine.terraform.drifts import drift_of
from manciple.template.change_set import KNOWN_AFTER_APPLY, Change, ChangeSet, PathChange, as_service_catalog

PLANS = Path(__file__).parent / "plans"
GIVEN = tuple(PathChange(path=f"/Parameters/{name}", change_type="Modify") for name in ("name", "az", "n", "keys"))


def everything() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((PLANS / "everything.json").read_bytes())
    return found


@pytest.fixture
def changes() -> ChangeSet:
    return change_set_of(everything(), is_new=False, sensitive=frozenset({"pw"}), parameters=GIVEN)


def document(changes: ChangeSet) -> PlanDocument:
    return plan_document(PlanFacts(plan_id="p", status="CREATE_SUCCESS", provisioned_product_id="pp"), changes)


def test_every_action_has_its_name_here(changes: ChangeSet) -> None:
    found = {
        one.logical_id.removeprefix("terraform_data."): (one.action, one.replacement, one.policy_action)
        for one in changes.listed
    }

    replaced = ("Modify", "True", "ReplaceAndDelete")
    assert found == {
        "brandnew": ("Add", None, None),
        "cbd": replaced,
        "chained": ("Modify", "False", None),
        'each["k1"]': replaced,
        'each["k2"]': ("Remove", None, "Delete"),
        "forgetme": ("Remove", None, "Retain"),
        "gone": ("Remove", None, "Delete"),
        "imported": ("Modify", "False", None),
        "inplace": ("Modify", "False", None),
        "repl": replaced,
        "repl_dep": replaced,
        "rtb": replaced,
        "module.m.terraform_data.inner[1]": ("Remove", None, "Delete"),
    }


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("repl", {"triggers_replace.0": ("Always", "Static", "az"), "input": ("Never", "Static", "name")}),
        ("repl_dep", {"triggers_replace": ("Always", "Dynamic", "terraform_data.repl.id")}),
        ("chained", {"input": ("Never", "Dynamic", "terraform_data.inplace.output")}),
        ("inplace", {"input.name": ("Never", "Static", "name"), "input.tags.1": ("Never", "Static", "name")}),
        ("imported", {"input": ("Never", "Static", None)}),
        ("rtb", {None: ("Always", "Static", "replace_by_triggers")}),
    ],
)
def test_a_detail_tells_place_recreation_and_cause(
    changes: ChangeSet, name: str, expected: dict[str | None, tuple[str, str, str | None]]
) -> None:
    change = changes.changes[f"terraform_data.{name}"]

    found = {
        one.name: (one.requires_recreation, one.evaluation, one.causing_entity)
        for one in change.details
        if one.name not in ("id", "output")
    }

    assert found == expected


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        (
            "repl_dep",
            (
                "Parameter az",
                "var.az",
                "terraform_data.repl.triggers_replace",
                "terraform_data.repl.id",
                "terraform_data.repl_dep.triggers_replace",
                "replacement: it cannot be updated in place",
                "replacement: the old one goes first",
            ),
        ),
        (
            "chained",
            (
                "Parameter name",
                "var.name",
                "terraform_data.inplace.input",
                "terraform_data.inplace.output",
                "terraform_data.chained.input",
            ),
        ),
        ("gone", ("removed: it is not in the package any more",)),
        ("forgetme", ("removed: it is not in the package any more", "forgotten, not destroyed")),
        ("imported", ("terraform_data.imported.input", "import of some-id")),
    ],
)
def test_a_cause_goes_back_to_the_parameter(changes: ChangeSet, name: str, cause: tuple[str, ...]) -> None:
    assert changes.changes[f"terraform_data.{name}"].cause == cause


def test_what_hangs_on_unknown_values_alone_may_stay_as_it_is(changes: ChangeSet) -> None:
    open_ones = [one.logical_id for one in changes.listed if one.certainty == "if changed"]

    assert open_ones == ["terraform_data.chained"]


def test_moves_and_checks_are_told(changes: ChangeSet) -> None:
    assert changes.warning == (
        "terraform_data.old moves to terraform_data.newname. check.fine does not hold: name is bad."
    )


def test_no_secret_shows_though_a_providers_copy_is_not_marked() -> None:
    plan = everything()
    for change in plan["resource_changes"]:
        if change["address"] == "terraform_data.secret":
            change["change"]["actions"] = ["update"]
            change["change"]["after"]["input"]["user"] = "another"

    changes = change_set_of(plan, is_new=False)

    shown = msgspec.json.encode(document(changes)).decode() + str(as_service_catalog(changes))
    assert "hunter2" in json.dumps(plan)
    assert "hunter2" not in shown
    assert "another" in shown


def test_a_plan_that_only_moves_can_be_executed() -> None:
    plan = everything() | {"output_changes": {}}
    plan["resource_changes"] = [one for one in plan["resource_changes"] if one["address"].endswith("newname")]

    changes = change_set_of(plan, is_new=False)

    assert changes.listed == ()
    assert changes.has_changes


def test_a_deposed_object_is_a_removal_of_its_own() -> None:
    plan = everything()
    gone = next(one for one in plan["resource_changes"] if one["address"] == "terraform_data.gone")
    plan["resource_changes"].append(gone | {"deposed": "0a1b2c3d"})

    found: dict[str, Change] = dict(change_set_of(plan, is_new=False).changes)

    assert found["terraform_data.gone (deposed 0a1b2c3d)"].action == "Remove"
    assert found["terraform_data.gone"].action == "Remove"


def test_drift_is_what_terraform_found_changed_or_gone_with_what_the_plan_wants() -> None:
    plan = everything()
    found = {one["address"].removeprefix("terraform_data."): one for one in plan["resource_changes"]}
    there = {"input": {"name": "theirs", "tags": ["x", "one"]}, "output": None}
    inplace = json.loads(json.dumps(found["inplace"]))
    inplace["change"] |= {"after": inplace["change"]["before"] | there, "after_unknown": {}}

    drift = drift_of(plan | {"resource_drift": [inplace, found["gone"], found["newname"]]}, frozenset({"pw"}))

    assert drift is not None
    assert drift.status == "DRIFTED"
    assert drift.in_sync == 13
    assert [
        (
            one.logical_resource_id,
            one.stack_resource_drift_status,
            [msgspec.structs.astuple(d) for d in one.property_differences],
        )
        for one in drift.resources
    ] == [
        (
            "terraform_data.inplace",
            "MODIFIED",
            [
                ("/input/name", "NOT_EQUAL", "one", "theirs", "bad"),
                ("/output", "REMOVE", '{"name":"one","tags":["x","one"]}', None, KNOWN_AFTER_APPLY),
            ],
        ),
        ("terraform_data.gone", "DELETED", []),
    ]


def test_without_drift_nothing_is_told_of_it() -> None:
    assert drift_of(everything(), frozenset()) is None


def test_a_long_chain_of_references_begins_at_its_parameter() -> None:
    resources = [
        {"address": f"t.r{n}", "expressions": {"input": {"references": [f"t.r{n - 1}.id"] if n else ["var.size"]}}}
        for n in range(1500)
    ]
    changing = {f"t.r{n}": frozenset[str]() for n in range(1500)}

    chain = Causes({"root_module": {"resources": resources}}, changing, frozenset({"size"})).chain("t.r1499", "input")

    assert chain[:3] == ["Parameter size", "var.size", "…"]
    assert chain[-1] == "t.r1499.input"
    assert len(chain) < 20


def test_references_in_a_circle_end() -> None:
    module = {"outputs": {"o": {"expression": {"references": ["var.i"]}}}}
    configuration = {
        "root_module": {
            "resources": [{"address": "t.r", "expressions": {"input": {"references": ["module.a.o"]}}}],
            "module_calls": {"a": {"expressions": {"i": {"references": ["module.a.o"]}}, "module": module}},
        }
    }

    assert Causes(configuration, {"t.r": frozenset()}, frozenset()).chain("t.r", "input")[-1] == "t.r.input"


def test_a_long_address_is_cut_to_a_logical_id_and_keeps_its_end() -> None:
    address = f'module.{"m" * 300}.terraform_data.x["{"k" * 50}"]'

    found = logical_id_of(address)

    assert len(found) == LONGEST_ID
    assert found.endswith(f'terraform_data.x["{"k" * 50}"]')
