"""Layered graphs: `WIDTH` resources side by side, each on the one above it, one parameter reaching all.

The same graph as a CloudFormation template and as Terraform files: resource i names resource i - WIDTH, and its one
changeable property holds the parameter.
"""

import json

WIDTH = 10

_HEAD = """\
Parameters:
  Value: {Type: String}
Resources:
"""
_RESOURCE = """\
  R{number}:
    Type: AWS::SSM::Parameter
    Properties: {{Type: String, Value: !Sub "{value}"}}
"""


def layered_template(size: int, width: int = WIDTH) -> str:
    """A template of `size` resources with the parameter `Value`; of `width` 1 it is a single chain."""
    values = (_value(number, "${Value}", "${{R{}}}", width) for number in range(size))
    return _HEAD + "".join(_RESOURCE.format(number=number, value=value) for number, value in enumerate(values))


def layered_terraform(size: int) -> str:
    """The same graph of `terraform_data`, as the text of a `main.tf.json` with the variable `value`."""
    value = "${var.value}", "${{terraform_data.r{}.id}}"
    resources = {f"r{number}": {"input": _value(number, *value)} for number in range(size)}
    return json.dumps({"variable": {"value": {"type": "string"}}, "resource": {"terraform_data": resources}})


def _value(number: int, parameter: str, above: str, width: int = WIDTH) -> str:
    """What resource `number` holds: the parameter, and the name of the resource above it, if there is one."""
    return parameter if number < width else f"{parameter} {above.format(number - width)}"
