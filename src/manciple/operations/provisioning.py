"""Launching, updating and terminating without a plan to look at first: the same machine as plans, without the pause.

The answer is a record in status CREATED; what is wrong with parameters or the template shows later, in the record
(service-catalog-api reference, 4.1, 4.6).
"""

from manciple.api import shapes
from manciple.catalog import ids, lifecycle
from manciple.catalog.entities import ProvisionedProduct, ProvisionedProductStatus
from manciple.engine import operation as engine
from manciple.engine.launch import Termination
from manciple.errors import ValidationException
from manciple.operations import launches
from manciple.operations.call import Context, operation
from manciple.operations.launches import Choice, Wanted
from manciple.operations.records import detail_of, open_record
from manciple.operations.stack_sets import as_deployed, change_of_launch, change_of_update, parameters_of_update
from manciple.store.rows import PROVISIONED_PRODUCTS, RECORDS


@operation("ProvisionProduct", writes=True)
def provision_product(context: Context, input: shapes.ProvisionProductInput) -> shapes.ProvisionProductOutput:
    """Launch a product. Raises ResourceNotFoundException, InvalidParametersException (a name in use, too)."""
    choice = launches.choose(context, _wanted(input), is_new=True)
    stack_set = change_of_launch(context, choice, input.provisioning_preferences)
    launches.demand_free_name(context, input.provisioned_product_name)
    product = create_provisioned_product(
        context,
        choice,
        input.provisioned_product_name,
        status="UNDER_CHANGE",
        tags=launches.tags_of_launch(context, choice, input.tags),
        notification_arns=tuple(input.notification_arns or ()),
        token=input.provision_token,
    )
    record = open_record(context, product, "PROVISION_PRODUCT", **chosen(choice))
    parameters = launches.given_parameters(input.provisioning_parameters)
    launch = launches.launch_of(context, product, choice, parameters, stack_set=stack_set)
    context.wake(engine.submit_provision(context.tx, context.runtime.objects, launch, record_id=record.id))
    return shapes.ProvisionProductOutput(record_detail=detail_of(record))


@operation("UpdateProvisionedProduct", writes=True)
def update_provisioned_product(
    context: Context, input: shapes.UpdateProvisionedProductInput
) -> shapes.UpdateProvisionedProductOutput:
    """Update a provisioned product to a version of its product or of another one, or with other parameters.

    Tags take the place of the product's where a RESOURCE_UPDATE constraint allows it, and are ignored elsewhere. Raises
    ResourceNotFoundException, InvalidParametersException, ValidationException while the product is under change.
    """
    product = launches.find_provisioned_product(context, input.provisioned_product_id, input.provisioned_product_name)
    _demand_changeable(product, "update")
    choice = launches.choose(context, as_deployed(product, input) or _wanted_update(input, product), is_new=False)
    stack_set = change_of_update(context, product, choice, input.provisioning_preferences)
    tags = launches.updated_tags(context, product, choice, input.tags)
    changed = begin_change(context, product, "update", idempotency_token=input.update_token)
    record = open_record(context, launches.under_role(changed, choice), "UPDATE_PROVISIONED_PRODUCT", **chosen(choice))
    parameters = parameters_of_update(context, product, input)
    launch = launches.launch_of(context, changed, choice, *parameters, tags=tags, stack_set=stack_set)
    context.wake(engine.submit_update(context.tx, context.runtime.objects, launch, record_id=record.id))
    return shapes.UpdateProvisionedProductOutput(record_detail=detail_of(record))


@operation("TerminateProvisionedProduct", writes=True)
def terminate_provisioned_product(
    context: Context, input: shapes.TerminateProvisionedProductInput
) -> shapes.TerminateProvisionedProductOutput:
    """Terminate a provisioned product, perhaps keeping its resources.

    Raises ResourceNotFoundException, InvalidParametersException, ValidationException while the product is under change
    or planned.
    """
    product = launches.find_provisioned_product(context, input.provisioned_product_id, input.provisioned_product_name)
    _demand_changeable(product, "terminate")
    changed = begin_change(context, product, "terminate")
    record = open_record(context, changed, "TERMINATE_PROVISIONED_PRODUCT", **_owner_of(context, product))
    termination = Termination(
        account=product.account,
        region=product.region,
        provisioned_product_id=product.id,
        target=launches.target_of(context, product),
        retain=bool(input.retain_physical_resources),
        ignore_errors=bool(input.ignore_errors),
        role_arn=product.launch_role_arn,
    )
    context.wake(engine.submit_termination(context.tx, context.runtime.objects, termination, record_id=record.id))
    return shapes.TerminateProvisionedProductOutput(record_detail=detail_of(record))


