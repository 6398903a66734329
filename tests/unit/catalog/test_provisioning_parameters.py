"""What a template asks for and tells before a launch."""

from manciple.catalog.provisioning_parameters import describe_outputs, describe_parameters, usage_instructions
from manciple.template.document import Template


def test_a_parameter_without_limits_still_has_allowed_values() -> None:
    (parameter,) = describe_parameters(Template(body={"Parameters": {"Size": {"Type": "Number"}}}))

    assert parameter.parameter_constraints is not None
    assert parameter.parameter_constraints.allowed_values == []
    assert (parameter.is_no_echo, parameter.default_value) == (False, None)


def test_an_empty_default_is_a_default() -> None:
    (parameter,) = describe_parameters(Template(body={"Parameters": {"Size": {"Type": "String", "Default": ""}}}))

    assert parameter.default_value == ""


def test_no_echo_is_told() -> None:
    (parameter,) = describe_parameters(Template(body={"Parameters": {"Key": {"Type": "String", "NoEcho": "true"}}}))

    assert parameter.is_no_echo is True


def test_rules_and_metadata_are_compact_json() -> None:
    template = Template(body={"Rules": {"R": {"Assertions": []}}, "Metadata": {"ü": {"a": "1"}}})

    told = {instruction.type: instruction.value for instruction in usage_instructions(template)}

    assert told == {
        "rules": '{"R":{"Assertions":[]}}',
        "metadata": '{"ü":{"a":"1"}}',
        "tagUpdateOnProvisionedProduct": "NOT_ALLOWED",
    }


def test_outputs_keep_the_templates_order() -> None:
    template = Template(body={"Outputs": {"B": {"Value": "1", "Description": "b"}, "A": {"Value": "2"}}})

    assert [(output.key, output.description) for output in describe_outputs(template)] == [("B", "b"), ("A", None)]
