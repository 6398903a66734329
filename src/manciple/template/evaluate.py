"""Evaluate a template: first as far as it goes before anything exists, then value by value as resources come to be."""

from collections.abc import Mapping

import msgspec

from manciple.errors import TemplateError
from manciple.template.conditions import evaluate_conditions
from manciple.template.dependencies import members_of_circles
from manciple.template.document import Template
from manciple.template.dynamic_references import KIND as REFERENCE
from manciple.template.dynamic_references import references_of
from manciple.template.evaluation import Evaluation, Facts, Needs, Output, Parameter, Resource
from manciple.template.faults import within
from manciple.template.intrinsics import table
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.outputs import SAME_NAMES, evaluate_output, same_exports
from manciple.template.references import unresolved_message
from manciple.template.resources import evaluate_resource
from manciple.template.rules import check_rules
from manciple.template.scope import Scope
from manciple.template.values import Bindings, Value


def evaluate(
    template: Template, parameters: Mapping[str, Parameter], facts: Facts, limits: Limits = DEFAULT_LIMITS
) -> Evaluation | Needs:
    """The active resources and outputs of a checked template, in its order.

    Answers Needs when facts are missing; the caller fetches them and evaluates again. Raises TemplateError with
    CloudFormation's message, path and line.
    """
    _refuse_transforms(template)
    check_rules(template, parameters, facts, limits)
    conditions = evaluate_conditions(template, parameters, facts, limits)
    active = _active(template.section("Resources"), conditions)
    scope = Scope(
        table("value", extended=template.extended),
        facts,
        parameters=parameters,
        mappings=template.section("Mappings"),
        conditions=conditions,
        resources=active,
        limits=limits,
    )
    resources = _resources(template, active, scope)
    outputs = _outputs(template, _active(template.section("Outputs"), conditions), scope)
    if scope.missing:
        return Needs(frozenset(scope.missing))
    _refuse_circles(resources, template)
    description = template.body.get("Description")
    return Evaluation(
        resources=resources,
        outputs=outputs,
        parameters=dict(parameters),
        description=description if isinstance(description, str) else None,
        facts_used=frozenset(scope.used),
    )


def resolve(value: Value, bindings: Bindings, facts: Facts, limits: Limits = DEFAULT_LIMITS) -> Value:
    """Finish a value of an evaluation: every reference is looked up in `bindings`, and nothing may stay unknown.

    Raises TemplateError naming the reference that is not in `bindings`, or with CloudFormation's message where a
    function cannot take what a resource turned out to give.
    """
    functions = table("value", extended=True)
    return Scope(functions, facts, bindings=bindings, finishing=True, limits=limits).value(value)


def _refuse_transforms(template: Template) -> None:
    for name, path in template.transforms.items():
        message = f"Transform {name} is not supported; publish the template as the transform makes it."
        raise TemplateError(message, path=path, line=template.line(path))


def _active(section: Mapping[str, Value], conditions: Mapping[str, bool]) -> dict[str, dict[str, Value]]:
    """Members whose condition holds, or that have none."""
    active = {}
    for name, member in section.items():
        if isinstance(member, dict):
            condition = member.get("Condition")
            if not isinstance(condition, str) or conditions[condition]:
                active[name] = member
    return active


def _resources(template: Template, active: Mapping[str, dict[str, Value]], scope: Scope) -> dict[str, Resource]:
    resources = {}
    for logical_id, declared in active.items():
        path = f"Resources/{logical_id}"
        try:
            resource = evaluate_resource(logical_id, declared, scope, template.positions.get(path))
            resources[logical_id] = _without_parameters(resource) if template.extended else resource
            for reference in references_of(resource):
                scope.need(REFERENCE, reference)
        except TemplateError as error:
            within(error, path)
            error.line = template.line(error.path)
            raise
    if scope.unresolved:
        message = unresolved_message(scope.unresolved, "Resources")
        raise TemplateError(message, path="Resources", line=template.line("Resources"))
    return resources


def _without_parameters(resource: Resource) -> Resource:
    """AWS::LanguageExtensions writes the values of parameters in their place (recorded): no property reads one."""
    reads = tuple(read for read in resource.reads if read.kind != "parameter")
    return msgspec.structs.replace(resource, reads=reads)


def _outputs(template: Template, active: Mapping[str, dict[str, Value]], scope: Scope) -> dict[str, Output]:
    outputs = {}
    for name, declared in active.items():
        path = f"Outputs/{name}"
        try:
            outputs[name] = evaluate_output(name, declared, scope)
        except TemplateError as error:
            within(error, path)
            error.line = template.line(error.path)
            raise
    if scope.unresolved:
        message = unresolved_message(scope.unresolved, "Outputs").removeprefix("Template format error: ")
        raise TemplateError(message, path="Outputs", line=template.line("Outputs"))
    if same := same_exports(outputs.values()):
        raise TemplateError(SAME_NAMES.format(", ".join(same)), path="Outputs", line=template.line("Outputs"))
    return outputs


def _refuse_circles(resources: Mapping[str, Resource], template: Template) -> None:
    circle = members_of_circles({name: resource.dependencies for name, resource in resources.items()})
    if circle:
        path = f"Resources/{circle[0]}"
        message = f"Circular dependency between resources: [{', '.join(circle)}]"
        raise TemplateError(message, path=path, line=template.line(path))
