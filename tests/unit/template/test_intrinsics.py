"""Functions evaluated: finished where everything is known, half-finished where not, finished once it is."""

import pytest

from manciple.errors import TemplateError
from manciple.template.evaluate import evaluate, resolve
from manciple.template.evaluation import Evaluation, Facts, Need
from manciple.template.limits import Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.values import Bound, Secret, Value, holds_secret

FACTS = Facts(
    account="111111111111",
    region="us-east-1",
    stack_name="stack",
    stack_id="arn:aws:cloudformation:us-east-1:111111111111:stack/stack/1",
    notification_arns=("arn:a", "arn:b"),
    known={Need("export", "shared-vpc"): "vpc-1", Need("export", "gone"): None},
)
HEAD = """
Parameters:
  Env: {Type: String, Default: dev}
  Odd: {Type: String, Default: 'a${Env}b${!Env}'}
  Dollar: {Type: String, Default: '$'}
  Braces: {Type: String, Default: '{Queue}'}
  Names: {Type: CommaDelimitedList, Default: 'a,b,c'}
  Word: {Type: String, NoEcho: true, Default: secret}
Mappings:
  Map: {us-east-1: {Ami: ami-east, Zones: [x, y]}}
Conditions:
  Yes: !Equals [a, a]
  No: !Not [!Condition Yes]
Resources:
  Queue: {Type: T}
  R:
    Type: T
    Properties:
      P: """
BINDINGS = {
    "Queue": Bound("queue-url", {"Arn": "arn:q", "Nested": {"Deep": "down"}, "Outputs.Url": "u", "Zones": ["x", "y"]})
}


def evaluated(value: str, limits: Limits | None = None) -> Value | None:
    template = load(HEAD + value + "\n")
    parameters = resolve_parameters(template, {}, None, FACTS)
    assert isinstance(parameters, dict)
    evaluation = evaluate(template, parameters, FACTS, limits or Limits())
    assert isinstance(evaluation, Evaluation)
    return evaluation.resources["R"].properties.get("P")


def finished(value: str) -> Value:
    half = evaluated(value)
    assert half is not None
    return resolve(half, BINDINGS, FACTS)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("!Ref Env", "dev"),
        ("!Ref Names", ["a", "b", "c"]),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::AccountId", "111111111111"),
        ("!Ref AWS::Partition", "aws"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref AWS::StackName", "stack"),
        ("!Ref AWS::StackId", FACTS.stack_id),
        ("!Ref AWS::NotificationARNs", ["arn:a", "arn:b"]),
        ("!Sub '${AWS::StackName}-${Env}'", "stack-dev"),
        ("!Sub ['${x}-${Env}', {x: !Ref AWS::Region}]", "us-east-1-dev"),
        ("!Sub ['${Env}', {Env: mine}]", "mine"),
        ("!Sub '${!Env} costs $5 { }'", "${Env} costs $5 { }"),
        ("!Sub '${Odd}'", "a${Env}b${!Env}"),
        ("!Join ['-', [a, !Ref Env]]", "a-dev"),
        ("!Join [',', !Ref Names]", "a,b,c"),
        ("!Join [',', [a, !If [No, b, !Ref AWS::NoValue]]]", "a"),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', !GetAZs '']", "us-east-1a"),
        ("!Split ['-', a-b--c]", ["a", "b", "", "c"]),
        ("!FindInMap [Map, !Ref AWS::Region, Ami]", "ami-east"),
        ("!FindInMap [Map, !Ref AWS::Region, Zones]", ["x", "y"]),
        ("!If [Yes, a, b]", "a"),
        ("!If [No, a, b]", "b"),
        ("!Base64 hello", "aGVsbG8="),
        ("!GetAZs eu-west-1", ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ("!Select ['5', !GetAZs us-east-1]", "us-east-1f"),
        ("!Cidr [10.0.7.9/16, 2, 8]", ["10.0.0.0/24", "10.0.1.0/24"]),
        ("!Cidr ['2600:1f18:abc:de00::/56', 2, 64]", ["2600:1f18:abc:de00::/64", "2600:1f18:abc:de01::/64"]),
        ("[a, !Ref AWS::NoValue, !If [No, b, !Ref AWS::NoValue]]", ["a"]),
        ("{Keep: a, Drop: !Ref AWS::NoValue}", {"Keep": "a"}),
    ],
)
def test_what_is_known_is_finished_at_once(function: str, value: Value) -> None:
    found = evaluated(function)

    assert found == value


