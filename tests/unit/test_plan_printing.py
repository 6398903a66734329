"""How a plan document is printed for people."""

import json
from typing import Any

import msgspec
import pytest

from manciple.cli.plan_text import NO_CHANGES, ONLY_OUTPUTS, REAL, SIMULATED, plan_lines
from manciple.template.change_set import PathChange, path_changes

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"


def document(*changes: dict[str, Any], **members: Any) -> dict[str, Any]:
    counts = {"Add": 0, "Modify": 0, "Replace": 0, "Remove": 0}
    plan = {
        "PlanId": "plan-aaaaaaaaaaaaa",
        "Status": "CREATE_SUCCESS",
        "StatusMessage": None,
        "StatusReason": None,
        "Summary": counts,
        "Risks": [],
        "UnknownUntilExecution": [],
        "Simulated": False,
        "Changes": list(changes),
    }
    return plan | members


def change(action: str, *, cause: tuple[str, ...] = (), certainty: str = "certain", **members: Any) -> dict[str, Any]:
    resource = {"Action": action, "LogicalResourceId": "Queue", "ResourceType": "AWS::SQS::Queue", "Details": []}
    return {
        "Type": "Resource",
        "ResourceChange": resource | members,
        "Certainty": certainty,
        "Cause": list(cause),
        "PathChanges": places_of(members.get("Details", [])),
    }


def places_of(details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The document's own list of what changes inside the properties, each once."""
    found = {}
    for target in (detail["Target"] for detail in details if "Path" in detail["Target"]):
        before, after = target.get("BeforeValue"), target.get("AfterValue")
        places = path_changes(before, after, target["Path"]) or [masked(target)]
        found.update({place.path: msgspec.to_builtins(place) for place in places})
    return list(found.values())


def masked(target: dict[str, Any]) -> PathChange:
    """A secret that changes."""
    return PathChange(path=target["Path"], change_type="Modify", before_value="****", after_value="****")


def detail(name: str, recreation: str = "Never", **values: str) -> dict[str, Any]:
    path = {"Path": f"/Properties/{name}"} if values else {}
    target = {"Attribute": "Properties", "Name": name, "RequiresRecreation": recreation, **path, **values}
    return {"Target": target, "Evaluation": "Static", "ChangeSource": "DirectModification"}


def properties(**members: Any) -> str:
    return json.dumps({"Properties": members})


def printed(plan: dict[str, Any]) -> list[str]:
    return [line.plain for line in plan_lines(plan)]


def lines_about(*changes: dict[str, Any]) -> list[str]:
    """The lines before the blank one that ends the first change."""
    lines = printed(document(*changes))
    return lines[: lines.index("")]


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (change("Add"), "  + Queue  AWS::SQS::Queue  add"),
        (change("Modify", Replacement="False"), "  ~ Queue  AWS::SQS::Queue  modify"),
        (change("Modify", Replacement="True"), "  ± Queue  AWS::SQS::Queue  replace"),
        (change("Modify", Replacement="Conditional"), "  ± Queue  AWS::SQS::Queue  modify, replace if it must"),
        (change("Remove"), "  - Queue  AWS::SQS::Queue  remove"),
    ],
)
def test_every_kind_of_change_has_a_sign_and_words(made: dict[str, Any], headline: str) -> None:
    lines = lines_about(made)

    assert lines == [headline]


def test_an_added_resource_shows_its_properties_leaf_by_leaf() -> None:
    context = properties(DelaySeconds="5", Tags=[{"Key": "stage", "Value": "a b"}], Empty=[])

    lines = lines_about(change("Add", AfterContext=context))

    assert lines[1:] == [
        "      DelaySeconds   5",
        "      Tags[0].Key    stage",
        '      Tags[0].Value  "a b"',
        "      Empty          []",
    ]


def test_a_modified_property_shows_before_and_after() -> None:
    lines = lines_about(change("Modify", Details=[detail("DelaySeconds", BeforeValue="5", AfterValue="10")]))

    assert lines[1:] == ["      DelaySeconds  5 → 10"]


def test_one_property_with_two_reasons_is_shown_once() -> None:
    twice = [detail("DelaySeconds", BeforeValue="5", AfterValue="10")] * 2

    lines = lines_about(change("Modify", Details=twice))

    assert lines[1:] == ["      DelaySeconds  5 → 10"]


def test_inside_a_structured_property_only_what_differs_is_shown() -> None:
    before, after = '{"count":"3","arn":"x"}', '{"count":"5","arn":"x","on":"true"}'

    lines = lines_about(change("Modify", Details=[detail("Redrive", BeforeValue=before, AfterValue=after)]))

    assert lines[1:] == ["      Redrive.count  3 → 5", "      Redrive.on     (none) → true"]


def test_of_a_text_of_many_lines_the_changed_lines_are_shown() -> None:
    before = "".join(f"line {number}\n" for number in range(9))
    after = before.replace("line 5", "line five")

    lines = lines_about(change("Modify", Details=[detail("Script", BeforeValue=before, AfterValue=after)]))

    assert lines[1:] == [
        "      Script  changes in these lines",
        "        …",
        "          line 3",
        "          line 4",
        "        - line 5",
        "        + line five",
        "          line 6",
        "          line 7",
    ]


def test_a_value_that_only_execution_knows_says_so() -> None:
    values = {"BeforeValue": "old", "AfterValue": KNOWN_AFTER_APPLY}

    lines = lines_about(change("Modify", Details=[detail("Name", **values)]))

    assert lines[1:] == ["      Name  old → (known after apply)"]


def test_a_text_around_an_unknown_value_stays_visible() -> None:
    lines = lines_about(change("Add", AfterContext=properties(Name=f"my-{KNOWN_AFTER_APPLY}")))

    assert lines[1:] == ['      Name  "my-" + (known after apply)']


