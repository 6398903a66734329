"""What constraints' parameters may be, what they make of a launch, and which of them exclude each other."""

import json
from typing import Any

import pytest

from manciple.catalog.constraints import Constraint, Effects, check_conflicts, effects_of, find_type, types
from manciple.catalog.constraints.effects import StackSet
from manciple.errors import DuplicateResourceException, InvalidParametersException

ACCOUNT, ROLE = "123456789012", "arn:aws:iam::123456789012:role/Launch"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:stacks"
RULE = {"Assertions": [{"Assert": {"Fn::Contains": [["s"], {"Ref": "Size"}]}, "AssertDescription": "small only"}]}
STACK_SET = {
    "AccountList": [ACCOUNT, "210987654321"],
    "RegionList": ["eu-west-1", "us-east-1"],
    "AdminRole": ROLE,
    "ExecutionRole": "Execution",
}


def constraint(type_: str, parameters: Any, id: str = "cons-1") -> Constraint:
    text = parameters if isinstance(parameters, str) else json.dumps(parameters)
    return Constraint(
        account=ACCOUNT,
        region="eu-west-1",
        id=id,
        portfolio_id="port-1",
        product_id="prod-1",
        type=type_,
        parameters=text,
        created_time=0,
        changed_time=0,
    )


def effects(*constraints: Constraint, account: str = ACCOUNT) -> Effects:
    return effects_of(constraints, account, "aws")


def update(value: Any, member: str = "TagUpdateOnProvisionedProduct") -> dict[str, Any]:
    return {"Version": "2.0", "Properties": {member: value}}


def stack_set(**members: Any) -> dict[str, Any]:
    return {"Version": "1", "Properties": STACK_SET | members}


