"""The form of a template's sections, in CloudFormation's words."""

import pytest

from manciple.errors import TemplateError
from manciple.template.faults import TemplateErrors
from manciple.template.limits import Limits
from manciple.template.load import load

TOPIC = "Resources: {Topic: {Type: 'AWS::SNS::Topic'}}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{}", "Template format error: At least one Resources member must be defined."),
        ("Resources: ''\nOutputs: ''", "Template format error: Any Resources member must be an object."),
        ("Resources: {R: x}", "Template format error: Any Resources member must be an object."),
        (
            "Resources: {Foo: {Properties: {Name: foo}}}",
            "Template format error: [/Resources/Foo] Every Resources object must contain a Type member.",
        ),
        (
            "Resources: {my-bad-id: {Type: T}}",
            "Template format error: Resource name my-bad-id is non alphanumeric.",
        ),
        ("Resources: {R: {Type: T, Name: x}}", "Invalid template resource property 'Name'"),
        (
            "Resources: {R: {Type: T, DependsOn: [{a: b}]}}",
            "Template format error: Every DependsOn value must be a string.",
        ),
        (
            "Resources: {R: {Type: T, DeletionPolicy: Keep}}",
            "Template format error: Unrecognized DeletionPolicy Keep for resource R",
        ),
        (
            "Resources: {R: {Type: T, DeletionPolicy: {Ref: P}}}",
            "Template format error: Every DeletionPolicy member must be a string.",
        ),
        (
            TOPIC + "Parameters: {Topic: {Type: String}}",
            "Template error: all resources and parameters must have unique names. Common name(s):[Topic]",
        ),
        (
            TOPIC + "Parameters: {P: {Type: String, MinValue: 1}}",
            "Template error: Parameter 'P' MinValue must be on a parameter of type Number",
        ),
        (
            TOPIC + "Parameters: {P: {Type: Number, AllowedPattern: a}}",
            "Template error: Parameter 'P' AllowedPattern must be on a parameter of type String",
        ),
        (
            TOPIC + "Parameters: {P: {Type: String, MinLength: 3, MaxLength: 2}}",
            "Template error: Parameter 'P' MinLength must be less than MaxLength.",
        ),
        (TOPIC + "outputs: {}", "Invalid template property or properties [outputs]"),
        (
            TOPIC + "AWSTemplateFormatVersion: 2011-01-01",
            "Template format error: unsupported value for AWSTemplateFormatVersion.",
        ),
        (
            TOPIC + f"Description: {'x' * 1025}",
            "Template format error: 'Description' length is greater than 1024.",
        ),
        (
            TOPIC + "Parameters: {'AWS::NoValue': {Type: String}}",
            "Template format error: Parameter name AWS::NoValue is non alphanumeric.",
        ),
        (TOPIC + "Parameters: {P: {Type: Json}}", "Template format error: Unrecognized parameter type: Json"),
        (
            TOPIC + "Parameters: {P: {Type: String, Default: [a]}}",
            "Template format error: Every Default member must be a string.",
        ),
        (TOPIC + "Parameters: {P: {Type: String, Min: 1}}", "Invalid template parameter property 'Min'"),
        (
            TOPIC + "Parameters: {P: {Type: String, AllowedValues: [a], Default: b}}",
            "Parameter 'P' must be one of AllowedValues",
        ),
        (
            TOPIC + "Mappings: {Map: {A: suffix}}",
            "Template format error: Every Mappings member A must be a map",
        ),
        (
            TOPIC + "Mappings: {Map: {A: {Suffix: {Value: x}}}}",
            "Template format error: Every Mappings attribute must be a String or a List.",
        ),
        (TOPIC + "Outputs: {O: {}}", "Template format error: Every Outputs member must contain a Value object"),
        (
            TOPIC + "Outputs: {A_B: {Value: x}}",
            "Template format error: Outputs name 'A_B' is non alphanumeric.",
        ),
        (
            TOPIC + "Outputs: {O: {Value: [x]}}",
            "Template format error: The Value field of every Outputs member must evaluate to a String and not a List.",
        ),
    ],
)
def test_a_malformed_section_is_refused_in_cloudformations_words(text: str, message: str) -> None:
    with pytest.raises(TemplateError) as refused:
        load(text)

    assert refused.value.message == message


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(resources=1), "Template format error: Number of resources, 2, is greater than maximum allowed, 1"),
        (Limits(parameters=1), "Template format error: Parameter count 2 is greater than max allowed 1"),
        (Limits(outputs=1), "Template format error: Outputs count 2 is greater than max allowed 1"),
    ],
)
def test_a_quota_is_an_argument(limits: Limits, message: str) -> None:
    text = """
        Resources: {A: {Type: T}, B: {Type: T}}
        Parameters: {P: {Type: String}, Q: {Type: String}}
        Outputs: {O: {Value: x}, U: {Value: x}}
    """

    with pytest.raises(TemplateError) as refused:
        load(text, limits)

    assert refused.value.message == message


def test_types_that_nobody_knows_are_refused_and_custom_ones_are_not() -> None:
    text = "Resources: {A: {Type: AWS::SNS::Topic}, B: {Type: AWS::No::Such}, C: {Type: Custom::Thing}}"

    with pytest.raises(TemplateError) as refused:
        load(text, known_types=frozenset({"AWS::SNS::Topic"}))

    assert refused.value.message == "Template format error: Unrecognized resource types: [AWS::No::Such]"


def test_all_faults_are_collected_with_path_and_line() -> None:
    text = "Resources:\n  A: {Type: T, Foo: x}\n  B: {Bar: x}\n"

    with pytest.raises(TemplateErrors) as refused:
        load(text)

    places = [(fault.path, fault.line) for fault in refused.value.faults]
    assert places == [("Resources/A/Foo", 2), ("Resources/B/Bar", 3), ("Resources/B", 3)]