@pytest.mark.parametrize(
    ("function", "half", "whole"),
    [
        ("!Ref Queue", {"Ref": "Queue"}, "queue-url"),
        ("!GetAtt Queue.Arn", {"Fn::GetAtt": ["Queue", "Arn"]}, "arn:q"),
        ("!GetAtt Queue.Nested.Deep", {"Fn::GetAtt": ["Queue", "Nested.Deep"]}, "down"),
        ("!GetAtt Queue.Outputs.Url", {"Fn::GetAtt": ["Queue", "Outputs.Url"]}, "u"),
        ("!Sub '${Env}-${Queue}-${Queue.Arn}'", {"Fn::Sub": ["dev-${Queue}-${Queue.Arn}", {}]}, "dev-queue-url-arn:q"),
        (
            "!Sub ['${x}-${y}-${!z}', {x: !Ref Env, y: !Ref Queue}]",
            {"Fn::Sub": ["dev-${y}-${!z}", {"y": {"Ref": "Queue"}}]},
            "dev-queue-url-${z}",
        ),
        (
            "!Sub '${Odd}-${Queue}'",
            {"Fn::Sub": ["a${!Env}b${!!Env}-${Queue}", {}]},
            "a${Env}b${!Env}-queue-url",
        ),
        ("!Sub '${Dollar}${Braces}${Queue}'", {"Fn::Sub": ["${!Queue}${Queue}", {}]}, "${Queue}queue-url"),
        (
            "!Join ['-', [!Ref Env, !Ref Queue]]",
            {"Fn::Join": ["-", ["dev", {"Ref": "Queue"}]]},
            "dev-queue-url",
        ),
        ("!Join ['-', !GetAtt Queue.Zones]", {"Fn::Join": ["-", {"Fn::GetAtt": ["Queue", "Zones"]}]}, "x-y"),
        ("!Select [1, [!Ref Queue, b]]", {"Fn::Select": ["1", [{"Ref": "Queue"}, "b"]]}, "b"),
        (
            "!Select [1, !Split ['-', !Ref Queue]]",
            {"Fn::Select": ["1", {"Fn::Split": ["-", {"Ref": "Queue"}]}]},
            "url",
        ),
        ("!Base64 {'Fn::Sub': '${Queue}'}", {"Fn::Base64": {"Fn::Sub": ["${Queue}", {}]}}, "cXVldWUtdXJs"),
        ("!If [Yes, !Ref Queue, b]", {"Ref": "Queue"}, "queue-url"),
        ("{A: [!Ref Queue]}", {"A": [{"Ref": "Queue"}]}, {"A": ["queue-url"]}),
        (
            "!ImportValue {'Fn::Sub': 'shared-vpc'}",
            {"Fn::ImportValue": "shared-vpc"},
            "vpc-1",
        ),
    ],
)
def test_what_waits_for_a_resource_stays_a_function_and_is_finished_with_it(
    function: str, half: Value, whole: Value
) -> None:
    found = evaluated(function)

    assert found == half
    assert resolve(half, BINDINGS, FACTS) == whole


def test_a_property_that_is_no_value_is_gone() -> None:
    assert evaluated("!If [No, a, !Ref AWS::NoValue]") is None


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("!Select [3, !Ref Names]", "Template error: Fn::Select  cannot select nonexistent value at index 3"),
        ("!FindInMap [Map, !Ref Env, Ami]", "Template error: Unable to get mapping for Map::dev::Ami"),
        (
            "!ImportValue {Ref: Queue}",
            (
                "Template error: the attribute in Fn::ImportValue must not depend on any resources, imported values, "
                "or "
                "Fn::GetAZs"
            ),
        ),
        ("!Base64 {Ref: 'AWS::NoValue'}", "Template error: every Fn::Base64 object must have a String-typed value."),
        ("!Sub '${Names}'", "Template error: variable Names in Fn::Sub expression does not resolve to a string"),
    ],
)
def test_what_a_function_cannot_take_is_refused_with_path_and_line(function: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        evaluated(function)

    assert refused.value.message == message
    assert refused.value.path.startswith("Resources/R/Properties/P/Fn::")
    assert refused.value.line == HEAD.count("\n") + 1


@pytest.mark.parametrize("items", ["[{a: b}]", "[[a], b]", "!Ref Env"])
def test_join_takes_texts_only(items: str) -> None:
    with pytest.raises(TemplateError, match="every Fn::Join object requires two parameters"):
        evaluated(f"!Join ['', {items}]")


@pytest.mark.parametrize(
    ("function", "message"),
    [
        ("!GetAtt Queue.Gone", "Template error: resource Queue does not support attribute type Gone in Fn::GetAtt"),
        ("!ImportValue gone", "No export named gone found."),
        ("!Join ['', [!GetAtt Queue.Zones]]", None),
        ("!Sub '${Queue.Zones}'", None),
    ],
)
def test_what_a_resource_turns_out_not_to_give_is_refused(function: str, message: str | None) -> None:
    with pytest.raises(TemplateError) as refused:
        finished(function)

    assert message is None or refused.value.message == message


def test_nothing_may_stay_unknown_when_a_value_is_finished() -> None:
    half = evaluated("!Sub '${Queue}-${Env}'")
    assert half is not None

    with pytest.raises(TemplateError, match="Queue is not known yet"):
        resolve(half, {}, FACTS)


@pytest.mark.parametrize(
    "function",
    [
        "!Ref Word",
        "!Sub 'a-${Word}'",
        "!Sub ['${w}', {w: !Ref Word}]",
        "!Join ['-', [a, !Ref Word]]",
        "!Base64 {Ref: Word}",
        "!Select [0, !Split [c, !Ref Word]]",
        "!Sub '${Word}-${Queue}'",
        "!Join ['-', [!Ref Word, !Ref Queue]]",
    ],
)
def test_what_is_made_from_a_secret_is_a_secret(function: str) -> None:
    half = evaluated(function)
    assert half is not None
    whole = resolve(half, BINDINGS, FACTS)

    assert holds_secret(half)
    assert isinstance(whole, Secret)
    assert "secret" not in repr(half)


@pytest.mark.parametrize(
    "function",
    [
        "!Sub '" + "${Env}" * 100 + "'",
        "!Join [xxxxxxxxxx, [" + "a," * 30 + "a]]",
        "[" + "!Ref Names," * 60 + "a]",
        "[" + "!FindInMap [Map, us-east-1, Ami]," * 60 + "a]",
        "[" + "!Split [e, !Ref Env]," * 60 + "a]",
        "[" + "!GetAZs us-east-1," * 20 + "a]",
    ],
)
def test_functions_cannot_blow_a_template_up(function: str) -> None:
    with pytest.raises(TemplateError, match="functions produce more than 200 characters"):
        evaluated(function, Limits(produced=200))
