"""The rules of TEMPLATE constraints go to CloudFormation in the template, which otherwise stays as it is written."""

import json

import pytest

from manciple.engine.cloudformation.constrained_body import constrained_body
from manciple.errors import TemplateError
from manciple.template.load import read
from manciple.template.values import Value

RULES: dict[str, Value] = {"Small": {"Assertions": [{"Assert": {"Fn::Equals": [{"Ref": "Size"}, "small"]}}]}}
YAML = """
Parameters:
  Size: {Type: String}  # how large
Resources:
  Topic: {Type: AWS::SNS::Topic, Properties: {FifoTopic: true}}
"""


def test_without_rules_nothing_is_changed() -> None:
    assert constrained_body("anything", {}) == "anything"


def test_yaml_gets_the_rules_behind_what_is_written() -> None:
    body = constrained_body(YAML, RULES)

    assert body.startswith(YAML)
    assert read(body).body == read(YAML).body | {"Rules": RULES}


def test_json_keeps_the_types_of_its_values() -> None:
    template = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic", "Properties": {"FifoTopic": True, "N": 1}}}}

    assert json.loads(constrained_body(json.dumps(template), RULES)) == template | {"Rules": RULES}


@pytest.mark.parametrize(
    "text",
    [
        YAML + "...\n",
        YAML + "Rules: {Own: {Assertions: [{Assert: {Fn::Equals: [a, a]}}]}}\n",
        "{Resources: {Topic: {Type: AWS::SNS::Topic}}}",
    ],
)
def test_a_text_that_takes_nothing_behind_it_is_written_anew(text: str) -> None:
    body = read(constrained_body(text, RULES)).body

    own = read(text).section("Rules")
    assert body == read(text).body | {"Rules": own | RULES}


def test_what_is_no_template_is_refused() -> None:
    with pytest.raises(TemplateError):
        constrained_body("- a\n- list\n", RULES)