def create_provisioned_product(
    context: Context,
    choice: Choice,
    name: str,
    *,
    status: ProvisionedProductStatus,
    tags: dict[str, str],
    notification_arns: tuple[str, ...],
    token: str,
) -> ProvisionedProduct:
    """Write a new provisioned product, with the AutoTags beside its own tags."""
    product_id = context.new_id("pp")
    arn = ids.provisioned_product_arn(context.account, context.region, name, product_id)
    product = ProvisionedProduct(
        account=context.account,
        region=context.region,
        id=product_id,
        name=name,
        arn=arn,
        status=status,
        created_time=context.now,
        type=choice.product_type,
        idempotency_token=token,
        product_id=choice.product.id,
        product_name=choice.product.name,
        provisioning_artifact_id=choice.artifact.id,
        provisioning_artifact_name=choice.artifact.name,
        path_id=choice.path_id,
        launch_role_arn=choice.effects.launch_role_arn,
        user_arn=context.caller.arn,
        user_arn_session=context.caller.session_arn,
        tags=tags | launches.auto_tags(context, choice, arn),
        notification_arns=notification_arns,
    )
    PROVISIONED_PRODUCTS.insert(context.tx, product)
    return product


def begin_change(context: Context, product: ProvisionedProduct, verb: str, **fields: str | None) -> ProvisionedProduct:
    """Put a product UNDER_CHANGE, if nobody else did since it was read. Raises ValidationException."""
    changed = PROVISIONED_PRODUCTS.change(
        context.tx,
        product,
        expect={"revision": product.revision},
        status="UNDER_CHANGE",
        revision=product.revision + 1,
        **fields,
    )
    if changed is None:
        raise ValidationException(lifecycle.blocked_message(verb))
    return changed


def chosen(choice: Choice) -> dict[str, str]:
    """A choice as a record keeps it."""
    return {
        "product_account": choice.product.account,
        "product_id": choice.product.id,
        "provisioning_artifact_id": choice.artifact.id,
        "path_id": choice.path_id,
    }


def _owner_of(context: Context, product: ProvisionedProduct) -> dict[str, str]:
    """The account that a provisioned product's product belongs to, as the record before kept it."""
    newest = product.last_provisioning_record_id
    record = RECORDS.get(context.tx, product.account, product.region, newest) if newest else None
    return {"product_account": record.product_account} if record and record.product_account else {}


def _demand_changeable(product: ProvisionedProduct, verb: str) -> None:
    if product.status not in lifecycle.CHANGEABLE:
        raise ValidationException(f"{lifecycle.blocked_message(verb)} (status {product.status}).")


def _wanted(input: shapes.ProvisionProductInput | shapes.UpdateProvisionedProductInput) -> Wanted:
    return Wanted(
        product_id=input.product_id,
        product_name=input.product_name,
        artifact_id=input.provisioning_artifact_id,
        artifact_name=input.provisioning_artifact_name,
        path_id=input.path_id,
        path_name=input.path_name,
    )


def _wanted_update(input: shapes.UpdateProvisionedProductInput, product: ProvisionedProduct) -> Wanted:
    """An update keeps what it does not name: the product, and of the same product the version."""
    keeps_product = input.product_id is None and input.product_name is None
    keeps_artifact = input.provisioning_artifact_id is None and input.provisioning_artifact_name is None
    return Wanted(
        product_id=product.product_id if keeps_product else input.product_id,
        product_name=input.product_name,
        artifact_id=product.provisioning_artifact_id
        if keeps_artifact and keeps_product
        else input.provisioning_artifact_id,
        artifact_name=input.provisioning_artifact_name,
        path_id=input.path_id,
        path_name=input.path_name,
    )
