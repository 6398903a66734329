"""Parameters: values, types, constraints, secrets, in CloudFormation's words."""

from collections.abc import Mapping

import pytest

from manciple.errors import TemplateError
from manciple.template.evaluation import Facts, Need, Needs, Parameter
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.values import MASK, Secret, Value

FACTS = Facts(account="111111111111", region="us-east-1", stack_name="stack", stack_id="arn:stack")


def resolve(
    declared: str,
    given: Mapping[str, str],
    previous: Mapping[str, str] | None = None,
    known: dict[Need, Value | None] | None = None,
) -> dict[str, Parameter] | Needs:
    template = load(f"Parameters: {{P: {declared}}}\nResources: {{R: {{Type: T}}}}")
    facts = Facts(account="1" * 12, region="us-east-1", stack_name="s", stack_id="arn:s", known=known or {})
    return resolve_parameters(template, given, previous, facts)


def parameter(declared: str, value: str) -> Parameter:
    parameters = resolve(declared, {"P": value})
    assert isinstance(parameters, dict)
    return parameters["P"]


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ("{Type: Number}", "not-a-number", "Parameter 'P' must be a number."),
        ("{Type: Number, MinValue: 1}", "0", "Parameter 'P' must be a number not less than 1"),
        ("{Type: Number, MaxValue: 2.5}", "3", "Parameter 'P' must be a number not greater than 2.5"),
        ("{Type: List<Number>}", "1, x", "Parameter 'P' must be a number."),
        ("{Type: String, MinLength: 3}", "ab", "Parameter 'P' must contain at least 3 characters"),
        ("{Type: String, MaxLength: 1}", "ab", "Parameter 'P' must contain at most 1 characters"),
        ("{Type: String, AllowedValues: [a, b]}", "c", "Parameter 'P' must be one of AllowedValues"),
        ("{Type: CommaDelimitedList, AllowedValues: [a]}", "a,b", "Parameter 'P' must be one of AllowedValues"),
        ("{Type: String, AllowedPattern: '[a-z]+'}", "A", "Parameter 'P' must match pattern [a-z]+"),
        (
            "{Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: lower case only}",
            "A",
            "Parameter P failed to satisfy constraint: lower case only",
        ),
    ],
)
def test_a_value_that_breaks_a_constraint_is_refused(declared: str, value: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        parameter(declared, value)

    assert refused.value.message == message


@pytest.mark.parametrize(
    ("declared", "value", "resolved"),
    [
        ("{Type: String}", "a", "a"),
        ("{Type: Number, MinValue: 1, AllowedValues: [1, 10]}", "10.0", "10.0"),
        ("{Type: CommaDelimitedList}", "a, b,,c", ["a", "b", "", "c"]),
        ("{Type: CommaDelimitedList}", "", [""]),
        ("{Type: List<Number>}", "80,443", ["80", "443"]),
        ("{Type: 'AWS::EC2::VPC::Id'}", "vpc-1", "vpc-1"),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "subnet-1,subnet-2", ["subnet-1", "subnet-2"]),
        ("{Type: 'AWS::SSM::Parameter::Name'}", "/a", "/a"),
    ],
)
def test_a_value_is_what_its_type_makes_of_it(declared: str, value: str, resolved: Value) -> None:
    found = parameter(declared, value)

    assert found.resolved == resolved


def test_parameters_without_a_value_are_named() -> None:
    with pytest.raises(TemplateError) as refused:
        resolve("{Type: String}", {})

    assert refused.value.message == "Parameters: [P] must have values"


def test_parameters_that_the_template_lacks_are_named() -> None:
    with pytest.raises(TemplateError) as refused:
        resolve("{Type: String}", {"P": "a", "Q": "b", "S": "c"})

    assert refused.value.message == "Parameters: [Q, S] do not exist in the template"


def test_given_beats_previous_and_previous_beats_the_default() -> None:
    declared = "{Type: String, Default: default}"

    given = resolve(declared, {"P": "given"}, {"P": "previous"})
    previous = resolve(declared, {}, {"P": "previous"})
    default = resolve(declared, {})

    assert isinstance(given, dict)
    assert isinstance(previous, dict)
    assert isinstance(default, dict)
    assert [found["P"].given for found in (given, previous, default)] == ["given", "previous", "default"]
    assert [found["P"].is_default for found in (given, previous, default)] == [False, False, True]


def test_a_no_echo_value_is_a_secret() -> None:
    found = parameter("{Type: String, NoEcho: true}", "hunter2")

    assert isinstance(found.resolved, Secret)
    assert MASK in repr(found)
    assert "hunter2" not in repr(found)


def test_a_no_echo_list_is_a_list_of_secrets() -> None:
    found = parameter("{Type: CommaDelimitedList, NoEcho: TRUE}", "a,b")

    assert found.resolved == ["a", "b"]
    assert "a" not in repr(found.resolved)


@pytest.mark.parametrize(
    ("declared", "stored", "resolved"),
    [
        ("{Type: AWS::SSM::Parameter::Value<String>}", "value", "value"),
        ("{Type: AWS::SSM::Parameter::Value<AWS::EC2::Image::Id>}", "ami-1", "ami-1"),
        ("{Type: AWS::SSM::Parameter::Value<List<String>>}", "a,b", ["a", "b"]),
        ("{Type: AWS::SSM::Parameter::Value<CommaDelimitedList>}", "a,b", ["a", "b"]),
    ],
)
def test_an_ssm_parameter_is_asked_for_and_stands_for_its_value(declared: str, stored: str, resolved: Value) -> None:
    need = Need("ssm", "/name")

    asked = resolve(declared, {"P": "/name"})
    answered = resolve(declared, {"P": "/name"}, known={need: stored})

    assert asked == Needs(frozenset({need}))
    assert isinstance(answered, dict)
    assert (answered["P"].given, answered["P"].resolved) == ("/name", resolved)


def test_an_ssm_parameter_that_does_not_exist_is_named() -> None:
    with pytest.raises(TemplateError) as refused:
        resolve("{Type: AWS::SSM::Parameter::Value<String>}", {"P": "/gone"}, known={Need("ssm", "/gone"): None})

    assert refused.value.message == "Unable to fetch parameters [/gone] from parameter store for this account."
