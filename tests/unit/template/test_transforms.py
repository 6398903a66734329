"""Transforms carried out: AWS::Include, the order of transforms, and those that do not exist."""

import json
from collections.abc import Mapping

import msgspec
import pytest

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Need, Needs
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.transforms import table
from manciple.template.transforms.process import process
from manciple.template.transforms.transform import Call, Transform
from manciple.template.values import Value

SNIPPETS: dict[str, Value | None] = {
    "s3://b/tags": "Tags: [{Key: a, Value: 1}]",
    "s3://b/outputs": '{"Outputs": {"Made": {"Value": {"Ref": "R"}}}}',
    "s3://b/loop": "Resources: {'Fn::ForEach::L': [X, [a], {'R${X}': {Type: T}}]}",
    "s3://b/list": "[a]",
    "s3://b/short": "A: !Ref R",
    "s3://b/more": "Fn::Transform: {Name: AWS::Include, Parameters: {Location: s3://b/tags}}",
    "s3://b/none": None,
    "s3://none/none": None,
}
KNOWN = {
    **{Need("include", address): text for address, text in SNIPPETS.items()},
    Need("bucket", "b"): "us-east-1",
    Need("bucket", "none"): None,
}
FACTS = Facts(account="1" * 12, region="us-east-1", stack_name="s", stack_id="arn:s", known=KNOWN)


def attempt(text: str, facts: Facts = FACTS, transforms: Mapping[str, Transform] | None = None) -> Template | Needs:
    template = load(text)
    parameters = resolve_parameters(template, {}, None, facts)
    assert isinstance(parameters, dict)
    return process(template, parameters, facts, transforms or table())


def processed(text: str) -> Template:
    found = attempt(text)
    assert isinstance(found, Template)
    return found


def including(location: str) -> str:
    return f"""
Parameters: {{Bucket: {{Type: String, Default: b}}}}
Resources:
  R:
    Type: T
    Properties:
      Own: a
      Fn::Transform: {{Name: AWS::Include, Parameters: {{Location: {location}}}}}
"""


@pytest.mark.parametrize("location", ["s3://b/tags", "!Sub 's3://${Bucket}/tags'"])
def test_a_snippet_stands_beside_its_siblings(location: str) -> None:
    found = processed(including(location))

    properties = {"Own": "a", "Tags": [{"Key": "a", "Value": "1"}]}
    assert found.section("Resources") == {"R": {"Type": "T", "Properties": properties}}


def test_a_snippet_for_the_whole_template_adds_to_its_sections() -> None:
    found = processed(
        "Transform: {Name: AWS::Include, Parameters: {Location: s3://b/outputs}}\n"
        "Resources: {R: {Type: T}}\nOutputs: {Own: {Value: a}}\n"
    )

    assert found.body == {
        "Resources": {"R": {"Type": "T"}},
        "Outputs": {"Own": {"Value": "a"}, "Made": {"Value": {"Ref": "R"}}},
    }


def test_an_include_comes_before_the_other_transforms_of_a_list() -> None:
    found = processed(
        "Transform: [AWS::LanguageExtensions, {Name: AWS::Include, Parameters: {Location: s3://b/loop}}]\n"
        "Resources: {R: {Type: T}}\n"
    )

    assert list(found.section("Resources")) == ["R", "Ra"]


def test_the_innermost_transform_comes_first() -> None:
    seen = []

    def note(call: Call) -> Value:
        seen.append(dict(call.fragment))
        return {"Seen": str(len(seen))}

    attempt(
        "Resources: {R: {Type: T, Properties: {Fn::Transform: Note, A: {Fn::Transform: Note, B: b}}}}",
        transforms={"Note": Transform(name="Note", apply=note, embeds=True)},
    )

    assert seen == [{"B": "b"}, {"A": {"Seen": "1"}}]


def test_what_is_not_fetched_yet_is_asked_for() -> None:
    found = attempt(including("s3://other/key"))

    assert found == Needs(frozenset({Need("include", "s3://other/key")}))


