"""Provisioning artifacts, the versions of a product: create, describe, list, update, delete."""

from typing import Any

import sqlalchemy as sa

from manciple.api import shapes
from manciple.catalog.entities import Product, ProvisioningArtifact
from manciple.catalog.policy import check_quota
from manciple.catalog.provisioning_parameters import describe_parameters
from manciple.engine.parameter_parsers.parser import DeclaredParameter
from manciple.errors import ResourceInUseException
from manciple.operations.artifact_parameters import Asking, parameter_of, parse
from manciple.operations.call import Caller, Context, Runtime, operation
from manciple.operations.counts import count
from manciple.operations.details import artifact_detail, artifact_info
from manciple.operations.lookups import (
    check_exactly_one,
    find_product,
    find_version,
    only,
    versions_of,
)
from manciple.operations.service_action_associations import forget_service_actions
from manciple.operations.sight import find_seen_product, find_seen_product_by
from manciple.operations.templates import (
    CLOUDFORMATION,
    FetchedTemplate,
    fetch_template,
    keep_template,
    template_bytes,
    template_of,
)
from manciple.store.rows import PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.store.tables.catalog import PROVISIONING_ARTIFACT


def prepare_version(
    runtime: Runtime, caller: Caller, input: shapes.CreateProvisioningArtifactInput
) -> FetchedTemplate | None:
    """Fetch and check the new version's template; None for an unknown product, which the operation then refuses."""
    with runtime.database.read() as tx:
        product = PRODUCTS.get(tx, caller.account, caller.region, input.product_id)
    return fetch_template(runtime, caller, product.type, input.parameters) if product else None


@operation("CreateProvisioningArtifact", writes=True, prepare=prepare_version)
def create_provisioning_artifact(
    context: Context, input: shapes.CreateProvisioningArtifactInput
) -> shapes.CreateProvisioningArtifactOutput:
    """Add a version to a product. Names of versions need not be unique."""
    product = find_product(context, input.product_id)
    is_of_product = PROVISIONING_ARTIFACT.c.product_id == product.id
    limit = context.runtime.settings.quota.versions_per_product
    check_quota(count(context, PROVISIONING_ARTIFACT, is_of_product), limit, f"versions of product {product.id}")
    version = add_version(context, product, input.parameters)
    return shapes.CreateProvisioningArtifactOutput(
        info=artifact_info(version),
        provisioning_artifact_detail=artifact_detail(version),
        status=status_of(context, version),
    )


def status_of(context: Context, version: ProvisioningArtifact) -> str:
    """CREATING for a while where the behaviour is faithful, then AVAILABLE (recorded)."""
    return context.status_of("creating", version.created_time)


def add_version(
    context: Context,
    product: Product,
    properties: shapes.ProvisioningArtifactProperties,
    *,
    source_revision: str | None = None,
) -> ProvisioningArtifact:
    """Keep the template that was fetched before the transaction as the newest version of a product."""
    template = keep_template(context, context.prepared)
    version = ProvisioningArtifact(
        account=context.account,
        region=context.region,
        id=context.new_id("pa"),
        product_id=product.id,
        sequence=last_sequence(context, product) + 1,
        name=properties.name,
        description=properties.description,
        type=product.type,
        template_url=template.url,
        template_digest=template.digest,
        source_revision=source_revision,
        created_time=context.now,
    )
    PROVISIONING_ARTIFACTS.insert(context.tx, version)
    return version


def prepare_parameters(
    runtime: Runtime, caller: Caller, input: shapes.DescribeProvisioningArtifactInput
) -> list[DeclaredParameter] | None:
    """Ask for the parameters of a version that is no template, if they are wanted."""
    if not input.include_provisioning_artifact_parameters:
        return None
    return parse(runtime, caller, lambda context: Asking(_described(context, input)))


@operation("DescribeProvisioningArtifact", prepare=prepare_parameters)
def describe_provisioning_artifact(
    context: Context, input: shapes.DescribeProvisioningArtifactInput
) -> shapes.DescribeProvisioningArtifactOutput:
    """A version, active or not; `Verbose` adds its template's text to Info."""
    version = _described(context, input)
    return shapes.DescribeProvisioningArtifactOutput(
        info=artifact_info(version) | (_template_text(context, version) if input.verbose else {}),
        provisioning_artifact_detail=artifact_detail(version),
        provisioning_artifact_parameters=(
            _parameters(context, version) if input.include_provisioning_artifact_parameters else None
        ),
        status=status_of(context, version),
    )


