"""TagOptions: create, describe, list, update, delete, associate with portfolios and products."""

from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog.entities import Portfolio, Product
from manciple.catalog.ids import portfolio_arn, product_arn
from manciple.catalog.policy import check_quota
from manciple.catalog.tag_options import TagOption, TagOptionAssociation
from manciple.errors import (
    DuplicateResourceException,
    InvalidParametersException,
    ResourceInUseException,
    ResourceNotFoundException,
)
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.details import whole_seconds
from manciple.operations.offers import find_resource, tag_option_detail
from manciple.store.option_rows import TAG_OPTION_ASSOCIATIONS, TAG_OPTIONS
from manciple.store.pages import Pager, Request
from manciple.store.rows import PORTFOLIOS, PRODUCTS, Rows
from manciple.store.tables.tag_options import TAG_OPTION, TAG_OPTION_ASSOCIATION

_RESOURCE_TYPES = {"Portfolio": "port-", "Product": "prod-"}
"""What ListResourcesForTagOption takes as ResourceType, and how such ids begin."""


@operation("CreateTagOption", writes=True)
def create_tag_option(context: Context, input: shapes.CreateTagOptionInput) -> shapes.CreateTagOptionOutput:
    """Make a TagOption, active. Raises DuplicateResourceException, LimitExceededException."""
    _refuse_duplicate(context, input.key, input.value)
    limit = context.runtime.settings.quota.values_per_tag_option
    used = count(context, TAG_OPTION, TAG_OPTION.c.key == input.key)
    check_quota(used, limit, f"values of TagOptions with the key {input.key}")
    option = TagOption(
        account=context.account,
        region=context.region,
        id=context.new_id("tag"),
        key=input.key,
        value=input.value,
        created_time=context.now,
    )
    TAG_OPTIONS.insert(context.tx, option)
    return shapes.CreateTagOptionOutput(tag_option_detail=tag_option_detail(option))


@operation("DescribeTagOption")
def describe_tag_option(context: Context, input: shapes.DescribeTagOptionInput) -> shapes.DescribeTagOptionOutput:
    """A TagOption. Raises ResourceNotFoundException."""
    return shapes.DescribeTagOptionOutput(tag_option_detail=tag_option_detail(find_tag_option(context, input.id)))


@operation("ListTagOptions")
def list_tag_options(context: Context, input: shapes.ListTagOptionsInput) -> shapes.ListTagOptionsOutput:
    """The caller's TagOptions, oldest first; the next page's token is `PageToken` here."""
    wanted = input.filters or shapes.ListTagOptionsFilters()
    given = {"key": wanted.key, "value": wanted.value, "active": wanted.active}
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(input.page_size, input.page_token, (*context.owner, "ListTagOptions", given)),
        TAG_OPTIONS.select.where(
            TAG_OPTION.c.account == context.account,
            TAG_OPTION.c.region == context.region,
            *(TAG_OPTION.c[name] == value for name, value in given.items() if value is not None),
        ),
        [TAG_OPTION.c.created_time, TAG_OPTION.c.id],
    )
    details = page.of(TAG_OPTIONS.of).of(tag_option_detail)
    return shapes.ListTagOptionsOutput(page_token=details.next_token, tag_option_details=details.items)


@operation("UpdateTagOption", writes=True)
def update_tag_option(context: Context, input: shapes.UpdateTagOptionInput) -> shapes.UpdateTagOptionOutput:
    """Set value and activity; the key stays. What was launched keeps its tags.

    Raises ResourceNotFoundException, DuplicateResourceException.
    """
    option = find_tag_option(context, input.id)
    if input.value is not None and input.value != option.value:
        _refuse_duplicate(context, option.key, input.value)
    given: dict[str, Any] = {"value": input.value, "active": input.active}
    if fields := {name: value for name, value in given.items() if value is not None}:
        option = TAG_OPTIONS.change(context.tx, option, **fields) or option
    return shapes.UpdateTagOptionOutput(tag_option_detail=tag_option_detail(option))


@operation("DeleteTagOption", writes=True)
def delete_tag_option(context: Context, input: shapes.DeleteTagOptionInput) -> shapes.DeleteTagOptionOutput:
    """Delete a TagOption that nothing is associated with. Raises ResourceNotFoundException, ResourceInUseException."""
    option = find_tag_option(context, input.id)
    if used := count(context, TAG_OPTION_ASSOCIATION, TAG_OPTION_ASSOCIATION.c.tag_option_id == option.id):
        raise ResourceInUseException(f"TagOption {option.id} is associated with {used} resources; disassociate it.")
    TAG_OPTIONS.delete(context.tx, option)
    return shapes.DeleteTagOptionOutput()


