"""The kinds of value that a shape is made of, each able to say what is wrong with a raw one.

A kind answers three questions: `misfit`, is the value of another JSON type (the text of a
SerializationException); `clauses`, what must hold of it, as AWS words it; `faults`, what does not. They are
built once a shape from msgspec's description of it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from msgspec import inspect

UNEXPECTED_LIST = "Start of list found where not expected"
UNEXPECTED_STRUCTURE = "Start of structure or map found where not expected."
NOT_NULL = "Member must not be null"


class Fault(NamedTuple):
    """One broken constraint: where, which value (None: hidden), what should hold."""

    path: str
    shown: str | None
    clause: str

    @property
    def sentence(self) -> str:
        """The fault as AWS words it."""
        value = "Value" if self.shown is None else f"Value {self.shown}"
        return f"{value} at '{self.path}' failed to satisfy constraint: {self.clause}"


class Clause(NamedTuple):
    """A constraint on one value: AWS's words for it, and whether it holds."""

    text: str
    holds: Callable[[Any], bool]


class Scalar:
    """A string, number, boolean or time. `name` is Java's: String, Integer, Boolean, Double."""

    def __init__(self, name: str, accepted: tuple[type, ...], clauses: list[Clause], sensitive: bool) -> None:
        self.name = name
        self.accepted = accepted
        self.clauses = clauses
        self.sensitive = sensitive

    def misfit(self, value: object) -> str | None:
        """Say why `value` is of another type, or None."""
        if isinstance(value, list):
            return UNEXPECTED_LIST
        if isinstance(value, dict):
            return UNEXPECTED_STRUCTURE
        if value is None or type(value) in self.accepted:
            return None
        article = "an" if self.name == "Integer" else "a"
        return f"{_token(value)} can not be converted to {article} {self.name}"

    def faults(self, value: object, path: str) -> Iterator[Fault]:
        """Yield each clause that `value` breaks."""
        shown = None if self.sensitive else f"'{self.show(value)}'"
        for clause in reversed(self.clauses):
            if not clause.holds(value):
                yield Fault(path, shown, clause.text)

    def show(self, value: object) -> str:
        """Spell the value inside a message."""
        if value is None:
            return "null"
        return "****" if self.sensitive else str(value)


class List:
    """A list. Faults of scalar items are told of the list as a whole, those of structures one by one."""

    def __init__(self, item: "Kind", clauses: list[Clause]) -> None:
        self.item = item
        whole = _within("Member", item, list) if isinstance(item, Scalar) else []
        self.clauses = [*clauses, *whole]

    def misfit(self, value: object) -> str | None:
        """Say why `value` is no list, or which item is of another type, or None."""
        if isinstance(value, dict):
            return UNEXPECTED_STRUCTURE
        if not isinstance(value, list):
            return None if value is None else "Expected list or null"
        return _first(self.item.misfit(item) for item in value)

    def faults(self, value: list[Any], path: str) -> Iterator[Fault]:
        """Yield what is wrong with the list, then with its items."""
        for clause in self.clauses:
            if not clause.holds(value):
                yield Fault(path, f"'{self.show(value)}'", clause.text)
        if not isinstance(self.item, Scalar):
            for number, item in enumerate(value, start=1):
                yield from _checked(self.item, item, f"{path}.{number}.member", required=True)

    def show(self, value: list[Any]) -> str:
        """Spell the value inside a message."""
        return f"[{', '.join(_show(self.item, item) for item in value)}]"


class Map:
    """A map from strings. Its faults are told of the map as a whole."""

    def __init__(self, key: Scalar, value: "Kind", clauses: list[Clause]) -> None:
        self.key = key
        self.value = value
        self.clauses = [
            *clauses,
            *_within("Map keys", key, dict.keys),
            *_within("Map value", value, dict.values),
        ]

    def misfit(self, value: object) -> str | None:
        """Say why `value` is no map, or which part of it is of another type, or None."""
        if not isinstance(value, dict):
            return _no_map(value)
        keys = _first(self.key.misfit(key) for key in value)
        return keys or _first(self.value.misfit(item) for item in value.values())

    def faults(self, value: dict[str, Any], path: str) -> Iterator[Fault]:
        """Yield each clause that the map breaks."""
        for clause in self.clauses:
            if not clause.holds(value):
                yield Fault(path, f"'{self.show(value)}'", clause.text)

    def show(self, value: dict[str, Any]) -> str:
        """Spell the value inside a message."""
        return _braces((self.key.show(key), _show(self.value, item)) for key, item in value.items())


class Member(NamedTuple):
    """A member of a structure: its name on the wire and in a path, its kind, and whether it may be absent."""

    name: str
    kind: "Kind"
    required: bool

    @property
    def path(self) -> str:
        """The name as AWS spells it in a path: the first letter in lower case."""
        return self.name[0].lower() + self.name[1:]


class Structure:
    """A structure: every member in order of name; members that it does not have are ignored."""

    clauses: tuple[Clause, ...] = ()

    def __init__(self, members: list[Member]) -> None:
        self.members = members

    def misfit(self, value: object) -> str | None:
        """Say why `value` is no structure, or which member is of another type, or None."""
        if not isinstance(value, dict):
            return _no_map(value)
        return _first(member.kind.misfit(value.get(member.name)) for member in self.members)

    def faults(self, value: dict[str, Any], path: str) -> Iterator[Fault]:
        """Yield what is wrong with each member."""
        for member in self.members:
            place = f"{path}.{member.path}" if path else member.path
            yield from _checked(member.kind, value.get(member.name), place, member.required)

    def show(self, value: dict[str, Any]) -> str:
        """Spell the value inside a message."""
        present = (member for member in self.members if member.name in value)
        return _braces((member.name, _show(member.kind, value[member.name])) for member in present)


