"""Reading templates: YAML as CloudFormation reads it, JSON, faults with path and line."""

import pytest

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.faults import TemplateErrors
from manciple.template.limits import Limits
from manciple.template.load import load, read
from manciple.template.values import Value


def value_of(yaml: str) -> Value:
    return read(f"Metadata:\n  Value: {yaml}\n").section("Metadata")["Value"]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("2012-10-17", "2012-10-17"),
        ("2010-09-09T00:00:00Z", "2010-09-09T00:00:00Z"),
        ("true", "true"),
        ("True", "true"),
        ("FALSE", "false"),
        ("yes", "yes"),
        ("off", "off"),
        ("012345678901", "012345678901"),
        ("1.10", "1.10"),
        ("1e3", "1e3"),
        ("0x1F", "0x1F"),
        ("12:30:45", "12:30:45"),
        ("'null'", "null"),
        ("!!str null", "null"),
        ("'True'", "True"),
    ],
)
def test_a_yaml_scalar_is_text_as_written_and_booleans_are_lower_case(written: str, text: str) -> None:
    value = value_of(written)

    assert value == text


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("!Ref Queue", {"Ref": "Queue"}),
        ("!GetAtt Queue.Arn", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!GetAtt Child.Outputs.Url", {"Fn::GetAtt": ["Child", "Outputs.Url"]}),
        ("!GetAtt [Queue, Arn]", {"Fn::GetAtt": ["Queue", "Arn"]}),
        ("!Sub '${Queue}'", {"Fn::Sub": "${Queue}"}),
        ("!Join ['', [a, !Ref B]]", {"Fn::Join": ["", ["a", {"Ref": "B"}]]}),
        ("!If [A, b, !Ref AWS::NoValue]", {"Fn::If": ["A", "b", {"Ref": "AWS::NoValue"}]}),
        ("!Condition A", {"Condition": "A"}),
        ("!GetAZs ''", {"Fn::GetAZs": ""}),
        ("!EachMemberIn [[a], [b]]", {"Fn::EachMemberIn": [["a"], ["b"]]}),
    ],
)
def test_a_short_tag_is_the_function_that_it_abbreviates(short: str, long: Value) -> None:
    value = value_of(short)

    assert value == long


def test_an_unknown_tag_is_refused_by_name_and_line() -> None:
    with pytest.raises(TemplateError) as refused:
        read("Metadata:\n  A: !Rain::Embed x\n")

    assert "!Rain::Embed" in refused.value.message
    assert (refused.value.path, refused.value.line) == ("Metadata/A", 2)


def test_of_a_key_given_twice_the_last_counts() -> None:
    from_yaml = read("Metadata: {A: 1, A: 2}").section("Metadata")
    from_json = read('{"Metadata": {"A": 1, "A": 2}}').section("Metadata")

    assert from_yaml == from_json == {"A": "2"}


def test_json_keeps_numbers_as_written() -> None:
    template = read('{"Metadata": {"A": 1.10, "B": 007e0, "C": true}}'.replace("007e0", "1e400"))

    assert template.section("Metadata") == {"A": "1.10", "B": "1e400", "C": "true"}


