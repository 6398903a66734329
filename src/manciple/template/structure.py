"""Check a template's sections: their names, forms and counts, with CloudFormation's messages.

Messages are as recorded on AWS or as quoted from AWS's answers in public issues; a sentence of our own stands only
where neither was found.
"""

import re
from collections.abc import Iterator

from manciple.template.document import Template
from manciple.template.faults import Faults
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.parameter_declarations import check_parameters
from manciple.template.references import check_references
from manciple.template.values import Value

VERSION = "2010-09-09"
SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Conditions",
        "Description",
        "Mappings",
        "Metadata",
        "Outputs",
        "Parameters",
        "Resources",
        "Rules",
        "Transform",
    }
)
OBJECT_SECTIONS = ("Parameters", "Mappings", "Conditions", "Resources", "Outputs", "Metadata", "Rules")
RESOURCE_ATTRIBUTES = frozenset(
    {
        "Condition",
        "CreationPolicy",
        "DeletionPolicy",
        "DependsOn",
        "Description",
        "Metadata",
        "Properties",
        "Type",
        "UpdatePolicy",
        "UpdateReplacePolicy",
        "Version",
    }
)
OUTPUT_ATTRIBUTES = frozenset({"Condition", "Description", "Export", "Value"})
POLICIES = {
    "DeletionPolicy": frozenset({"Delete", "Retain", "RetainExceptOnCreate", "Snapshot"}),
    "UpdateReplacePolicy": frozenset({"Delete", "Retain", "Snapshot"}),
}
COMMON_NAMES = "Template error: all resources and parameters must have unique names. Common name(s):[{}]"
"""Quoted in aws-cloudformation/cfn-lint pull request 1698."""
ALPHANUMERIC = re.compile(r"[A-Za-z0-9]+")
MAPPING_NAME = re.compile(r"[A-Za-z0-9.\-_]+")


def check(template: Template, limits: Limits = DEFAULT_LIMITS, known_types: frozenset[str] | None = None) -> None:
    """Check form, names, counts and references. Raises TemplateErrors with every fault found, AWS's first.

    References are looked at only when the sections themselves are sound. `known_types` None allows any type.
    """
    faults = Faults(template.line)
    _check_sections(template, limits, faults)
    faults.raise_if_any()
    _check_mappings(template, limits, faults)
    check_parameters(template, limits, faults)
    _check_resources(template, limits, faults)
    _check_outputs(template, limits, faults)
    _check_types(template, known_types, faults)
    faults.raise_if_any()
    check_references(template, faults)
    faults.raise_if_any()


def check_declarations(template: Template, limits: Limits = DEFAULT_LIMITS) -> None:
    """Check the parameters only, which must be sound before a transform. Raises TemplateErrors."""
    faults = Faults(template.line)
    if not isinstance(template.body.get("Parameters", {}), dict):
        faults.add("Template format error: Any Parameters member must be an object.", "Parameters")
    check_parameters(template, limits, faults)
    faults.raise_if_any()


def _check_sections(template: Template, limits: Limits, faults: Faults) -> None:
    body = template.body
    if unknown := [name for name in body if name not in SECTIONS]:
        faults.add(f"Invalid template property or properties [{', '.join(unknown)}]", unknown[0])
    if body.get("AWSTemplateFormatVersion", VERSION) != VERSION:
        message = "Template format error: unsupported value for AWSTemplateFormatVersion."
        faults.add(message, "AWSTemplateFormatVersion")
    description = body.get("Description", "")
    if not isinstance(description, str):
        faults.add("Template format error: Every Description member must be a string.", "Description")
    elif len(description.encode()) > limits.description:
        faults.add(f"Template format error: 'Description' length is greater than {limits.description}.", "Description")
    for name in OBJECT_SECTIONS:
        if not isinstance(body.get(name, {}), dict):
            faults.add(f"Template format error: Any {name} member must be an object.", name)
    if not body.get("Resources", {}) and isinstance(body.get("Resources", {}), dict):
        faults.add("Template format error: At least one Resources member must be defined.", "Resources")


def _members(template: Template, section: str, faults: Faults) -> Iterator[tuple[str, dict[str, Value]]]:
    """Members of a section that are objects; the others are faults."""
    for name, member in template.section(section).items():
        if isinstance(member, dict):
            yield name, member
        else:
            faults.add(f"Template format error: Any {section} member must be an object.", f"{section}/{name}")


def _check_mappings(template: Template, limits: Limits, faults: Faults) -> None:
    mappings = template.section("Mappings")
    if len(mappings) > limits.mappings:
        message = f"Template format error: Mappings count {len(mappings)} is greater than max allowed {limits.mappings}"
        faults.add(message, "Mappings")
    for name, mapping in mappings.items():
        if name.startswith("Fn::"):
            faults.add(f"Template format error: {name} in the Mappings block is not supported.", f"Mappings/{name}")
        elif not isinstance(mapping, dict):
            faults.add(f"Template format error: Every Mappings member {name} must be a map", f"Mappings/{name}")
        else:
            _check_mapping(f"Mappings/{name}", mapping, limits, faults)


