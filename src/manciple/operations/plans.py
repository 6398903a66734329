"""Plans: what a launch or an update would change, looked at before it runs; and carrying one out.

ExecuteProvisionedProductPlan provisions or modifies the product by the plan's resource changes and nothing else. It
takes the plan as it stands: whatever the plan was made from must still be so (contracts, section 7).
"""

from typing import Any

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog import lifecycle
from manciple.catalog.entities import Plan, ProvisionedProduct
from manciple.catalog.tags import list_tags
from manciple.engine import operation as engine
from manciple.engine.launch import Launch
from manciple.errors import InvalidParametersException, InvalidStateException, ResourceNotFoundException
from manciple.operations import launches
from manciple.operations.access_levels import created_by, visible
from manciple.operations.call import Context, operation
from manciple.operations.launches import Choice, Wanted
from manciple.operations.plan_facts import (
    demand_same_constraints,
    demand_same_facts,
    demand_same_role,
    find_changed_fact,
)
from manciple.operations.plan_parameters import shown_parameters
from manciple.operations.provisioning import begin_change, chosen, create_provisioned_product
from manciple.operations.records import detail_of, open_record
from manciple.operations.stack_sets import refuse_plan
from manciple.store.pages import Pager, Request
from manciple.store.rows import PLANS, PROVISIONED_PRODUCTS
from manciple.store.tables.catalog import PLAN


@operation("CreateProvisionedProductPlan", writes=True)
def create_provisioned_product_plan(
    context: Context, input: shapes.CreateProvisionedProductPlanInput
) -> shapes.CreateProvisionedProductPlanOutput:
    """Have a plan made for a new product, or for the existing one of this name.

    Faults in parameters or template show later, in the plan's status. Raises ResourceNotFoundException,
    InvalidParametersException, and InvalidStateException where the product's status or another plan stands in the way.
    """
    existing = launches.named(context, input.provisioned_product_name)
    wanted = Wanted(input.product_id, None, input.provisioning_artifact_id, None, input.path_id)
    choice = launches.choose(context, wanted, is_new=existing is None)
    refuse_plan(choice, existing)
    product = _plan_new(context, input, choice) if existing is None else _demand_plannable(context, existing, input)
    launch = launches.launch_of(
        context,
        product,
        choice,
        launches.given_parameters(input.provisioning_parameters),
        launches.previous_parameters(input.provisioning_parameters),
        notification_arns=input.notification_arns,
        tags=launches.updated_tags(context, product, choice, None if existing is None else input.tags),
    )
    plan = _open_plan(context, input, product, choice, launch, is_new=existing is None)
    context.wake(engine.submit_plan(context.tx, context.runtime.objects, launch, plan_id=plan.id))
    return shapes.CreateProvisionedProductPlanOutput(
        plan_id=plan.id,
        plan_name=plan.name,
        provision_product_id=product.id,
        provisioned_product_name=product.name,
        provisioning_artifact_id=plan.provisioning_artifact_id,
    )


@operation("DescribeProvisionedProductPlan")
def describe_provisioned_product_plan(
    context: Context, input: shapes.DescribeProvisionedProductPlanInput
) -> shapes.DescribeProvisionedProductPlanOutput:
    """A plan, and once it is made its resource changes, paged. Raises ResourceNotFoundException."""
    plan = find_plan(context, input.plan_id)
    changes: list[shapes.ResourceChange] = []
    if plan.changes_digest is not None:
        changes = context.runtime.objects.get_value(context.tx, plan.changes_digest, list[shapes.ResourceChange])
    request = Request(input.page_size, input.page_token, (*context.owner, "changes", plan.id))
    numbered = list(enumerate(changes))
    page = Pager(context.runtime.objects.seal).cut(request, numbered, lambda item: (item[0],))
    return shapes.DescribeProvisionedProductPlanOutput(
        provisioned_product_plan_details=_details_of(context, plan),
        resource_changes=[change for _, change in page.items],
        next_page_token=page.next_token,
    )


@operation("ListProvisionedProductPlans")
def list_provisioned_product_plans(
    context: Context, input: shapes.ListProvisionedProductPlansInput
) -> shapes.ListProvisionedProductPlansOutput:
    """Plans, of all products or of one, oldest first, of whom the access level says (default User); without status."""
    conditions = created_by(PLAN, context.caller, input.access_level_filter)
    if input.provision_product_id is not None:
        conditions.append(PLAN.c.provisioned_product_id == input.provision_product_id)
    asked = (input.access_level_filter, input.provision_product_id)
    scope = (*context.owner, "ListProvisionedProductPlans", context.caller.session_arn, *asked)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        PLANS.select.where(*conditions),
        (PLAN.c.created_time, PLAN.c.id),
    )
    return shapes.ListProvisionedProductPlansOutput(
        provisioned_product_plans=[_summary_of(PLANS.of(row)) for row in page.items], next_page_token=page.next_token
    )


