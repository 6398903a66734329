"""A plan for an engine: what it will be asked. What it would change nobody can tell before: engines have no plans."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from manciple.catalog.entities import Plan, ProvisionedProduct
from manciple.catalog.ids import url_suffix_of
from manciple.catalog.plan_document import AskedOfEngine
from manciple.catalog.queues import queue_name
from manciple.engine.external.artifact import Located, keep_copy, locate
from manciple.engine.launch import Launch
from manciple.engine.parameter_parsers.parser import (
    FAILED,
    Artifact,
    DeclaredParameter,
    ParameterParser,
    ParameterParsers,
    ParserError,
)
from manciple.engine.planned import Planned, PlannedStack
from manciple.engine.previous_parameters import no_previous
from manciple.engine.rows import Stack
from manciple.engine.slice import Slice
from manciple.engine.targets.target import Made
from manciple.errors import TemplateError
from manciple.settings.sections import External
from manciple.store.rows import PLANS, PROVISIONED_PRODUCTS, PROVISIONING_ARTIFACTS, RECORDS
from manciple.template.change_set import ChangeSet, PathChange
from manciple.template.change_set.model import ChangeType
from manciple.template.evaluation import Evaluation, Facts, Parameter
from manciple.template.values import MASK, Secret

ANY = "any"
"""The type of a parameter that has none by its artifact."""

_GRACE = 5.0
"""Seconds beyond the parser's own, until it is left alone."""


def plan(slice: Slice, settings: External, parsers: ParameterParsers) -> Made:
    """Take up the parameters. Raises TemplateError for a previous value that there is not, or what cannot be parsed."""
    found = _find(slice, elsewhere=settings.sqs_endpoint is not None)
    declared = _declared(slice, found, settings, parsers.of(found.product.type, "external"))
    _check_previous(found, declared)
    parameters = {name: _parameter(name, value, declared.get(name)) for name, value in found.given.items()}
    stack = slice.work.root.stack
    if _is_stacks(stack.arn):  # an engine makes none; what it told of itself stays
        stack.arn = ""
        slice.work.touch_stack(stack)
    evaluation = Evaluation(resources={}, parameters=parameters)
    changes = ChangeSet(
        changes={},
        creates_stack=True,  # there is always something to ask, if only the same again
        parameter_changes=tuple(_changes(found.before, parameters)),
    )
    planned = PlannedStack(evaluation=evaluation, facts=_facts(found.launch, stack))
    return Made(
        change_set=changes,
        planned=Planned(launch=found.launch, stacks={"": planned}),
        asked=_asked(found, parameters) if found.plan else None,
    )


def _is_stacks(arn: str) -> bool:
    return arn.split(":")[2:3] == ["cloudformation"]


class _Found(NamedTuple):
    """What the store knows: parameters as given, and as they were last time."""

    launch: Launch
    product: ProvisionedProduct
    plan: Plan | None
    before: dict[str, str]
    located: Located

    @property
    def given(self) -> dict[str, str]:
        """What is given now, and what keeps its value. Nothing is kept of what the engine gave a default."""
        kept = {key: self.before[key] for key in self.launch.use_previous if key in self.before}
        return self.launch.parameters | kept

    @property
    def owner(self) -> tuple[str, str]:
        """Whose the product is."""
        return self.launch.product_account or self.launch.account, self.launch.region


def _find(slice: Slice, *, elsewhere: bool) -> _Found:
    operation, objects = slice.work.operation, slice.parts.objects
    with slice.parts.database.read() as tx:
        launch: Launch = objects.get_value(tx, operation.request_digest, Launch)
        product = PROVISIONED_PRODUCTS.get(tx, launch.account, launch.region, launch.provisioned_product_id)
        assert product is not None, "a product outlives its operations"
        plan = PLANS.get(tx, operation.account, operation.region, operation.plan_id) if operation.plan_id else None
        record = RECORDS.get(tx, operation.account, operation.region, operation.record_id)
        version_id = (record or plan or product).provisioning_artifact_id
        owner = (launch.product_account or launch.account, launch.region)
        version = PROVISIONING_ARTIFACTS.get(tx, *owner, version_id)
        deployed = product.parameters_digest
        return _Found(
            launch,
            product,
            plan,
            objects.get_value(tx, deployed, dict[str, str]) if deployed else {},
            locate(tx, owner, version, launch.template_digest, slice.parts.public_url, elsewhere=elsewhere),
        )