Kind = Scalar | List | Map | Structure


def kind_of(type_: Any) -> Kind:
    """Return the kind of a Python type that msgspec can decode."""
    return _build(inspect.type_info(type_))


def _build(described: inspect.Type, extra: dict[str, Any] | None = None) -> Kind:
    if isinstance(described, inspect.Metadata):
        return _build(described.type, described.extra)
    if isinstance(described, inspect.UnionType):
        return _build(next(one for one in described.types if not isinstance(one, inspect.NoneType)))
    return _BUILDERS[type(described)](described, extra or {})


def _text(described: inspect.StrType, extra: dict[str, Any]) -> Scalar:
    clauses = _lengths(described)
    if described.pattern is not None:
        clauses.append(_pattern(extra.get("pattern", described.pattern), described.pattern))
    return Scalar("String", (str,), clauses, bool(extra.get("sensitive")))


def _choice(described: inspect.LiteralType, extra: dict[str, Any]) -> Scalar:
    values = tuple(str(value) for value in described.values)
    text = f"Member must satisfy enum value set: [{', '.join(values)}]"
    return Scalar("String", (str,), [Clause(text, values.__contains__)], False)


def _number(described: inspect.IntType, extra: dict[str, Any]) -> Scalar:
    clauses = []
    if (high := described.le) is not None:
        clauses.append(Clause(f"Member must have value less than or equal to {high}", high.__ge__))
    if (low := described.ge) is not None:
        clauses.append(Clause(f"Member must have value greater than or equal to {low}", low.__le__))
    return Scalar("Integer", (int,), clauses, False)


def _boolean(described: inspect.Type, extra: dict[str, Any]) -> Scalar:
    return Scalar("Boolean", (bool,), [], False)


def _time(described: inspect.Type, extra: dict[str, Any]) -> Scalar:
    return Scalar("Double", (int, float), [], False)


def _list(described: inspect.ListType, extra: dict[str, Any]) -> List:
    return List(_build(described.item_type), _lengths(described))


def _map(described: inspect.DictType, extra: dict[str, Any]) -> Map:
    key = _build(described.key_type)
    assert isinstance(key, Scalar)
    return Map(key, _build(described.value_type), _lengths(described))


def _structure(described: inspect.StructType, extra: dict[str, Any]) -> Structure:
    return Structure([Member(field.encode_name, _build(field.type), field.required) for field in described.fields])


_BUILDERS: dict[type, Callable[[Any, dict[str, Any]], Kind]] = {
    inspect.StrType: _text,
    inspect.LiteralType: _choice,
    inspect.IntType: _number,
    inspect.BoolType: _boolean,
    inspect.CustomType: _time,
    inspect.ListType: _list,
    inspect.DictType: _map,
    inspect.StructType: _structure,
}


def _lengths(described: inspect.StrType | inspect.ListType | inspect.DictType) -> list[Clause]:
    clauses = []
    if (high := described.max_length) is not None:
        clauses.append(_length("less", lambda value: len(value) <= high, high))
    if (low := described.min_length) is not None:
        clauses.append(_length("greater", lambda value: len(value) >= low, low))
    return clauses


def _length(relation: str, holds: Callable[[Any], bool], bound: int) -> Clause:
    return Clause(f"Member must have length {relation} than or equal to {bound}", holds)


def _pattern(original: str, translated: str) -> Clause:
    found = re.compile(translated).search
    text = f"Member must satisfy regular expression pattern: {original}"
    return Clause(text, lambda value: found(value) is not None)


def _within(subject: str, kind: Kind, parts: Callable[[Any], Any]) -> list[Clause]:
    """Return the clauses by which a list or map answers for its parts: all that hold of each, and no null."""
    inner = ", ".join(clause.text for clause in kind.clauses)

    def each_holds(value: Any) -> bool:
        given = (part for part in parts(value) if part is not None)
        return all(clause.holds(part) for part in given for clause in kind.clauses)

    def none_is_null(value: Any) -> bool:
        return all(part is not None for part in parts(value))

    return [
        Clause(f"{subject} must satisfy constraint: [{inner}]", each_holds),
        Clause(f"{subject} must satisfy constraint: [{NOT_NULL}]", none_is_null),
    ]


def _checked(kind: Kind, value: Any, path: str, required: bool) -> Iterator[Fault]:
    if value is not None:
        yield from kind.faults(value, path)
    elif required:
        yield Fault(path, "null", NOT_NULL)


def _show(kind: Kind, value: Any) -> str:
    return "null" if value is None else kind.show(value)


def _braces(pairs: Iterator[tuple[str, str]]) -> str:
    return f"{{{', '.join(f'{key}={value}' for key, value in pairs)}}}"


def _no_map(value: object) -> str | None:
    if value is None:
        return None
    return UNEXPECTED_LIST if isinstance(value, list) else "Expected null"


def _first(misfits: Iterator[str | None]) -> str | None:
    return next((misfit for misfit in misfits if misfit is not None), None)


def _token(value: object) -> str:
    """Name the token of a scalar as the Java parser does."""
    if isinstance(value, bool):
        return f"{str(value).upper()}_VALUE"
    if isinstance(value, int | float):
        return "NUMBER_VALUE"
    return "STRING_VALUE" if isinstance(value, str) else "EMBEDDED_OBJECT_VALUE"
