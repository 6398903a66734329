"""Check every function of a template before any is evaluated: known, of the right form, pointing at something."""

from collections.abc import Mapping

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.faults import Faults
from manciple.template.intrinsics import table
from manciple.template.intrinsics.logic import BOOLEAN
from manciple.template.scope import Declarations, Intrinsic, Place
from manciple.template.values import Value

UNSUPPORTED = "Template Error: Encountered unsupported function: {} Supported functions are: [{}]"
UNRESOLVED = "Template format error: Unresolved resource dependencies [{}] in the {} block of the template"
NO_CONDITION = "Template format error: Unresolved condition dependency {} in the {} block of the template"
RESOURCE_IN_CONDITION = (
    "Template format error: Unresolved dependencies [{}]. Cannot reference resources in the Conditions block of the "
    "template"
)
EVALUATED = ("Properties", "Metadata", "CreationPolicy", "UpdatePolicy")
POLICIES = ("DeletionPolicy", "UpdateReplacePolicy")


def check_references(template: Template, faults: Faults) -> None:
    """Add to `faults` every function that is unknown, malformed or points at nothing; conditions first."""
    _check_conditions(template, faults)
    check_rule_references(template, faults)
    _check_resources(template, faults)
    _check_outputs(template, faults)


def unresolved_message(names: Mapping[str, None], block: str) -> str:
    """CloudFormation's sentence on names that stand for nothing."""
    return UNRESOLVED.format(", ".join(names), block)


def _declarations(template: Template, with_resources: bool) -> Declarations:
    return Declarations(
        parameters=template.section("Parameters"),
        resources=template.section("Resources") if with_resources else {},
        conditions=template.section("Conditions"),
        mappings=template.section("Mappings"),
        unresolved={},
    )


def _check_conditions(template: Template, faults: Faults) -> None:
    declarations = _declarations(template, with_resources=False)
    walk = _Walk(table("condition", extended=template.extended), declarations, faults)
    for name, expression in template.section("Conditions").items():
        if isinstance(expression, dict) and len(expression) == 1:
            walk.value(expression, f"Conditions/{name}")
        else:
            faults.add(BOOLEAN, f"Conditions/{name}")
    if declarations.unresolved:
        faults.add(RESOURCE_IN_CONDITION.format(", ".join(declarations.unresolved)), "Conditions")


def check_functions(place: Place, value: Value, path: str, faults: Faults) -> None:
    """Add to `faults` every function of a value that is unknown or malformed, whatever it points at."""
    anything = Declarations(parameters={}, resources={}, conditions={}, mappings={}, unresolved={})
    _Walk(table(place), anything, faults).value(value, path)


def check_rule_references(template: Template, faults: Faults) -> None:
    """Likewise for the rules, which see parameters only."""
    declarations = _declarations(template, with_resources=False)
    _Walk(table("rule"), declarations, faults).value(template.section("Rules"), "Rules")
    if declarations.unresolved:
        faults.add(unresolved_message(declarations.unresolved, "Rules"), "Rules")


def _check_resources(template: Template, faults: Faults) -> None:
    declarations = _declarations(template, with_resources=True)
    walk = _Walk(table("value", extended=template.extended), declarations, faults)
    parts = (*EVALUATED, *POLICIES) if template.extended else EVALUATED
    for logical_id, resource in template.section("Resources").items():
        if isinstance(resource, dict):
            path = f"Resources/{logical_id}"
            _check_condition(resource, path, "Resources", template, faults)
            for part in parts:
                if part in resource:
                    walk.value(resource[part], f"{path}/{part}")
            for name in depends_on(resource):
                if name not in declarations.resources:
                    declarations.unresolved[name] = None
    if declarations.unresolved:
        faults.add(unresolved_message(declarations.unresolved, "Resources"), "Resources")


def _check_outputs(template: Template, faults: Faults) -> None:
    declarations = _declarations(template, with_resources=True)
    walk = _Walk(table("value", extended=template.extended), declarations, faults)
    for name, output in template.section("Outputs").items():
        if isinstance(output, dict):
            _check_condition(output, f"Outputs/{name}", "Outputs", template, faults)
            for part in ("Value", "Export"):
                walk.value(output.get(part, {}), f"Outputs/{name}/{part}")
    if declarations.unresolved:
        faults.add(unresolved_message(declarations.unresolved, "Outputs"), "Outputs")


def depends_on(resource: Mapping[str, Value]) -> tuple[str, ...]:
    """The names in a resource's DependsOn, one or a list, each once."""
    declared = resource.get("DependsOn", [])
    names = declared if isinstance(declared, list) else [declared]
    return tuple(dict.fromkeys(name for name in names if isinstance(name, str)))


def _check_condition(declared: Mapping[str, Value], path: str, block: str, template: Template, faults: Faults) -> None:
    name = declared.get("Condition")
    if isinstance(name, str) and name not in template.section("Conditions"):
        faults.add(NO_CONDITION.format(name, block), f"{path}/Condition")


class _Walk:
    """Visits every function of a value, outermost first."""

    def __init__(self, functions: Mapping[str, Intrinsic], declarations: Declarations, faults: Faults) -> None:
        self.functions = functions
        self.declarations = declarations
        self.faults = faults

    def value(self, value: Value, path: str) -> None:
        if isinstance(value, dict):
            self.members(value, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                if not isinstance(item, str):
                    self.value(item, f"{path}/{index}")

    def members(self, members: dict[str, Value], path: str) -> None:
        for key, member in members.items():
            if len(members) == 1 and key in self.functions:
                self.function(self.functions[key], member, f"{path}/{key}")
            elif key.lower().startswith("fn::"):
                self.faults.add(UNSUPPORTED.format(key, ", ".join(self.functions)), f"{path}/{key}")
            elif not isinstance(member, str):
                self.value(member, f"{path}/{key}")

    def function(self, function: Intrinsic, argument: Value, path: str) -> None:
        """Check one function; arguments of a malformed one are not looked at."""
        try:
            function.check(argument, self.declarations)
        except TemplateError as error:
            self.faults.add(error.message, path)
            return
        self.value(argument, path)
