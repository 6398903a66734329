"""What launching, updating and planning have in common: which product, version and path; the tags; the name."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from msgspec.structs import replace

from manciple.api import shapes
from manciple.catalog import ids
from manciple.catalog.constraints import Effects
from manciple.catalog.entities import Portfolio, Product, ProvisionedProduct, ProvisioningArtifact, Tags
from manciple.catalog.stack_sets import Change
from manciple.catalog.tags import read_tags
from manciple.engine import operation as engine
from manciple.engine.launch import Launch
from manciple.engine.stack_sets import instances
from manciple.engine.target_choice import TEMPLATES
from manciple.errors import InvalidParametersException, ResourceNotFoundException
from manciple.operations.access_levels import visible
from manciple.operations.call import Context
from manciple.operations.lookups import check_exactly_one
from manciple.operations.offers import launch_tags, refreshed_tags
from manciple.operations.path_constraints import effects_along
from manciple.operations.roles import demand_launch_role
from manciple.operations.visibility import check_launchable, choose_path, find_active_version, find_launchable_product
from manciple.store.rows import PROVISIONED_PRODUCTS
from manciple.store.tables.catalog import PROVISIONED_PRODUCT

AUTO_TAG = "aws:servicecatalog:"

STACK, STACK_SET = "CFN_STACK", "CFN_STACKSET"
"""The types of provisioned products that are made of templates; others have the types of their products."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is launched: a version of a product, along the path through a portfolio and under its constraints."""

    product: Product
    artifact: ProvisioningArtifact
    portfolio: Portfolio
    effects: Effects

    @property
    def path_id(self) -> str:
        """The launch path's id."""
        return ids.launch_path_id(self.portfolio.id)

    @property
    def product_type(self) -> str:
        """The type of what a launch makes (API reference, ProvisionedProductDetail)."""
        if self.artifact.type not in TEMPLATES:
            return self.artifact.type
        return STACK if self.effects.stack_set is None else STACK_SET


@dataclass(frozen=True, slots=True)
class Wanted:
    """How a caller names product, version and path: each by id or by name, the path perhaps not at all."""

    product_id: str | None = None
    product_name: str | None = None
    artifact_id: str | None = None
    artifact_name: str | None = None
    path_id: str | None = None
    path_name: str | None = None


def choose(context: Context, wanted: Wanted, *, is_new: bool) -> Choice:
    """Find what is to be launched, as this caller may; a new launch takes no deprecated version.

    Raises ResourceNotFoundException where something is absent or not for this caller, InvalidParametersException where
    it is named twice, not at all, or ambiguously (service-catalog-api reference, 4.2).
    """
    product, paths = find_launchable_product(context, wanted.product_id, wanted.product_name)
    portfolio = choose_path(paths, product, wanted.path_id, wanted.path_name)
    artifact = find_active_version(context, product, wanted.artifact_id, wanted.artifact_name)
    if is_new:
        check_launchable(artifact)
    demand_target(context, artifact)
    effects = effects_along(context, portfolio, product.id)
    demand_launch_role(context, effects.launch_role_arn)
    return Choice(product, artifact, portfolio, effects)


def find_provisioned_product(context: Context, id: str | None, name: str | None) -> ProvisionedProduct:
    """The provisioned product with this id, name or (in place of the name) ARN.

    Raises ResourceNotFoundException in AWS's words, InvalidParametersException unless one of the two is given.
    """
    check_exactly_one(ProvisionedProductId=id, ProvisionedProductName=name)
    wanted = id if id is not None else (_id_of_arn(context, name or "") or None)
    found = PROVISIONED_PRODUCTS.get(context.tx, *context.owner, wanted) if wanted else named(context, name or "")
    found = visible(context.caller, found)
    if found is None:
        raise ResourceNotFoundException(f"Provisioned product not found: {id or name}")
    return found


def named(context: Context, name: str) -> ProvisionedProduct | None:
    """The provisioned product of this name, or None."""
    columns = PROVISIONED_PRODUCT.c
    found = PROVISIONED_PRODUCTS.find(
        context.tx, columns.account == context.account, columns.region == context.region, columns.name == name
    )
    return found[0] if found else None


def _id_of_arn(context: Context, text: str) -> str | None:
    """The id at the end of a provisioned product's ARN, if that ARN is of this account and region."""
    start, _, found = text.rpartition("/")
    name = start.rpartition("/")[2]
    mine = ids.provisioned_product_arn(context.account, context.region, name, found)
    return found if text == mine else None


