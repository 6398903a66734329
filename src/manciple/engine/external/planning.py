"""A plan for an engine: what it will be asked. What it would change nobody can tell before: engines have no plans."""

from collections.abc import Iterator, Mapping

from manciple.catalog.entities import Plan, ProvisionedProduct
from manciple.catalog.ids import url_suffix_of
from manciple.catalog.plan_document import AskedOfEngine
from manciple.catalog.queues import queue_name
from manciple.engine.external.artifact import locate
from manciple.engine.launch import Launch
from manciple.engine.planned import Planned, PlannedStack
from manciple.engine.previous_parameters import previous_parameters
from manciple.engine.rows import Stack
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Made
from manciple.store.database import Transaction
from manciple.store.rows import PLANS, PROVISIONED_PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.template.change_set import ChangeSet, PathChange
from manciple.template.change_set.model import ChangeType
from manciple.template.evaluation import Evaluation, Facts, Parameter
from manciple.template.values import MASK


def plan(slice: Slice) -> Made:
    """Take up the parameters. Raises TemplateError for a previous value that there is not."""
    work, objects = slice.work, slice.parts.objects
    with slice.parts.database.read() as tx:
        launch: Launch = objects.get_value(tx, work.operation.request_digest, Launch)
        given = launch.parameters | previous_parameters(tx, objects, launch)
        product = PROVISIONED_PRODUCTS.get(tx, launch.account, launch.region, launch.provisioned_product_id)
        deployed = product.parameters_digest if product else None
        before = objects.get_value(tx, deployed, dict[str, str]) if deployed else {}
        asked = _asked(slice, tx, launch, product, given)
    stack = work.root.stack
    stack.arn = ""
    work.touch_stack(stack)
    parameters = {
        name: Parameter(name=name, type="String", given=value, resolved=value) for name, value in given.items()
    }
    planned = PlannedStack(evaluation=Evaluation(resources={}, parameters=parameters), facts=_facts(launch, stack))
    changes = ChangeSet(
        changes={},
        creates_stack=True,  # there is always something to ask, if only the same again
        parameter_changes=tuple(_changes(before, given)),
    )
    return Made(change_set=changes, planned=Planned(launch=launch, stacks={"": planned}), asked=asked)


def _facts(launch: Launch, stack: Stack) -> Facts:
    partition = launch.place.partition
    return Facts(
        account=launch.account,
        region=launch.region,
        partition=partition,
        url_suffix=url_suffix_of(partition),
        stack_name=stack.name,
        stack_id=stack.arn,
    )


def _changes(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[PathChange]:
    """Which parameters change; their values may be secrets."""
    for name in {**before, **after}:
        if before.get(name) != after.get(name):
            kind: ChangeType = "Add" if name not in before else "Remove" if name not in after else "Modify"
            yield PathChange(
                path=f"/Parameters/{name}",
                change_type=kind,
                before_value=MASK if name in before else None,
                after_value=MASK if name in after else None,
            )


def _asked(
    slice: Slice, tx: Transaction, launch: Launch, product: ProvisionedProduct | None, given: Mapping[str, str]
) -> AskedOfEngine | None:
    """What the plan's document tells of the request; None where there is no plan to look at."""
    operation = slice.work.operation
    plan = PLANS.get(tx, operation.account, operation.region, operation.plan_id) if operation.plan_id else None
    if plan is None or product is None:
        return None
    owner = (launch.product_account or launch.account, launch.region)
    version = PROVISIONING_ARTIFACTS.get(tx, *owner, plan.provisioning_artifact_id)
    record_type = _record_type(plan)
    return AskedOfEngine(
        operation=record_type,
        queue_name=queue_name(product.type, record_type),
        queue_account=owner[0],
        artifact_path=locate(tx, owner, version, launch.template_digest, slice.parts.public_url).path,
        launch_role_arn=launch.role_arn,
        parameters=dict.fromkeys(given, MASK),
        tags=launch.tags,
    )


def _record_type(plan: Plan) -> str:
    return "PROVISION_PRODUCT" if plan.is_new else "UPDATE_PROVISIONED_PRODUCT"
