"""Give every parameter its value."""

from collections.abc import Collection, Mapping

from manciple.errors import TemplateError
from manciple.template.constraints import check_constraints
from manciple.template.document import Template
from manciple.template.evaluation import Facts, Need, Needs, Parameter
from manciple.template.faults import Faults
from manciple.template.parameter_types import ParameterType, items, parse
from manciple.template.scope import Undecided
from manciple.template.values import KNOWN_AFTER_APPLY, Secret, Value, taint

LONGEST_VALUE = 4096
"""Bytes of one value (CloudFormation's quota)."""


def resolve_parameters(
    template: Template,
    given: Mapping[str, str],
    previous: Mapping[str, str] | None,
    facts: Facts,
    unknown: Collection[str] = (),
) -> dict[str, Parameter] | Needs:
    """The parameters of `template`, in its order.

    `given` are the caller's values; `previous` the values of the last time for those parameters whose previous value
    is wanted. Then the default counts. `unknown` are given, but only execution can tell what. Types
    AWS::SSM::Parameter::Value<…> need a fact `ssm` each: Needs names those that are missing. Raises TemplateErrors with
    CloudFormation's messages, Undecided where an unknown value is the name of something to be looked up.
    """
    every = {name: member for name, member in template.section("Parameters").items() if isinstance(member, dict)}
    if strange := [name for name in dict.fromkeys((*given, *(previous or {}), *unknown)) if name not in every]:
        raise TemplateError(f"Parameters: [{', '.join(strange)}] do not exist in the template")
    declared = {name: member for name, member in every.items() if name not in unknown}
    chosen = {name: _choose(name, member, given, previous or {}) for name, member in declared.items()}
    if missing := [name for name, value in chosen.items() if value is None]:
        raise TemplateError(f"Parameters: [{', '.join(missing)}] must have values", path="Parameters")
    values = {name: value for name, value in chosen.items() if value is not None}
    _check(template, declared, values)
    if needs := _needs(declared, values, facts):
        return Needs(needs)
    known = {
        name: _parameter(name, value, declared[name], name not in given and name not in (previous or {}), facts)
        for name, value in values.items()
    }
    return {name: known[name] if name in known else _unknown(name, member) for name, member in every.items()}


def _unknown(name: str, declared: Mapping[str, Value]) -> Parameter:
    """A parameter that only execution can tell; what it is the name of cannot be looked up before."""
    if _type(declared).ssm:
        raise Undecided(f"parameter {name}")
    return Parameter(
        name=name,
        type=str(declared["Type"]),
        given=KNOWN_AFTER_APPLY,
        resolved={"Ref": name},
        no_echo=_is_no_echo(declared),
        is_unknown=True,
    )


def _is_no_echo(declared: Mapping[str, Value]) -> bool:
    return str(declared.get("NoEcho", "false")).lower() == "true"


def _choose(
    name: str, declared: Mapping[str, Value], given: Mapping[str, str], previous: Mapping[str, str]
) -> str | None:
    if name in given:
        return given[name]
    if name in previous:
        return previous[name]
    default = declared.get("Default")
    return default if isinstance(default, str) else None


def _check(template: Template, declared: Mapping[str, dict[str, Value]], values: Mapping[str, str]) -> None:
    faults = Faults(template.line)
    for name, value in values.items():
        with faults.at(f"Parameters/{name}"):
            if len("".join(value).encode(errors="surrogatepass")) > LONGEST_VALUE:
                raise TemplateError(f"Parameter '{name}' must not be longer than {LONGEST_VALUE} bytes.")
            check_constraints(name, value, declared[name], len(values))
    faults.raise_if_any()


def _type(declared: Mapping[str, Value]) -> ParameterType:
    """The declared type, sound since it was checked."""
    text = declared.get("Type")
    found = parse(text) if isinstance(text, str) else None
    if found is None:
        raise TemplateError(f"Template format error: Unrecognized parameter type: {text}")
    return found


def _needs(declared: Mapping[str, dict[str, Value]], values: Mapping[str, str], facts: Facts) -> frozenset[Need]:
    """SSM parameters to fetch. Raises TemplateError for those that were asked for and do not exist."""
    wanted = [Need("ssm", "".join(value)) for name, value in values.items() if _type(declared[name]).ssm]
    absent = [need.key for need in wanted if need in facts.known and facts.known[need] is None]
    if absent:
        raise TemplateError(f"Unable to fetch parameters [{','.join(absent)}] from parameter store for this account.")
    return frozenset(need for need in wanted if need not in facts.known)


def _parameter(name: str, value: str, declared: Mapping[str, Value], is_default: bool, facts: Facts) -> Parameter:
    no_echo = _is_no_echo(declared)
    given = Secret(value) if no_echo else value
    return Parameter(
        name=name,
        type=str(declared["Type"]),
        given=given,
        resolved=_resolved(given, _type(declared), facts),
        no_echo=no_echo,
        is_default=is_default,
    )


def value_of(parameter: Parameter, given: str) -> Value:
    """What `Ref` of a parameter that was unknown gives once it is given a value."""
    text = Secret(given) if parameter.no_echo else given
    declared_type = parse(parameter.type)
    return _items(text) if declared_type is not None and declared_type.listed else text


def _items(given: str) -> list[Value]:
    return [taint(item, given) for item in items("".join(given))]


def _resolved(given: str, declared_type: ParameterType, facts: Facts) -> Value:
    """What `Ref` gives."""
    value: Value = given
    if declared_type.ssm:
        value = facts.known[Need("ssm", "".join(given))] or ""
        value = taint(value, given) if isinstance(value, str) else value
    if declared_type.listed and isinstance(value, str):
        return _items(value)
    return value