def _described(context: Context, input: shapes.DescribeProvisioningArtifactInput) -> ProvisioningArtifact:
    check_exactly_one(ProductId=input.product_id, ProductName=input.product_name)
    check_exactly_one(
        ProvisioningArtifactId=input.provisioning_artifact_id,
        ProvisioningArtifactName=input.provisioning_artifact_name,
    )
    product = find_seen_product_by(context, input.product_id, input.product_name)
    return _find_version_by(context, product, input.provisioning_artifact_id, input.provisioning_artifact_name)


def _parameters(context: Context, version: ProvisioningArtifact) -> list[shapes.ProvisioningArtifactParameter]:
    if context.prepared is not None:
        return [parameter_of(one) for one in context.prepared]
    return describe_parameters(template_of(context, version))


@operation("ListProvisioningArtifacts")
def list_provisioning_artifacts(
    context: Context, input: shapes.ListProvisioningArtifactsInput
) -> shapes.ListProvisioningArtifactsOutput:
    """Every version of a product, active or not, in the order they were created; the operation has no pages."""
    product = find_seen_product(context, input.product_id)
    return shapes.ListProvisioningArtifactsOutput(
        provisioning_artifact_details=[artifact_detail(version) for version in versions_of(context, product)]
    )


@operation("UpdateProvisioningArtifact", writes=True)
def update_provisioning_artifact(
    context: Context, input: shapes.UpdateProvisioningArtifactInput
) -> shapes.UpdateProvisioningArtifactOutput:
    """Rename a version, show or hide it, advise against it; what is left out stays."""
    product = find_product(context, input.product_id)
    version = find_version(context, product, input.provisioning_artifact_id)
    given: dict[str, Any] = {
        "name": input.name,
        "description": input.description,
        "active": input.active,
        "guidance": input.guidance,
    }
    if fields := {name: value for name, value in given.items() if value is not None}:
        version = PROVISIONING_ARTIFACTS.change(context.tx, version, **fields) or version
    return shapes.UpdateProvisioningArtifactOutput(
        info=artifact_info(version),
        provisioning_artifact_detail=artifact_detail(version),
        status=status_of(context, version),
    )


@operation("DeleteProvisioningArtifact", writes=True)
def delete_provisioning_artifact(
    context: Context, input: shapes.DeleteProvisioningArtifactInput
) -> shapes.DeleteProvisioningArtifactOutput:
    """Delete a version that is not the last of its product; what was launched from it keeps running."""
    product = find_product(context, input.product_id)
    version = find_version(context, product, input.provisioning_artifact_id)
    if count(context, PROVISIONING_ARTIFACT, PROVISIONING_ARTIFACT.c.product_id == product.id) == 1:
        raise ResourceInUseException(f"{version.id} is the only version of {product.id}; a product must keep one.")
    forget_service_actions(context, [version])
    PROVISIONING_ARTIFACTS.delete(context.tx, version)
    return shapes.DeleteProvisioningArtifactOutput()


def _find_version_by(
    context: Context, product: Product, artifact_id: str | None, name: str | None
) -> ProvisioningArtifact:
    if artifact_id is not None:
        return find_version(context, product, artifact_id)
    named = [version for version in versions_of(context, product) if version.name == name]
    return only(named, "Provisioning Artifact", str(name))


def _template_text(context: Context, version: ProvisioningArtifact) -> dict[str, str]:
    if version.type != CLOUDFORMATION:
        return {}
    return {"CloudFormationTemplate": template_bytes(context, version).decode(errors="replace")}


def last_sequence(context: Context, product: Product) -> int:
    """The number of a product's newest version."""
    newest = sa.select(sa.func.max(PROVISIONING_ARTIFACT.c.sequence)).where(
        PROVISIONING_ARTIFACT.c.account == context.account,
        PROVISIONING_ARTIFACT.c.region == context.region,
        PROVISIONING_ARTIFACT.c.product_id == product.id,
    )
    return context.tx.scalar(newest) or 0
