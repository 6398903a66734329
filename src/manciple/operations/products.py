"""Products: create, describe (as an end user, as an administrator, by view), update, delete."""

from manciple.api import shapes
from manciple.catalog import search
from manciple.catalog.entities import Product
from manciple.catalog.ids import launch_path_id
from manciple.catalog.policy import check_quota
from manciple.catalog.tags import change_tags, list_tags, read_tags
from manciple.errors import (
    InvalidParametersException,
    ResourceInUseException,
)
from manciple.operations.call import Caller, Context, Runtime, operation
from manciple.operations.counts import count
from manciple.operations.details import (
    artifact_detail,
    artifact_summary,
    artifact_view,
    product_view_detail,
    product_view_summary,
)
from manciple.operations.lookups import (
    check_exactly_one,
    find_product,
    versions_of,
)
from manciple.operations.offers import budget_details, forget_offers, tag_option_details
from manciple.operations.provisioning_artifacts import add_version
from manciple.operations.service_action_associations import forget_service_actions
from manciple.operations.sight import find_seen_portfolio, find_seen_product_by
from manciple.operations.source_connections import Look, connect, connection_details, disconnect, look_at_given
from manciple.operations.templates import FetchedTemplate, fetch_template
from manciple.operations.visibility import active_versions, find_visible_product, find_visible_view
from manciple.store import terms
from manciple.store.rows import PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.store.tables.catalog import PRODUCT, PRODUCT_ASSOCIATION

TEXTS = ("name", "owner", "description", "distributor", "support_description", "support_email", "support_url")


def prepare_product(runtime: Runtime, caller: Caller, input: shapes.CreateProductInput) -> FetchedTemplate | Look:
    """Check what the input says of itself, then fetch and check the first version's template, or look for one."""
    if input.product_type == "MARKETPLACE":
        raise InvalidParametersException(
            "Products of type MARKETPLACE come from AWS Marketplace; they cannot be created."
        )
    check_exactly_one(
        ProvisioningArtifactParameters=input.provisioning_artifact_parameters, SourceConnection=input.source_connection
    )
    _check_support_url(input.support_url)
    if input.provisioning_artifact_parameters is None:
        assert input.source_connection is not None
        return look_at_given(runtime, caller, input.product_type, input.source_connection)
    return fetch_template(runtime, caller, input.product_type, input.provisioning_artifact_parameters)


@operation("CreateProduct", writes=True, prepare=prepare_product)
def create_product(context: Context, input: shapes.CreateProductInput) -> shapes.CreateProductOutput:
    """Make a product with its first version. Names need not be unique.

    One that follows a repository has a version from the start if the first look there succeeded.
    """
    check_quota(count(context, PRODUCT), context.runtime.settings.quota.products, "products")
    tags = read_tags(input.tags)
    check_quota(len(tags) - 1, context.runtime.settings.quota.tags_per_product, "tags of a product")
    product = Product(
        account=context.account,
        region=context.region,
        id=context.new_id("prod"),
        view_id=context.new_id("prodview"),
        type=input.product_type,
        tags=tags,
        created_time=context.now,
        **{name: getattr(input, name) for name in TEXTS},
    )
    insert_product(context, product)
    if input.provisioning_artifact_parameters is None:
        connect(context, product, context.prepared)
    else:
        add_version(context, product, input.provisioning_artifact_parameters)
    version = next(iter(versions_of(context, product)), None)
    return shapes.CreateProductOutput(
        product_view_detail=_detail(context, product),
        provisioning_artifact_detail=artifact_detail(version) if version else None,
        tags=list_tags(product.tags),
    )


def insert_product(context: Context, product: Product) -> None:
    """Write a new product, and let searches find it."""
    PRODUCTS.insert(context.tx, product)
    terms.index(
        context.tx,
        context.owner,
        search.KIND,
        product.id,
        search.product_terms(product),
        created_time=product.created_time,
    )


@operation("DescribeProduct")
def describe_product(context: Context, input: shapes.DescribeProductInput) -> shapes.DescribeProductOutput:
    """A product as an end user sees it: active versions, and the caller's launch paths."""
    check_exactly_one(Id=input.id, Name=input.name)
    product, paths = find_visible_product(context, input.id, input.name)
    return shapes.DescribeProductOutput(
        budgets=budget_details(context, product),
        launch_paths=[shapes.LaunchPath(id=launch_path_id(path.id), name=path.display_name) for path in paths],
        product_view_summary=product_view_summary(product),
        provisioning_artifacts=[artifact_view(version) for version in active_versions(context, product)],
    )