def _declared(
    slice: Slice, found: _Found, settings: External, parser: ParameterParser | None
) -> dict[str, DeclaredParameter]:
    """The parameters that the artifact has, as far as somebody can tell: an artifact may be anything.

    What the operator's own parser refuses is not launched.
    """
    if parser is None:
        return {}
    objects = slice.parts.objects
    with slice.parts.database.read() as tx:
        artifact = Artifact(path=found.located.path, content=objects.get(tx, found.launch.template_digest))
    if found.located.is_copy:
        slice.commit(lambda tx: keep_copy(tx, objects, found.owner, found.located.address, tx.now()))
    call = slice.parts.pool.submit(parser.parse, artifact, found.launch.role_arn)
    try:
        parameters = slice.wait_for(call, settings.parser_seconds + _GRACE, lambda: slice.work.operation.cancelled)
    except TimeoutError:
        raise TemplateError(FAILED.format("The parameter parser gave no answer.")) from None
    except ParserError as error:
        if settings.parser is None:
            return {}
        raise TemplateError(FAILED.format(error)) from error
    return {one.key: one for one in parameters}


def _check_previous(found: _Found, declared: Mapping[str, DeclaredParameter]) -> None:
    for key in found.launch.use_previous:
        if key not in found.before and key not in declared:
            raise no_previous(key)


def _parameter(name: str, value: str, declared: DeclaredParameter | None) -> Parameter:
    """A parameter of which nobody knows whether it is a secret has no type."""
    no_echo = declared is not None and declared.is_no_echo
    given = Secret(value) if no_echo else value
    type_ = (declared.type or ANY) if declared else ""
    return Parameter(name=name, type=type_, given=given, resolved=given, no_echo=no_echo)


def _shown(parameter: Parameter) -> str:
    return parameter.given if parameter.type and not parameter.no_echo else MASK


def _facts(launch: Launch, stack: Stack) -> Facts:
    partition = launch.place.partition
    return Facts(
        account=launch.account,
        region=launch.region,
        partition=partition,
        url_suffix=url_suffix_of(partition),
        stack_name=stack.name,
        stack_id=stack.arn,
    )


def _changes(before: Mapping[str, str], after: Mapping[str, Parameter]) -> Iterator[PathChange]:
    """Which parameters change; a value is told if it is known to be no secret, and so are those before it."""
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        if new is not None and old == new.given:
            continue
        kind: ChangeType = "Add" if old is None else "Remove" if new is None else "Modify"
        shown = _shown(new) if new else None
        is_open = shown not in (None, MASK)
        yield PathChange(
            path=f"/Parameters/{name}",
            change_type=kind,
            before_value=None if old is None else old if is_open else MASK,
            after_value=shown,
        )


def _asked(found: _Found, parameters: Mapping[str, Parameter]) -> AskedOfEngine:
    """What the plan's document tells of the request."""
    is_new = found.plan is not None and found.plan.is_new
    record_type = "PROVISION_PRODUCT" if is_new else "UPDATE_PROVISIONED_PRODUCT"
    return AskedOfEngine(
        operation=record_type,
        queue_name=queue_name(found.product.type, record_type),
        queue_account=found.owner[0],
        artifact_path=found.located.path,
        launch_role_arn=found.launch.role_arn,
        parameters={name: _shown(one) for name, one in parameters.items()},
        tags=found.launch.tags,
    )
