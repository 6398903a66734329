"""Why can, or cannot, a principal launch this? Every gate of a launch in order, each with a verdict and a sentence.

The gates are a launch's own checks, so that they say what a launch would do. Where one is closed, `Message` is AWS's
sentence for it, as the launch itself answers it, and a second one that says why and what to do.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import msgspec

from manciple.catalog.entities import Portfolio, Product
from manciple.catalog.ids import launch_path_id
from manciple.catalog.managed_policies import permissions_of_role
from manciple.catalog.policy_decisions import Permissions
from manciple.errors import AccessDeniedException, ServiceError
from manciple.operations import launches
from manciple.operations.access import Access
from manciple.operations.call import Context, operation
from manciple.operations.identity import role_of
from manciple.operations.lookups import versions_of
from manciple.operations.path_constraints import effects_along
from manciple.operations.roles import demand_role
from manciple.operations.sight import find_seen_product_by, look, portfolios_offering
from manciple.operations.visibility import check_launchable, choose_path, find_active_version, find_launchable_product
from manciple.store.directories import find_directory

Verdict: TypeAlias = Literal["open", "closed", "not asked", "not reached"]


class ExplainLaunchInput(msgspec.Struct, frozen=True, kw_only=True):
    """A launch that somebody has in mind: product and version by id or name; the path only where there are several.

    `principal` is the ARN of another principal than the caller, whom only an operator may ask about; `name` is what the
    provisioned product would be called.
    """

    product: str
    artifact: str | None = None
    path: str | None = None
    principal: str | None = None
    name: str | None = None


class Gate(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    """One gate: what it asks, whether it is open, and the sentence that says why."""

    gate: str
    verdict: Verdict
    sentence: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", omit_defaults=True):
    """May the principal launch it? Where not, `code` and the first sentence of `message` are what a launch answers."""

    principal: str
    product: str
    can_launch: bool
    gates: list[Gate]
    code: str | None = None
    message: str | None = None


@dataclass
class _Launch:
    """A launch as far as the gates have come."""

    context: Context
    asked: ExplainLaunchInput
    permissions: Permissions | None
    product: Product = field(init=False)
    paths: list[Portfolio] = field(init=False)
    path: Portfolio = field(init=False)

    def names(self, prefix: str, text: str | None) -> tuple[str | None, str | None]:
        """What is asked for, as an id or else as a name."""
        return (text, None) if text is None or text.startswith(prefix) else (None, text)


class _Closed(Exception):
    """A gate is closed: the error that a launch answers, and why in a sentence of ours."""

    def __init__(self, error: ServiceError, why: str) -> None:
        super().__init__(why)
        self.error = error
        self.why = why


class _NotAsked(Exception):
    """A gate that is not asked here; the sentence says why."""


@operation("manciple:ExplainLaunch")
def explain_launch(context: Context, input: ExplainLaunchInput) -> Explanation:
    """Why a principal can or cannot launch a version of a product. Raises AccessDeniedException."""
    launch = _begin(context, input)
    gates: list[Gate] = []
    closed: _Closed | None = None
    for name, pass_through in _GATES:
        if closed is not None:
            gates.append(Gate(gate=name, verdict="not reached", sentence="A gate before it is closed."))
            continue
        try:
            gates.append(Gate(gate=name, verdict="open", sentence=pass_through(launch)))
        except _NotAsked as reason:
            gates.append(Gate(gate=name, verdict="not asked", sentence=str(reason)))
        except _Closed as found:
            closed = found
            gates.append(Gate(gate=name, verdict="closed", sentence=found.why))
    return Explanation(
        principal=launch.context.caller.session_arn,
        product=input.product,
        can_launch=closed is None,
        gates=gates,
        code=closed.error.code if closed else None,
        message=f"{closed.error.message.rstrip('.')}. {closed.why}" if closed else None,
    )


def _begin(context: Context, input: ExplainLaunchInput) -> _Launch:
    caller = context.caller
    if input.principal in (None, caller.session_arn, caller.arn):
        return _Launch(context, input, caller.permissions)
    if not caller.is_operator:
        raise AccessDeniedException(
            f"User: {caller.session_arn} is not authorized to ask about {str(input.principal)[:200]}; an operator is."
        )
    principal = str(input.principal)
    role_arn = role_of(principal)
    roles = find_directory(context.tx).directory.roles
    role = next((role for role in roles if role_of(role.arn) == role_arn), None)
    other = replace(caller, arn=role_arn, session_arn=principal, matches_any_principal=False, permissions=None)
    return _Launch(replace(context, caller=other), input, permissions_of_role(role.policies) if role else None)


def _policy(launch: _Launch) -> str:
    context = launch.context
    if launch.permissions is None:
        mode = "In open mode no policy is asked."
        other = "The principal is no role of the directory, so its policies are not known here."
        raise _NotAsked(mode if context.runtime.settings.auth == "open" else other)
    caller = replace(context.caller, permissions=launch.permissions)
    product_id, product_name = launch.names("prod-", launch.asked.product)
    try:
        Access(context.runtime.database, context.runtime.now).admit(
            caller, "ProvisionProduct", _Asked(product_id=product_id, product_name=product_name)
        )
    except AccessDeniedException as error:
        raise _Closed(error, "Give the principal a policy that allows servicecatalog:ProvisionProduct.") from error
    return "A policy of the principal allows servicecatalog:ProvisionProduct."


class _Asked(msgspec.Struct, frozen=True, kw_only=True):
    product_id: str | None
    product_name: str | None


def _product(launch: _Launch) -> str:
    product_id, product_name = launch.names("prod-", launch.asked.product)
    context = launch.context
    try:
        launch.product = find_seen_product_by(context, product_id, product_name)
    except ServiceError as error:
        where = f"account {context.account} in {context.region}"
        raise _Closed(
            _error_of_launch(launch) or error,
            f"There is no product {launch.asked.product} in {where}, nor one that is shared with it.",
        ) from error
    return f"Product {launch.product.id} is of account {launch.product.account}."


def _portfolio(launch: _Launch) -> str:
    portfolios = portfolios_offering(launch.context, look(launch.context), launch.product.id)
    if not portfolios:
        error = _error_of_launch(launch)
        assert error is not None, "what no portfolio offers cannot be launched"
        raise _Closed(error, f"No portfolio offers {launch.product.id}; associate it with one.")
    return f"It is offered in {_named(portfolios)}."


def _association(launch: _Launch) -> str:
    context = launch.context
    try:
        _, launch.paths = find_launchable_product(context, launch.product.id, None)
    except ServiceError as error:
        portfolios = portfolios_offering(context, look(context), launch.product.id)
        raise _Closed(
            error,
            f"{context.caller.session_arn} is associated with none of {_named(portfolios)}; associate the principal, "
            "or a pattern that matches it, with one of them. Being an administrator opens no path.",
        ) from error
    return f"The principal is associated with {_named(launch.paths)}."


def _path(launch: _Launch) -> str:
    path_id, path_name = launch.names("lp", launch.asked.path)
    try:
        launch.path = choose_path(launch.paths, launch.product, path_id, path_name)
    except ServiceError as error:
        ids = ", ".join(launch_path_id(path.id) for path in launch.paths)
        raise _Closed(error, f"The principal's launch paths are {ids}; name one of them.") from error
    return f"The launch takes path {launch_path_id(launch.path.id)} through portfolio {launch.path.display_name}."


def _version(launch: _Launch) -> str:
    if launch.asked.artifact is None:
        raise _NotAsked("No version was named; name one to have it looked at.")
    artifact_id, artifact_name = launch.names("pa-", launch.asked.artifact)
    try:
        version = find_active_version(launch.context, launch.product, artifact_id, artifact_name)
        check_launchable(version)
    except ServiceError as error:
        raise _Closed(error, _state_of_version(launch)) from error
    return f"Version {version.id} is active and not deprecated."


def _state_of_version(launch: _Launch) -> str:
    wanted = launch.asked.artifact
    versions = versions_of(launch.context, launch.product)
    found = [version for version in versions if wanted in (version.id, version.name)]
    if not found:
        return f"Product {launch.product.id} has no version {wanted}; it has {len(versions)} others."
    if len(found) > 1:
        return f"The versions {', '.join(version.id for version in found)} are of that name; name one by its id."
    state = "deprecated" if found[0].active else "inactive"
    return f"Version {found[0].id} is {state}; name another one, or have it made active and not deprecated."


def _target(launch: _Launch) -> str:
    context, product = launch.context, launch.product
    target = context.runtime.target_choice.of(product.type, *context.owner)
    if target is None:
        why = f"Set up a target for {product.type} products, or choose one in targets.rules."
        raise _Closed(launches.no_target(context, product.id, product.type), why)
    return f"A new provisioned product is deployed onto the target {target}."


def _constraints(launch: _Launch) -> str:
    effects = effects_along(launch.context, launch.path, launch.product.id)
    role = effects.launch_role_arn
    if role is None:
        _role_is_needless(launch)
        return "No LAUNCH constraint names a role; rules of TEMPLATE constraints are asked with the parameters."
    try:
        demand_role(launch.context, role)
    except ServiceError as error:
        raise _Closed(error, f"The LAUNCH constraint names {role}, which the directory does not have.") from error
    return f"The launch runs under {role}; rules of TEMPLATE constraints are asked with the parameters."


def _role_is_needless(launch: _Launch) -> None:
    context, product = launch.context, launch.product
    target = context.runtime.target_choice.of(product.type, *context.owner) or ""
    try:
        launches.demand_role_where_needed(context, product, launch.path, target, None)
    except ServiceError as error:
        why = f"The target {target} launches nothing without a role; create a LAUNCH constraint in {launch.path.id}."
        raise _Closed(error, why) from error


def _name(launch: _Launch) -> str:
    name = launch.asked.name
    if name is None:
        raise _NotAsked("No name for the provisioned product was given; give one to have it looked at.")
    try:
        launches.demand_free_name(launch.context, name)
    except ServiceError as error:
        raise _Closed(error, f"A provisioned product of the account is called {name}; choose another name.") from error
    return f"No provisioned product of the account is called {name}."


_GATES: tuple[tuple[str, Callable[[_Launch], str]], ...] = (
    ("policy", _policy),
    ("product", _product),
    ("portfolio", _portfolio),
    ("principal", _association),
    ("launch path", _path),
    ("version", _version),
    ("target", _target),
    ("constraints", _constraints),
    ("name", _name),
)
"""What a launch asks, in its order."""


def _error_of_launch(launch: _Launch) -> ServiceError | None:
    """What a launch of the product answers."""
    product_id, product_name = launch.names("prod-", launch.asked.product)
    try:
        find_launchable_product(launch.context, product_id, product_name)
    except ServiceError as error:
        return error
    return None


def _named(portfolios: list[Portfolio]) -> str:
    return ", ".join(f"{portfolio.display_name} ({portfolio.id})" for portfolio in portfolios)
