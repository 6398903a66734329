"""Sharing within organizations: switched on by the management account, used by it and by delegated administrators.

The organizations are those of the operator's directory. Membership is looked up when it matters, so that shares stay in
step with the directory even while access is disabled (AWS lets them fall behind then).
"""

from manciple.api import shapes
from manciple.catalog.directory import Organization
from manciple.catalog.organizations import is_administrator
from manciple.catalog.sharing import OrganizationAccess
from manciple.errors import InvalidStateException, OperationNotSupportedException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.store.directories import find_directory
from manciple.store.sharing import ORGANIZATION_ACCESS, write_access

_UNDER_CHANGE = "UNDER_CHANGE"


@operation("EnableAWSOrganizationsAccess", writes=True)
def enable_aws_organizations_access(
    context: Context, _input: shapes.EnableAWSOrganizationsAccessInput
) -> shapes.EnableAWSOrganizationsAccessOutput:
    """Let portfolios be shared with nodes of the caller's organization. Doing so again changes nothing."""
    _switch(context, _managed(context), is_enabled=True)
    return shapes.EnableAWSOrganizationsAccessOutput()


@operation("DisableAWSOrganizationsAccess", writes=True)
def disable_aws_organizations_access(
    context: Context, _input: shapes.DisableAWSOrganizationsAccessInput
) -> shapes.DisableAWSOrganizationsAccessOutput:
    """Let no more portfolios be shared with nodes; shares that are there stay.

    Raises InvalidStateException while the organization has delegated administrators (AWS API reference).
    """
    organization = _managed(context)
    if organization.delegated_administrators:
        raise InvalidStateException(
            f"Organization {organization.id} has delegated administrators "
            f"({', '.join(organization.delegated_administrators)}); remove them first."
        )
    _switch(context, organization, is_enabled=False)
    return shapes.DisableAWSOrganizationsAccessOutput()


@operation("GetAWSOrganizationsAccessStatus")
def get_aws_organizations_access_status(
    context: Context, _input: shapes.GetAWSOrganizationsAccessStatusInput
) -> shapes.GetAWSOrganizationsAccessStatusOutput:
    """ENABLED, UNDER_CHANGE or DISABLED, which is how every organization begins."""
    organization = _organization(context)
    demand_administrator(context)
    return shapes.GetAWSOrganizationsAccessStatusOutput(access_status=_status(context, organization))


def demand_administrator(context: Context) -> Organization:
    """The organization that the caller's account administers: as management account or as delegated administrator.

    Raises OperationNotSupportedException (modelled; the text is ours).
    """
    organization = find_directory(context.tx).organizations.organization_of(context.account)
    if organization is None or not is_administrator(organization, context.account):
        raise OperationNotSupportedException(
            f"Account {context.account} is neither the management account nor a delegated administrator of an "
            "organization."
        )
    return organization


def demand_access(context: Context, organization: Organization) -> None:
    """Raise OperationNotSupportedException unless sharing with nodes is enabled (inferred on the exception)."""
    if _status(context, organization) != "ENABLED":
        raise OperationNotSupportedException(
            f"Sharing within organization {organization.id} is not enabled; its management account "
            f"{organization.management_account} can call EnableAWSOrganizationsAccess."
        )


def _managed(context: Context) -> Organization:
    organization = _organization(context)
    if organization.management_account != context.account:
        raise OperationNotSupportedException(
            f"Only the management account {organization.management_account} of organization {organization.id} "
            "can do this."
        )
    return organization


def _organization(context: Context) -> Organization:
    organization = find_directory(context.tx).organizations.organization_of(context.account)
    if organization is None:
        raise ResourceNotFoundException(f"Account {context.account} is in no organization.")
    return organization


def _switch(context: Context, organization: Organization, *, is_enabled: bool) -> None:
    known = ORGANIZATION_ACCESS.get(context.tx, organization.id)
    if _status(context, organization) == _UNDER_CHANGE:
        raise InvalidStateException(f"Access to organization {organization.id} is under change; try again later.")
    if (known is not None and known.is_enabled) != is_enabled:
        write_access(context.tx, OrganizationAccess(organization.id, is_enabled, context.now))


def _status(context: Context, organization: Organization) -> str:
    known = ORGANIZATION_ACCESS.get(context.tx, organization.id)
    if known is None:
        return "DISABLED"
    if not context.runtime.behaviour.is_over("sharing", known.changed_time, context.now):
        return _UNDER_CHANGE
    return "ENABLED" if known.is_enabled else "DISABLED"
