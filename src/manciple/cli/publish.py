"""`manciple publish`: bring a catalog to what a product folder says."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Console

from manciple.cli.connection import Connection, Endpoint, connect, every
from manciple.cli.product_folder import Product, Version, read_product, read_template
from manciple.cli.refusal import Refusal
from manciple.cli.template_fault import explained
from manciple.cli.terminal import open_terminal, write

BUCKET = "manciple-templates"
NOBODY = "nobody may launch: --principal, or `principals` in product.yaml, lets someone in"
PRINCIPALS = (
    "it must be an IAM user, group or role (arn:aws:iam::123456789012:role/Name), "
    "or a pattern of such ARNs without an account (arn:aws:iam:::role/*)"
)

_ATTRIBUTES = {
    "owner": ("Owner", "Owner"),
    "description": ("Description", "ShortDescription"),
    "distributor": ("Distributor", "Distributor"),
    "support_description": ("SupportDescription", "SupportDescription"),
    "support_email": ("SupportEmail", "SupportEmail"),
    "support_url": ("SupportUrl", "SupportUrl"),
}
"""A product's fields: in the folder, as input of the API, and in its answers."""


class Published(NamedTuple):
    """One thing of the catalog, and what publishing did to it."""

    kind: str
    id: str
    name: str
    outcome: str


def publish(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="A folder with product.yaml and templates, or with .tf files.")
    ],
    portfolio: Annotated[
        str | None, typer.Option(metavar="NAME", help="The portfolio, instead of the folder's.")
    ] = None,
    principal: Annotated[
        list[str] | None, typer.Option(metavar="ARN", help="An IAM ARN or pattern that may launch; repeatable.")
    ] = None,
    endpoint: Endpoint = None,
) -> None:
    """Publish a product folder. Portfolio, product, versions, who may launch; doing it twice changes nothing."""
    print_published(open_terminal(), publish_folder(connect(endpoint), folder, portfolio, principal or ()))


def print_published(terminal: Console, things: Iterable[Published]) -> None:
    """Print what was done to each thing of the catalog, as it is done."""
    for thing in things:
        write(terminal, f"{thing.kind:<12} {thing.id:<19} {thing.outcome:<10} {thing.name}")


def publish_folder(
    connection: Connection, folder: Path, portfolio_name: str | None = None, principals: Iterable[str] = ()
) -> Iterator[Published]:
    """Publish a folder and give what was done, thing by thing.

    Raises Refusal if a version is there already with another template: versions do not change, what was launched
    from one would no longer be what it says.
    """
    product = read_product(folder)
    templates = [read_template(folder, version) for version in product.versions]
    portfolio_name = portfolio_name or product.portfolio
    if portfolio_name is None:
        raise Refusal(f"{folder} names no portfolio: give one with --portfolio, or as `portfolio` in product.yaml.")
    addresses = [_upload(connection.s3, template) for template in templates]
    catalog = connection.service_catalog
    yield (portfolio := _publish_portfolio(catalog, portfolio_name, product))
    with explained(folder / product.versions[0].template, templates[0]):
        published = _publish_product(catalog, product, addresses[0])
    yield published
    for version, template, address in zip(product.versions, templates, addresses, strict=True):
        with explained(folder / version.template, template):
            thing = _publish_version(catalog, product, published, version, address)
        yield thing
    yield _offer(catalog, published, portfolio)
    for arn in dict.fromkeys((*product.principals, *principals)):
        yield _let_in(catalog, portfolio, arn)
    if not any(every(catalog.list_principals_for_portfolio, "Principals", PortfolioId=portfolio.id)):
        yield Published("principal", portfolio.id, NOBODY, "missing")


def _upload(s3: Any, template: bytes) -> str:
    """Keep a template in the artifact store under its digest, so that equal addresses mean equal templates."""
    key = hashlib.sha256(template).hexdigest()
    try:
        s3.put_object(Bucket=BUCKET, Key=key, Body=template)
    except s3.exceptions.NoSuchBucket:
        s3.create_bucket(Bucket=BUCKET, **_in_region(s3.meta.region_name))
        s3.put_object(Bucket=BUCKET, Key=key, Body=template)
    return f"s3://{BUCKET}/{key}"


def _in_region(region: str) -> dict[str, Any]:
    """What CreateBucket wants to hear of a region: nothing of us-east-1, all others by name."""
    return {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}


def _publish_portfolio(catalog: Any, name: str, product: Product) -> Published:
    portfolios = every(catalog.list_portfolios, "PortfolioDetails")
    found = [portfolio["Id"] for portfolio in portfolios if portfolio["DisplayName"] == name]
    if found:
        return Published("portfolio", _only(found, f"portfolios named {name}"), name, "unchanged")
    created = catalog.create_portfolio(DisplayName=name, ProviderName=product.owner)
    return Published("portfolio", created["PortfolioDetail"]["Id"], name, "created")