def demand_free_name(context: Context, name: str) -> None:
    """Raise AWS's odd InvalidParametersException if a provisioned product has this name (reference, 4.3)."""
    if named(context, name) is not None:
        raise InvalidParametersException(f"A stack named {name} already exists.")


def tags_of(given: Iterable[shapes.Tag] | None, limit: int) -> Tags:
    """A caller's tags as a mapping. Raises InvalidParametersException for more tags than a product may have."""
    tags = read_tags(given)
    if len(tags) > limit:
        raise InvalidParametersException(f"{len(tags)} tags were given; a provisioned product takes at most {limit}.")
    return tags


def tags_of_launch(context: Context, choice: Choice, given: Iterable[shapes.Tag] | None) -> Tags:
    """The tags of a new product: a caller's, and those that the TagOptions of its path demand.

    Raises InvalidParametersException for too many, and for a value that the TagOptions do not offer.
    """
    tags = tags_of(given, context.runtime.settings.quota.tags_per_provisioned_product)
    return launch_tags(context, choice.portfolio, choice.product, tags)


def auto_tags(context: Context, choice: Choice, arn: str) -> Tags:
    """The five tags that Service Catalog itself puts on what it launches (reference, 2.4).

    Product and portfolio are named in their owners' accounts (recorded, 2.2).
    """
    portfolio, product = choice.portfolio, choice.product
    return {
        f"{AUTO_TAG}portfolioArn": ids.portfolio_arn(portfolio.account, portfolio.region, portfolio.id),
        f"{AUTO_TAG}productArn": ids.product_arn(product.account, product.region, product.id),
        f"{AUTO_TAG}provisioningPrincipalArn": context.caller.session_arn,
        f"{AUTO_TAG}provisionedProductArn": arn,
        f"{AUTO_TAG}provisioningArtifactIdentifier": choice.artifact.id,
    }


def target_of(context: Context, product: ProvisionedProduct) -> str:
    """What a provisioned product is deployed onto: a new one as the settings say, an existing one stays where it is."""
    return engine.find_target(context.tx, *context.owner, product.id) or _new_target(context, product.type)


def demand_target(context: Context, artifact: ProvisioningArtifact) -> str:
    """The target of new products of a version's type. Raises InvalidParametersException if none is set up."""
    target = context.runtime.target_choice.of(artifact.type, *context.owner)
    if target is None:
        raise no_target(context, artifact.product_id, artifact.type)
    return target


def no_target(context: Context, product_id: str, type: str) -> InvalidParametersException:
    """The refusal of a launch that the settings give no target."""
    return InvalidParametersException(
        f"{product_id} is a {type} product, and the settings give no target for such products in account "
        f"{context.account}, region {context.region}; set one up, or choose one in targets.rules."
    )


def _new_target(context: Context, type: str) -> str:
    if type == STACK_SET:
        return instances.TARGET
    wanted = "CLOUD_FORMATION_TEMPLATE" if type == STACK else type
    return context.runtime.target_choice.of(wanted, *context.owner) or context.runtime.settings.engine.target


def _target_of_launch(context: Context, product: ProvisionedProduct, choice: Choice) -> str:
    """Likewise of a change. Raises InvalidParametersException for a type that the product's target does not serve."""
    target = target_of(context, product)
    if product.type == STACK_SET or context.runtime.target_choice.serves(target, choice.artifact.type):
        return target
    raise InvalidParametersException(
        f"Provisioned product {product.id} is deployed onto the target {target}, "
        f"which cannot deploy {choice.product.id}, a {choice.artifact.type} product."
    )


def own_tags(product: ProvisionedProduct) -> Tags:
    """A product's tags without the AutoTags."""
    return {key: value for key, value in product.tags.items() if not key.startswith(AUTO_TAG)}


def updated_tags(
    context: Context, product: ProvisionedProduct, choice: Choice, given: Iterable[shapes.Tag] | None
) -> Tags:
    """A product's own tags after an update: those given take the place of all, if a RESOURCE_UPDATE constraint allows.

    If it does and none are given, what the TagOptions demand now is added. Without one tags are ignored, not refused
    (reference, 4.4). Raises InvalidParametersException for malformed ones.
    """
    tags_of(given, context.runtime.settings.quota.tags_per_provisioned_product)
    if not choice.effects.allows_tag_updates:
        return own_tags(product)
    if given is None:
        return refreshed_tags(context, choice.portfolio, choice.product, own_tags(product))
    return tags_of_launch(context, choice, given)