@operation("ExecuteProvisionedProductPlan", writes=True, prepare=find_changed_fact)
def execute_provisioned_product_plan(
    context: Context, input: shapes.ExecuteProvisionedProductPlanInput
) -> shapes.ExecuteProvisionedProductPlanOutput:
    """Carry a plan out; answers a record in status CREATED.

    Raises ResourceNotFoundException for an unknown plan or a path that is gone, InvalidStateException for a plan that
    is not CREATE_SUCCESS and for one whose ground has moved, naming what moved.
    """
    plan = find_plan(context, input.plan_id)
    product = _demand_executable(context, plan)
    demand_same_facts(plan, context.prepared)
    choice = _choose_again(context, plan)
    launch: Launch = context.runtime.objects.get_value(context.tx, plan.request_digest, Launch)
    if choice.artifact.template_digest != launch.template_digest:
        raise InvalidStateException(
            f"The template of {plan.provisioning_artifact_id} changed since {plan.id} was made."
        )
    demand_same_constraints(plan, launch.effects, choice.effects)
    demand_same_role(plan, launches.launch_role(product, choice))
    changed = begin_change(context, product, "update", idempotency_token=input.idempotency_token)
    record = open_record(
        context,
        launches.under_role(changed, choice),
        "PROVISION_PRODUCT" if plan.is_new else "UPDATE_PROVISIONED_PRODUCT",
        plan_id=plan.id,
        **chosen(choice),
    )
    executing = PLANS.change(
        context.tx,
        plan,
        expect={"status": "CREATE_SUCCESS"},
        status="EXECUTE_IN_PROGRESS",
        updated_time=context.now,
        record_id=record.id,
    )
    if executing is None:
        raise _not_executable(plan)
    context.wake(
        engine.submit_execution(context.tx, context.runtime.objects, launch, plan=executing, record_id=record.id)
    )
    return shapes.ExecuteProvisionedProductPlanOutput(record_detail=detail_of(record))


@operation("DeleteProvisionedProductPlan", writes=True)
def delete_provisioned_product_plan(
    context: Context, input: shapes.DeleteProvisionedProductPlanInput
) -> shapes.DeleteProvisionedProductPlanOutput:
    """Delete a plan. The unexecuted first plan of a new product takes that product with it; an executed one does not.

    A failed plan can always be deleted, unlike on AWS (service-catalog-api reference, section 8, complaint 1). Raises
    ResourceNotFoundException, InvalidParametersException while the plan is being executed.
    """
    plan = find_plan(context, input.plan_id)
    if plan.status == "EXECUTE_IN_PROGRESS":
        raise InvalidParametersException(f"Plan {plan.id} is being executed; delete it once its record has ended.")
    PLANS.delete(context.tx, plan)
    _discard(context, plan)
    product = PROVISIONED_PRODUCTS.get(context.tx, *context.owner, plan.provisioned_product_id)
    if product is not None and product.status == "PLAN_IN_PROGRESS":
        PROVISIONED_PRODUCTS.delete(context.tx, product)
        engine.forget_stack(context.tx, *context.owner, product.id)
    return shapes.DeleteProvisionedProductPlanOutput()


def _discard(context: Context, plan: Plan) -> None:
    """Have what the plan left at its target removed, unless its execution has used it up."""
    runtime, operation_id = context.runtime, context.new_id("discard")
    if plan.status != "EXECUTE_SUCCESS" and engine.submit_discard(
        context.tx, runtime.objects, plan.id, runtime.stacks.keeps_plans, operation_id
    ):
        context.wake(operation_id)


def find_plan(context: Context, id: str) -> Plan:
    """The plan with this id. Raises ResourceNotFoundException."""
    plan = visible(context.caller, PLANS.get(context.tx, *context.owner, id))
    if plan is None:
        raise ResourceNotFoundException(f"Plan {id} not found.")
    return plan


def _plan_new(context: Context, input: shapes.CreateProvisionedProductPlanInput, choice: Choice) -> ProvisionedProduct:
    previous = launches.previous_parameters(input.provisioning_parameters)
    if previous:
        raise InvalidParametersException(
            f"UsePreviousValue was given for {', '.join(previous)}, "
            f"but {input.provisioned_product_name} is a new product."
        )
    return create_provisioned_product(
        context,
        choice,
        input.provisioned_product_name,
        status="PLAN_IN_PROGRESS",
        tags=launches.tags_of_launch(context, choice, input.tags),
        notification_arns=tuple(input.notification_arns or ()),
        token=input.idempotency_token,
    )