def _publish_product(catalog: Any, product: Product, first_address: str) -> Published:
    views = every(catalog.search_products_as_admin, "ProductViewDetails")
    found = [view["ProductViewSummary"] for view in views if view["ProductViewSummary"]["Name"] == product.name]
    if found:
        product_id = _only([view["ProductId"] for view in found], f"products named {product.name}")
        outcome = "changed" if _amend(catalog, product, found[0]) else "unchanged"
        return Published("product", product_id, product.name, outcome)
    created = catalog.create_product(
        Name=product.name,
        ProductType=product.type,
        ProvisioningArtifactParameters=_artifact(product, product.versions[0], first_address),
        Tags=_tags(product.tags),
        **{given: value for field, (given, _) in _ATTRIBUTES.items() if (value := getattr(product, field))},
    )
    product_id = created["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
    return Published("product", product_id, product.name, "created")


def _amend(catalog: Any, product: Product, view: dict[str, Any]) -> bool:
    """Bring a product's attributes and tags to what the folder says; is there anything to change?"""
    attributes = {
        given: getattr(product, field) or ""
        for field, (given, answered) in _ATTRIBUTES.items()
        if (getattr(product, field) or "") != view.get(answered, "")
    }
    present = {tag["Key"]: tag["Value"] for tag in catalog.describe_product_as_admin(Id=view["ProductId"])["Tags"]}
    tags = {
        "RemoveTags": [key for key in present if key not in product.tags],
        "AddTags": _tags({key: value for key, value in product.tags.items() if present.get(key) != value}),
    }
    changes = attributes | {member: value for member, value in tags.items() if value}
    if changes:
        catalog.update_product(Id=view["ProductId"], **changes)
    return bool(changes)


def _publish_version(catalog: Any, product: Product, published: Published, version: Version, address: str) -> Published:
    summaries = catalog.describe_product_as_admin(Id=published.id)["ProvisioningArtifactSummaries"]
    found = [summary["Id"] for summary in summaries if summary["Name"] == version.name]
    if found:
        artifact_id = _only(found, f"versions {version.name} of {product.name}")
        _check_same(catalog, published, version, artifact_id, address)
        is_new = published.outcome == "created" and len(summaries) == 1
        return Published("version", artifact_id, version.name, "created" if is_new else "unchanged")
    created = catalog.create_provisioning_artifact(
        ProductId=published.id, Parameters=_artifact(product, version, address)
    )
    return Published("version", created["ProvisioningArtifactDetail"]["Id"], version.name, "created")


def _check_same(catalog: Any, product: Published, version: Version, artifact_id: str, address: str) -> None:
    described = catalog.describe_provisioning_artifact(
        ProductId=product.id, ProvisioningArtifactId=artifact_id, Verbose=True
    )
    if described["Info"].get("TemplateUrl") != address:
        raise Refusal(
            f"Version {version.name} of {product.name} was published with another template than {version.template}; "
            "give the new template a new version name."
        )


def _artifact(product: Product, version: Version, address: str) -> dict[str, Any]:
    described = {"Description": version.description} if version.description else {}
    return {"Name": version.name, "Type": product.type, "Info": {"LoadTemplateFromURL": address}, **described}


def _tags(tags: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def _offer(catalog: Any, product: Published, portfolio: Published) -> Published:
    offered = every(catalog.list_portfolios_for_product, "PortfolioDetails", ProductId=product.id)
    if any(found["Id"] == portfolio.id for found in offered):
        return Published("association", portfolio.id, f"{product.name} in {portfolio.name}", "unchanged")
    catalog.associate_product_with_portfolio(ProductId=product.id, PortfolioId=portfolio.id)
    return Published("association", portfolio.id, f"{product.name} in {portfolio.name}", "created")


def _let_in(catalog: Any, portfolio: Published, arn: str) -> Published:
    principals = every(catalog.list_principals_for_portfolio, "Principals", PortfolioId=portfolio.id)
    if any(principal["PrincipalARN"] == arn for principal in principals):
        return Published("principal", portfolio.id, arn, "unchanged")
    is_pattern = arn.split(":")[4:5] == [""]
    try:
        catalog.associate_principal_with_portfolio(
            PortfolioId=portfolio.id, PrincipalARN=arn, PrincipalType="IAM_PATTERN" if is_pattern else "IAM"
        )
    except catalog.exceptions.InvalidParametersException as error:
        raise Refusal(f"The principal {arn!r} cannot be let in: {PRINCIPALS}.") from error
    return Published("principal", portfolio.id, arn, "created")


def _only(ids: list[str], what: str) -> str:
    if len(ids) > 1:
        raise Refusal(f"There are {len(ids)} {what} ({', '.join(ids)}): publishing cannot tell which is meant.")
    return ids[0]
