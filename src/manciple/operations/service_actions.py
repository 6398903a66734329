"""Service actions: create, describe, list, update, delete; names need not be unique."""

from collections.abc import Mapping
from typing import Any

from manciple.api import shapes
from manciple.catalog.policy import check_quota
from manciple.catalog.service_actions import ServiceAction, check_definition
from manciple.errors import ResourceInUseException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.store.option_rows import SERVICE_ACTIONS
from manciple.store.pages import Pager, Request
from manciple.store.tables.service_actions import SERVICE_ACTION, SERVICE_ACTION_ASSOCIATION


@operation("CreateServiceAction", writes=True)
def create_service_action(context: Context, input: shapes.CreateServiceActionInput) -> shapes.CreateServiceActionOutput:
    """Make a service action of a document. Raises InvalidParametersException, LimitExceededException."""
    definition = _sound(input.definition)
    check_quota(count(context, SERVICE_ACTION), context.runtime.settings.quota.service_actions, "service actions")
    action = ServiceAction(
        account=context.account,
        region=context.region,
        id=context.new_id("act"),
        name=input.name,
        description=input.description,
        definition_type=input.definition_type,
        definition=definition,
        created_time=context.now,
    )
    SERVICE_ACTIONS.insert(context.tx, action)
    return shapes.CreateServiceActionOutput(service_action_detail=_detail(action))


@operation("DescribeServiceAction")
def describe_service_action(
    context: Context, input: shapes.DescribeServiceActionInput
) -> shapes.DescribeServiceActionOutput:
    """A service action with its definition. Raises ResourceNotFoundException."""
    return shapes.DescribeServiceActionOutput(service_action_detail=_detail(find_service_action(context, input.id)))


@operation("ListServiceActions")
def list_service_actions(context: Context, input: shapes.ListServiceActionsInput) -> shapes.ListServiceActionsOutput:
    """The caller's service actions, oldest first."""
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListServiceActions")),
        SERVICE_ACTIONS.select.where(
            SERVICE_ACTION.c.account == context.account, SERVICE_ACTION.c.region == context.region
        ),
        [SERVICE_ACTION.c.created_time, SERVICE_ACTION.c.id],
    )
    summaries = page.of(SERVICE_ACTIONS.of).of(service_action_summary)
    return shapes.ListServiceActionsOutput(
        next_page_token=summaries.next_token, service_action_summaries=summaries.items
    )


@operation("UpdateServiceAction", writes=True)
def update_service_action(context: Context, input: shapes.UpdateServiceActionInput) -> shapes.UpdateServiceActionOutput:
    """Set the members that are given, the definition as a whole; what is left out stays.

    Raises ResourceNotFoundException, InvalidParametersException.
    """
    action = find_service_action(context, input.id)
    given: dict[str, Any] = {
        "name": input.name,
        "description": input.description,
        "definition": None if input.definition is None else _sound(input.definition),
    }
    if fields := {name: value for name, value in given.items() if value is not None}:
        action = SERVICE_ACTIONS.change(context.tx, action, **fields) or action
    return shapes.UpdateServiceActionOutput(service_action_detail=_detail(action))


@operation("DeleteServiceAction", writes=True)
def delete_service_action(context: Context, input: shapes.DeleteServiceActionInput) -> shapes.DeleteServiceActionOutput:
    """Delete a service action that no version has. Raises ResourceNotFoundException, ResourceInUseException."""
    action = find_service_action(context, input.id)
    if used := count(context, SERVICE_ACTION_ASSOCIATION, SERVICE_ACTION_ASSOCIATION.c.service_action_id == action.id):
        raise ResourceInUseException(
            f"Service action {action.id} is associated with {used} provisioning artifacts; disassociate it."
        )
    SERVICE_ACTIONS.delete(context.tx, action)
    return shapes.DeleteServiceActionOutput()


def find_service_action(context: Context, id: str) -> ServiceAction:
    """The service action with this id, or ResourceNotFoundException."""
    action = SERVICE_ACTIONS.get(context.tx, *context.owner, id)
    if action is None:
        raise ResourceNotFoundException(f"Service action not found: {id}")
    return action


def service_action_summary(action: ServiceAction) -> shapes.ServiceActionSummary:
    """A service action in a list."""
    return shapes.ServiceActionSummary(
        definition_type=action.definition_type, description=action.description, id=action.id, name=action.name
    )


def _sound(given: Mapping[Any, str]) -> dict[str, str]:
    definition = {str(key): value for key, value in given.items()}
    check_definition(definition)
    return definition


def _detail(action: ServiceAction) -> shapes.ServiceActionDetail:
    return shapes.ServiceActionDetail(
        definition=action.definition, service_action_summary=service_action_summary(action)
    )
