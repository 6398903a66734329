"""Stack sets: launches and updates along a path with a STACKSET constraint, and the stack instances there are."""

from msgspec.structs import replace

from manciple.api import shapes
from manciple.catalog.entities import ProvisionedProduct
from manciple.catalog.stack_sets import Change, StackInstance, operation_type, read_preferences
from manciple.errors import InvalidParametersException
from manciple.operations import launches
from manciple.operations.call import Context, operation
from manciple.operations.launches import STACK_SET, Choice, Wanted, demand_target
from manciple.store.pages import Pager, Request
from manciple.store.stack_instances import STACK_INSTANCES, of_product
from manciple.store.tables.stack_instances import STACK_INSTANCE


@operation("ListStackInstancesForProvisionedProduct")
def list_stack_instances_for_provisioned_product(
    context: Context, input: shapes.ListStackInstancesForProvisionedProductInput
) -> shapes.ListStackInstancesForProvisionedProductOutput:
    """The stack instances of a stack set, by account and region.

    Raises ResourceNotFoundException, and InvalidParametersException for a product that is no stack set.
    """
    product = launches.find_provisioned_product(context, input.provisioned_product_id, None)
    if product.type != STACK_SET:
        raise InvalidParametersException(
            f"Provisioned product {product.id} is a {product.type}; only a {STACK_SET} has stack instances."
        )
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "StackInstances", product.id)),
        STACK_INSTANCES.select.where(*of_product(*context.owner, product.id)),
        [STACK_INSTANCE.c.instance_account, STACK_INSTANCE.c.instance_region],
    )
    found = page.of(STACK_INSTANCES.of).of(_shown)
    return shapes.ListStackInstancesForProvisionedProductOutput(
        stack_instances=found.items, next_page_token=found.next_token
    )


def change_of_launch(
    context: Context, choice: Choice, preferences: shapes.ProvisioningPreferences | None
) -> Change | None:
    """What a launch does with stack instances; None where it is one stack. Raises InvalidParametersException."""
    if choice.effects.stack_set is None:
        _refuse_preferences(preferences)
        return None
    target = demand_target(context, choice.artifact)
    return _with_targets(context, choice, read_preferences(preferences, choice.effects.stack_set, target, is_new=True))


def change_of_update(
    context: Context,
    product: ProvisionedProduct,
    choice: Choice,
    preferences: shapes.UpdateProvisioningPreferences | None,
) -> Change | None:
    """Likewise for an update. A product stays a stack or a stack set, as it was launched."""
    if choice.product_type != product.type:
        raise InvalidParametersException(
            f"Provisioned product {product.id} is a {product.type}, "
            f"but a launch along the path {choice.path_id} is a {choice.product_type} now."
        )
    if choice.effects.stack_set is None:
        _refuse_preferences(preferences)
        return None
    target = demand_target(context, choice.artifact)
    return _with_targets(context, choice, read_preferences(preferences, choice.effects.stack_set, target, is_new=False))


def _with_targets(context: Context, choice: Choice, change: Change) -> Change:
    """With the targets of the instances for whose account and region the settings have another."""
    chosen = {
        f"{account}/{region}": context.runtime.target_choice.of(choice.artifact.type, account, region)
        for account in change.accounts
        for region in change.regions
    }
    others = {place: found for place, found in chosen.items() if found is not None and found != change.target}
    return replace(change, targets=others)


def refuse_plan(choice: Choice, existing: ProvisionedProduct | None) -> None:
    """Raise InvalidParametersException for a stack set: AWS plans stacks only (reference, 3.4; the text is ours)."""
    if existing is not None and existing.type == STACK_SET:
        raise InvalidParametersException(f"{existing.id} is a {STACK_SET}; plans can be made for stacks only.")
    if choice.product_type == STACK_SET:
        raise InvalidParametersException(
            f"Product {choice.product.id} is launched as a stack set along the path {choice.path_id}; "
            "plans can be made for stacks only."
        )


def as_deployed(product: ProvisionedProduct, input: shapes.UpdateProvisionedProductInput) -> Wanted | None:
    """What a change of single stack instances is made from; None for an update of the stack set itself.

    It is what the stack set has, whatever product or version is named (API reference, StackSetOperationType).
    """
    if operation_type(input.provisioning_preferences) == "UPDATE":
        return None
    return Wanted(
        product_id=product.product_id,
        artifact_id=product.provisioning_artifact_id,
        path_id=input.path_id,
        path_name=input.path_name,
    )


def parameters_of_update(
    context: Context, product: ProvisionedProduct, input: shapes.UpdateProvisionedProductInput
) -> tuple[dict[str, str], tuple[str, ...]]:
    """The parameters given, and the keys of those that keep their values.

    A change of single stack instances keeps them all (inferred: they belong to the stack set).
    """
    given = launches.given_parameters(input.provisioning_parameters)
    if operation_type(input.provisioning_preferences) == "UPDATE":
        return given, launches.previous_parameters(input.provisioning_parameters)
    if product.parameters_digest is None:
        raise InvalidParametersException(
            f"Stack instances of {product.id} cannot be changed: it was not launched successfully yet."
        )
    values = context.runtime.objects.get_value(context.tx, product.parameters_digest, dict[str, str])
    return {}, tuple(values)


def _refuse_preferences(preferences: object) -> None:
    if preferences is not None:
        raise InvalidParametersException(
            "ProvisioningPreferences apply to stack sets only; this launch path has no STACKSET constraint."
        )


def _shown(instance: StackInstance) -> shapes.StackInstance:
    return shapes.StackInstance(
        account=instance.instance_account,
        region=instance.instance_region,
        stack_instance_status=instance.status,
    )
