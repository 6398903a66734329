"""AWS::LanguageExtensions: Fn::ForEach is written out here; its other functions become part of the language.

What a loop's identifier stands for is filled into the keys of its fragment (`${X}`, and `&{X}` without anything that
is not alphanumeric), into the text of Fn::Sub and into Ref, nowhere else: `${X}` in plain text stays as it is
(measured on AWS, ministack pull request 1739, where the messages were measured too).
"""

import re
from collections.abc import Iterator, Mapping

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.evaluation import Needs
from manciple.template.literals import settled
from manciple.template.paths import extend
from manciple.template.scope import Scope
from manciple.template.transforms.early import early_scope
from manciple.template.transforms.transform import Call, Transform
from manciple.template.values import Value

LOOP = "Fn::ForEach::"
SECTIONS = ("Conditions", "Resources", "Outputs")
NAMES = ("Condition", "DependsOn")
"""What a resource or an output names by plain text, and may compute here."""

DEEPEST = 5
LAYOUT = "Fn::ForEach layout is incorrect"
NO_COLLECTION = "Could not find a collection or could not be resolved for Fn::ForEach"
NO_CONDITION = "Key {} is missing in the map."
NOT_ALPHANUMERIC = "OutputKey '{}' should be alphanumeric"
TWICE = "Fn::ForEach creates {} more than once; use its identifier in the key."
TOO_DEEP = f"Fn::ForEach is nested in more than {DEEPEST} levels."
NODE = 16
"""Characters that one copied node counts for, beside its text."""

_PLACEHOLDER = re.compile(r"([$&])\{\s*([A-Za-z0-9]+)\s*\}")
_OTHER = re.compile(r"[^A-Za-z0-9]")
Items = Mapping[str, str]


def _apply(call: Call) -> Template | Needs:
    scope = early_scope(call.parameters, _mappings(call.fragment), call.facts, call.limits)
    body = dict(call.fragment)
    expansion = _Expansion(scope)
    for section in SECTIONS:
        if isinstance(members := body.get(section), dict):
            body[section] = expansion.section(section, settled(members))
    _check_conditions(body)
    if scope.missing:
        return Needs(frozenset(scope.missing))
    lines = {made: line for made, path in expansion.made.items() if (line := call.template.line(path))}
    return Template(body=body, positions={**call.template.positions, **lines}, extended=True)


def _check_conditions(body: Mapping[str, Value]) -> None:
    """Every condition that a resource or an output names must be there now."""
    conditions = body.get("Conditions", {})
    for section in ("Resources", "Outputs"):
        members = body.get(section, {})
        for member in members.values() if isinstance(members, dict) else ():
            name = member.get("Condition") if isinstance(member, dict) else None
            if isinstance(name, str) and name not in conditions:
                raise TemplateError(NO_CONDITION.format(name), path=section)


def _mappings(body: Mapping[str, Value]) -> dict[str, Value]:
    mappings = body.get("Mappings", {})
    return mappings if isinstance(mappings, dict) else {}


class _Expansion:
    """Writes loops out; `scope` evaluates collections and names, and bounds how much is made.

    `made` maps the path of each member that a loop makes in a section to the path that it is written at.
    """

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.made: dict[str, str] = {}

    def section(self, name: str, members: Value) -> dict[str, Value]:
        expanded = self.members(members if isinstance(members, dict) else {}, {}, name)
        for key, member in expanded.items():
            if name == "Outputs" and _OTHER.search(key) and key not in members:
                raise TemplateError(NOT_ALPHANUMERIC.format(key), path=f"{name}/{key}")
            if name != "Conditions" and isinstance(member, dict):
                expanded[key] = member | {part: self.scope.value(member[part]) for part in NAMES if part in member}
        return expanded

    def value(self, value: Value, items: Items, path: str) -> Value:
        if isinstance(value, str):
            self.spend(len(value), items)
            return value
        if isinstance(value, list):
            self.spend(0, items)
            return [self.value(item, items, extend(path, index)) for index, item in enumerate(value)]
        if len(value) == 1 and items:
            ((name, argument),) = value.items()
            if name == "Ref" and isinstance(argument, str) and argument in items:
                return items[argument]
            if name == "Fn::Sub":
                return self.sub(argument, items, path)
        return self.members(value, items, path)

    def sub(self, argument: Value, items: Items, path: str) -> Value:
        """Fn::Sub with the items filled in; plain text where nothing else was to be filled in."""
        text, *variables = argument if isinstance(argument, list) and argument else [argument]
        if not isinstance(text, str):
            return {"Fn::Sub": self.value(argument, items, path)}
        filled = _PLACEHOLDER.sub(lambda found: _in_sub(found, items), text)
        self.spend(len(filled), items)
        if variables:
            return {"Fn::Sub": [filled, *(self.value(item, items, path) for item in variables)]}
        return {"Fn::Sub": filled} if "${" in filled else filled

    def members(self, members: Mapping[str, Value], items: Items, path: str) -> dict[str, Value]:
        expanded: dict[str, Value] = {}
        self.spend(0, items)
        for key, member in members.items():
            if not key.startswith(LOOP):
                expanded[key] = self.value(member, items, extend(path, key))
                continue
            for made, copy, source in self.loop(member, items, extend(path, key)):
                if made in expanded or made in members:
                    raise TemplateError(TWICE.format(made), path=extend(path, key))
                expanded[made] = copy
                if not items:
                    self.made[extend(path, made)] = source
        return expanded

    def loop(self, declared: Value, items: Items, path: str) -> Iterator[tuple[str, Value, str]]:
        """What one loop makes, in the order of its collection: key, member, and the path that it is written at."""
        if not isinstance(declared, list) or len(declared) != 3:
            raise TemplateError(LAYOUT, path=path)
        identifier, collection, fragment = declared
        if not isinstance(identifier, str) or not isinstance(fragment, dict) or isinstance(collection, str):
            raise TemplateError(LAYOUT, path=path)
        if len(items) >= DEEPEST:
            raise TemplateError(TOO_DEEP, path=path)
        for item in self.collection(collection, items, path):
            inner = {**items, identifier: item}
            for key, member in fragment.items():
                source = extend(extend(path, 2), key)
                if key.startswith(LOOP):
                    yield from self.loop(member, inner, source)
                else:
                    yield _key(key, inner), self.value(member, inner, source), source

    def collection(self, collection: Value, items: Items, path: str) -> list[str]:
        found = self.scope.value(self.value(collection, items, path))
        texts = [item for item in found if isinstance(item, str)] if isinstance(found, list) else []
        if not isinstance(found, list) or len(texts) < len(found):
            raise TemplateError(NO_COLLECTION, path=path)
        self.scope.spend(NODE * len(texts))
        return texts

    def spend(self, characters: int, items: Items) -> None:
        """Count what is copied inside a loop."""
        if items:
            self.scope.spend(NODE + characters)


def _key(key: str, items: Items) -> str:
    """A key of a fragment with the items filled in."""

    def fill(found: re.Match[str]) -> str:
        kind, name = found.groups()
        if name not in items:
            return found[0]
        return items[name] if kind == "$" else _OTHER.sub("", items[name])

    return _PLACEHOLDER.sub(fill, key)


def _in_sub(found: re.Match[str], items: Items) -> str:
    """A placeholder in the text of Fn::Sub; what is filled in is no variable again."""
    kind, name = found.groups()
    return items[name].replace("${", "${!") if kind == "$" and name in items else found[0]


LANGUAGE_EXTENSIONS = Transform(name="AWS::LanguageExtensions", apply=_apply)