@pytest.mark.parametrize(
    ("location", "reason"),
    [
        ("s3://none/none", "S3 bucket [none] does not exist."),
        ("s3://b/none", "S3 object [none] does not exist in bucket [b]."),
        ("api.yaml", "The location parameter is not a valid S3 uri."),
        ("s3://b/list", "The specified S3 object's content should be valid Yaml/JSON."),
        ("s3://b/short", "The specified S3 object's content should be valid Yaml/JSON."),
        ("s3://b/more", "The specified S3 object's content should be valid Yaml/JSON."),
    ],
)
def test_an_include_that_fails_says_why_and_where(location: str, reason: str) -> None:
    with pytest.raises(TemplateError) as refused:
        attempt(including(location))

    assert refused.value.message == f"Transform AWS::Include failed with: {reason}"
    assert (refused.value.path, refused.value.line) == ("Resources/R/Properties/Fn::Transform", 8)


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("{Parameters: {}}", "Key Name of transform definition must be a string."),
        ("AWS::CodeDeployBlueGreen",
         "Transform AWS::CodeDeployBlueGreen is not supported; publish the template as the transform makes it."),
    ],
)  # fmt: skip
def test_a_transform_that_nobody_has_is_refused_by_name(declared: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        attempt(f"Transform: [{declared}]\nResources: {{R: {{Type: T}}}}")

    assert (refused.value.message, refused.value.line) == (message, 1)


def asking(text: str) -> Need:
    """What the function of the one macro in a template is asked."""
    found = attempt(text)
    assert isinstance(found, Needs)
    (need,) = found.needs
    return need


def answered(text: str, answer: str | None) -> Template | Needs:
    """The template after the function of its one macro has answered."""
    need = asking(text)
    return attempt(text, msgspec.structs.replace(FACTS, known={**KNOWN, need: answer}))


EMBEDDED = """
Parameters: {Size: {Type: Number, Default: 3}}
Resources:
  R: {Type: T, Properties: {Own: a, Fn::Transform: {Name: Count, Parameters: {Of: !Ref Size}}}}
"""
WHOLE = "Transform: Count\nResources: {R: {Type: T}}"


def test_the_function_of_a_macro_is_asked_in_awss_words() -> None:
    need = asking(EMBEDDED)

    assert need.kind == "macro"
    assert json.loads(need.key) == {
        "region": "us-east-1",
        "accountId": "111111111111",
        "transformId": "111111111111::Count",
        "params": {"Of": "3"},
        "templateParameterValues": {"Size": "3"},
        "fragment": {"Own": "a"},
    }


def test_what_the_function_of_a_macro_makes_stands_in_the_fragments_place() -> None:
    made = {"status": "success", "requestId": "r", "fragment": {"Own": 1, "On": True, "Off": None}}

    found = answered(EMBEDDED, json.dumps(made))

    assert isinstance(found, Template)
    assert found.section("Resources")["R"] == {"Type": "T", "Properties": {"Own": "1", "On": "true"}}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (None, "No transform named 111111111111::Count found."),
        ('{"status": "failed"}', "Transform 111111111111::Count failed without an error message."),
        (
            '{"status": "failed", "errorMessage": "no"}',
            "Transform 111111111111::Count failed with: no",
        ),
        ("<html>", "Received malformed response from transform 111111111111::Count"),
        ('{"status": "success", "fragment": []}', "Template format error: unsupported structure."),
    ],
)
def test_a_macro_that_fails_says_why(answer: str | None, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        answered(WHOLE, answer)

    assert (refused.value.message, refused.value.line) == (message, 1)


def test_language_extensions_belong_to_the_whole_template() -> None:
    with pytest.raises(TemplateError) as refused:
        attempt("Resources: {R: {Type: T, Properties: {Fn::Transform: AWS::LanguageExtensions}}}")

    assert "can only be declared for the whole template" in refused.value.message


def test_the_result_of_transforms_is_checked_like_any_template() -> None:
    with pytest.raises(TemplateError) as refused:
        attempt(
            "Transform: {Name: AWS::Include, Parameters: {Location: s3://b/outputs}}\nResources: {Other: {Type: T}}\n"
        )

    assert "Unresolved resource dependencies [R] in the Outputs block" in refused.value.message
