"""What a caller sees as an end user: launch paths, the products they lead to, and the versions that can be launched.

A launch path leads through a portfolio that offers the product, the account's own or one shared with it, and that one
of the caller's principals is associated with. Being an administrator of the account opens no path (service-catalog-api
reference, 4.2). A path's portfolio and a product carry their owner's account: constraints, versions and templates are
read there.
"""

from collections.abc import Sequence

import sqlalchemy as sa

from manciple.catalog.access import opens_path
from manciple.catalog.entities import Portfolio, PrincipalAssociation, Product, ProvisioningArtifact
from manciple.catalog.ids import launch_path_id
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.call import Context
from manciple.operations.lookups import check_exactly_one, find_version, only, versions_of
from manciple.operations.sight import Condition, Sight, look, portfolios_offering, product_of, products_by
from manciple.store.rows import PRINCIPAL_ASSOCIATIONS
from manciple.store.tables.catalog import PRINCIPAL_ASSOCIATION, PRODUCT

_NO_PATHS = "No launch paths found for resource: {}"
_SEVERAL_PATHS = "More than one launch path ids exist. Please specify the launch path id"


def launch_paths(context: Context, sight: Sight, product_id: str) -> list[Portfolio]:
    """The portfolios through which the caller may launch a product, oldest first; none for an unknown product."""
    portfolios = portfolios_offering(context, sight, product_id)
    mine = open_portfolios(context, sight, [portfolio.id for portfolio in portfolios]) if portfolios else set()
    return [portfolio for portfolio in portfolios if portfolio.id in mine]


def open_portfolios(context: Context, sight: Sight, among: Sequence[str] | None = None) -> set[str]:
    """The ids of the portfolios that the caller is associated with; `among` limits the search to some."""
    wanted = principals_seen(sight)
    if among is not None:
        wanted.append(PRINCIPAL_ASSOCIATION.c.portfolio_id.in_(among))
    if not context.caller.matches_any_principal:
        wanted.append(
            sa.or_(
                sa.and_(
                    PRINCIPAL_ASSOCIATION.c.principal_type == "IAM",
                    PRINCIPAL_ASSOCIATION.c.principal_arn.in_(_arns(context)),
                ),
                PRINCIPAL_ASSOCIATION.c.principal_type == "IAM_PATTERN",
            )
        )
    found = PRINCIPAL_ASSOCIATIONS.find(context.tx, *wanted)
    return {association.portfolio_id for association in found if _opens(context, association)}


def principals_seen(sight: Sight) -> list[Condition]:
    """The associations of principals that count in an account: its own, and the patterns that are shared along.

    Principals of type IAM are the owner's own and are not shared (AWS API reference, CreatePortfolioShare).
    """
    columns = PRINCIPAL_ASSOCIATION.c
    sharing = [portfolio.id for portfolio in sight.shared.values() if portfolio.shares_principals]
    if not sharing:
        return [columns.account == sight.account, columns.region == sight.region]
    is_shared = sa.and_(columns.portfolio_id.in_(sharing), columns.principal_type == "IAM_PATTERN")
    return [*sight.within(PRINCIPAL_ASSOCIATION), sa.or_(columns.account == sight.account, is_shared)]


def find_visible_product(context: Context, product_id: str | None, name: str | None) -> tuple[Product, list[Portfolio]]:
    """The product that DescribeProduct may show, by id or by name, with the caller's paths to it.

    Raises ResourceNotFoundException if there is none, or none that the caller has a path to.
    """
    if product_id is None:
        return _visible_by_name(context, str(name))
    found = _with_paths(context, product_id)
    if found is None:
        raise ResourceNotFoundException(f"{product_id} does not exist or access was denied")
    return found


def find_visible_view(context: Context, view_id: str) -> Product:
    """The product with this view that the caller has a path to, or ResourceNotFoundException."""
    sight = look(context)
    for product in products_by(context, sight, PRODUCT.c.view_id == view_id):
        if launch_paths(context, sight, product.id):
            return product
    raise ResourceNotFoundException(f"{view_id} does not exist or access was denied")


