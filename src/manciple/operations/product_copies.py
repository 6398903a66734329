"""Copying products: into the caller's account, from this or another region, from its own or from shared portfolios.

The copy is made in one transaction. What a caller may not know beforehand (a quota of the target) fails the copy, not
the call; the status says so under the token (service-catalog-api reference, 5.9; which faults those are is inferred).
"""

import re
from typing import NamedTuple

import msgspec

from manciple.api import shapes
from manciple.catalog.entities import Product, ProvisioningArtifact, Tags
from manciple.catalog.policy import check_quota
from manciple.catalog.sharing import ProductCopy
from manciple.errors import InvalidParametersException, LimitExceededException, ResourceNotFoundException
from manciple.operations.call import Context, operation
from manciple.operations.counts import count
from manciple.operations.lookups import find_product, find_version, versions_of
from manciple.operations.products import TEXTS, insert_product
from manciple.operations.provisioning_artifacts import last_sequence
from manciple.operations.sight import look, product_of
from manciple.store.rows import PRODUCTS, PROVISIONING_ARTIFACTS
from manciple.store.sharing import PRODUCT_COPIES
from manciple.store.tables.catalog import PRODUCT, PROVISIONING_ARTIFACT

_ARN = re.compile(r"arn:[^:]+:catalog:(?P<region>[a-z0-9-]{1,32}):(?P<account>[0-9]{12}):product/(?P<id>[\w-]{1,100})")


class _Wanted(NamedTuple):
    """What is copied where: some versions of a product, to a product that is there or to a new one of a name."""

    source: Product
    versions: list[ProvisioningArtifact]
    target: Product | None
    name: str
    tags: Tags


@operation("CopyProduct", writes=True)
def copy_product(context: Context, input: shapes.CopyProductInput) -> shapes.CopyProductOutput:
    """Copy versions of a product to a new product, or to one that is there.

    Raises ResourceNotFoundException where product, version or target are absent or not for this caller,
    InvalidParametersException.
    """
    wanted = _read(context, input)
    copy = ProductCopy(
        account=context.account, region=context.region, id=context.new_id("copyproduct"), created_time=context.now
    )
    try:
        _check_room(context, wanted)
    except LimitExceededException as error:
        copy = msgspec.structs.replace(copy, failure=error.message)
    else:
        copy = msgspec.structs.replace(copy, target_product_id=_copy(context, wanted).id)
    PRODUCT_COPIES.insert(context.tx, copy)
    return shapes.CopyProductOutput(copy_product_token=copy.id)


@operation("DescribeCopyProductStatus")
def describe_copy_product_status(
    context: Context, input: shapes.DescribeCopyProductStatusInput
) -> shapes.DescribeCopyProductStatusOutput:
    """How the copy of a token went; the target is told once it is over. Raises ResourceNotFoundException."""
    copy = PRODUCT_COPIES.get(context.tx, *context.owner, input.copy_product_token)
    if copy is None:
        raise ResourceNotFoundException(f"Copy product token not found: {input.copy_product_token}")
    status = context.status_of("copying", copy.created_time)
    if not context.runtime.behaviour.is_over("copying", copy.created_time, context.now):
        return shapes.DescribeCopyProductStatusOutput(copy_product_status=status)
    return shapes.DescribeCopyProductStatusOutput(
        copy_product_status=status if copy.failure is None else "FAILED",
        status_detail=copy.failure,
        target_product_id=copy.target_product_id,
    )


def _read(context: Context, input: shapes.CopyProductInput) -> _Wanted:
    if input.target_product_id is not None and input.target_product_name is not None:
        raise InvalidParametersException("Specify at most one of TargetProductId and TargetProductName.")
    source = _find_source(context, input.source_product_arn)
    target = find_product(context, input.target_product_id) if input.target_product_id is not None else None
    if target is not None and target.type != source.type:
        raise InvalidParametersException(f"{target.id} is a {target.type} product, {source.id} a {source.type} one.")
    named = [version.get("Id") for version in input.source_provisioning_artifact_identifiers or ()]
    if None in named:
        raise InvalidParametersException("Each of SourceProvisioningArtifactIdentifiers must have an Id.")
    versions = [find_version(context, source, str(version_id)) for version_id in dict.fromkeys(named)] or versions_of(
        context, source
    )
    tags = source.tags if "CopyTags" in (input.copy_options or ()) else {}
    return _Wanted(source, versions, target, input.target_product_name or source.name, tags)


def _find_source(context: Context, arn: str) -> Product:
    """The caller's product in any region, or one that a portfolio shared with the caller in that region offers."""
    found = _ARN.fullmatch(arn)
    if found is None:
        raise InvalidParametersException(f"{arn} is not the ARN of a product.")
    product = product_of(context, look(context, found["region"]), found["id"])
    if product is None or product.account != found["account"]:
        raise ResourceNotFoundException(f"{found['id']} does not exist or access was denied")
    return product


def _check_room(context: Context, wanted: _Wanted) -> None:
    quota, target = context.runtime.settings.quota, wanted.target
    if target is None:
        check_quota(count(context, PRODUCT), quota.products, "products")
    is_of_target = PROVISIONING_ARTIFACT.c.product_id == (target.id if target else "")
    used = count(context, PROVISIONING_ARTIFACT, is_of_target) + len(wanted.versions)
    check_quota(used - 1, quota.versions_per_product, f"versions of product {target.id if target else wanted.name}")
    tags = (target.tags if target else {}) | wanted.tags
    check_quota(len(tags) - 1, quota.tags_per_product, f"tags of product {target.id if target else wanted.name}")


def _copy(context: Context, wanted: _Wanted) -> Product:
    target = wanted.target or _new_product(context, wanted)
    if wanted.target is not None and wanted.tags:
        PRODUCTS.change(context.tx, target, tags=target.tags | wanted.tags)
    first = last_sequence(context, target) + 1
    copies = [
        msgspec.structs.replace(
            version,
            account=context.account,
            region=context.region,
            id=context.new_id("pa"),
            product_id=target.id,
            sequence=sequence,
            source_artifact_id=version.id,
            source_product_id=wanted.source.id,
            created_time=context.now,
        )
        for sequence, version in enumerate(wanted.versions, first)
    ]
    PROVISIONING_ARTIFACTS.insert(context.tx, *copies)
    return target


def _new_product(context: Context, wanted: _Wanted) -> Product:
    texts = {name: getattr(wanted.source, name) for name in TEXTS} | {"name": wanted.name}
    product = Product(
        account=context.account,
        region=context.region,
        id=context.new_id("prod"),
        view_id=context.new_id("prodview"),
        type=wanted.source.type,
        tags=wanted.tags,
        source_product_id=wanted.source.id,
        created_time=context.now,
        **texts,
    )
    insert_product(context, product)
    return product
