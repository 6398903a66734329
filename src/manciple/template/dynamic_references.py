"""Dynamic references: `{{resolve:ssm:…}}`, `{{resolve:ssm-secure:…}}`, `{{resolve:secretsmanager:…}}` in a text.

They stay text wherever a template's values are kept, compared or shown; what they stand for is put in their place just
before a provider is called (user guide, "Get values stored in other services using dynamic references"). A plan asks
for the fact `reference` of each, whose answer is a digest: a secret that changes can be seen, not read.
"""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Facts, Resource
from manciple.template.values import Value, texts

KIND = "reference"
OPENING = "{{resolve:"
BAD_SSM = "Incorrect format is used in the following SSM reference: [{}]"
BAD_NAME = "Incorrect format is used in the following Secrets Manager reference: [{}]"
NOT_SECURE = "SSM Secure reference is not supported in: [{}]"
ABSENT = "Parameters: [{}] cannot be found."

SECURE_PROPERTIES = frozenset(
    {
        "AWS::DirectoryService::MicrosoftAD/Properties/Password",
        "AWS::DirectoryService::SimpleAD/Properties/Password",
        "AWS::ElastiCache::ReplicationGroup/Properties/AuthToken",
        "AWS::IAM::User/Properties/LoginProfile/Password",
        "AWS::KinesisFirehose::DeliveryStream/Properties/RedshiftDestinationConfiguration/Password",
        "AWS::OpsWorks::App/Properties/AppSource/Password",
        "AWS::OpsWorks::Stack/Properties/CustomCookbooksSource/Password",
        "AWS::OpsWorks::Stack/Properties/RdsDbInstances/DbPassword",
        "AWS::RDS::DBCluster/Properties/MasterUserPassword",
        "AWS::RDS::DBInstance/Properties/MasterUserPassword",
        "AWS::Redshift::Cluster/Properties/MasterUserPassword",
    }
)
"""Where ssm-secure may stand (user guide, "Get a secure string value from Systems Manager Parameter Store")."""

_REFERENCE = re.compile(r"\{\{resolve:((?:ssm|ssm-secure|secretsmanager):[^{}]+)\}\}")
_SSM = re.compile(r"([A-Za-z0-9_.\-/]+)(?::(\d+))?")
_ARN = re.compile(r"(arn:[^:]*:secretsmanager:[^:]*:[^:]*:secret:[^:]+)(?::(.*))?")


class SsmReference(msgspec.Struct, frozen=True):
    """`{{resolve:ssm:name:version}}`; without a version, the newest. `secure` is the ssm-secure form."""

    name: str
    version: str = ""
    secure: bool = False


class SecretReference(msgspec.Struct, frozen=True):
    """`{{resolve:secretsmanager:secret:SecretString:json-key:stage:version}}`; `secret` is a name or an ARN."""

    secret: str
    json_key: str = ""
    stage: str = ""
    version: str = ""


Reference: TypeAlias = SsmReference | SecretReference


def references_in(text: str) -> Iterator[str]:
    """Every dynamic reference in `text`, with its braces."""
    if OPENING in text:
        yield from (found[0] for found in _REFERENCE.finditer(text))


def parse(text: str) -> Reference:
    """What a reference names. Raises TemplateError in CloudFormation's words if it is malformed."""
    found = _REFERENCE.fullmatch(text)
    service, _, rest = (found[1] if found else "").partition(":")
    if service in ("ssm", "ssm-secure"):
        name = _SSM.fullmatch(rest)
        if name is None:
            raise TemplateError(BAD_SSM.format(text))
        return SsmReference(name[1], name[2] or "", service == "ssm-secure")
    return _secret(text, rest)


def _secret(text: str, rest: str) -> SecretReference:
    arn = _ARN.fullmatch(rest)
    secret, _, others = (arn[1], "", arn[2] or "") if arn else rest.partition(":")
    kind, key, stage, version, *more = [*others.split(":"), "", "", "", ""][: max(4, others.count(":") + 1)]
    if not secret or kind not in ("", "SecretString") or more:
        raise TemplateError(BAD_NAME.format(text))
    return SecretReference(secret, key, stage, version)


def fill(value: Value, known: Mapping[str, str]) -> Value:
    """`value` with what references stand for in their place; those that are not in `known` stay."""
    if isinstance(value, str):
        if OPENING not in value:
            return value
        return _REFERENCE.sub(lambda found: known.get(found[0], found[0]), "".join(value))
    if isinstance(value, list):
        return [fill(item, known) for item in value]
    return {key: fill(item, known) for key, item in value.items()}


def references_of(resource: Resource) -> tuple[str, ...]:
    """The references in a resource's properties that are complete already, each once.

    Raises TemplateError if one is malformed, or an ssm-secure one stands where it must not.
    """
    found = dict.fromkeys(one for text in texts(resource.properties) for one in references_in(text))
    parsed = [parse(text) for text in found]
    if any(isinstance(reference, SsmReference) and reference.secure for reference in parsed):
        _check_secure(resource)
    return tuple(found)


def _check_secure(resource: Resource) -> None:
    places = _places(resource.properties, f"{resource.type}/Properties", "{{resolve:ssm-secure:")
    if wrong := [place for place in places if place not in SECURE_PROPERTIES]:
        raise TemplateError(NOT_SECURE.format(",".join(wrong)))


def _places(value: Value, path: str, opening: str) -> Iterator[str]:
    """Where texts with `opening` stand, as CloudFormation names places: without the indexes of lists."""
    if isinstance(value, str):
        if opening in value:
            yield path
    elif isinstance(value, list):
        for item in value:
            yield from _places(item, path, opening)
    else:
        for key, item in value.items():
            yield from _places(item, f"{path}/{key}", opening)


def refuse_absent(facts: Facts) -> None:
    """Raise TemplateError if an SSM parameter that a dynamic reference names does not exist.

    CloudFormation looks at them when a change set is made; at secrets only when a resource is.
    """
    absent = [need.key for need, answer in facts.known.items() if need.kind == KIND and answer is None]
    names = [text[len(OPENING) : -2] for text in absent if isinstance(parse(text), SsmReference)]
    if names:
        raise TemplateError(ABSENT.format(", ".join(names)), path="Resources")
