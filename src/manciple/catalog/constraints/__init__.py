"""Constraints: rules that a portfolio sets for the launches of one of its products, one type a file.

A file dropped in here that declares a ConstraintType is found by `types`.
"""

from collections.abc import Iterable, Mapping
from functools import cache

from manciple import registry
from manciple.catalog.constraints.constraint import Constraint, ConstraintType
from manciple.catalog.constraints.effects import Effects
from manciple.errors import DuplicateResourceException, InvalidParametersException

__all__ = ["Constraint", "ConstraintType", "Effects", "check_conflicts", "effects_of", "find_type", "types"]


@cache
def types() -> Mapping[str, ConstraintType]:
    """The types of constraints there are, by the name that the API has for each."""
    return {found.name: found for found in registry.collect(__name__, ConstraintType)}


def find_type(name: str) -> ConstraintType:
    """The type of this name. Raises InvalidParametersException: the model lets any text be one."""
    found = types().get(name)
    if found is None:
        raise InvalidParametersException(f"{name} is not a type of constraint; there are {', '.join(types())}.")
    return found


def effects_of(constraints: Iterable[Constraint], account: str, partition: str) -> Effects:
    """What the constraints of a product in a portfolio make of a launch in an account, the oldest first."""
    effects = Effects()
    for constraint in constraints:
        effects = types()[constraint.type].apply(effects, constraint.parameters, account, partition)
    return effects


def check_conflicts(wanted: str, portfolio_id: str, product_id: str, existing: Iterable[Constraint]) -> None:
    """Raise DuplicateResourceException where a constraint of a type cannot stand beside those that are there.

    Which types exclude each other is documented (AWS API reference, CreateConstraint); the texts are ours.
    """
    asked = types()[wanted]
    where = f"of product {product_id} in portfolio {portfolio_id}"
    for constraint in existing:
        if constraint.type == wanted and asked.is_single:
            raise DuplicateResourceException(f"There is a {wanted} constraint {where} already: {constraint.id}.")
        if constraint.type in asked.excludes:
            raise DuplicateResourceException(
                f"A {wanted} constraint cannot stand beside the {constraint.type} constraint {constraint.id} {where}."
            )