@operation("AssociateTagOptionWithResource", writes=True)
def associate_tag_option_with_resource(
    context: Context, input: shapes.AssociateTagOptionWithResourceInput
) -> shapes.AssociateTagOptionWithResourceOutput:
    """Let a portfolio or product offer a TagOption; doing so again is DuplicateResourceException.

    Raises ResourceNotFoundException, LimitExceededException.
    """
    resource = find_resource(context, input.resource_id)
    option = find_tag_option(context, input.tag_option_id)
    if TAG_OPTION_ASSOCIATIONS.get(context.tx, *context.owner, resource.id, option.id) is not None:
        raise DuplicateResourceException(f"TagOption {option.id} is already associated with {resource.id}.")
    limit = context.runtime.settings.quota.tag_options_per_resource
    used = count(context, TAG_OPTION_ASSOCIATION, TAG_OPTION_ASSOCIATION.c.resource_id == resource.id)
    check_quota(used, limit, f"TagOptions of {resource.id}")
    association = TagOptionAssociation(
        account=context.account,
        region=context.region,
        resource_id=resource.id,
        tag_option_id=option.id,
        created_time=context.now,
    )
    TAG_OPTION_ASSOCIATIONS.insert(context.tx, association)
    return shapes.AssociateTagOptionWithResourceOutput()


@operation("DisassociateTagOptionFromResource", writes=True)
def disassociate_tag_option_from_resource(
    context: Context, input: shapes.DisassociateTagOptionFromResourceInput
) -> shapes.DisassociateTagOptionFromResourceOutput:
    """End an association. Raises ResourceNotFoundException."""
    found = TAG_OPTION_ASSOCIATIONS.get(context.tx, *context.owner, input.resource_id, input.tag_option_id)
    if found is None:
        raise ResourceNotFoundException(f"TagOption {input.tag_option_id} is not associated with {input.resource_id}.")
    TAG_OPTION_ASSOCIATIONS.delete(context.tx, found)
    return shapes.DisassociateTagOptionFromResourceOutput()


@operation("ListResourcesForTagOption")
def list_resources_for_tag_option(
    context: Context, input: shapes.ListResourcesForTagOptionInput
) -> shapes.ListResourcesForTagOptionOutput:
    """The portfolios and products that offer a TagOption, by id; the next page's token is `PageToken` here.

    Raises ResourceNotFoundException, InvalidParametersException for another ResourceType.
    """
    option = find_tag_option(context, input.tag_option_id)
    page = Pager(context.runtime.objects.seal).select(
        context.tx,
        Request(
            input.page_size,
            input.page_token,
            (*context.owner, "ListResourcesForTagOption", option.id, input.resource_type),
        ),
        TAG_OPTION_ASSOCIATIONS.select.where(
            TAG_OPTION_ASSOCIATION.c.account == context.account,
            TAG_OPTION_ASSOCIATION.c.region == context.region,
            TAG_OPTION_ASSOCIATION.c.tag_option_id == option.id,
            *_of_type(input.resource_type),
        ),
        [TAG_OPTION_ASSOCIATION.c.resource_id],
    )
    ids = [TAG_OPTION_ASSOCIATIONS.of(row).resource_id for row in page.items]
    return shapes.ListResourcesForTagOptionOutput(
        page_token=page.next_token, resource_details=_resource_details(context, ids)
    )


def find_tag_option(context: Context, id: str) -> TagOption:
    """The TagOption with this id, or ResourceNotFoundException."""
    option = TAG_OPTIONS.get(context.tx, *context.owner, id)
    if option is None:
        raise ResourceNotFoundException(f"TagOption not found: {id}")
    return option


def _refuse_duplicate(context: Context, key: str, value: str) -> None:
    if count(context, TAG_OPTION, TAG_OPTION.c.key == key, TAG_OPTION.c.value == value):
        raise DuplicateResourceException(f"A TagOption with the key {key} and the value {value} already exists.")


def _of_type(resource_type: str | None) -> list[sa.ColumnElement[bool]]:
    if resource_type is None:
        return []
    if resource_type not in _RESOURCE_TYPES:
        raise InvalidParametersException(f"ResourceType takes {' and '.join(_RESOURCE_TYPES)}, not {resource_type}.")
    return [TAG_OPTION_ASSOCIATION.c.resource_id.startswith(_RESOURCE_TYPES[resource_type])]


def _resource_details(context: Context, ids: list[str]) -> list[shapes.ResourceDetail]:
    """Portfolios and products, in the order of their ids."""
    portfolios = [_portfolio(one) for one in _found(context, PORTFOLIOS, ids)]
    products = [_product(one) for one in _found(context, PRODUCTS, ids)]
    return sorted([*portfolios, *products], key=lambda detail: detail.id or "")


def _found(context: Context, rows: Rows[Any], ids: list[str]) -> list[Any]:
    columns = rows.table.c
    mine = (columns.account == context.account, columns.region == context.region)
    return rows.find(context.tx, *mine, columns.id.in_(ids)) if ids else []


def _portfolio(found: Portfolio) -> shapes.ResourceDetail:
    return shapes.ResourceDetail(
        arn=portfolio_arn(found.account, found.region, found.id),
        created_time=Timestamp(found.created_time),
        description=found.description,
        id=found.id,
        name=found.display_name,
    )


def _product(found: Product) -> shapes.ResourceDetail:
    return shapes.ResourceDetail(
        arn=product_arn(found.account, found.region, found.id),
        created_time=whole_seconds(found.created_time),
        description=found.description,
        id=found.id,
        name=found.name,
    )
