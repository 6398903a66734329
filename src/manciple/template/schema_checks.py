"""JSON schemas of resource types, compiled to functions that find what in a value is not as they say.

CloudFormation checks a resource's properties with the Java library everit-org/json-schema, whose words these are
(cloudformation-resource-schema, `ValidationException`: where a message would show a value, only the keyword is told).
Templates know only text, lists and objects, so a number or boolean is any text that spells one, as CloudFormation
converts it; JSON text may stand where the schema takes an object of any members. What is not known before execution
passes every check.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple, TypeAlias

from manciple.template.java_pattern import finds
from manciple.template.values import Value

Rules: TypeAlias = dict[str, Any]


class SchemaFault(NamedTuple):
    """One thing that is not as the schema says: the steps to it, the keyword that it breaks, the library's words.

    A doubtful one may be the fault of a stand-in: see DOUBTFUL.
    """

    path: tuple[str, ...]
    keyword: str
    message: str
    subject: str = ""
    is_doubtful: bool = False

    def below(self, step: str) -> "SchemaFault":
        """The same fault, seen from the value around."""
        return self._replace(path=(step, *self.path))


Faults: TypeAlias = list[SchemaFault]
Check: TypeAlias = Callable[[Any], Faults]
IsUnknown: TypeAlias = Callable[[Value], bool]

DOUBTFUL = frozenset({"pattern", "uniqueItems", "minLength"})
"""Keywords about how values are spelled and that they differ. In a sandbox names, ids and ARNs from outside are often
stand-ins, shorter than real ones and the same one for two of them; and published patterns are often stricter than the
service. An empty text stands for nothing, and is certainly too short."""

_SECONDS = 0.1
"""The longest that one pattern may work on one text."""
_NONE: Faults = []
_ENDS = ("minimum", "maximum")
_TYPE_NAMES = {"object": "JSONObject", "array": "JSONArray"}


def _fault(keyword: str, message: str, subject: str = "") -> Faults:
    return [SchemaFault((), keyword, message, subject, keyword in DOUBTFUL)]


def _combined(keyword: str, message: str, options: list[Faults]) -> Faults:
    """A combination that does not hold, and why each option fails; doubtful if one of them could hold after all."""
    is_doubtful = any(faults and all(one.is_doubtful for one in faults) for faults in options)
    reasons = [one._replace(is_doubtful=one.is_doubtful or is_doubtful) for faults in options for one in faults]
    return [SchemaFault((), keyword, f"#: {message}", "", is_doubtful), *reasons]


def _scrubbed(keyword: str) -> Faults:
    """A fault whose own words would show the value."""
    return _fault(keyword, f"failed validation constraint for keyword [{keyword}]")


class Compiler:
    """Compiles the rules of one schema; what a reference names is compiled when a value first comes to it."""

    def __init__(self, document: Rules, is_unknown: IsUnknown) -> None:
        self._document = document
        self._is_unknown = is_unknown
        self._compiled: dict[str, Check] = {}

    def check(self, rules: Rules) -> Check:
        """The check of some rules: of each of its parts, in the library's order."""
        reference = rules.get("$ref")
        if isinstance(reference, str):
            return self._deferred(reference)
        parts = [part for part in (self._by_type(rules), *self._values(rules), *self._alternatives(rules)) if part]
        if len(parts) == 1:
            return self._known(parts[0])
        return self._known(_all_of(parts))

    def is_open(self, value: Value) -> bool:
        """Is anything in the value unknown?"""
        if isinstance(value, str):
            return self._is_unknown(value)
        return any(map(self.is_open, value if isinstance(value, list) else value.values()))

    def _known(self, check: Check) -> Check:
        is_unknown = self._is_unknown
        return lambda value: _NONE if is_unknown(value) else check(value)

    def _deferred(self, reference: str) -> Check:
        def check(value: Any) -> Faults:
            found = self._compiled.get(reference)
            if found is None:
                found = self._compiled[reference] = self.check(self._resolved(reference))
            return found(value)

        return check

    def _resolved(self, reference: str) -> Rules:
        """The rules at a pointer into the schema (`#/definitions/Tag`); none, which all pass, if nothing is there."""
        found: Any = self._document
        for step in reference.removeprefix("#/").split("/"):
            found = found.get(step, {}) if isinstance(found, dict) else {}
        return found if isinstance(found, dict) and found.get("$ref") != reference else {}

    def _by_type(self, rules: Rules) -> Check | None:
        kind = rules.get("type")
        if isinstance(kind, list):
            return _one_kind({one: self._typed(one, rules) for one in kind if one in _KINDS})
        if kind in _KINDS:
            return self._typed(kind, rules)
        parts = {one: self._typed(one, rules) for one, keywords in _KEYWORDS.items() if keywords & rules.keys()}
        return _one_kind(parts, open_to_others=True) if parts else None

    def _typed(self, kind: str, rules: Rules) -> Check:
        parts = _KINDS[kind](self, rules)
        found, fits = _TYPE_NAMES.get(kind, kind.capitalize()), _FITS[kind]

        def check(value: Any) -> Faults:
            if not fits(value, rules):
                return _fault("type", f"expected type: {found}, found: {_found(value)}", found)
            if isinstance(value, str) and kind in _TYPE_NAMES:  # JSON text
                return _NONE
            return [fault for part in parts for fault in part(value)] if parts else _NONE

        return check

    def _values(self, rules: Rules) -> Iterable[Check]:
        allowed = rules.get("enum")
        if isinstance(allowed, list):
            yield _one_of("enum", allowed)
        if "const" in rules:
            yield _one_of("const", [rules["const"]])

    def _alternatives(self, rules: Rules) -> Iterable[Check]:
        for keyword, combined in _COMBINATIONS.items():
            if options := rules.get(keyword):
                checks = [self.check(option) for option in options if option.keys() & _DECIDED]
                if len(checks) == len(options):
                    yield combined(checks, self.is_open)


