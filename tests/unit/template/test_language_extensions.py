"""AWS::LanguageExtensions: loops written out, and the functions that come with it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluate import evaluate, resolve
from manciple.template.evaluation import Evaluation, Facts, Resource
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.transforms import table
from manciple.template.transforms.process import process
from manciple.template.values import Bound, Value
from scripts.fidelity import ORACLE

FACTS = Facts(account="1" * 12, region="us-east-1", stack_name="stack-name", stack_id="arn:s")
HEAD = """
Transform: AWS::LanguageExtensions
Parameters:
  Names: {Type: CommaDelimitedList, Default: 'a,b-c'}
  Keep: {Type: String, Default: Retain}
Mappings: {Map: {a: {Size: big, List: [x, y]}}}
Conditions:
  Yes: !Equals [a, a]
"""
RECORDINGS = sorted((ORACLE / "deploys").glob("*LanguageExtensions*.json"))


def evaluation_of(text: str, given: Mapping[str, str] | None = None, limits: Limits = DEFAULT_LIMITS) -> Evaluation:
    template = load(text)
    parameters = resolve_parameters(template, given or {}, None, FACTS)
    assert isinstance(parameters, dict)
    processed = process(template, parameters, FACTS, table(), limits)
    assert isinstance(processed, Template)
    evaluation = evaluate(processed, parameters, FACTS)
    assert isinstance(evaluation, Evaluation)
    return evaluation


def resources_of(resources: str) -> dict[str, Resource]:
    return evaluation_of(f"{HEAD}Resources:\n{resources}").resources


def value_of(value: str) -> Value:
    return resources_of(f"  Q: {{Type: T}}\n  R: {{Type: T, Properties: {{P: {value}}}}}")["R"].properties["P"]


def as_text(value: Any) -> Value:
    if isinstance(value, dict):
        return {key: as_text(item) for key, item in value.items()}
    if isinstance(value, list):
        return [as_text(item) for item in value]
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.skipif(not RECORDINGS, reason="recordings: ../shared/oracle is absent")
def test_processed_templates_are_those_that_aws_recorded() -> None:
    for path in RECORDINGS:
        recording = json.loads(path.read_text())
        request = recording["steps"][0]["args"]
        (processed,) = (one["response"] for one in recording["recorded"] if one["key"] == "transformed")

        found = evaluation_of(request["TemplateBody"], request["Parameters"]).resources

        assert {name: one.properties for name, one in found.items()} == {
            name: as_text(one.get("Properties", {})) for name, one in processed["Resources"].items()
        }, path.name


def test_an_item_fills_keys_sub_and_ref_but_no_plain_text() -> None:
    found = resources_of("""
  Fn::ForEach::Loop:
    - X
    - !Ref Names
    - 'R&{X}':
        Type: T
        Properties: {Ref: {'a${X}': !Ref X}, Sub: !Sub '${X} &{X} ${!X} ${AWS::Region}', Plain: '${X}'}
""")

    assert list(found) == ["Ra", "Rbc"]
    assert found["Rbc"].properties == {
        "Ref": {"a${X}": "b-c"},
        "Sub": "b-c &{X} ${X} us-east-1",
        "Plain": "${X}",
    }


def test_loops_stand_in_loops_in_properties_in_conditions_and_in_outputs() -> None:
    found = evaluation_of("""
Transform: [[AWS::LanguageExtensions]]
Conditions:
  Fn::ForEach::Conditions: [X, [a, b], {'Is${X}': !Equals [!Ref X, a]}]
Resources:
  Fn::ForEach::Outer:
    - X
    - [a, b]
    - Fn::ForEach::Inner:
        - Y
        - ['1', '2']
        - 'R${X}${Y}':
            Type: T
            Condition: !Sub 'Is${X}'
            Properties: {'Fn::ForEach::Properties': [Z, [m, n], {'P${Z}': !Sub '${X}${Y}${Z}'}]}
Outputs:
  Fn::ForEach::Outputs: [Y, ['1'], {'O${Y}': {Value: !GetAtt [!Sub 'Ra${Y}', Arn]}}]
""")

    assert {name: one.properties for name, one in found.resources.items()} == {
        "Ra1": {"Pm": "a1m", "Pn": "a1n"},
        "Ra2": {"Pm": "a2m", "Pn": "a2n"},
    }
    assert found.outputs["O1"].value == {"Fn::GetAtt": ["Ra1", "Arn"]}


def test_a_resource_that_a_loop_makes_stands_where_the_loop_says_it() -> None:
    found = resources_of("  Fn::ForEach::Loop:\n    - X\n    - [a]\n    - 'R${X}':\n        Type: T\n")

    assert found["Ra"].line == HEAD.count("\n") + 5


def test_names_and_policies_can_be_computed() -> None:
    found = resources_of("""
  Qa: {Type: T}
  R:
    Type: T
    DependsOn: !Sub 'Q${AWS::NoValue}a'
    DeletionPolicy: !If [Yes, !Ref Keep, Delete]
    Properties: {Ref: {Ref: !Join ['', [Q, a]]}, GetAtt: !GetAtt [!Sub 'Qa', !Sub 'Arn']}
