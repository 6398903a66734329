"""Carry out a template's transforms: those inside first, from the innermost outwards, then those of the whole template.

User guide, "Perform custom processing on CloudFormation templates with template macros": "CloudFormation processes
macros in a template starting from the deepest and working outward", those of one list in its order.
"""

from collections.abc import Mapping

import msgspec

from manciple.errors import TemplateError
from manciple.template.document import TRANSFORM, Template, flattened, macro_name
from manciple.template.evaluation import Facts, Needs, Parameter
from manciple.template.limits import DEFAULT_LIMITS, Limits
from manciple.template.paths import extend
from manciple.template.scope import is_known
from manciple.template.structure import check
from manciple.template.transforms.early import early_scope
from manciple.template.transforms.macro import macro
from manciple.template.transforms.transform import Call, Transform, Verbatim
from manciple.template.values import Value

CHANGE_SET_FAILED = "ChangeSetFAILED"
"""The code of a transform that goes wrong: the change set is accepted and fails later, with the message (recorded)."""

OUR_OWN_LIMIT = "Transform {} is not supported; publish the template as the transform makes it."
MALFORMED = "Key Name of transform definition must be a string."
NOT_EMBEDDED = "Transform {} can only be declared for the whole template, in its Transform section."
NOT_TEXT = (
    "The value of parameter {} under transform {} must resolve to a string, number, boolean or a list of any of these."
)
NO_TEMPLATE = "Template format error: unsupported structure."


class _NeedsFacts(Exception):
    """Facts are missing."""

    def __init__(self, needs: Needs) -> None:
        super().__init__()
        self.needs = needs


def process(
    template: Template,
    parameters: Mapping[str, Parameter],
    facts: Facts,
    transforms: Mapping[str, Transform],
    limits: Limits = DEFAULT_LIMITS,
    known_types: frozenset[str] | None = None,
) -> Template | Needs:
    """The template as its transforms make it, checked; the same one if it asks for none.

    Raises TemplateError in CloudFormation's words: a transform that fails, that does not exist, or whose result is
    no sound template.
    """
    if not template.transforms:
        return template
    work = _Work(parameters, facts, transforms, limits)
    try:
        processed = work.whole(msgspec.structs.replace(template, body=work.sections(template)))
        check(processed, limits, known_types)
    except _NeedsFacts as missing:
        return missing.needs
    except TemplateError as error:
        error.code = CHANGE_SET_FAILED
        raise
    return processed


class _Work:
    """The transforms of one template."""

    def __init__(
        self,
        parameters: Mapping[str, Parameter],
        facts: Facts,
        transforms: Mapping[str, Transform],
        limits: Limits,
    ) -> None:
        self.parameters = parameters
        self.facts = facts
        self.transforms = transforms
        self.limits = limits

    def sections(self, template: Template) -> dict[str, Value]:
        """The body with every transform inside it carried out."""
        body = {}
        for name, value in template.body.items():
            body[name] = value if name == "Transform" else self.value(value, name, template)
        return body

    def value(self, value: Value, path: str, template: Template) -> Value:
        """A value with the transforms in it carried out, innermost first."""
        if isinstance(value, list):
            return [
                item if isinstance(item, str) else self.value(item, extend(path, index), template)
                for index, item in enumerate(value)
            ]
        if not isinstance(value, dict):
            return value
        members = {
            key: member
            if isinstance(member, str) or key == TRANSFORM
            else self.value(member, extend(path, key), template)
            for key, member in value.items()
        }
        if TRANSFORM not in members:
            return members
        declared = members.pop(TRANSFORM)
        return self.embedded(members, declared, extend(path, TRANSFORM), template)

    def embedded(self, fragment: Value | Template, declared: Value, path: str, template: Template) -> Value:
        for one in flattened(declared):
            transform = self.find(one, path, template)
            if not transform.embeds:
                raise TemplateError(NOT_EMBEDDED.format(transform.name), path=path, line=template.line(path))
            if not isinstance(fragment, dict):
                raise TemplateError(NO_TEMPLATE, path=path, line=template.line(path))
            fragment = self.apply(transform, fragment, one, path, template)
        assert not isinstance(fragment, Template)
        return fragment

    def whole(self, template: Template) -> Template:
        """The template with the transforms of its Transform section carried out."""
        declared = [
            (self.find(one, "Transform", template), one) for one in flattened(template.body.get("Transform", []))
        ]
        for transform, one in sorted(declared, key=lambda pair: not pair[0].first):
            fragment = {name: value for name, value in template.body.items() if name != "Transform"}
            made = self.apply(transform, fragment, one, "Transform", template)
            if isinstance(made, dict):
                template = msgspec.structs.replace(template, body=made)
            elif isinstance(made, Template):
                template = made
            else:
                raise TemplateError(NO_TEMPLATE, path="Transform", line=template.line("Transform"))
        return template

    def find(self, declared: Value, path: str, template: Template) -> Transform:
        name = macro_name(declared)
        if name in self.transforms:
            return self.transforms[name]
        if name == TRANSFORM:
            message = MALFORMED
        elif name.startswith("AWS::"):
            message = OUR_OWN_LIMIT.format(name)
        else:
            return macro(name, self.facts.account)
        raise TemplateError(message, path=path, line=template.line(path))

    def apply(
        self, transform: Transform, fragment: dict[str, Value], declared: Value, path: str, template: Template
    ) -> Value | Template:
        call = Call(
            template=template,
            fragment=fragment,
            arguments=self.arguments(transform, declared, template),
            parameters=self.parameters,
            facts=self.facts,
            limits=self.limits,
        )
        try:
            result = transform.apply(call)
        except TemplateError as error:
            is_whole = isinstance(error, Verbatim)
            message = error.message if is_whole else f"Transform {transform.name} failed with: {error.message}"
            raise TemplateError(message, path=path, line=template.line(path)) from None
        if isinstance(result, Needs):
            raise _NeedsFacts(result)
        return result

    def arguments(self, transform: Transform, declared: Value, template: Template) -> dict[str, Value]:
        """The transform's own parameters, evaluated as far as a transform can: nothing exists yet."""
        given = declared.get("Parameters", {}) if isinstance(declared, dict) else {}
        scope = early_scope(self.parameters, template.section("Mappings"), self.facts, self.limits)
        values = {name: scope.value(value) for name, value in given.items()} if isinstance(given, dict) else {}
        for name, value in values.items():
            if not is_known(value):
                raise TemplateError(NOT_TEXT.format(name, transform.name), path="Transform")
        return values
