"""What a template asks for and tells before a launch: parameters, usage instructions, output keys."""

import json
from collections.abc import Iterator

from manciple.api import shapes
from manciple.catalog.constraints.effects import Effects, StackSet
from manciple.template.document import Template
from manciple.template.rules import join
from manciple.template.values import Value

_NONE = Effects()

_LIMITS = {
    "allowed_pattern": "AllowedPattern",
    "constraint_description": "ConstraintDescription",
    "max_length": "MaxLength",
    "max_value": "MaxValue",
    "min_length": "MinLength",
    "min_value": "MinValue",
}


def describe_parameters(template: Template) -> list[shapes.ProvisioningArtifactParameter]:
    """A template's parameters in its order, their types as written there."""
    declared = template.section("Parameters").items()
    return [_parameter(name, body) for name, body in declared if isinstance(body, dict)]


def usage_instructions(template: Template, effects: Effects = _NONE) -> list[shapes.UsageInstruction]:
    """What AWS tells of a launch beside its parameters, in the recorded order.

    `rules` (the template's and those of TEMPLATE constraints) and `tagUpdateOnProvisionedProduct` always, the others
    where there are such. Rules and metadata are JSON text in which every scalar is text (recorded).
    """
    return [shapes.UsageInstruction(type=kind, value=value) for kind, value in _instructions(template, effects)]


def launch_instructions(effects: Effects) -> list[shapes.UsageInstruction]:
    """Those of them that are not the template's: what a launch of anything else tells (inferred)."""
    return [shapes.UsageInstruction(type=kind, value=value) for kind, value in _of_launch(effects)]


def preferences(stack_set: StackSet | None) -> shapes.ProvisioningArtifactPreferences:
    """The accounts and regions that a STACKSET constraint offers; empty without one (recorded)."""
    if stack_set is None:
        return shapes.ProvisioningArtifactPreferences()
    return shapes.ProvisioningArtifactPreferences(
        stack_set_accounts=list(stack_set.accounts), stack_set_regions=list(stack_set.regions)
    )


def describe_outputs(template: Template) -> list[shapes.ProvisioningArtifactOutput]:
    """The keys and descriptions of a template's outputs, in its order."""
    return [
        shapes.ProvisioningArtifactOutput(description=_text(_member(body, "Description")), key=name)
        for name, body in template.section("Outputs").items()
    ]


def _parameter(name: str, body: dict[str, Value]) -> shapes.ProvisioningArtifactParameter:
    allowed = body.get("AllowedValues", [])
    return shapes.ProvisioningArtifactParameter(
        default_value=_text(body.get("Default")),
        description=_text(body.get("Description")),
        is_no_echo=_text(body.get("NoEcho", "false")) == "true",
        parameter_constraints=shapes.ParameterConstraints(
            allowed_values=[str(value) for value in allowed] if isinstance(allowed, list) else [],
            **{member: _text(body.get(name)) for member, name in _LIMITS.items()},
        ),
        parameter_key=name,
        parameter_type=_text(body.get("Type")),
    )


def _instructions(template: Template, effects: Effects) -> Iterator[tuple[str, str]]:
    yield "rules", _json(join(template.section("Rules"), effects.rules))
    if version := _text(template.body.get("AWSTemplateFormatVersion")):
        yield "version", version
    if description := _text(template.body.get("Description")):
        yield "description", description
    if metadata := template.section("Metadata"):
        yield "metadata", _json(metadata)
    yield from _of_launch(effects)


def _of_launch(effects: Effects) -> Iterator[tuple[str, str]]:
    if effects.launch_role_arn is not None:
        yield "launchAsRole", effects.launch_role_arn
    yield "tagUpdateOnProvisionedProduct", "ALLOWED" if effects.allows_tag_updates else "NOT_ALLOWED"


def _member(body: Value, name: str) -> Value | None:
    return body.get(name) if isinstance(body, dict) else None


def _text(value: Value | None) -> str | None:
    return value if isinstance(value, str) else None


def _json(value: Value) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
