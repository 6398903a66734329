"""Functions checked before evaluation: known, well-formed, pointing at something that is declared."""

import pytest

from manciple.errors import TemplateError
from manciple.template.load import load

FIND_IN_MAP = (
    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute "
    "for return value"
)
SELECT = "Template error: Fn::Select requires a list argument with two elements: an integer index and a list"
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and (2) a string to be "
    "split or a function that returns a string to be split."
)
GET_ATT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource "
    "attribute"
)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            "!Ref Gone",
            "Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template",
        ),
        (
            "[!Ref Gone, !Ref Lost, !Sub '${Gone}']",
            (
                "Template format error: Unresolved resource dependencies [Gone, Lost] in the Resources block of the "
                "template"
            ),
        ),
        ("!GetAtt Gone.Arn", "Template error: instance of Fn::GetAtt references undefined resource Gone"),
        ("!Sub '${Gone.Arn}'", "Template error: instance of Fn::Sub references invalid resource attribute Gone.Arn"),
        ("!Ref [a]", "Template error: every Ref object must have a single String value."),
        ("!GetAtt [!Ref A]", GET_ATT),
        ("!GetAtt A", GET_ATT),
        ("!Select [100, [test]]", SELECT),
        ("!Select [bad, [test]]", SELECT),
        ("!Select [0, 2]", SELECT),
        ("{'Fn::Split': !Ref 'AWS::Region'}", SPLIT),
        ("!FindInMap [A, b]", FIND_IN_MAP),
        (
            "!FindInMap [Gone, a, b]",
            "Template error: Mapping named 'Gone' is not present in the 'Mappings' section of template.",
        ),
        ("!If [Gone, a, b]", "Template error: unresolved condition dependency Gone in Fn::If"),
        (
            "!If [!Ref A, a, b]",
            "Template error: Fn::If requires a list argument with the first element being a condition",
        ),
        (
            "!Sub '${a-b}'",
            (
                "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, "
                "underscores, "
                "periods, and colons"
            ),
        ),
        ("!Base64 [a]", "Template error: every Fn::Base64 object must have a String-typed value."),
    ],
)
def test_a_malformed_function_is_refused_in_cloudformations_words(value: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        load(f"Resources:\n  A:\n    Type: T\n    Properties:\n      P: {value}\n")

    assert refused.value.message == message


def test_a_function_that_does_not_exist_is_refused_by_name_path_and_line() -> None:
    with pytest.raises(TemplateError) as refused:
        load("Resources:\n  A:\n    Type: T\n    Properties:\n      P: {'Fn::Foo': a}\n")

    assert refused.value.message.startswith("Template Error: Encountered unsupported function: Fn::Foo Supported")
    assert (refused.value.path, refused.value.line) == ("Resources/A/Properties/P/Fn::Foo", 5)


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (
            "{C: !Equals [a]}",
            "Template error: every Fn::Equals object requires a list of 2 string parameters.",
        ),
        (
            "{C: !Equals [!Ref A, b]}",
            (
                "Template format error: Unresolved dependencies [A]. Cannot reference resources in the Conditions "
                "block "
                "of the template"
            ),
        ),
        (
            "{C: !And [!Equals [a, b]]}",
            "Template error: every Fn::And object requires a list of at least 2 and at most 10 boolean parameters.",
        ),
        (
            "{C: 'true'}",
            "Template format error: Conditions can only be boolean operations on parameters and other conditions",
        ),
        (
            "{C: !Not [!Condition Gone]}",
            "Template format error: Unresolved condition dependency Gone in the Conditions block of the template",
        ),
    ],
)
def test_a_malformed_condition_is_refused_in_cloudformations_words(conditions: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        load(f"Resources: {{A: {{Type: T}}}}\nConditions: {conditions}\n")

    assert refused.value.message == message


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "Resources: {A: {Type: T, DependsOn: Gone}}",
            "Template format error: Unresolved resource dependencies [Gone] in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T, Condition: Gone}}",
            "Template format error: Unresolved condition dependency Gone in the Resources block of the template",
        ),
        (
            "Resources: {A: {Type: T}}\nOutputs: {O: {Value: !Ref Gone}}",
            "Template format error: Unresolved resource dependencies [Gone] in the Outputs block of the template",
        ),
    ],
)
def test_a_name_that_stands_for_nothing_is_refused(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        load(text)

    assert refused.value.message == message
