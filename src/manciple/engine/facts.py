"""Facts: what evaluation needs from outside, fetched here because the template language is pure.

`known_facts` answers needs from the store: the environment document of the place (SSM parameters, exports, secrets as
digests), the exports of its stacks, and the artifact store of its account. `settle` evaluates, fetches and evaluates
again, until nothing is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from manciple.engine.dynamic_references import Lookup
from manciple.engine.public_parameters import public_parameter
from manciple.errors import TemplateError
from manciple.store.artifacts import bucket_region, find_object, read_range
from manciple.store.database import Transaction
from manciple.store.environments import read_environment
from manciple.store.objects import Objects
from manciple.store.tables.engine import EXPORT
from manciple.template.evaluation import Facts, Need, Needs
from manciple.template.transforms.macro import KIND as MACRO
from manciple.template.values import Value

ROUNDS = 20
LARGEST_SNIPPET = 1_000_000

_SELECT_EXPORTS = sa.select(EXPORT.c.name, EXPORT.c.value).where(
    EXPORT.c.account == sa.bindparam("account"), EXPORT.c.region == sa.bindparam("region")
)
T = TypeVar("T")


def known_facts(tx: Transaction, objects: Objects, facts: Facts, needs: Iterable[Need]) -> dict[Need, Value | None]:
    """The answer to each need, None where there is none."""
    place = read_environment(tx, objects.seal, facts.account, facts.region)
    own = {row.name: row.value for row in tx.all(_SELECT_EXPORTS, account=facts.account, region=facts.region)}
    zones: dict[str, Value] = {}
    answers: Mapping[str, Mapping[str, Value]] = {
        "export": place.exports | own,
        "zones": zones,
    }
    wanted = list(needs)
    read: Mapping[str, Callable[[str], Value | None]] = {
        "bucket": lambda name: bucket_region(tx, facts.account, name),
        "include": lambda address: _snippet(tx, facts.account, address),
        "reference": _digests(tx, objects, facts),
        "ssm": lambda name: place.parameters.get(name, public_parameter(name, facts.region)),
    }
    zones.update({need.key: [f"{need.key}{letter}" for letter in "abc"] for need in wanted if need.kind == "zones"})
    return {
        need: read[need.kind](need.key) if need.kind in read else answers.get(need.kind, {}).get(need.key)
        for need in wanted
    }


def _snippet(tx: Transaction, account: str, address: str) -> str | None:
    """The text at `s3://bucket/key` in the account's artifact store; an object that is too large has none to read."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    region = bucket_region(tx, account, bucket)
    found = find_object(tx, (account, region), bucket, key) if region else None
    if region is None or found is None:
        return None
    if found.size > LARGEST_SNIPPET:
        return ""
    return b"".join(read_range(tx, (account, region), found, 0, found.size)).decode(errors="replace")


def _digests(tx: Transaction, objects: Objects, facts: Facts) -> Callable[[str], str | None]:
    """What a dynamic reference stands for today, as a digest that only this installation's key can make."""
    lookup = cache(lambda: Lookup(tx, objects.seal, facts.account, facts.region))

    def digest(text: str) -> str | None:
        try:
            return objects.seal.digest(lookup().value(text).encode())
        except TemplateError:
            return None

    return digest


def settle(
    attempt: Callable[[Facts], T | Needs],
    facts: Facts,
    fetch: Callable[[Facts, Iterable[Need]], Mapping[Need, Value | None]],
) -> tuple[T, Facts]:
    """Evaluate until nothing is missing; returns the result and the facts that it came from.

    Raises TemplateError if after 20 rounds there is still something missing.
    """
    for _ in range(ROUNDS):
        result = attempt(facts)
        if not isinstance(result, Needs):
            return result, facts
        facts = msgspec.structs.replace(facts, known={**facts.known, **fetch(facts, result.needs)})
    raise TemplateError(f"The template asks for more facts after each of {ROUNDS} rounds; remove the circle.")


def changed_fact(tx: Transaction, objects: Objects, facts: Facts) -> Need | None:
    """The first fact of a plan that is another one today; nested templates and answers of macros stay as they were."""
    stored = {need: answer for need, answer in facts.known.items() if need.kind not in _FROZEN}
    today = known_facts(tx, objects, facts, stored) if stored else {}
    return next((need for need, answer in stored.items() if today[need] != answer), None)


_FROZEN = (MACRO, "template")