def _check_mapping(path: str, mapping: dict[str, Value], limits: Limits, faults: Faults) -> None:
    if len(mapping) > limits.mapping_attributes:
        message = f"{len(mapping)} keys are more than the {limits.mapping_attributes} allowed."
        faults.add(f"Template format error: Mapping with {message}", path)
    for key, attributes in mapping.items():
        if not isinstance(attributes, dict):
            faults.add(f"Template format error: Every Mappings member {key} must be a map", f"{path}/{key}")
            continue
        for name, value in attributes.items():
            inner = f"{path}/{key}/{name}"
            if not MAPPING_NAME.fullmatch(name):
                rule = f"Mappings attribute name '{name}' must contain only alphanumeric characters."
                faults.add(f"Template format error: {rule}", inner)
            texts = value if isinstance(value, list) else [value]
            if not all(isinstance(text, str) for text in texts):
                faults.add("Template format error: Every Mappings attribute must be a String or a List.", inner)


def _check_resources(template: Template, limits: Limits, faults: Faults) -> None:
    count = len(template.section("Resources"))
    if count > limits.resources:
        message = f"Number of resources, {count}, is greater than maximum allowed, {limits.resources}"
        faults.add(f"Template format error: {message}", "Resources")
    if shared := [name for name in template.section("Resources") if name in template.section("Parameters")]:
        faults.add(COMMON_NAMES.format(", ".join(shared)), f"Resources/{shared[0]}")
    for name in _loops(template):
        faults.add(f"Template format error: [/Resources/{name}] resource definition is malformed", f"Resources/{name}")
    for name, resource in _members(template, "Resources", faults):
        path = f"Resources/{name}"
        if not template.extended and not ALPHANUMERIC.fullmatch(name):
            faults.add(f"Template format error: Resource name {name} is non alphanumeric.", path)
        for attribute in resource.keys() - RESOURCE_ATTRIBUTES:
            faults.add(f"Invalid template resource property '{attribute}'", f"{path}/{attribute}")
        if not resource.get("Type"):
            message = f"Template format error: [/{path}] Every Resources object must contain a Type member."
            faults.add(message, path)
        _check_attributes(path, name, resource, template.extended, faults)


def _loops(template: Template) -> list[str]:
    """Loops that nobody wrote out, because the template does not declare AWS::LanguageExtensions."""
    return [name for name in template.section("Resources") if name.startswith("Fn::ForEach::")]


def unrecognized_policy(attribute: str, policy: Value, name: str) -> str:
    """CloudFormation's sentence on a DeletionPolicy or UpdateReplacePolicy that it does not know."""
    return f"Template format error: Unrecognized {attribute} {policy} for resource {name}"


def _check_attributes(path: str, name: str, resource: dict[str, Value], extended: bool, faults: Faults) -> None:
    for attribute in ("Type", "Condition"):
        if not isinstance(resource.get(attribute, ""), str):
            faults.add(f"Template format error: Every {attribute} member must be a string.", f"{path}/{attribute}")
    if not isinstance(resource.get("Properties", {}), dict):
        faults.add("Template format error: Every Properties member must be an object.", f"{path}/Properties")
    declared = resource.get("DependsOn", [])
    if not all(isinstance(item, str) for item in (declared if isinstance(declared, list) else [declared])):
        faults.add("Template format error: Every DependsOn value must be a string.", f"{path}/DependsOn")
    for attribute, allowed in POLICIES.items():
        policy = resource.get(attribute, "Delete")
        if not isinstance(policy, str):
            if not (extended and isinstance(policy, dict)):
                faults.add(f"Template format error: Every {attribute} member must be a string.", f"{path}/{attribute}")
        elif policy not in allowed:
            faults.add(unrecognized_policy(attribute, policy, name), f"{path}/{attribute}")


def _check_outputs(template: Template, limits: Limits, faults: Faults) -> None:
    count = len(template.section("Outputs"))
    if count > limits.outputs:
        message = f"Template format error: Outputs count {count} is greater than max allowed {limits.outputs}"
        faults.add(message, "Outputs")
    for name, output in _members(template, "Outputs", faults):
        path = f"Outputs/{name}"
        if not ALPHANUMERIC.fullmatch(name):
            faults.add(f"Template format error: Outputs name '{name}' is non alphanumeric.", path)
        for attribute in output.keys() - OUTPUT_ATTRIBUTES:
            faults.add(f"Invalid template output property '{attribute}'", f"{path}/{attribute}")
        if "Value" not in output:
            faults.add("Template format error: Every Outputs member must contain a Value object", path)
        if isinstance(output.get("Value"), list):
            rule = "The Value field of every Outputs member must evaluate to a String and not a List."
            faults.add(f"Template format error: {rule}", f"{path}/Value")
        export = output.get("Export", {"Name": ""})
        if not isinstance(export, dict) or set(export) != {"Name"}:
            faults.add(malformed_export(name), f"{path}/Export")


def malformed_export(name: str) -> str:
    """CloudFormation's sentence on an export without a proper name."""
    return (
        f"Template format error: Output {name} is malformed. The Name field of every Export member must be specified "
        "and consist only of alphanumeric characters, colons, or hyphens."
    )


def _check_types(template: Template, known_types: frozenset[str] | None, faults: Faults) -> None:
    if known_types is None:
        return
    used = {resource.get("Type", ""): None for _, resource in _members(template, "Resources", Faults())}
    unknown = [name for name in used if isinstance(name, str) and name not in known_types and not is_custom(name)]
    if unknown:
        faults.add(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]", "Resources")


def is_custom(resource_type: str) -> bool:
    """Is this a custom resource, which needs no schema?"""
    return resource_type.startswith("Custom::") or resource_type == "AWS::CloudFormation::CustomResource"