@pytest.mark.parametrize(
    "text",
    [
        "\ufeffMetadata: {A: b}",
        "Metadata:\r\n  A: b\r\n",
        '\ufeff{"Metadata": {"A": "b"}}',
        '{"Metadata":\t{"A":\t"b"}}',
        '{"Metadata": {"A": b}}',
        '{"Metadata": {"A": "b",}}',
    ],
    ids=["bom", "crlf", "json with bom", "tabs", "bare word", "trailing comma"],
)
def test_a_template_is_read_whatever_its_dress(text: str) -> None:
    template = read(text)

    assert template.body == {"Metadata": {"A": "b"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Template format error: unsupported structure."),
        ("hello", "Template format error: unsupported structure."),
        ("[a]", "Template format error: unsupported structure."),
        ("a: b: c", "Template format error: YAML not well-formed. (line 1, column 5)"),
        ('{"a"="b"}', "Template format error: JSON not well-formed. (line 1, column 6)"),
        ("a: &x b\nc: *x", "Template error: YAML aliases are not allowed in CloudFormation templates"),
        ("Metadata: {A: null}", "[/Metadata/A] 'null' values are not allowed in templates"),
        ("Metadata: {A: [b, ~]}", "[/Metadata/A/1] 'null' values are not allowed in templates"),
        ("Parameters:\n", "[/Parameters] 'null' values are not allowed in templates"),
        ('{"Outputs": {"O": {"Value": null}}}', "[/Outputs/O/Value] 'null' values are not allowed in templates"),
    ],
)
def test_text_that_is_no_template_is_refused_in_cloudformations_words(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        read(text)

    assert refused.value.message == message


def test_all_nulls_are_named_and_the_first_is_the_message() -> None:
    with pytest.raises(TemplateErrors) as refused:
        read("Metadata:\n  A: ~\n  B: null\n")

    assert [(fault.path, fault.line) for fault in refused.value.faults] == [("Metadata/A", 2), ("Metadata/B", 3)]
    assert refused.value.message.startswith("[/Metadata/A]")


def test_the_empty_argument_of_get_azs_may_be_null_as_published_templates_write_it() -> None:
    template = read('{"Metadata": {"A": {"Fn::GetAZs": null}}}')

    assert template.section("Metadata")["A"] == {"Fn::GetAZs": ""}


YAML = """Resources:
  Queue:
    Type: T
    Properties:
      Tags:
        - Key: a
          Value: !Sub
            - "${x}"
            - x: b
"""
JSON = """{"Resources": {
  "Queue": {
    "Type": "T",
    "Properties": {"Tags": [
      {"Key": "a"},
      {"Key": "b"
      }]}}}}"""


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        (YAML, "Resources/Queue", 2),
        (YAML, "Resources/Queue/Properties/Tags/0/Value", 7),
        (YAML, "Resources/Queue/Properties/Tags/0/Value/Fn::Sub/1/x", 9),
        (YAML, "Resources/Queue/Properties/Gone", 4),
        (JSON, "Resources/Queue", 2),
        (JSON, "Resources/Queue/Properties/Tags/1/Key", 6),
        (JSON, "Resources/Queue/Type", 3),
    ],
)
def test_every_path_knows_its_line(text: str, path: str, line: int) -> None:
    template = read(text)

    assert template.line(path) == line


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 50_000 + "1" + "}" * 50_000,
        "a: " + "[" * 100_000,
        "- " * 100_000,
        "Metadata: {" + "k" * 5000 + ": 1}",
    ],
    ids=["json", "closed json", "flow", "block", "key"],
)
def test_hostile_nesting_is_refused(text: str) -> None:
    with pytest.raises(TemplateError):
        read(text)


def test_a_template_over_the_size_limit_is_refused() -> None:
    with pytest.raises(TemplateError) as refused:
        read("Metadata: {A: " + "x" * 100 + "}", Limits(template_bytes=50))

    assert refused.value.message == "Template may not exceed 50 bytes in size."


@pytest.mark.parametrize(
    ("text", "transforms"),
    [
        ("Transform: AWS::Serverless-2016-10-31", {"AWS::Serverless-2016-10-31": "Transform"}),
        ("Transform: [First, {Name: Second}]", {"First": "Transform", "Second": "Transform"}),
        (
            "Resources: {A: {Fn::Transform: {Name: AWS::Include}}}",
            {"AWS::Include": "Resources/A/Fn::Transform"},
        ),
        ("Resources: {A: [!Transform {Name: Mine}]}", {"Mine": "Resources/A/0/Fn::Transform"}),
    ],
)
def test_a_template_that_asks_for_a_transform_is_left_to_it(text: str, transforms: dict[str, str]) -> None:
    template = load(text)

    assert isinstance(template, Template)
    assert template.transforms == transforms
