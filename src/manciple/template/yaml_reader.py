"""YAML as CloudFormation reads it: every scalar is text, short tags are functions, aliases are refused.

Events come from libyaml (PyYAML's C parser) and are built into values one by one, so that nothing of PyYAML's own
types is used: dates, versions and numbers stay as written, `True` becomes "true", `yes` stays "yes". Of a key given
twice the last counts, as CloudFormation has it. Limits on depth and the refusal of aliases keep hostile text small.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from manciple.errors import TemplateError
from manciple.template.faults import Faults
from manciple.template.limits import Limits
from manciple.template.literals import TO_JSON_STRING, scalar
from manciple.template.nulls import null
from manciple.template.paths import extend, long_key, too_deep
from manciple.template.values import Value

NULLS = frozenset({"", "~", "null", "Null", "NULL"})
NUMBER = re.compile(r"[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?")
BOOLEANS = {"true": "true", "True": "true", "TRUE": "true", "false": "false", "False": "false", "FALSE": "false"}
STANDARD_TAGS = frozenset(
    f"tag:yaml.org,2002:{kind}" for kind in ("bool", "float", "int", "map", "null", "seq", "str", "timestamp")
)
ALIASES_FAULT = "Template error: YAML aliases are not allowed in CloudFormation templates"


def read_yaml(text: str, tags: Mapping[str, str], limits: Limits) -> tuple[Value, dict[str, int]]:
    """Return the value that `text` stands for and the line of each path.

    `tags` maps a short tag without its `!` to the function that it abbreviates. Raises TemplateError with
    CloudFormation's message; null values are all named (TemplateErrors).
    """
    try:
        reader = _Reader(text, tags, limits)
        value = reader.document()
    except yaml.MarkedYAMLError as error:
        raise _not_well_formed(error.problem_mark or error.context_mark) from error
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        raise _not_well_formed(None) from error
    reader.faults.raise_if_any()
    return value, reader.positions


def _not_well_formed(mark: Any) -> TemplateError:
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    message = f"Template format error: YAML not well-formed. (line {line}, column {column})"
    return TemplateError(message, line=line)


def _line(event: Any) -> int:
    line: int = event.start_mark.line
    return line + 1


class _Reader:
    """Pulls events (of libyaml's own classes, hence Any) and builds values; one method a kind of node."""

    def __init__(self, text: str, tags: Mapping[str, str], limits: Limits) -> None:
        self.next_event: Callable[[], Any] = yaml.CSafeLoader(text).get_event
        self.tags = tags
        self.limits = limits
        self.positions: dict[str, int] = {}
        self.faults = Faults(self.positions.get)

    def document(self) -> Value:
        """The first document; a second one is refused."""
        self.next_event()
        if isinstance(self.next_event(), yaml.StreamEndEvent):
            raise TemplateError("Template format error: unsupported structure.")
        value = self.node(self.next_event(), "", 0)
        self.next_event()
        if not isinstance(extra := self.next_event(), yaml.StreamEndEvent):
            raise _not_well_formed(extra.start_mark)
        return value

    def node(self, event: Any, path: str, depth: int) -> Value:
        """The value that starts with `event`."""
        if isinstance(event, yaml.AliasEvent):
            raise TemplateError(ALIASES_FAULT, path=path, line=_line(event))
        if depth > self.limits.depth:
            raise TemplateError(too_deep(self.limits), path=path, line=_line(event))
        function = self.function(event, path)
        inner = f"{path}/{function}" if function else path
        if function:
            self.positions[inner] = _line(event)
        value: Value
        if isinstance(event, yaml.ScalarEvent):
            value = self.scalar(event, inner)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = self.sequence(inner, depth)
        else:
            value = self.mapping(inner, depth)
        return {function: _attribute(function, value)} if function else value

    def function(self, event: Any, path: str) -> str | None:
        """The function that the event's tag stands for, None without a tag of that kind."""
        tag = event.tag
        if tag is None or tag == "!" or tag in STANDARD_TAGS:
            return None
        function = self.tags.get(tag[1:])
        if function is None:
            message = f"Template format error: unsupported YAML tag {tag}; use a function of CloudFormation."
            raise TemplateError(message, path=path, line=_line(event))
        return function

    def scalar(self, event: Any, path: str) -> str:
        text: str = event.value
        if event.style:
            return text
        if text in NULLS and event.tag is None:
            return null(path, self.faults)
        if text in BOOLEANS:
            return scalar(BOOLEANS[text], path)
        return scalar(text, path) if TO_JSON_STRING in path and NUMBER.fullmatch(text) else text

    def sequence(self, path: str, depth: int) -> list[Value]:
        items: list[Value] = []
        while not isinstance(event := self.next_event(), yaml.SequenceEndEvent):
            inner = extend(path, len(items))
            self.positions[inner] = _line(event)
            items.append(self.node(event, inner, depth + 1))
        return items

    def mapping(self, path: str, depth: int) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while not isinstance(event := self.next_event(), yaml.MappingEndEvent):
            line = _line(event)
            if not isinstance(event, yaml.ScalarEvent):
                raise TemplateError("Template format error: map keys must be strings.", path=path, line=line)
            key = event.value
            if len(key) > self.limits.key:
                raise TemplateError(long_key(key, self.limits), path=path, line=line)
            inner = extend(path, key)
            self.positions[inner] = line
            members[key] = self.node(self.next_event(), inner, depth + 1)
        return members


def _attribute(function: str, value: Value) -> Value:
    """`!GetAtt a.b` is the list form written short."""
    if function == "Fn::GetAtt" and isinstance(value, str):
        return list(value.split(".", 1))
    return value