""")

    assert found["R"].deletion_policy == "Retain"
    assert found["R"].depends_on == ("Qa",)
    assert found["R"].properties == {"Ref": {"Ref": "Qa"}, "GetAtt": {"Fn::GetAtt": ["Qa", "Arn"]}}


@pytest.mark.parametrize(
    ("function", "value"),
    [
        ("{Fn::Length: !Ref Names}", "2"),
        ("{Fn::Length: !FindInMap [Map, a, List]}", "2"),
        ("{Fn::Length: [!Ref Q, b, c]}", "3"),
        ("!FindInMap [Map, none, Size, {DefaultValue: small}]", "small"),
        ("!FindInMap [!Sub Map, !Select [0, !Ref Names], Size, {DefaultValue: small}]", "big"),
        ("!FindInMap [None, a, Size, {DefaultValue: !Ref AWS::Region}]", "us-east-1"),
        ("{Fn::ToJsonString: {a: 1, b: '1', c: true, d: [1.5, !Ref Names], e: 007}}",
         '{"a":1,"b":"1","c":true,"d":[1.5,["a","b-c"]],"e":"007"}'),
        ("{Fn::ToJsonString: [{k: !Ref AWS::NoValue, l: '\"'}]}", '[{"l":"\\""}]'),
    ],
)  # fmt: skip
def test_functions_of_the_extensions_give_their_value(function: str, value: Value) -> None:
    found = value_of(function)

    assert found == value


def test_json_of_a_resource_is_finished_with_it() -> None:
    half = value_of("{Fn::ToJsonString: {Arn: !GetAtt Q.Arn, Port: 80}}")

    whole = resolve(half, {"Q": Bound("q", {"Arn": 'arn:"q"'})}, FACTS)

    assert whole == '{"Arn":"arn:\\"q\\"","Port":80}'


def test_parameters_count_as_written_out() -> None:
    found = resources_of("  R: {Type: T, Properties: {P: !Ref Keep}}")

    assert found["R"].reads == ()


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("  Fn::ForEach::L: [X, [a]]", "Fn::ForEach layout is incorrect"),
        ("  Fn::ForEach::L: [X, a, {'R${X}': {Type: T}}]", "Fn::ForEach layout is incorrect"),
        ("  Fn::ForEach::L: [X, !Ref Keep, {'R${X}': {Type: T}}]",
         "Could not find a collection or could not be resolved for Fn::ForEach"),
        ("  Fn::ForEach::L: [X, !If [Yes, [a], [b]], {'R${X}': {Type: T}}]",
         "Could not find a collection or could not be resolved for Fn::ForEach"),
        ("  Fn::ForEach::L: [X, [a, b], {R: {Type: T}}]",
         "Fn::ForEach creates R more than once; use its identifier in the key."),
        ("  R: {Type: T, Condition: 'Is${X}'}", "Key Is${X} is missing in the map."),
    ],
)  # fmt: skip
def test_what_cannot_be_written_out_is_refused(resources: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        resources_of(resources)

    assert refused.value.message == f"Transform AWS::LanguageExtensions failed with: {message}"


@pytest.mark.parametrize(
    ("resources", "message"),
    [
        ("  R: {Type: T, DeletionPolicy: !Ref AWS::Region}",
         "Template format error: Unrecognized DeletionPolicy us-east-1 for resource R"),
        ("  R: {Type: T, Properties: {P: {Ref: !Sub 'Gone'}}}",
         "Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template"),
        ("  R: {Type: T, Properties: {P: {Fn::Length: !Ref Keep}}}",
         "Transform AWS::LanguageExtensions failed with: The Fn::Length value could not be resolved for properties"),
    ],
)  # fmt: skip
def test_what_turns_out_wrong_when_it_is_evaluated_is_refused(resources: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        resources_of(resources)

    assert refused.value.message == message


def test_without_the_transform_a_loop_is_no_resource() -> None:
    with pytest.raises(TemplateError) as refused:
        load("Resources: {'Fn::ForEach::L': [X, [a], {'R${X}': {Type: T}}]}")

    assert (
        refused.value.message == "Template format error: [/Resources/Fn::ForEach::L] resource definition is malformed"
    )


@pytest.mark.parametrize("function", ["Fn::Length", "Fn::ToJsonString"])
def test_without_the_transform_its_functions_are_unknown(function: str) -> None:
    with pytest.raises(TemplateError) as refused:
        load(f"Resources: {{R: {{Type: T, Properties: {{P: {{'{function}': [a]}}}}}}}}")

    assert refused.value.message.startswith(f"Template Error: Encountered unsupported function: {function} ")


def test_nested_loops_cannot_blow_a_template_up() -> None:
    items = json.dumps([f"{number:03}" for number in range(100)])
    loop = "{'R${A}${B}${C}': {Type: T}}"
    for name in "CBA":
        loop = f"{{'Fn::ForEach::{name}': [{name}, {items}, {loop}]}}"

    with pytest.raises(TemplateError) as refused:
        evaluation_of(f"Transform: AWS::LanguageExtensions\nResources: {loop}\n", limits=Limits(produced=100_000))

    assert "functions produce more than 100000 characters" in refused.value.message
