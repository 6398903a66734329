"""What a status allows (service-catalog-api reference, 3.3-3.7 and 4.6; contracts, section 6). Tables, no branches."""

from collections.abc import Sequence

from manciple.catalog.entities import Plan, PlanStatus, ProvisionedProduct, ProvisionedProductStatus

CHANGEABLE: frozenset[ProvisionedProductStatus] = frozenset({"AVAILABLE", "TAINTED", "ERROR"})
"""Statuses in which a product may be updated or terminated."""

PLANNABLE: frozenset[ProvisionedProductStatus] = frozenset({"AVAILABLE", "TAINTED"})
"""Statuses in which AWS lets a plan be made."""

OPEN: frozenset[PlanStatus] = frozenset({"CREATE_IN_PROGRESS", "CREATE_SUCCESS", "EXECUTE_IN_PROGRESS"})
"""Statuses of a plan that stands in the way of another one of the same product."""


def is_plannable(product: ProvisionedProduct) -> bool:
    """May a plan be made for an existing product?

    Beside what AWS allows, a product that was good once and whose rollback failed may be planned: the plan starts from
    what really exists and repairs it (a documented difference).
    """
    was_good = product.last_successful_provisioning_record_id is not None
    return product.status in PLANNABLE or (product.status == "ERROR" and was_good)


def open_plan(plans: Sequence[Plan], allowed: int) -> Plan | None:
    """The plan that stands in the way of a further one, if as many are open as are allowed (AWS: one)."""
    found = [plan for plan in plans if plan.status in OPEN]
    return found[0] if len(found) >= allowed else None


def blocked_message(verb: str) -> str:
    """AWS's text for a product that cannot be updated or terminated now (recorded for `terminate`)."""
    return (
        f"Can't {verb} provisioned product because it's still under change "
        "or its status does not allow further operation"
    )
