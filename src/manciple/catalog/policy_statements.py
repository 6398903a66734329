"""A policy document as IAM's identity-based policies are written, read into statements ready to be judged.

Source: IAM user guide, "IAM JSON policy element reference" and "Grammar of the IAM JSON policy language".
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from manciple.catalog.policy_conditions import Condition, doubts_of, keys_in, read_condition
from manciple.catalog.policy_documents import texts_of
from manciple.catalog.policy_patterns import Context, Matcher, like

VERSIONS = ("2012-10-17", "2008-10-17")
_ACCOUNT = re.compile(r":catalog:[^:]*:([0-9]{12}):")
_ELEMENTS = {"Sid", "Effect", "Action", "NotAction", "Resource", "NotResource", "Condition"}


class PolicyError(Exception):
    """A document that is no identity-based policy; one sentence says why."""


class Statement(NamedTuple):
    """One statement. `actions` and `resources` are what it names, or with the flags everything but that.

    `keys` are the condition keys that it asks for, `accounts` those that it names as owners of portfolios and products.
    """

    grants: bool
    actions: tuple[Matcher, ...]
    excludes_actions: bool
    resources: tuple[Matcher, ...]
    excludes_resources: bool
    conditions: tuple[Condition, ...]
    keys: frozenset[str]
    names_resources: bool
    accounts: frozenset[str]

    def is_about(self, action: str) -> bool:
        """Is this statement about an action (in lower case)?"""
        return any(matches(action, {}) for matches in self.actions) != self.excludes_actions

    def applies(self, resources: Iterable[str], context: Context) -> bool:
        """Does it hold for a request for one of these names of a resource, in this context?"""
        return any(self._names(resource, context) for resource in resources) and all(
            condition.is_met(context, grants=self.grants) for condition in self.conditions
        )

    def _names(self, resource: str, context: Context) -> bool:
        return any(matches(resource, context) for matches in self.resources) != self.excludes_resources


class Policy(NamedTuple):
    """A policy: its statements in their order; and what of it cannot be judged here, in sentences."""

    statements: tuple[Statement, ...]
    doubts: tuple[str, ...] = ()


def read_policy(document: str | Mapping[str, Any]) -> Policy:
    """A policy from its document, as JSON text or read already. Raises PolicyError."""
    if isinstance(document, str):
        try:
            document = msgspec.json.decode(document, type=dict[str, Any])
        except (msgspec.DecodeError, RecursionError) as error:
            raise PolicyError("The policy is not a JSON object.") from error
    if unknown := sorted(set(document) - {"Version", "Id", "Statement"}):
        raise PolicyError(f"A policy has no element {unknown[0]}.")
    if document.get("Version", VERSIONS[1]) not in VERSIONS:
        raise PolicyError(f"The Version of a policy is {' or '.join(VERSIONS)}.")
    statements = document.get("Statement")
    found = statements if isinstance(statements, list) else [statements]
    if not all(isinstance(one, dict) for one in found):
        raise PolicyError("A policy has a Statement: an object, or a list of them.")
    read = tuple(_statement(one, number) for number, one in enumerate(found, 1))
    return Policy(read, tuple(doubt for one in read for condition in one.conditions for doubt in doubts_of(condition)))


def _statement(element: Mapping[str, Any], number: int) -> Statement:
    where = f"Statement {element.get('Sid') or number} of the policy"
    if unknown := sorted(set(element) - _ELEMENTS):
        raise PolicyError(f"{where} has {unknown[0]}, which no statement of an identity-based policy has.")
    if element.get("Effect") not in ("Allow", "Deny"):
        raise PolicyError(f"{where} has no Effect of Allow or Deny.")
    actions, excludes_actions = _named(element, "Action", where)
    resources, excludes_resources = _named(element, "Resource", where)
    conditions = tuple(_conditions(element.get("Condition", {}), where))
    return Statement(
        grants=element["Effect"] == "Allow",
        actions=tuple(like(action.lower()) for action in actions),
        excludes_actions=excludes_actions,
        resources=tuple(like(resource) for resource in resources),
        excludes_resources=excludes_resources,
        conditions=conditions,
        keys=keys_in(conditions, (*resources, *_texts_of_conditions(element))),
        names_resources=excludes_resources or "*" not in resources,
        accounts=frozenset(account for resource in resources for account in _ACCOUNT.findall(resource)),
    )


def _named(element: Mapping[str, Any], member: str, where: str) -> tuple[list[str], bool]:
    """What Action or Resource names, or NotAction or NotResource; and whether it is the latter."""
    given = [name for name in (member, f"Not{member}") if name in element]
    if len(given) != 1:
        raise PolicyError(f"{where} needs exactly one of {member} and Not{member}.")
    value = element[given[0]]
    texts = texts_of(value)
    if not texts or len(texts) != (len(value) if isinstance(value, list) else 1):
        raise PolicyError(f"{where} has a {given[0]} that is neither a text nor a list of texts.")
    return texts, given[0] != member


def _conditions(element: Any, where: str) -> Iterator[Condition]:
    if not isinstance(element, dict) or not all(isinstance(tests, dict) for tests in element.values()):
        raise PolicyError(f"{where} has a Condition that is not operators, each with keys and values.")
    for operator, tests in element.items():
        for key, value in tests.items():
            yield read_condition(operator, key, _values(value, f"{where}, {operator} {key},"))


def _values(value: Any, where: str) -> list[str]:
    """The values of a condition as texts; booleans and numbers as JSON writes them."""
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str | bool | int | float) for item in items):
        raise PolicyError(f"{where} has a value that is neither a text, a number nor a boolean.")
    return [item if isinstance(item, str) else msgspec.json.encode(item).decode() for item in items]


def _texts_of_conditions(element: Mapping[str, Any]) -> Iterator[str]:
    for tests in element.get("Condition", {}).values():
        for value in tests.values():
            yield from texts_of(value)
