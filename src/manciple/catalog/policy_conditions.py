"""Conditions of policy statements: operators, keys, and whether a request meets them.

A condition is met if one of its values matches (with a negated operator: if none does); all conditions of a statement
must be met. A key that a request does not have meets no plain operator, and every negated, `…IfExists` and
`ForAllValues:` one. In a statement that allows, an operator or key that is unknown here is never met, whatever stands
beside it: what cannot be judged grants nothing. In one that denies, an unknown operator always is.

Source: IAM user guide, "IAM JSON policy elements: Condition operators" and "Multivalued context keys".
"""

import ipaddress
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import NamedTuple

from manciple.catalog.policy_patterns import Context, Matcher, arn_like, equal, like, variables

LEVEL_KEYS = {
    "Account": "servicecatalog:accountlevel",
    "Role": "servicecatalog:rolelevel",
    "User": "servicecatalog:userlevel",
}
"""The condition key of each access level; its only value is `self` (service-catalog-api reference, 6)."""

KNOWN_KEYS = frozenset(
    (
        *LEVEL_KEYS.values(),
        "aws:currenttime",
        "aws:epochtime",
        "aws:principalaccount",
        "aws:principalarn",
        "aws:principaltype",
        "aws:requestedregion",
        "aws:sourceip",
        "aws:tagkeys",
        "aws:useragent",
        "aws:userid",
        "aws:username",
    )
)
REQUEST_TAG, RESOURCE_TAG = "aws:requesttag/", "aws:resourcetag/"
"""What the keys of tags begin with; the tag's own key follows."""


class Operator(NamedTuple):
    """One operator: what compiles a value of the policy, and whether matching counts against."""

    compile: Callable[[str], Matcher]
    is_negated: bool = False


class Condition(NamedTuple):
    """One operator, named as in the policy, with one key and its values."""

    name: str
    key: str
    operator: Operator | None
    matchers: tuple[Matcher, ...]
    quantifier: str
    if_exists: bool

    def is_met(self, context: Context, *, grants: bool) -> bool:
        """Does a request meet the condition of a statement that grants, or that denies?"""
        if self.operator is None or (grants and not is_known(self.key)):
            return not grants and self.operator is None
        if self.operator is _NULL:
            return any(matches(str(self.key not in context).lower(), context) for matches in self.matchers)
        values = context.get(self.key)
        if not values:
            return self.if_exists or self.quantifier == "forallvalues" or self._is_met_without()
        met = (self._matches(value, context) for value in values)
        return any(met) if self.quantifier == "foranyvalue" else all(met)

    def _is_met_without(self) -> bool:
        return bool(self.operator and self.operator.is_negated and not self.quantifier)

    def _matches(self, value: str, context: Context) -> bool:
        is_matched = any(matches(value, context) for matches in self.matchers)
        return is_matched != bool(self.operator and self.operator.is_negated)


def is_known(key: str) -> bool:
    """Can a request here have a value for this condition key?"""
    return key in KNOWN_KEYS or key.startswith((REQUEST_TAG, RESOURCE_TAG))


def keys_in(conditions: Iterable[Condition], texts: Iterable[str]) -> frozenset[str]:
    """The keys that must be known to judge conditions, and texts with variables."""
    named = {condition.key for condition in conditions}
    return frozenset(named.union(*(variables(text) for text in texts)))


def read_condition(operator: str, key: str, values: Iterable[str]) -> Condition:
    """Compile one condition; an operator that is unknown leaves it without one."""
    quantifier, _, plain = operator.rpartition(":")
    name = plain.lower()
    if_exists = name.endswith("ifexists") and name != "ifexists"
    found = _OPERATORS.get(name.removesuffix("ifexists") if if_exists else name)
    if quantifier.lower() not in ("", "forallvalues", "foranyvalue"):
        found = None
    matchers = tuple(found.compile(value) for value in values) if found else ()
    return Condition(operator, key.lower(), found, matchers, quantifier.lower(), if_exists)


def doubts_of(condition: Condition) -> Iterator[str]:
    """What of a condition cannot be judged here."""
    if condition.operator is None:
        yield f"The condition operator {condition.name} is not known here: it never allows, and always denies."
    if not is_known(condition.key):
        yield f"The condition key {condition.key} is not known here: a statement with it never allows."


def _ignoring_case(text: str) -> Matcher:
    return lambda value, context: equal(text.lower())(value.lower(), context)


def _compared(read: Callable[[str], float | None], holds: Callable[[float, float], bool]) -> Callable[[str], Matcher]:
    """A value of the request beside one of the policy, both read as a number or moment."""

    def compiled(text: str) -> Matcher:
        wanted = read(text)

        def matches(value: str, _context: Context) -> bool:
            found = read(value)
            return wanted is not None and found is not None and holds(found, wanted)

        return matches

    return compiled


def _number(text: str) -> float | None:
    with suppress(ValueError):
        return float(text)
    return None


def _moment(text: str) -> float | None:
    with suppress(ValueError):
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    return _number(text)


def _address(text: str) -> Matcher:
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return lambda _value, _context: False

    def matches(value: str, _context: Context) -> bool:
        with suppress(ValueError):
            return ipaddress.ip_address(value) in network
        return False

    return matches


def _comparisons(kind: str, read: Callable[[str], float | None]) -> Mapping[str, Operator]:
    return {
        f"{kind}equals": Operator(_compared(read, lambda found, wanted: found == wanted)),
        f"{kind}notequals": Operator(_compared(read, lambda found, wanted: found == wanted), is_negated=True),
        f"{kind}lessthan": Operator(_compared(read, lambda found, wanted: found < wanted)),
        f"{kind}lessthanequals": Operator(_compared(read, lambda found, wanted: found <= wanted)),
        f"{kind}greaterthan": Operator(_compared(read, lambda found, wanted: found > wanted)),
        f"{kind}greaterthanequals": Operator(_compared(read, lambda found, wanted: found >= wanted)),
    }


_NULL = Operator(lambda text: equal(text.lower()))

_OPERATORS: dict[str, Operator] = {
    "stringequals": Operator(equal),
    "stringnotequals": Operator(equal, is_negated=True),
    "stringequalsignorecase": Operator(_ignoring_case),
    "stringnotequalsignorecase": Operator(_ignoring_case, is_negated=True),
    "stringlike": Operator(like),
    "stringnotlike": Operator(like, is_negated=True),
    "arnequals": Operator(arn_like),
    "arnlike": Operator(arn_like),
    "arnnotequals": Operator(arn_like, is_negated=True),
    "arnnotlike": Operator(arn_like, is_negated=True),
    "bool": Operator(_ignoring_case),
    "ipaddress": Operator(_address),
    "notipaddress": Operator(_address, is_negated=True),
    "null": _NULL,
    **_comparisons("numeric", _number),
    **_comparisons("date", _moment),
}
