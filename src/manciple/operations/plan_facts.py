"""What a plan was made from, held against what is so today: facts and constraints (contracts, section 7)."""

from manciple.api import shapes
from manciple.catalog.constraints import Effects
from manciple.catalog.entities import Plan
from manciple.engine.facts import changed_fact
from manciple.engine.planned import get_planned
from manciple.errors import InvalidStateException
from manciple.operations.call import Caller, Runtime
from manciple.store.rows import PLANS
from manciple.template.evaluation import Need

_NAMES = {
    "bucket": "S3 bucket",
    "export": "Export",
    "include": "The snippet at",
    "reference": "The value of dynamic reference",
    "ssm": "SSM parameter",
    "zones": "The availability zones of",
}


def find_changed_fact(
    runtime: Runtime, caller: Caller, input: shapes.ExecuteProvisionedProductPlanInput
) -> Need | None:
    """The first fact that the plan to be executed read and that is another one today; None for any plan without."""
    with runtime.database.read() as tx:
        plan = PLANS.get(tx, caller.account, caller.region, input.plan_id)
        if plan is None or plan.status != "CREATE_SUCCESS" or plan.planned_digest is None:
            return None
        stacks = get_planned(tx, runtime.objects, plan.planned_digest).stacks.values()
        changed = (changed_fact(tx, runtime.objects, stack.facts) for stack in stacks)
        return next((need for need in changed if need is not None), None)


def demand_same_facts(plan: Plan, changed: Need | None) -> None:
    """Raise InvalidStateException, naming the fact, if one changed."""
    if changed is not None:
        raise InvalidStateException(
            f"{_NAMES.get(changed.kind, changed.kind)} {changed.key} changed since plan {plan.id} was made; "
            "delete the plan and make a new one."
        )


def demand_same_constraints(plan: Plan, planned: Effects, today: Effects) -> None:
    """Raise InvalidStateException, naming what it is, if a constraint that the plan was made under is another one."""
    for member, what in _CONSTRAINED.items():
        if getattr(planned, member) != getattr(today, member):
            raise InvalidStateException(
                f"The {what} changed since plan {plan.id} was made; delete the plan and make a new one."
            )


def demand_same_role(plan: Plan, today: str | None) -> None:
    """Raise InvalidStateException if the product would be changed under another role now than the plan was made for."""
    if plan.launch_role_arn != today:
        raise InvalidStateException(
            f"The launch role of provisioned product {plan.provisioned_product_id} changed since plan {plan.id} was "
            "made; delete the plan and make a new one."
        )


_CONSTRAINED = {
    "launch_role_arn": "launch role of the LAUNCH constraint",
    "rules": "rules of the TEMPLATE constraints",
    "stack_set": "STACKSET constraint",
}