def _object_parts(compiler: Compiler, rules: Rules) -> list[Check]:
    members = {name: compiler.check(one) for name, one in rules.get("properties", {}).items()}
    patterns = {name: compiler.check(one) for name, one in rules.get("patternProperties", {}).items()}
    others = rules.get("additionalProperties", True)
    other = compiler.check(others) if isinstance(others, dict) else None
    parts = [_required(rules["required"])] if rules.get("required") else []
    parts += [_sized(rules, "Properties", "minimum size: [{}], found: [{}]", "maximum size: [{}], found: [{}]")]
    if others is False:
        parts.append(_closed(members.keys(), patterns.keys()))
    parts.append(_members(members, patterns, other))
    return parts


def _array_parts(compiler: Compiler, rules: Rules) -> list[Check]:
    parts = [_sized(rules, "Items", *(f"expected {least} item count: {{}}, found: {{}}" for least in _ENDS))]
    if rules.get("uniqueItems"):
        parts.append(_unique(compiler.is_open))
    items = rules.get("items")
    return [*parts, _items(compiler.check(items))] if isinstance(items, dict) and items else parts


def _unique(is_open: IsUnknown) -> Check:
    def check(items: list[Value]) -> Faults:
        known = [json.dumps(item, sort_keys=True) for item in items if not is_open(item)]
        return _fault("uniqueItems", "array items are not unique") if len(set(known)) < len(known) else _NONE

    return check


def _string_parts(_compiler: Compiler, rules: Rules) -> list[Check]:
    parts = [_sized(rules, "Length", "expected minLength: {}, actual: {}", "expected maxLength: {}, actual: {}")]
    if pattern := rules.get("pattern"):
        parts.append(lambda text: _NONE if finds(pattern, text, _SECONDS) else _scrubbed("pattern"))
    return parts


def _number_parts(_compiler: Compiler, rules: Rules) -> list[Check]:
    return [_bounded(rules)]


def _boolean_parts(_compiler: Compiler, _rules: Rules) -> list[Check]:
    return []


def _found(value: Any) -> str:
    return "JSONObject" if isinstance(value, dict) else "JSONArray" if isinstance(value, list) else "String"


def _one_kind(checks: Mapping[str, Check], *, open_to_others: bool = False) -> Check:
    """The check of the kind that the value is of; without a kind in the schema, other values pass."""

    def check(value: Any) -> Faults:
        kinds = [kind for kind in checks if _FITS[kind](value, {})]
        if not kinds:
            return _NONE if open_to_others else _no_kind(checks, value)
        results = [checks[kind](value) for kind in kinds]
        return min(results, key=len)

    return check


def _no_kind(checks: Mapping[str, Check], value: Any) -> Faults:
    words = f"no subschema matched out of the total {len(checks)} subschemas"
    return _combined("anyOf", words, [check(value) for check in checks.values()])


def _required(names: list[str]) -> Check:
    def check(value: dict[str, Value]) -> Faults:
        absent = [name for name in names if name not in value]
        return [one for name in absent for one in _fault("required", f"required key [{name}] not found", name)]

    return check


def _closed(names: Iterable[str], patterns: Iterable[str]) -> Check:
    known, expressions = frozenset(names), tuple(patterns)

    def check(value: dict[str, Value]) -> Faults:
        extraneous = [
            name
            for name in value
            if name not in known and not any(finds(pattern, name, _SECONDS) for pattern in expressions)
        ]
        words = "extraneous key [{}] is not permitted"
        return [one for name in extraneous for one in _fault("additionalProperties", words.format(name), name)]

    return check


