"""Executing service actions against provisioned products: what they ask for, and the execution as a record.

The record's type is not in AWS's documentation; it is spelt like the others, after the operation (inferred). An action
runs against a product that is AVAILABLE or TAINTED; it is UNDER_CHANGE meanwhile (inferred).
"""

from manciple.api import shapes
from manciple.catalog.entities import ProvisionedProduct
from manciple.catalog.lifecycle import PLANNABLE
from manciple.catalog.service_actions import (
    DEFAULT_VERSION,
    LAUNCH_ROLE,
    TEXT_VALUE,
    ServiceAction,
    default_values,
    fill_parameters,
    parameters_of,
)
from manciple.engine import operation as engine
from manciple.engine.inventory import stack_of, targets_of
from manciple.engine.service_actions.execution import Execution, Target
from manciple.engine.service_actions.runners import find_runner
from manciple.errors import InvalidStateException, ResourceNotFoundException, ValidationException
from manciple.operations import launches
from manciple.operations.call import Context, operation
from manciple.operations.records import detail_of, open_record
from manciple.operations.sight import find_seen_product
from manciple.store.option_rows import SERVICE_ACTION_ASSOCIATIONS, SERVICE_ACTIONS
from manciple.store.rows import PROVISIONED_PRODUCTS

_MOST_VALUES = 25
"""So many values of a parameter the API can carry; an execution without values works on all the resources."""


@operation("DescribeServiceActionExecutionParameters")
def describe_service_action_execution_parameters(
    context: Context, input: shapes.DescribeServiceActionExecutionParametersInput
) -> shapes.DescribeServiceActionExecutionParametersOutput:
    """The parameters of a service action, those of type TARGET with the product's resources that it acts on.

    Raises ResourceNotFoundException.
    """
    product = launches.find_provisioned_product(context, input.provisioned_product_id, None)
    action = _find_action_of(context, product, input.service_action_id)
    defaults = _defaults(context, product, action, targets_of(context.tx, *context.owner, product.id))
    return shapes.DescribeServiceActionExecutionParametersOutput(
        service_action_parameters=[
            shapes.ExecutionParameter(
                name=one.name, type=one.type, default_values=defaults.get(one.name, [])[:_MOST_VALUES]
            )
            for one in parameters_of(action.definition)
        ]
    )


@operation("ExecuteProvisionedProductServiceAction", writes=True)
def execute_provisioned_product_service_action(
    context: Context, input: shapes.ExecuteProvisionedProductServiceActionInput
) -> shapes.ExecuteProvisionedProductServiceActionOutput:
    """Run a service action against a provisioned product; answers a record in status CREATED.

    Raises ValidationException for an unknown product, as AWS does though it is not in the model (observed);
    ResourceNotFoundException, InvalidParametersException, InvalidStateException.
    """
    product = _find_product(context, input.provisioned_product_id)
    action = _find_action_of(context, product, input.service_action_id)
    execution = _execution(context, product, action, input.parameters or {})
    changed = _begin(context, product)
    record = open_record(context, changed, "EXECUTE_PROVISIONED_PRODUCT_SERVICE_ACTION")
    context.wake(engine.submit_action(context.tx, context.runtime.objects, execution, record_id=record.id))
    return shapes.ExecuteProvisionedProductServiceActionOutput(record_detail=detail_of(record))


def _find_product(context: Context, id: str) -> ProvisionedProduct:
    try:
        return launches.find_provisioned_product(context, id, None)
    except ResourceNotFoundException as error:
        raise ValidationException(error.message) from error


def _find_action_of(context: Context, product: ProvisionedProduct, action_id: str) -> ServiceAction:
    """The service action, if the product's version has it.

    A shared product's owner gives its versions their service actions, as everything that stays in sync (inferred).
    """
    owner = _owner_of(context, product)
    action = SERVICE_ACTIONS.get(context.tx, *owner, action_id)
    if action is None:
        raise ResourceNotFoundException(f"Service action not found: {action_id}")
    if SERVICE_ACTION_ASSOCIATIONS.get(context.tx, *owner, product.provisioning_artifact_id, action.id) is None:
        raise ResourceNotFoundException(
            f"Service action {action.id} is not associated with {product.provisioning_artifact_id}, "
            f"the version of {product.id}."
        )
    return action


def _owner_of(context: Context, product: ProvisionedProduct) -> tuple[str, str]:
    """Whose the launched product is, as far as the caller's account can see it still."""
    try:
        offered = find_seen_product(context, product.product_id)
    except ResourceNotFoundException:
        return context.owner
    return offered.account, offered.region


def _begin(context: Context, product: ProvisionedProduct) -> ProvisionedProduct:
    """Put the product UNDER_CHANGE. Its revision stays: nothing that a plan was made from changes."""
    if product.status not in PLANNABLE:
        raise InvalidStateException(
            f"Provisioned product {product.id} is {product.status}; "
            "a service action can be executed when it is AVAILABLE or TAINTED."
        )
    changed = PROVISIONED_PRODUCTS.change(
        context.tx, product, expect={"revision": product.revision, "status": product.status}, status="UNDER_CHANGE"
    )
    if changed is None:
        raise InvalidStateException(f"Provisioned product {product.id} was changed by another request; try again.")
    return changed


def _execution(
    context: Context, product: ProvisionedProduct, action: ServiceAction, given: dict[str, list[str]]
) -> Execution:
    declared = parameters_of(action.definition)
    targets = targets_of(context.tx, *context.owner, product.id)
    texts = {parameter.name for parameter in declared if parameter.type == TEXT_VALUE}
    return Execution(
        account=product.account,
        region=product.region,
        provisioned_product_id=product.id,
        target=launches.target_of(context, product),
        action_id=action.id,
        action_name=action.name,
        document=action.definition["Name"],
        version=action.definition.get("Version", DEFAULT_VERSION),
        role_arn=_role(product, action),
        values=fill_parameters(declared, given, _defaults(context, product, action, targets)),
        secrets=tuple(value for name, values in given.items() if name in texts for value in values),
        product=_told(product),
        targets=targets,
        status_before=product.status,
        stack_id=stack_of(context.tx, *context.owner, product.id),
    )


def _told(product: ProvisionedProduct) -> dict[str, str | None]:
    """What a runner is told of the product."""
    return {
        "Id": product.id,
        "Name": product.name,
        "Arn": product.arn,
        "Type": product.type,
        "ProductId": product.product_id,
        "ProvisioningArtifactId": product.provisioning_artifact_id,
        "PhysicalId": product.physical_id,
    }


def _role(product: ProvisionedProduct, action: ServiceAction) -> str | None:
    role = action.definition.get("AssumeRole")
    return product.launch_role_arn if role == LAUNCH_ROLE else role


def _defaults(
    context: Context, product: ProvisionedProduct, action: ServiceAction, targets: tuple[Target, ...]
) -> dict[str, list[str]]:
    """Values unless others are given; what an action works on are resources of the type that its runner is set for."""
    runner = find_runner(context.runtime.settings.service_actions, action.definition["Name"])
    wanted = runner.target_type if runner else None
    found = [one.physical_id for one in targets if one.type == wanted]
    return default_values(parameters_of(action.definition), found, _role(product, action))
