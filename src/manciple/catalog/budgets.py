"""Budgets: names of budgets that portfolios and products are associated with."""

from manciple.catalog.entities import Entity


class BudgetAssociation(Entity, frozen=True, kw_only=True):
    """A portfolio or product is watched by a budget. The budget itself lives elsewhere: only its name is known."""

    resource_id: str
    budget_name: str
    created_time: int
