"""The types that a parameter may have."""

import re

import msgspec

SSM_VALUE = re.compile(r"AWS::SSM::Parameter::Value<(.+)>")
LIST = re.compile(r"List<(.+)>")
AWS_TYPES = frozenset(
    {
        "AWS::EC2::AvailabilityZone::Name",
        "AWS::EC2::Image::Id",
        "AWS::EC2::Instance::Id",
        "AWS::EC2::KeyPair::KeyName",
        "AWS::EC2::SecurityGroup::GroupName",
        "AWS::EC2::SecurityGroup::Id",
        "AWS::EC2::Subnet::Id",
        "AWS::EC2::VPC::Id",
        "AWS::EC2::Volume::Id",
        "AWS::Route53::HostedZone::Id",
    }
)
SINGLE = frozenset({"String", "Number", "AWS::SSM::Parameter::Name", *AWS_TYPES})
LISTED = frozenset({"String", "Number", *AWS_TYPES})


class ParameterType(msgspec.Struct, frozen=True):
    """What a type's text means: `item` is the type of one value, `listed` whether there are many.

    A parameter of an `ssm` type is given the name of an SSM parameter and stands for its value.
    """

    item: str
    listed: bool = False
    ssm: bool = False


def parse(text: str) -> ParameterType | None:
    """The type that `text` names, None if CloudFormation has none of that name."""
    if match := SSM_VALUE.fullmatch(text):
        inner = parse(match[1])
        return None if inner is None or inner.ssm else ParameterType(inner.item, inner.listed, ssm=True)
    if text == "CommaDelimitedList":
        return ParameterType("String", listed=True)
    if match := LIST.fullmatch(text):
        return ParameterType(match[1], listed=True) if match[1] in LISTED else None
    return ParameterType(text) if text in SINGLE else None


def items(text: str) -> list[str]:
    """The values of a list parameter: cut at commas, blanks around them dropped."""
    return [item.strip() for item in text.split(",")]