def _members(members: Mapping[str, Check], patterns: Mapping[str, Check], other: Check | None) -> Check:
    def checks_of(name: str) -> Iterable[Check]:
        if named := members.get(name):
            yield named
            return
        matching = [check for pattern, check in patterns.items() if finds(pattern, name, _SECONDS)]
        yield from matching or ([other] if other else [])

    def check(value: dict[str, Value]) -> Faults:
        found = [(name, checked(one)) for name, one in value.items() for checked in checks_of(name)]
        return [fault.below(name) for name, faults in found for fault in faults]

    return check


def _items(item: Check) -> Check:
    def check(value: list[Value]) -> Faults:
        return [fault.below(str(number)) for number, one in enumerate(value) for fault in item(one)]

    return check


def _sized(rules: Rules, what: str, too_few: str, too_many: str) -> Check:
    least, most = rules.get(f"min{what}", 0), rules.get(f"max{what}")

    def check(value: Any) -> Faults:
        size = len(value)
        if size < least:
            (fault,) = _fault(f"min{what}", too_few.format(least, size))
            return [fault._replace(is_doubtful=fault.is_doubtful and size > 0)]
        if most is not None and size > most:
            return _fault(f"max{what}", too_many.format(most, size))
        return _NONE

    return check


def _bounded(rules: Rules) -> Check:
    least, most = rules.get("minimum"), rules.get("maximum")

    def check(text: str) -> Faults:
        number = float(text)
        if least is not None and number < least:
            return _scrubbed("minimum")
        if most is not None and number > most:
            return _scrubbed("maximum")
        return _NONE

    return check


def _one_of(keyword: str, values: list[Any]) -> Check:
    allowed = frozenset(value if isinstance(value, str) else json.dumps(value) for value in values)
    return lambda value: _NONE if not isinstance(value, str) or value in allowed else _scrubbed(keyword)


def _all_of(checks: list[Check], _is_open: IsUnknown | None = None) -> Check:
    """All must hold: the library makes this of a schema with several parts too."""
    if not checks:
        return lambda _value: _NONE

    def check(value: Any) -> Faults:
        reasons = [fault for one in checks for fault in one(value)]
        if not reasons:
            return _NONE
        words = f"#: only {sum(not one(value) for one in checks)} subschema matches out of {len(checks)}"
        return [SchemaFault((), "allOf", words, "", all(one.is_doubtful for one in reasons)), *reasons]

    return check


def _any_of(checks: list[Check], _is_open: IsUnknown) -> Check:
    def check(value: Any) -> Faults:
        options = []
        for one in checks:
            if not (faults := one(value)):
                return _NONE
            options.append(faults)
        return _combined("anyOf", f"no subschema matched out of the total {len(checks)} subschemas", options)

    return check


def _exactly_one_of(checks: list[Check], is_open: IsUnknown) -> Check:
    def check(value: Any) -> Faults:
        options = [one(value) for one in checks]
        matching = options.count([])
        if matching == 1 or (matching > 1 and is_open(value)):
            return _NONE
        return _combined("oneOf", f"{matching} subschemas matched instead of one", options)

    return check


_COMBINATIONS = {"allOf": _all_of, "anyOf": _any_of, "oneOf": _exactly_one_of}
_KEYWORDS = {
    "object": {
        *("properties", "patternProperties", "additionalProperties", "required", "minProperties", "maxProperties")
    },
    "array": {"items", "minItems", "maxItems", "uniqueItems"},
    "string": {"minLength", "maxLength", "pattern"},
}
_DECIDED = {"type", "$ref", "enum", "const", *_COMBINATIONS, *set().union(*_KEYWORDS.values())}
"""An option that says nothing but this can be decided; `format` and the like are the provider's own affair."""
_KINDS: dict[str, Callable[[Compiler, Rules], list[Check]]] = {
    "object": _object_parts,
    "array": _array_parts,
    "string": _string_parts,
    "integer": _number_parts,
    "number": _number_parts,
    "boolean": _boolean_parts,
}


def _is_number(value: Any, _rules: Rules) -> bool:
    if isinstance(value, str):
        with suppress(ValueError):
            float(value)
            return True
    return False


def _is_integer(value: Any, rules: Rules) -> bool:
    return _is_number(value, rules) and float(value).is_integer()


def _is_boolean(value: Any, _rules: Rules) -> bool:
    return isinstance(value, str) and value.lower() in ("true", "false")


def _is_object(value: Any, rules: Rules) -> bool:
    """An object, or JSON text of one where the schema does not name its members."""
    if isinstance(value, str) and not rules.get("properties"):
        with suppress(ValueError):
            return isinstance(json.loads(value), dict)
    return isinstance(value, dict)


_FITS: dict[str, Callable[[Any, Rules], bool]] = {
    "object": _is_object,
    "array": lambda value, _rules: isinstance(value, list),
    "string": lambda value, _rules: isinstance(value, str),
    "integer": _is_integer,
    "number": _is_number,
    "boolean": _is_boolean,
}
