"""Finding what an administrator names: portfolios and products of the caller's account and region, and versions.

What only an owner may do begins here: of what is shared with the caller's account nothing is found (`sight.py` does).
"""

from collections.abc import Sequence
from typing import TypeVar

from manciple.catalog.entities import Entity, Portfolio, Product, ProductAssociation, ProvisioningArtifact
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.call import Context
from manciple.store.rows import PORTFOLIOS, PRODUCT_ASSOCIATIONS, PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.store.tables.catalog import PROVISIONING_ARTIFACT

E = TypeVar("E", bound=Entity)


def find_portfolio(context: Context, portfolio_id: str) -> Portfolio:
    """The portfolio with this id, or ResourceNotFoundException."""
    portfolio = PORTFOLIOS.get(context.tx, *context.owner, portfolio_id)
    if portfolio is None:
        raise ResourceNotFoundException(f"Portfolio not found: {portfolio_id}")
    return portfolio


def find_product(context: Context, product_id: str) -> Product:
    """The product with this id, or ResourceNotFoundException."""
    product = PRODUCTS.get(context.tx, *context.owner, product_id)
    if product is None:
        raise ResourceNotFoundException(f"{product_id} does not exist or access was denied")
    return product


def find_association(context: Context, product_id: str, portfolio: Portfolio) -> ProductAssociation:
    """A product's place in a portfolio, or ResourceNotFoundException."""
    found = PRODUCT_ASSOCIATIONS.get(context.tx, portfolio.account, portfolio.region, product_id, portfolio.id)
    if found is None:
        raise ResourceNotFoundException(f"Product {product_id} is not associated with portfolio {portfolio.id}.")
    return found


def find_version(context: Context, product: Product, artifact_id: str) -> ProvisioningArtifact:
    """The version of a product with this id, active or not, or ResourceNotFoundException."""
    artifact = PROVISIONING_ARTIFACTS.get(context.tx, product.account, product.region, artifact_id)
    if artifact is None or artifact.product_id != product.id:
        raise ResourceNotFoundException(f"Provisioning artifact {artifact_id} does not exist or access was denied")
    return artifact


def versions_of(context: Context, product: Product) -> list[ProvisioningArtifact]:
    """Every version of a product, active or not, in the order they were created."""
    return PROVISIONING_ARTIFACTS.find(
        context.tx,
        PROVISIONING_ARTIFACT.c.account == product.account,
        PROVISIONING_ARTIFACT.c.region == product.region,
        PROVISIONING_ARTIFACT.c.product_id == product.id,
        order=[PROVISIONING_ARTIFACT.c.sequence],
    )


def only(found: Sequence[E], kind: str, name: str) -> E:
    """The one thing of a name. Raises ResourceNotFoundException for none, InvalidParametersException for several.

    Both texts are recorded: the first for products, the second for provisioning artifacts.
    """
    if not found:
        raise ResourceNotFoundException(f"{kind} with name {name} does not exist or access was denied.")
    if len(found) > 1:
        raise InvalidParametersException(f"Multiple {kind} with name {name} found.")
    return found[0]


def check_exactly_one(**members: object) -> None:
    """Raise InvalidParametersException unless exactly one of two members, given by their wire names, is there."""
    if sum(value is not None for value in members.values()) != 1:
        raise InvalidParametersException(f"Specify exactly one of {' and '.join(members)}.")