def test_a_changed_secret_is_four_stars_on_both_sides() -> None:
    secret = detail("SecretString", BeforeValue="****", AfterValue="****")

    lines = lines_about(change("Modify", Details=[secret]))

    assert lines[1:] == ["      SecretString  **** → ****  (changed, not shown)"]


def test_the_property_that_forces_a_replacement_is_marked() -> None:
    forcing = detail("QueueName", "Always", BeforeValue="a", AfterValue="b")

    lines = lines_about(change("Modify", Replacement="True", Details=[forcing]))

    assert lines[1:] == ["      QueueName  a → b  (forces replacement)"]


@pytest.mark.parametrize(
    ("policy", "fate"),
    [
        ("ReplaceAndDelete", "a new one is made, then the old one is deleted"),
        ("ReplaceAndRetain", "a new one is made, the old one is kept"),
        ("ReplaceAndSnapshot", "a new one is made, then the old one is deleted after a snapshot"),
    ],
)
def test_a_replacement_says_what_becomes_of_the_old_one(policy: str, fate: str) -> None:
    replaced = change("Modify", Replacement="True", PhysicalResourceId="orders", PolicyAction=policy)

    lines = lines_about(replaced)

    assert lines[1:] == [f"      orders: {fate}"]


def test_a_removal_says_what_becomes_of_the_resource() -> None:
    lines = lines_about(change("Remove", PhysicalResourceId="orders", PolicyAction="Retain"))

    assert lines[1:] == ["      orders is kept, no longer part of the product"]


def test_a_modification_names_its_cause_from_the_beginning() -> None:
    lines = lines_about(change("Modify", cause=("Parameter Size", "Ref Size", "Queue.DelaySeconds")))

    assert lines[1:] == ["      because Parameter Size → Ref Size → Queue.DelaySeconds"]


def test_a_dependent_that_may_stay_as_it_is_says_so() -> None:
    lines = lines_about(change("Modify", certainty="if changed", Details=[detail("Name")]))

    assert lines == [
        "  ~ Queue  AWS::SQS::Queue  modify, if its values change",
        "      Name  (only execution can tell its value)",
    ]


def test_a_resource_of_a_nested_stack_is_named_with_its_path() -> None:
    lines = lines_about(change("Add") | {"StackPath": "Child"})

    assert lines == ["  + Child/Queue  AWS::SQS::Queue  add"]


def test_what_could_steer_a_terminal_is_printed_as_an_escape() -> None:
    lines = lines_about(change("Add", AfterContext=properties(Name="\x1b[2Jgone")))

    assert lines[1:] == ['      Name  "\\u001b[2Jgone"']


def test_the_summary_counts_each_kind_of_change() -> None:
    lines = printed(document(change("Add"), Summary={"Add": 3, "Modify": 1, "Replace": 1, "Remove": 0}))

    assert "Plan: 3 to add, 1 to change, 1 to replace, 0 to remove." in lines


def test_risks_are_told_in_words_with_their_level() -> None:
    risk = {"Level": "high", "LogicalResourceId": "Table", "Reason": "Its data is lost."}

    lines = printed(document(change("Remove"), Risks=[risk]))

    assert lines[2:4] == ["Risks", "  high   Table: Its data is lost."]


def test_a_plan_says_what_of_it_is_real() -> None:
    some = printed(document(change("Add"), Simulated=True, NotSimulated=["Note"]))
    all_of_it = printed(document(change("Add"), NotSimulated=["Note"]))

    assert some[-2:] == [SIMULATED, "But not Note: that is real, outside this server."]
    assert all_of_it[-1] == REAL


def test_a_simulated_plan_says_that_it_is() -> None:
    lines = printed(document(change("Add"), Simulated=True))

    assert lines[-1] == SIMULATED


def test_a_plan_that_is_not_simulated_says_so_too() -> None:
    lines = printed(document(change("Add"), Simulated=False))

    assert lines[-1] == REAL


def test_a_replacement_tells_which_of_the_two_goes_first() -> None:
    replaced = change("Modify", Replacement="True", PolicyAction="ReplaceAndDelete", PhysicalResourceId="old")
    turned = {**replaced, "Cause": ["replacement: the old one goes first"]}

    lines = [printed(document(one))[1] for one in (replaced, turned)]

    assert lines == [
        "      old: a new one is made, then the old one is deleted",
        "      old: the old one is deleted, then a new one is made",
    ]


def test_a_plan_without_changes_says_so() -> None:
    lines = printed(document(Status="CREATE_FAILED", StatusReason="NO_CHANGES"))

    assert lines == [NO_CHANGES]


def test_a_plan_that_changes_outputs_only_says_so() -> None:
    lines = printed(document())

    assert lines == [ONLY_OUTPUTS]


def test_what_an_engine_is_asked_is_told_in_place_of_changes() -> None:
    asked = {
        "Operation": "PROVISION_PRODUCT",
        "QueueName": "ServiceCatalogExternalProvisionOperationQueue",
        "QueueAccount": "123456789012",
        "ArtifactPath": "s3://artifacts/page-1.json",
        "LaunchRoleArn": "arn:aws:iam::123456789012:role/Launch",
        "Parameters": {"title": "****"},
        "Tags": {},
    }

    assert printed(document(Asked=asked)) == [
        "  ? PROVISION_PRODUCT  in ServiceCatalogExternalProvisionOperationQueue of account 123456789012",
        "      artifact     s3://artifacts/page-1.json",
        "      launch role  arn:aws:iam::123456789012:role/Launch",
        "      title        ****",
        "",
        "Plan: the engine is asked; what it changes only the engine knows.",
    ]
