"""Entities as the API shows them: details, summaries and views."""

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.catalog.entities import Portfolio, Product, ProvisioningArtifact
from manciple.catalog.ids import portfolio_arn, product_arn


def portfolio_detail(portfolio: Portfolio) -> shapes.PortfolioDetail:
    """A portfolio; its time has milliseconds."""
    return shapes.PortfolioDetail(
        arn=portfolio_arn(portfolio.account, portfolio.region, portfolio.id),
        created_time=Timestamp(portfolio.created_time),
        description=portfolio.description,
        display_name=portfolio.display_name,
        id=portfolio.id,
        provider_name=portfolio.provider_name,
    )


def product_view_summary(product: Product) -> shapes.ProductViewSummary:
    """A product as both end users and administrators see it. HasDefaultPath is false even with one path (recorded)."""
    return shapes.ProductViewSummary(
        distributor=product.distributor,
        has_default_path=False,
        id=product.view_id,
        name=product.name,
        owner=product.owner,
        product_id=product.id,
        short_description=product.description,
        support_description=product.support_description,
        support_email=product.support_email,
        support_url=product.support_url,
        type=product.type,
    )


def product_view_detail(
    product: Product,
    created_time: int | None = None,
    source_connection: shapes.SourceConnectionDetail | None = None,
) -> shapes.ProductViewDetail:
    """A product as administrators see it. Its Status is `CREATED`, which the model's enumeration lacks (recorded)."""
    return shapes.ProductViewDetail(
        created_time=whole_seconds(product.created_time if created_time is None else created_time),
        product_arn=product_arn(product.account, product.region, product.id),
        product_view_summary=product_view_summary(product),
        source_connection=source_connection,
        status="CREATED",
    )


def artifact_detail(artifact: ProvisioningArtifact) -> shapes.ProvisioningArtifactDetail:
    """A version as administrators see it."""
    return shapes.ProvisioningArtifactDetail(
        active=artifact.active,
        created_time=whole_seconds(artifact.created_time),
        description=artifact.description,
        guidance=artifact.guidance,
        id=artifact.id,
        name=artifact.name,
        source_revision=artifact.source_revision,
        type=artifact.type,
    )


def artifact_view(artifact: ProvisioningArtifact) -> shapes.ProvisioningArtifact:
    """A version as end users see it."""
    return shapes.ProvisioningArtifact(
        created_time=whole_seconds(artifact.created_time),
        description=artifact.description,
        guidance=artifact.guidance,
        id=artifact.id,
        name=artifact.name,
    )


def artifact_summary(artifact: ProvisioningArtifact) -> shapes.ProvisioningArtifactSummary:
    """A version beside its product.

    The metadata names its source, which is itself unless copied (inferred). Every version names the product there too,
    except the one that came with the product (recorded).
    """
    metadata = {"SourceProvisioningArtifactId": artifact.source_artifact_id or artifact.id}
    if artifact.source_product_id or artifact.sequence > 1:
        metadata = {"SourceProductId": artifact.source_product_id or artifact.product_id, **metadata}
    return shapes.ProvisioningArtifactSummary(
        created_time=whole_seconds(artifact.created_time),
        description=artifact.description,
        id=artifact.id,
        name=artifact.name,
        provisioning_artifact_metadata=metadata,
    )


def artifact_info(artifact: ProvisioningArtifact) -> dict[str, str]:
    """Where a version's template came from; answered as `TemplateUrl` whatever the request called it (recorded)."""
    return {"TemplateUrl": artifact.template_url} if artifact.template_url is not None else {}


def whole_seconds(milliseconds: int) -> Timestamp:
    """Products and versions tell their times in whole seconds (recorded)."""
    return Timestamp(milliseconds // 1000 * 1000)
