"""Ref: a parameter's value, a pseudo parameter, or what identifies a resource."""

from manciple.errors import TemplateError
from manciple.template.evaluation import Facts
from manciple.template.scope import NO_VALUE, Declarations, Intrinsic, Scope
from manciple.template.values import Value

PSEUDO_PARAMETERS = frozenset(
    f"AWS::{name}"
    for name in (
        "AccountId",
        "NoValue",
        "NotificationARNs",
        "Partition",
        "Region",
        "StackId",
        "StackName",
        "URLSuffix",
    )
)


def pseudo_parameter(name: str, facts: Facts) -> Value:
    """The value of one of PSEUDO_PARAMETERS."""
    match name:
        case "AWS::Region":
            return facts.region
        case "AWS::AccountId":
            return facts.account
        case "AWS::StackName":
            return facts.stack_name
        case "AWS::Partition":
            return facts.partition
        case "AWS::StackId":
            return facts.stack_id
        case "AWS::URLSuffix":
            return facts.url_suffix
        case "AWS::NotificationARNs":
            return list(facts.notification_arns)
    return NO_VALUE


def refer(name: str, scope: Scope) -> Value:
    """What `Ref` of `name` gives; the function itself for a resource that does not exist yet."""
    parameter = scope.parameters.get(name)
    if parameter is not None:
        scope.saw("parameter", name)
        scope.spend(len(parameter.given) if isinstance(parameter.resolved, list) else len(parameter.resolved))
        return parameter.resolved
    if name in PSEUDO_PARAMETERS:
        return pseudo_parameter(name, scope.facts)
    if name in scope.bindings:
        return scope.bindings[name].reference
    if scope.finishing:
        scope.unknown(name)
    if name not in scope.resources:
        scope.unresolved[name] = None
    scope.saw("resource", name)
    return {"Ref": name}


def declare_reference(name: str, declarations: Declarations) -> None:
    """Note `name` as unresolved unless something of that name is declared."""
    known = name in declarations.parameters or name in declarations.resources or name in PSEUDO_PARAMETERS
    if not known:
        declarations.unresolved[name] = None


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, str) or not argument:
        raise TemplateError("Template error: every Ref object must have a single String value.")
    declare_reference(argument, declarations)


def _evaluate(argument: Value, scope: Scope) -> Value:
    return refer(argument, scope) if isinstance(argument, str) else {"Ref": argument}


REF = Intrinsic(name="Ref", check=_check, evaluate=_evaluate)
