"""Fn::Sub: text with `${variables}`; `${!literal}` is a dollar sign, braces and a name.

What is not known yet stays in the text as its variable. Known text that is filled into such a half-finished text has
its own `${` written as `${!`, so that evaluating it again cannot read it as a variable.
"""

import re
from collections.abc import Iterator

from manciple.errors import TemplateError
from manciple.template.intrinsics.get_att import attribute
from manciple.template.intrinsics.ref import declare_reference, refer
from manciple.template.scope import NO_VALUE, Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value, taint

NAME = "Fn::Sub"
VARIABLE = re.compile(r"\s*[A-Za-z0-9_.:]+\s*")
FORM = (
    "Template error: One or more Fn::Sub intrinsic functions don't specify expected arguments. Specify a string as "
    "first argument, and an optional second argument to specify a mapping of values to replace in the string"
)
BAD_VARIABLE = (
    "Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, "
    "periods, and colons"
)


def pieces(text: str) -> Iterator[tuple[str, str | None]]:
    """Cut `text` into pairs of plain text and the variable that follows it (None at the end).

    An escaped `${!name}` is left in the plain text as it is written. Raises TemplateError for a name that is none.
    """
    first, *rest = text.split("${")
    plain = first
    for part in rest:
        name, closed, after = part.partition("}")
        if not closed or name.startswith("!"):
            plain += "${" + part
            continue
        if not VARIABLE.fullmatch(name):
            raise TemplateError(BAD_VARIABLE)
        yield plain, name.strip()
        plain = after
    yield plain, None


def variables(argument: Value) -> list[str]:
    """The names that a text waits for and its own map does not give."""
    text, own = _parts(argument)
    return [name for _, name in pieces(text) if name is not None and name not in own]


def _parts(argument: Value) -> tuple[str, dict[str, Value]]:
    if isinstance(argument, str):
        return argument, {}
    if isinstance(argument, list) and len(argument) == 2:
        text, variables = argument
        if isinstance(text, str) and isinstance(variables, dict):
            return text, variables
    raise TemplateError(FORM)


def _check(argument: Value, declarations: Declarations) -> None:
    text, variables = _parts(argument)
    for _, name in pieces(text):
        if name is None or name in variables:
            continue
        logical_id, dot, _ = name.partition(".")
        if not dot:
            declare_reference(name, declarations)
        elif logical_id not in declarations.resources:
            raise TemplateError(f"Template error: instance of Fn::Sub references invalid resource attribute {name}")


def _evaluate(argument: Value, scope: Scope) -> Value:
    text, variables = _parts(argument)
    values = {name: scope.value(value) for name, value in variables.items()}
    runs: list[list[str]] = [[]]
    unknown: list[str] = []
    for plain, name in pieces(text):
        runs[-1].append(plain.replace("${!", "${"))
        if name is None:
            break
        value = _value(name, values, scope)
        if isinstance(value, str):
            runs[-1].append(value)
        else:
            unknown.append(name)
            runs.append([])
    made = [part for run in runs for part in run]
    scope.spend(sum(map(len, made)))
    if not unknown:
        return taint("".join(made), text, *made)
    half = taint(_half(runs, unknown), text, *made)
    return {NAME: [half, {name: values[name] for name in variables if name in unknown}]}


def _half(runs: list[list[str]], unknown: list[str]) -> str:
    """Runs of known text, escaped, with the unknown variables between them."""
    first, *rest = ["".join(run).replace("${", "${!") for run in runs]
    return first + "".join([f"${{{name}}}{run}" for name, run in zip(unknown, rest, strict=True)])


def _value(name: str, values: dict[str, Value], scope: Scope) -> Value:
    """Text, or the function that stands for what is not known yet."""
    if name in values:
        value = values[name]
    elif "." in name:
        logical_id, _, attribute_name = name.partition(".")
        value = attribute(logical_id, attribute_name, scope)
    else:
        value = refer(name, scope)
    if value is NO_VALUE:
        return ""
    if not isinstance(value, str) and (scope.finishing or not is_unfinished(value)):
        message = f"Template error: variable {name} in Fn::Sub expression does not resolve to a string"
        raise TemplateError(message)
    return value


SUB = Intrinsic(name=NAME, check=_check, evaluate=_evaluate)