def _demand_plannable(
    context: Context, product: ProvisionedProduct, input: shapes.CreateProvisionedProductPlanInput
) -> ProvisionedProduct:
    is_anothers = product.product_id != input.product_id and product.status == "PLAN_IN_PROGRESS"
    if is_anothers or visible(context.caller, product) is None:
        raise InvalidParametersException(f"A stack named {product.name} already exists.")
    if not lifecycle.is_plannable(product):
        raise InvalidStateException(
            f"Provisioned product {product.id} is {product.status}; a plan can be made when it is AVAILABLE or TAINTED."
        )
    plans = PLANS.find(
        context.tx,
        PLAN.c.account == context.account,
        PLAN.c.region == context.region,
        PLAN.c.provisioned_product_id == product.id,
    )
    blocking = lifecycle.open_plan(plans, context.runtime.settings.quota.plans_per_product)
    if blocking is not None:
        raise InvalidStateException(
            f"Provisioned product {product.id} already has the plan {blocking.id}; execute or delete it first."
        )
    return product


def _open_plan(
    context: Context,
    input: shapes.CreateProvisionedProductPlanInput,
    product: ProvisionedProduct,
    choice: Choice,
    launch: Launch,
    *,
    is_new: bool,
) -> Plan:
    plan = Plan(
        account=context.account,
        region=context.region,
        id=context.new_id("plan"),
        name=input.plan_name,
        type=input.plan_type,
        provisioned_product_id=product.id,
        provisioned_product_name=product.name,
        product_id=choice.product.id,
        provisioning_artifact_id=choice.artifact.id,
        path_id=choice.path_id,
        status="CREATE_IN_PROGRESS",
        created_time=context.now,
        updated_time=context.now,
        notification_arns=tuple(input.notification_arns or ()),
        tags=launches.tags_of(input.tags, context.runtime.settings.quota.tags_per_provisioned_product),
        user_arn=context.caller.arn,
        user_arn_session=context.caller.session_arn,
        launch_role_arn=launch.role_arn,
        is_new=is_new,
        base_revision=product.revision,
        request_digest=context.runtime.objects.put_value(context.tx, launch),
    )
    PLANS.insert(context.tx, plan)
    return plan


def _demand_executable(context: Context, plan: Plan) -> ProvisionedProduct:
    if plan.status != "CREATE_SUCCESS":
        raise _not_executable(plan)
    product = PROVISIONED_PRODUCTS.get(context.tx, *context.owner, plan.provisioned_product_id)
    if product is None:
        raise InvalidStateException(
            f"Provisioned product {plan.provisioned_product_id} of plan {plan.id} no longer exists."
        )
    if product.status == "UNDER_CHANGE":
        raise InvalidStateException(
            f"Provisioned product {product.id} is UNDER_CHANGE; execute plan {plan.id} once that has ended."
        )
    if product.revision != plan.base_revision:
        raise InvalidStateException(
            f"Provisioned product {product.id} changed since plan {plan.id} was made; "
            "delete the plan and make a new one."
        )
    return product


def _choose_again(context: Context, plan: Plan) -> Choice:
    """What the plan launches, as if launching now: path and version must still be there for whoever executes."""
    wanted = Wanted(plan.product_id, None, plan.provisioning_artifact_id, None, plan.path_id)
    try:
        return launches.choose(context, wanted, is_new=plan.is_new)
    except (ResourceNotFoundException, InvalidParametersException) as error:
        if error.message.startswith("No launch paths found"):
            raise
        raise InvalidStateException(f"Plan {plan.id} cannot be executed any more: {error.message}") from error


def _not_executable(plan: Plan) -> InvalidStateException:
    return InvalidStateException(
        f"Plan {plan.id} is {plan.status}; only a plan that is CREATE_SUCCESS can be executed."
    )


def _details_of(context: Context, plan: Plan) -> shapes.ProvisionedProductPlanDetails:
    return shapes.ProvisionedProductPlanDetails(
        **_common(plan),
        created_time=Timestamp(plan.created_time),
        updated_time=Timestamp(plan.updated_time),
        path_id=plan.path_id,
        product_id=plan.product_id,
        status=plan.status,
        status_message=plan.status_message,
        tags=list_tags(plan.tags),
        notification_arns=list(plan.notification_arns) or None,
        provisioning_parameters=shown_parameters(context, plan) or None,
    )


def _summary_of(plan: Plan) -> shapes.ProvisionedProductPlanSummary:
    return shapes.ProvisionedProductPlanSummary(**_common(plan))


def _common(plan: Plan) -> dict[str, Any]:
    return {
        "plan_id": plan.id,
        "plan_name": plan.name,
        "plan_type": plan.type,
        "provision_product_id": plan.provisioned_product_id,
        "provision_product_name": plan.provisioned_product_name,
        "provisioning_artifact_id": plan.provisioning_artifact_id,
    }
