"""Numbers and booleans inside Fn::ToJsonString, the one place where it matters that they were no text.

Everywhere else CloudFormation turns every scalar into text, and so do the readers.
"""

import json

from manciple.template.values import Value

TO_JSON_STRING = "Fn::ToJsonString"
_LITERAL = "\1literal"


class Literal(str):
    """A scalar that is written in JSON as it is, without quotation marks."""

    __slots__ = ()


def scalar(text: str, path: str) -> str:
    """A number or boolean as the readers keep it: as text, but inside Fn::ToJsonString as a literal."""
    return Literal(text) if TO_JSON_STRING in path else str(text)


def settled(value: Value) -> Value:
    """`value` with each literal as an object of its own, which survives evaluation and storage."""
    if isinstance(value, str):
        return {_LITERAL: str(value)} if isinstance(value, Literal) else value
    if isinstance(value, list):
        return [settled(item) for item in value]
    return {key: settled(item) for key, item in value.items()}


def to_json(value: Value) -> str:
    """`value` as JSON without blanks, its literals without quotation marks."""
    if isinstance(value, str):
        return json.dumps("".join(value), ensure_ascii=False)
    if isinstance(value, list):
        return f"[{','.join(map(to_json, value))}]"
    if value.keys() == {_LITERAL}:
        return _json_literal(str(value[_LITERAL]))
    members = (f"{json.dumps(key, ensure_ascii=False)}:{to_json(item)}" for key, item in value.items())
    return f"{{{','.join(members)}}}"


def _json_literal(text: str) -> str:
    """A number as JSON has it; what YAML takes for a number and JSON does not is text."""
    try:
        json.loads(text)
    except ValueError:
        return json.dumps(text)
    return text
