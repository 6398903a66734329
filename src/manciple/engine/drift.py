"""What a product's resources are, asked of their providers, beside what they were last deployed as.

Nothing is changed, in the world or in the rows. A drifted resource means nothing to a plan: what it changes is decided
by templates, as CloudFormation does; the plan shows the drift beside its changes.
"""

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import groupby
from typing import Any, NamedTuple

from manciple.catalog.drift import Drift, PropertyDifference, ResourceDrift, as_told, difference, differing_places
from manciple.engine.deploy import own_tags
from manciple.engine.planned import PlannedStack
from manciple.engine.providers.provider import HandlerRequest, ProgressEvent, Provider, Providers, failed
from manciple.engine.rows import Instance
from manciple.engine.scope import Scope
from manciple.engine.work import Work
from manciple.errors import TemplateError
from manciple.template.evaluate import resolve
from manciple.template.evaluation import STACK_TYPE
from manciple.template.resource_schemas import ResourceSchema, schema_of
from manciple.template.resource_tags import with_tags
from manciple.template.typed_values import typed_properties
from manciple.template.values import Value, revealed

SECONDS = 60.0
"""So long all reads together may last."""

_THREADS = 8
_SILENT = "It did not answer in time."


class Asked(NamedTuple):
    """One resource that is looked at."""

    scope: Scope
    instance: Instance
    request: HandlerRequest


def find_drift(work: Work, providers: Providers, planned: Mapping[str, PlannedStack]) -> Drift:
    """Look at every live resource of an operation's stacks; `planned` is what the plan wants of them."""
    asked = [_asked(scope, one) for scope in work.scopes.values() for one in scope.live.values() if _is_there(one)]
    found = [_judge(one, answer, work, planned) for one, answer in _answers(asked, providers)]
    others = [one for one in found if one.stack_resource_drift_status != "IN_SYNC"]
    order = sorted(others, key=lambda one: (one.stack_path, one.logical_resource_id))
    return Drift(in_sync=len(found) - len(others), resources=tuple(order))


def _is_there(instance: Instance) -> bool:
    return instance.physical_id is not None and instance.type != STACK_TYPE


def _asked(scope: Scope, instance: Instance) -> Asked:
    state = scope.state(instance)
    request = HandlerRequest(
        token=f"read/{scope.path}/{instance.logical_id}",
        action="read",
        type=instance.type,
        place=scope.place,
        stack_id=scope.stack.arn,
        stack_name=scope.stack.name,
        logical_id=instance.logical_id,
        physical_id=instance.physical_id,
        model=state.model,
        origin=state.origin,
    )
    return Asked(scope, instance, request)


def _answers(asked: list[Asked], providers: Providers) -> Iterator[tuple[Asked, ProgressEvent]]:
    """Ask all providers at once; who does not answer in time is not waited for."""
    pool = ThreadPoolExecutor(_THREADS, "drift")
    deadline = time.monotonic() + SECONDS
    parts = list(_parts(asked, providers))
    try:
        sent = [(part, pool.submit(_handle, provider, part)) for provider, part in parts]
        wait([future for _, future in sent], max(deadline - time.monotonic(), 0))
        for part, future in sent:
            yield from zip(part, _heard(future, len(part)), strict=True)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _parts(asked: list[Asked], providers: Providers) -> Iterator[tuple[Provider | None, list[Asked]]]:
    """What goes out in one call each."""
    chosen = [(_provider(one, providers), one) for one in asked]
    for _, pairs in groupby(sorted(chosen, key=lambda pair: id(pair[0])), key=lambda pair: id(pair[0])):
        group = list(pairs)
        provider, batch = group[0][0], [one for _, one in group]
        whole = provider is None or provider.takes_batches
        yield from ((provider, part) for part in ([batch] if whole else [[one] for one in batch]))


def _provider(asked: Asked, providers: Providers) -> Provider | None:
    try:
        return providers.of(asked.request.type, asked.request.origin)
    except LookupError:
        return None


def _handle(provider: Provider | None, part: list[Asked]) -> list[ProgressEvent]:
    if provider is None:
        return [failed("InvalidTypeConfiguration", "Its provider is not there any more.")] * len(part)
    return provider.handle([one.request for one in part])


def _heard(future: "Future[list[ProgressEvent]]", count: int) -> list[ProgressEvent]:
    if not future.done():
        return [failed("ServiceTimeout", _SILENT)] * count
    error = future.exception()
    if error is not None:
        return [failed("InternalFailure", f"Its provider raised {type(error).__name__}.")] * count
    return future.result()


def _judge(asked: Asked, answer: ProgressEvent, work: Work, planned: Mapping[str, PlannedStack]) -> ResourceDrift:
    """What an answer to a read means."""
    told: dict[str, Any] = {
        "stack_path": asked.scope.path,
        "logical_resource_id": asked.instance.logical_id,
        "physical_resource_id": asked.instance.physical_id or "",
        "resource_type": asked.instance.type,
    }
    if answer.status == "FAILED" and answer.error_code == "NotFound":
        return ResourceDrift(**told, stack_resource_drift_status="DELETED")
    if answer.status != "SUCCESS":
        reason = work.mask.hide(answer.message or "It gave no answer.")
        return ResourceDrift(**told, stack_resource_drift_status="NOT_CHECKED", reason=reason)
    live = answer.attributes if answer.model is None else answer.model
    differences = tuple(_compared(asked, live, work, planned.get(asked.scope.path)))
    status: Any = "MODIFIED" if differences else "IN_SYNC"
    return ResourceDrift(**told, stack_resource_drift_status=status, property_differences=differences)


def _compared(
    asked: Asked, live: Mapping[str, Value], work: Work, planned: PlannedStack | None
) -> Iterator[PropertyDifference]:
    schema = schema_of(asked.instance.type) or ResourceSchema()
    state = asked.scope.state(asked.instance)
    expected = typed_properties(with_tags(state.model, own_tags(state.tags), schema), schema)
    actual = typed_properties(dict(live), schema)
    wanted = _wanted(asked, planned, schema)
    for place in differing_places(expected, actual, schema):
        desired = as_told(_at(wanted, place.path))
        every = (as_told(place.expected), as_told(place.actual), desired)
        told: list[Value] = [text for text in every if text is not None]
        yield difference(place, desired, work.mask.secrets_in(told))


def _wanted(asked: Asked, planned: PlannedStack | None, schema: ResourceSchema) -> Any:
    """The properties that the plan wants; functions stay where only execution knows. None if it wants it gone."""
    resource = planned.evaluation.resources.get(asked.instance.logical_id) if planned else None
    if planned is None or resource is None:
        return None
    try:
        properties: Any = resolve(resource.properties, asked.scope.bindings, planned.facts)
    except TemplateError:
        properties = resource.properties
    bare: Any = revealed(properties)
    return typed_properties(with_tags(bare, own_tags(planned.tags), schema), schema)


def _at(value: Any, path: Iterable[str]) -> Any:
    for step in path:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