@operation("DescribeProductView")
def describe_product_view(context: Context, input: shapes.DescribeProductViewInput) -> shapes.DescribeProductViewOutput:
    """The same by the id of the product's view."""
    product = find_visible_view(context, input.id)
    return shapes.DescribeProductViewOutput(
        product_view_summary=product_view_summary(product),
        provisioning_artifacts=[artifact_view(version) for version in active_versions(context, product)],
    )


@operation("DescribeProductAsAdmin")
def describe_product_as_admin(
    context: Context, input: shapes.DescribeProductAsAdminInput
) -> shapes.DescribeProductAsAdminOutput:
    """A product as an administrator sees it: every version, tags, TagOptions and budgets."""
    check_exactly_one(Id=input.id, Name=input.name)
    product = find_seen_product_by(context, input.id, input.name)
    if input.source_portfolio_id is not None:
        find_seen_portfolio(context, input.source_portfolio_id)
    return shapes.DescribeProductAsAdminOutput(
        budgets=budget_details(context, product),
        product_view_detail=_detail(context, product),
        provisioning_artifact_summaries=[artifact_summary(version) for version in versions_of(context, product)],
        tag_options=tag_option_details(context, product, through=input.source_portfolio_id),
        tags=list_tags(product.tags),
    )


def prepare_update(runtime: Runtime, caller: Caller, input: shapes.UpdateProductInput) -> Look | None:
    """Look at the repository that a product is to follow from now on."""
    if input.source_connection is None:
        return None
    with runtime.database.read() as tx:
        product = PRODUCTS.get(tx, caller.account, caller.region, input.id)
    return look_at_given(runtime, caller, product.type, input.source_connection) if product else None


@operation("UpdateProduct", writes=True, prepare=prepare_update)
def update_product(context: Context, input: shapes.UpdateProductInput) -> shapes.UpdateProductOutput:
    """Set the members that are given; what is left out stays. A source connection takes the place of the one before."""
    product = find_product(context, input.id)
    _check_support_url(input.support_url)
    tags = change_tags(product.tags, input.add_tags, input.remove_tags)
    if len(tags) > (limit := context.runtime.settings.quota.tags_per_product):
        raise InvalidParametersException(f"Product {product.id} would have {len(tags)} tags; the limit is {limit}.")
    fields = {name: value for name in TEXTS if (value := getattr(input, name)) is not None}
    changed = PRODUCTS.change(context.tx, product, tags=tags, **fields) or product
    terms.index(
        context.tx,
        context.owner,
        search.KIND,
        changed.id,
        search.product_terms(changed),
        created_time=changed.created_time,
    )
    if context.prepared is not None:
        connect(context, changed, context.prepared)
    return shapes.UpdateProductOutput(product_view_detail=_detail(context, changed), tags=list_tags(changed.tags))


@operation("DeleteProduct", writes=True)
def delete_product(context: Context, input: shapes.DeleteProductInput) -> shapes.DeleteProductOutput:
    """Delete a product that is in no portfolio, with its versions; what was launched from it keeps running."""
    product = find_product(context, input.id)
    if count(context, PRODUCT_ASSOCIATION, PRODUCT_ASSOCIATION.c.product_id == product.id):
        raise ResourceInUseException(f"Product {product.id} still has associated Portfolios")
    versions = versions_of(context, product)
    forget_service_actions(context, versions)
    for version in versions:
        PROVISIONING_ARTIFACTS.delete(context.tx, version)
    forget_offers(context, product)
    disconnect(context, product)
    terms.forget(context.tx, context.owner, search.KIND, product.id)
    PRODUCTS.delete(context.tx, product)
    return shapes.DeleteProductOutput()


def _detail(context: Context, product: Product) -> shapes.ProductViewDetail:
    following = connection_details(context, [product])
    return product_view_detail(product, source_connection=following.get(product.id))


def _check_support_url(url: str | None) -> None:
    if url and not url.startswith(("http://", "https://")):
        raise InvalidParametersException(f"SupportUrl {url} must begin with http:// or https://.")