def find_launchable_product(
    context: Context, product_id: str | None, product_name: str | None
) -> tuple[Product, list[Portfolio]]:
    """The product that a launch names, by exactly one of id and name, with the caller's paths to it (at least one).

    Raises ResourceNotFoundException with AWS's text for a caller without a path.
    """
    check_exactly_one(ProductId=product_id, ProductName=product_name)
    if product_id is None:
        return _visible_by_name(context, str(product_name))
    found = _with_paths(context, product_id)
    if found is None:
        raise ResourceNotFoundException(_NO_PATHS.format(product_id))
    return found


def require_launch_paths(context: Context, product_id: str) -> list[Portfolio]:
    """The caller's paths to a product, or ResourceNotFoundException if there is none."""
    return find_launchable_product(context, product_id, None)[1]


def choose_path(
    paths: Sequence[Portfolio], product: Product, path_id: str | None, path_name: str | None = None
) -> Portfolio:
    """The portfolio of the path that a launch takes: the one named by id or name, or the only one.

    Raises ResourceNotFoundException for a path that is not among the caller's, InvalidParametersException where both id
    and name are given, or neither and there are several paths.
    """
    if path_id is not None and path_name is not None:
        raise InvalidParametersException("Specify at most one of PathId and PathName.")
    if path_name is not None:
        return only([path for path in paths if path.display_name == path_name], "Launch path", path_name)
    if path_id is None and len(paths) > 1:
        raise InvalidParametersException(_SEVERAL_PATHS)
    for path in paths:
        if path_id is None or launch_path_id(path.id) == path_id:
            return path
    raise ResourceNotFoundException(_NO_PATHS.format(product.id))


def find_active_version(
    context: Context, product: Product, artifact_id: str | None, artifact_name: str | None = None
) -> ProvisioningArtifact:
    """The version that a launch names, by exactly one of id and name; an inactive one does not exist for end users."""
    check_exactly_one(ProvisioningArtifactId=artifact_id, ProvisioningArtifactName=artifact_name)
    if artifact_id is None:
        named = [version for version in active_versions(context, product) if version.name == artifact_name]
        return only(named, "Provisioning Artifact", str(artifact_name))
    version = find_version(context, product, artifact_id)
    if not version.active:
        raise ResourceNotFoundException(f"Provisioning artifact {artifact_id} does not exist or access was denied")
    return version


def check_launchable(version: ProvisioningArtifact) -> None:
    """Raise InvalidParametersException for a deprecated version: it serves updates, not new launches."""
    if version.guidance == "DEPRECATED":
        raise InvalidParametersException(
            f"Provisioning artifact {version.id} is deprecated: products can be updated to it, not launched from it."
        )


def active_versions(context: Context, product: Product) -> list[ProvisioningArtifact]:
    """The versions of a product that end users see, in the order they were created."""
    return [version for version in versions_of(context, product) if version.active]


def _with_paths(context: Context, product_id: str) -> tuple[Product, list[Portfolio]] | None:
    sight = look(context)
    product = product_of(context, sight, product_id)
    paths = launch_paths(context, sight, product_id) if product else []
    return (product, paths) if product and paths else None


def _visible_by_name(context: Context, name: str) -> tuple[Product, list[Portfolio]]:
    sight = look(context)
    named = products_by(context, sight, PRODUCT.c.name == name)
    paths = {product.id: launch_paths(context, sight, product.id) for product in named}
    product = only([product for product in named if paths[product.id]], "Product", name)
    return product, paths[product.id]


def _opens(context: Context, association: PrincipalAssociation) -> bool:
    caller = context.caller
    return opens_path([association], caller.account, _arns(context), as_any_principal=caller.matches_any_principal)


def _arns(context: Context) -> tuple[str, str]:
    return context.caller.arn, context.caller.session_arn
