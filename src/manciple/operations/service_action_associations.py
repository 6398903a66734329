"""Which versions have which service actions: associate and disassociate, single and in batches; lists of both sides."""

from collections.abc import Callable, Iterable, Sequence

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import ProvisioningArtifact
from manciple.catalog.policy import check_quota
from manciple.catalog.service_actions import WITHOUT_ACTIONS, ServiceActionAssociation
from manciple.errors import (
    DuplicateResourceException,
    InvalidParametersException,
    LimitExceededException,
    ResourceNotFoundException,
    ServiceError,
)
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import artifact_view, product_view_summary
from manciple.operations.lookups import find_product, find_version
from manciple.operations.service_actions import find_service_action, service_action_summary
from manciple.operations.sight import find_seen_product
from manciple.store.option_rows import SERVICE_ACTION_ASSOCIATIONS, SERVICE_ACTIONS
from manciple.store.pages import Pager, Request
from manciple.store.rows import PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.store.tables.catalog import PRODUCT, PROVISIONING_ARTIFACT
from manciple.store.tables.service_actions import SERVICE_ACTION, SERVICE_ACTION_ASSOCIATION

_CODES: dict[type[ServiceError], str] = {
    DuplicateResourceException: "DUPLICATE_RESOURCE",
    InvalidParametersException: "INVALID_PARAMETER",
    LimitExceededException: "LIMIT_EXCEEDED",
    ResourceNotFoundException: "RESOURCE_NOT_FOUND",
}
"""The ErrorCode of what fails in a batch, by the error that the single operation answers."""


@operation("AssociateServiceActionWithProvisioningArtifact", writes=True)
def associate_service_action_with_provisioning_artifact(
    context: Context, input: shapes.AssociateServiceActionWithProvisioningArtifactInput
) -> shapes.AssociateServiceActionWithProvisioningArtifactOutput:
    """Give a version a service action; doing so again is DuplicateResourceException.

    Raises ResourceNotFoundException, LimitExceededException.
    """
    _associate(context, input.product_id, input.provisioning_artifact_id, input.service_action_id)
    return shapes.AssociateServiceActionWithProvisioningArtifactOutput()


@operation("DisassociateServiceActionFromProvisioningArtifact", writes=True)
def disassociate_service_action_from_provisioning_artifact(
    context: Context, input: shapes.DisassociateServiceActionFromProvisioningArtifactInput
) -> shapes.DisassociateServiceActionFromProvisioningArtifactOutput:
    """Take a service action from a version. Raises ResourceNotFoundException."""
    _disassociate(context, input.product_id, input.provisioning_artifact_id, input.service_action_id)
    return shapes.DisassociateServiceActionFromProvisioningArtifactOutput()


@operation("BatchAssociateServiceActionWithProvisioningArtifact", writes=True)
def batch_associate_service_action_with_provisioning_artifact(
    context: Context, input: shapes.BatchAssociateServiceActionWithProvisioningArtifactInput
) -> shapes.BatchAssociateServiceActionWithProvisioningArtifactOutput:
    """Give versions service actions, up to 50; what fails is told with its error code, the others are made."""
    failed = _each(context, input.service_action_associations, _associate)
    return shapes.BatchAssociateServiceActionWithProvisioningArtifactOutput(failed_service_action_associations=failed)


@operation("BatchDisassociateServiceActionFromProvisioningArtifact", writes=True)
def batch_disassociate_service_action_from_provisioning_artifact(
    context: Context, input: shapes.BatchDisassociateServiceActionFromProvisioningArtifactInput
) -> shapes.BatchDisassociateServiceActionFromProvisioningArtifactOutput:
    """Take service actions from versions, up to 50; what fails is told with its error code, the others are ended."""
    failed = _each(context, input.service_action_associations, _disassociate)
    return shapes.BatchDisassociateServiceActionFromProvisioningArtifactOutput(
        failed_service_action_associations=failed
    )


@operation("ListServiceActionsForProvisioningArtifact")
def list_service_actions_for_provisioning_artifact(
    context: Context, input: shapes.ListServiceActionsForProvisioningArtifactInput
) -> shapes.ListServiceActionsForProvisioningArtifactOutput:
    """The service actions of a version, own or shared, oldest first. Raises ResourceNotFoundException."""
    version = find_version(context, find_seen_product(context, input.product_id), input.provisioning_artifact_id)
    associated = sa.select(SERVICE_ACTION_ASSOCIATION.c.service_action_id).where(*_of(version))
    scope = (*context.owner, "ListServiceActionsForProvisioningArtifact", version.id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        SERVICE_ACTIONS.select.where(
            SERVICE_ACTION.c.account == version.account,
            SERVICE_ACTION.c.region == version.region,
            SERVICE_ACTION.c.id.in_(associated),
        ),
        [SERVICE_ACTION.c.created_time, SERVICE_ACTION.c.id],
    )
    summaries = page.of(SERVICE_ACTIONS.of).of(service_action_summary)
    return shapes.ListServiceActionsForProvisioningArtifactOutput(
        next_page_token=summaries.next_token, service_action_summaries=summaries.items
    )