def launch_role(product: ProvisionedProduct, choice: Choice) -> str | None:
    """The role that a change of a product is made under: the product keeps the one it has along its path.

    UpdateProvisionedProductProperties may have given it another than the LAUNCH constraint's (API reference).
    """
    kept = product.launch_role_arn if product.path_id == choice.path_id else None
    return kept or choice.effects.launch_role_arn


def under_role(product: ProvisionedProduct, choice: Choice) -> ProvisionedProduct:
    """A product as its record tells it: with the role that it is changed under. It has it itself after a success."""
    return replace(product, launch_role_arn=launch_role(product, choice))


def launch_of(
    context: Context,
    product: ProvisionedProduct,
    choice: Choice,
    parameters: Mapping[str, str],
    use_previous: Iterable[str] = (),
    *,
    notification_arns: Iterable[str] | None = None,
    tags: Tags | None = None,
    stack_set: Change | None = None,
) -> Launch:
    """What the engine is asked to do for a provisioned product.

    Its AutoTags keep their first values (reference, 2.4), so do its tags and notification ARNs unless others are given.
    """
    own = own_tags(product)
    target = _target_of_launch(context, product, choice)
    role_arn = launch_role(product, choice)
    demand_role_where_needed(context, choice.product, choice.portfolio, target, role_arn)
    return Launch(
        account=product.account,
        region=product.region,
        provisioned_product_id=product.id,
        template_digest=choice.artifact.template_digest,
        target=target,
        parameters=dict(parameters),
        use_previous=tuple(use_previous),
        tags=own if tags is None else tags,
        auto_tags={key: value for key, value in product.tags.items() if key not in own},
        notification_arns=tuple(notification_arns or product.notification_arns),
        effects=choice.effects,
        stack_set=stack_set,
        role_arn=role_arn,
        imported_stack=_imported_stack(product),
        product_account=choice.product.account if choice.product.account != product.account else None,
    )


def demand_role_where_needed(
    context: Context, product: Product, portfolio: Portfolio, target: str, role_arn: str | None
) -> None:
    """Raise InvalidParametersException if there is no role and the target does nothing without (reference, 7.1)."""
    if role_arn is None and context.runtime.target_choice.needs_launch_role(target):
        raise InvalidParametersException(
            f"{product.id} is a {product.type} product and has no launch role along the path "
            f"{ids.launch_path_id(portfolio.id)}; its engine needs one: create a LAUNCH constraint for it in "
            f"{portfolio.id}."
        )


def _imported_stack(product: ProvisionedProduct) -> str | None:
    """The name of a product's stack if it was imported: then it is not the one that Service Catalog gives."""
    name = (product.physical_id or "").partition(":stack/")[2].partition("/")[0]
    return name if name not in ("", ids.stack_name(product.account, product.id)) else None


def given_parameters(
    given: Iterable[shapes.UpdateProvisioningParameter | shapes.ProvisioningParameter] | None,
) -> dict[str, str]:
    """Parameters by key, those with UsePreviousValue left out (AWS ignores their Value).

    Raises InvalidParametersException for a key that comes twice or has no value.
    """
    values: dict[str, str | None] = {}
    for parameter in given or ():
        if parameter.key is None or (parameter.value is None and not _uses_previous(parameter)):
            raise InvalidParametersException(f"Parameter {parameter.key} has no value; give one.")
        if parameter.key in values:
            raise InvalidParametersException(f"Parameter {parameter.key} was given more than once.")
        values[parameter.key] = None if _uses_previous(parameter) else parameter.value
    return {key: value for key, value in values.items() if value is not None}


def previous_parameters(given: Iterable[shapes.UpdateProvisioningParameter] | None) -> tuple[str, ...]:
    """The keys given with UsePreviousValue."""
    return tuple(parameter.key for parameter in given or () if _uses_previous(parameter) and parameter.key)


def _uses_previous(parameter: shapes.UpdateProvisioningParameter | shapes.ProvisioningParameter) -> bool:
    return isinstance(parameter, shapes.UpdateProvisioningParameter) and bool(parameter.use_previous_value)