def test_the_types_are_those_of_the_api() -> None:
    assert set(types()) == {"LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "STACKSET", "TEMPLATE"}


@pytest.mark.parametrize(
    ("type_", "parameters"),
    [
        ("LAUNCH", {"RoleArn": ROLE}),
        ("LAUNCH", {"RoleArn": "arn:aws:iam::123456789012:role/path/to/Launch"}),
        ("LAUNCH", {"LocalRoleName": "Launch"}),
        ("NOTIFICATION", {"NotificationArns": [TOPIC]}),
        ("RESOURCE_UPDATE", update("ALLOWED")),
        ("RESOURCE_UPDATE", update("NOT_ALLOWED", "TagUpdatesOnProvisionedProduct")),
        ("STACKSET", stack_set()),
        ("STACKSET", {"Version": "String", "Properties": STACK_SET | {"StackInstanceControl": "ALLOWED"}}),
        ("TEMPLATE", {"Rules": {"Small": RULE}}),
        ("TEMPLATE", {"Rules": {"Small": RULE | {"RuleCondition": {"Fn::Equals": [{"Ref": "Stage"}, "test"]}}}}),
    ],
)
def test_documented_parameters_are_taken(type_: str, parameters: dict[str, Any]) -> None:
    types()[type_].check(json.dumps(parameters))


@pytest.mark.parametrize("type_", ["LAUNCH", "NOTIFICATION", "RESOURCE_UPDATE", "STACKSET", "TEMPLATE"])
@pytest.mark.parametrize("parameters", ["", "nothing", "[]", '"text"', "null", "{}", "[" * 100_000, '{"Other": 1}'])
def test_parameters_that_are_no_object_of_the_type_are_refused(type_: str, parameters: str) -> None:
    with pytest.raises(InvalidParametersException) as refused:
        types()[type_].check(parameters)

    assert type_ in refused.value.message


@pytest.mark.parametrize(
    ("type_", "parameters", "named"),
    [
        ("LAUNCH", {"RoleArn": ROLE, "LocalRoleName": "Launch"}, "exactly one of RoleArn and LocalRoleName"),
        ("LAUNCH", {"RoleArn": "arn:aws:iam::123456789012:user/ann"}, "user/ann is not the ARN of an IAM role"),
        ("LAUNCH", {"LocalRoleName": "a/b"}, "a/b is not the name of an IAM role"),
        ("LAUNCH", {"RoleArn": 1}, "need RoleArn, a text"),
        ("NOTIFICATION", {"NotificationArns": []}, "need NotificationArns, a list"),
        ("NOTIFICATION", {"NotificationArns": ["arn:aws:sqs:eu-west-1:123456789012:q"]}, "not the ARN of an SNS topic"),
        ("NOTIFICATION", {"NotificationArns": [f"{TOPIC}{n}" for n in range(6)]}, "at most 5"),
        ("RESOURCE_UPDATE", update("MAYBE"), "ALLOWED or NOT_ALLOWED"),
        ("RESOURCE_UPDATE", {"Version": "2.0", "Properties": []}, "need Properties, an object"),
        ("STACKSET", stack_set(AccountList=["12"]), "12 in AccountList is not an account of 12 digits"),
        ("STACKSET", stack_set(RegionList=["Ireland"]), "Ireland in RegionList is not a region"),
        ("STACKSET", stack_set(RegionList=["eu-west-1"] * 2), "RegionList names something more than once"),
        ("STACKSET", stack_set(AdminRole="Admin"), "AdminRole Admin is not the ARN"),
        ("STACKSET", stack_set(ExecutionRole="a/b"), "ExecutionRole a/b is not the name"),
        ("STACKSET", stack_set(StackInstanceControl="YES"), "StackInstanceControl is YES"),
        ("TEMPLATE", {"Rules": {}}, "need Rules"),
        ("TEMPLATE", {"Rules": {"R": {"Assertions": []}}}, "Rule R must contain a list of Assertions"),
        ("TEMPLATE", {"Rules": {"R": {"Assertions": [{"Assert": True}]}}}, "Every assertion of rule R"),
        ("TEMPLATE", {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::GetAtt": ["A", "B"]}}]}}}, "Fn::GetAtt"),
        ("TEMPLATE", {"Rules": {"R": {"Assertions": [{"Assert": {"Fn::Contains": ["a"]}}]}}}, "two parameters"),
        ("TEMPLATE", {"Rules": {"R": None}}, "null"),
    ],
)
def test_malformed_parameters_are_refused_by_name(type_: str, parameters: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidParametersException) as refused:
        types()[type_].check(json.dumps(parameters))

    assert named in refused.value.message


@pytest.mark.parametrize("escape", [r"\u0000", r"\ud800", r"\\\u0000"])
def test_characters_that_no_text_can_have_are_refused(escape: str) -> None:
    parameters = json.dumps({"Rules": {"R": RULE}}).replace("small only", escape)

    with pytest.raises(InvalidParametersException):
        types()["TEMPLATE"].check(parameters)


@pytest.mark.parametrize("escape", [r"\\u0000", r"\ud83d\ude00"])
def test_escapes_that_spell_a_text_are_taken(escape: str) -> None:
    types()["TEMPLATE"].check(json.dumps({"Rules": {"R": RULE}}).replace("small only", escape))


def test_a_type_that_there_is_not_is_refused_by_name() -> None:
    with pytest.raises(InvalidParametersException, match="OTHER is not a type of constraint; there are LAUNCH"):
        find_type("OTHER")


def test_without_constraints_a_launch_is_as_it_is_asked_for() -> None:
    assert effects() == Effects()


def test_a_role_given_by_its_name_is_the_launching_accounts_own() -> None:
    local, given = constraint("LAUNCH", {"LocalRoleName": "Launch"}), constraint("LAUNCH", {"RoleArn": ROLE})

    roles = [effects(one, account="210987654321").launch_role_arn for one in (local, given)]

    assert roles == ["arn:aws:iam::210987654321:role/Launch", ROLE]


def test_topics_of_several_constraints_come_together_each_once() -> None:
    first = constraint("NOTIFICATION", {"NotificationArns": [TOPIC, f"{TOPIC}-a"]})
    second = constraint("NOTIFICATION", {"NotificationArns": [TOPIC, f"{TOPIC}-b"]})

    assert effects(first, second).notification_arns == (TOPIC, f"{TOPIC}-a", f"{TOPIC}-b")


@pytest.mark.parametrize(("value", "allows"), [("ALLOWED", True), ("NOT_ALLOWED", False)])
def test_tag_updates_are_allowed_or_not(value: str, allows: bool) -> None:
    assert effects(constraint("RESOURCE_UPDATE", update(value))).allows_tag_updates is allows


def test_rules_of_several_constraints_all_hold_and_their_scalars_are_texts() -> None:
    other = {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Count"}, 1]}}]}
    found = effects(
        constraint("TEMPLATE", {"Rules": {"Rule1": RULE}}),
        constraint("TEMPLATE", {"Rules": {"Rule1": other}}),
        constraint("TEMPLATE", {"Rules": {"Rule1": RULE}}),
    )

    assert found.rules == {
        "Rule1": RULE,
        "Rule12": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Count"}, "1"]}}]},
    }


def test_a_stack_set_has_its_accounts_and_regions_in_order() -> None:
    assert effects(constraint("STACKSET", stack_set())).stack_set == StackSet(
        accounts=(ACCOUNT, "210987654321"),
        regions=("eu-west-1", "us-east-1"),
        admin_role=ROLE,
        execution_role="Execution",
    )


@pytest.mark.parametrize(
    ("wanted", "existing", "clashes"),
    [
        ("LAUNCH", "LAUNCH", True),
        ("STACKSET", "STACKSET", True),
        ("LAUNCH", "STACKSET", True),
        ("STACKSET", "LAUNCH", True),
        ("RESOURCE_UPDATE", "RESOURCE_UPDATE", True),
        ("NOTIFICATION", "NOTIFICATION", False),
        ("TEMPLATE", "TEMPLATE", False),
        ("TEMPLATE", "LAUNCH", False),
    ],
)
def test_constraints_stand_beside_each_other_or_not(wanted: str, existing: str, clashes: bool) -> None:
    def check() -> None:
        check_conflicts(wanted, "port-1", "prod-1", [constraint(existing, {}, "cons-there")])

    if clashes:
        with pytest.raises(DuplicateResourceException) as refused:
            check()
        assert "cons-there" in refused.value.message
    else:
        check()