@operation("ListProvisioningArtifactsForServiceAction")
def list_provisioning_artifacts_for_service_action(
    context: Context, input: shapes.ListProvisioningArtifactsForServiceActionInput
) -> shapes.ListProvisioningArtifactsForServiceActionOutput:
    """The versions that have a service action, by id, each with its product. Raises ResourceNotFoundException."""
    action = find_service_action(context, input.service_action_id)
    scope = (*context.owner, "ListProvisioningArtifactsForServiceAction", action.id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, scope),
        SERVICE_ACTION_ASSOCIATIONS.select.where(
            SERVICE_ACTION_ASSOCIATION.c.account == context.account,
            SERVICE_ACTION_ASSOCIATION.c.region == context.region,
            SERVICE_ACTION_ASSOCIATION.c.service_action_id == action.id,
        ),
        [SERVICE_ACTION_ASSOCIATION.c.provisioning_artifact_id],
    )
    return shapes.ListProvisioningArtifactsForServiceActionOutput(
        next_page_token=page.next_token,
        provisioning_artifact_views=_views(context, page.of(SERVICE_ACTION_ASSOCIATIONS.of).items),
    )


def forget_service_actions(context: Context, versions: Iterable[ProvisioningArtifact]) -> None:
    """End the associations of versions that are deleted."""
    ids = [version.id for version in versions]
    context.tx.execute(
        sa.delete(SERVICE_ACTION_ASSOCIATION).where(
            SERVICE_ACTION_ASSOCIATION.c.account == context.account,
            SERVICE_ACTION_ASSOCIATION.c.region == context.region,
            SERVICE_ACTION_ASSOCIATION.c.provisioning_artifact_id.in_(ids),
        )
    )


def _associate(context: Context, product_id: str, artifact_id: str, action_id: str) -> None:
    version = find_version(context, find_product(context, product_id), artifact_id)
    if version.type in WITHOUT_ACTIONS:
        raise InvalidParametersException(f"{product_id} is a {version.type} product; it has no service actions.")
    action = find_service_action(context, action_id)
    if SERVICE_ACTION_ASSOCIATIONS.get(context.tx, *context.owner, version.id, action.id) is not None:
        raise DuplicateResourceException(f"Service action {action.id} is already associated with {version.id}.")
    used = count(context, SERVICE_ACTION_ASSOCIATION, *_of(version))
    check_quota(used, context.runtime.settings.quota.actions_per_version, f"service actions of {version.id}")
    association = ServiceActionAssociation(
        account=context.account,
        region=context.region,
        product_id=version.product_id,
        provisioning_artifact_id=version.id,
        service_action_id=action.id,
        created_time=context.now,
    )
    SERVICE_ACTION_ASSOCIATIONS.insert(context.tx, association)


def _disassociate(context: Context, product_id: str, artifact_id: str, action_id: str) -> None:
    found = SERVICE_ACTION_ASSOCIATIONS.get(context.tx, *context.owner, artifact_id, action_id)
    if found is None or found.product_id != product_id:
        raise ResourceNotFoundException(
            f"Service action {action_id} is not associated with {artifact_id} of {product_id}."
        )
    SERVICE_ACTION_ASSOCIATIONS.delete(context.tx, found)


def _each(
    context: Context,
    wanted: Iterable[shapes.ServiceActionAssociation],
    change: Callable[[Context, str, str, str], None],
) -> list[shapes.FailedServiceActionAssociation]:
    """Make every change that can be made, each checked before it writes; the failures of the others."""
    failures = []
    for one in wanted:
        try:
            change(context, one.product_id, one.provisioning_artifact_id, one.service_action_id)
        except tuple(_CODES) as error:
            failures.append(
                shapes.FailedServiceActionAssociation(
                    error_code=_CODES[type(error)],
                    error_message=error.message,
                    product_id=one.product_id,
                    provisioning_artifact_id=one.provisioning_artifact_id,
                    service_action_id=one.service_action_id,
                )
            )
    return failures


def _of(version: ProvisioningArtifact) -> list[sa.ColumnElement[bool]]:
    return [
        SERVICE_ACTION_ASSOCIATION.c.account == version.account,
        SERVICE_ACTION_ASSOCIATION.c.region == version.region,
        SERVICE_ACTION_ASSOCIATION.c.provisioning_artifact_id == version.id,
    ]


def _views(context: Context, associations: Sequence[ServiceActionAssociation]) -> list[shapes.ProvisioningArtifactView]:
    """Versions with their products, in the order of the associations."""
    if not associations:
        return []
    versions = PROVISIONING_ARTIFACTS.find(
        context.tx,
        PROVISIONING_ARTIFACT.c.account == context.account,
        PROVISIONING_ARTIFACT.c.region == context.region,
        PROVISIONING_ARTIFACT.c.id.in_([one.provisioning_artifact_id for one in associations]),
        order=[PROVISIONING_ARTIFACT.c.id],
    )
    products = PRODUCTS.find(
        context.tx,
        PRODUCT.c.account == context.account,
        PRODUCT.c.region == context.region,
        PRODUCT.c.id.in_({one.product_id for one in associations}),
    )
    summaries = {product.id: product_view_summary(product) for product in products}
    return [
        shapes.ProvisioningArtifactView(
            product_view_summary=summaries.get(version.product_id), provisioning_artifact=artifact_view(version)
        )
        for version in versions
    ]
