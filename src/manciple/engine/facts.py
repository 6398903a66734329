"""Facts: what evaluation needs from outside, fetched here because the template language is pure.

`known_facts` answers needs from the store: the environment document of the place (SSM parameters, exports) and the
exports of its stacks. `settle` evaluates, fetches and evaluates again, until nothing is missing.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from manciple.errors import TemplateError
from manciple.store.database import Transaction
from manciple.store.environments import read_environment
from manciple.store.objects import Objects
from manciple.store.tables.engine import EXPORT
from manciple.template.evaluation import Facts, Need, Needs
from manciple.template.values import Value

ROUNDS = 20

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
        "ssm": place.parameters,
        "export": place.exports | own,
        "zones": zones,
    }
    wanted = list(needs)
    zones.update({need.key: [f"{need.key}{letter}" for letter in "abc"] for need in wanted if need.kind == "zones"})
    return {need: answers.get(need.kind, {}).get(need.key) for need in wanted}


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
    """The first fact of a plan that is another one today."""
    today = known_facts(tx, objects, facts, facts.known)
    return next((need for need, answer in facts.known.items() if today[need] != answer), None)
