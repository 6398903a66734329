"""What evaluating a template gives: the graph of resources that the change set compares and the engine carries out."""

from typing import Literal, TypeAlias

import msgspec

from manciple.template.values import Value

Section: TypeAlias = Literal[
    "Properties", "Metadata", "CreationPolicy", "UpdatePolicy", "DeletionPolicy", "UpdateReplacePolicy"
]
Policy: TypeAlias = Literal["Delete", "Retain", "Snapshot", "RetainExceptOnCreate"]


STACK_TYPE = "AWS::CloudFormation::Stack"
"""The type of a resource that is a stack itself, made from a template of its own."""


class Need(msgspec.Struct, frozen=True, order=True):
    """A fact from outside that evaluation asks for.

    `kind` is one of `ssm` (parameter name), `export` (export name), `zones` (region), `include` (S3 address of a
    snippet), `bucket` (name of an S3 bucket), `reference` (dynamic reference with its braces; the answer is a digest
    of what it stands for), `template` (address of a nested template); `key` says which.
    """

    kind: str
    key: str


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that evaluation knows beside the template and its parameters; frozen, so that a plan can be repeated.

    `known` holds the answers to needs; a need whose answer is None was asked for and does not exist.
    """

    account: str
    region: str
    partition: str = "aws"
    url_suffix: str = "amazonaws.com"
    stack_name: str
    stack_id: str
    notification_arns: tuple[str, ...] = ()
    known: dict[Need, Value | None] = {}


class Needs(msgspec.Struct, frozen=True):
    """Evaluation cannot go on before these facts are fetched."""

    needs: frozenset[Need]


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter with the value it has in this evaluation.

    `given` is what the caller passed (or the default, or the previous value), `resolved` what `Ref` gives: a list for
    list types, the stored value for SSM types. NoEcho values are `Secret`. One that `is_unknown` is a nested stack's
    that only execution can tell: `resolved` is the `Ref` itself, to be finished like that of a resource.
    """

    name: str
    type: str
    given: str
    resolved: Value
    no_echo: bool = False
    is_default: bool = False
    is_unknown: bool = False


class Read(msgspec.Struct, frozen=True, order=True):
    """One place of a resource reads one thing.

    `section` and `property` say where (`property` is the top-level property name, empty outside Properties), `kind`
    and `name` what: a parameter (`Size`), a resource by `Ref` (`Queue`) or an attribute (`Queue.Arn`).
    """

    section: Section
    property: str
    kind: Literal["parameter", "resource", "attribute"]
    name: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource whose condition holds, its values evaluated as far as they can be before anything is created."""

    logical_id: str
    type: str
    properties: dict[str, Value] = {}
    metadata: Value | None = None
    depends_on: tuple[str, ...] = ()
    dependencies: frozenset[str] = frozenset()
    deletion_policy: Policy = "Delete"
    update_replace_policy: Policy = "Delete"
    creation_policy: Value | None = None
    update_policy: Value | None = None
    reads: tuple[Read, ...] = ()
    line: int | None = None


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """An output whose condition holds; its value is finished once the resources it reads exist."""

    name: str
    value: Value
    description: str | None = None
    export: Value | None = None


class Evaluation(msgspec.Struct, frozen=True, kw_only=True):
    """A template evaluated with parameters and facts: active resources and outputs, in the template's order."""

    resources: dict[str, Resource]
    outputs: dict[str, Output] = {}
    parameters: dict[str, Parameter] = {}
    description: str | None = None
    facts_used: frozenset[Need] = frozenset()
