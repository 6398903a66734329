"""What goes into a nested stack and comes out of it, seen from the stack around it."""

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from manciple.template.change_set.known_values import Finish, finisher
from manciple.template.change_set.model import ChangeSet
from manciple.template.change_set.paths import paths_that_mention
from manciple.template.evaluation import Evaluation, Output, Resource
from manciple.template.values import Bound, Value


def with_arguments(evaluation: Evaluation, values: Mapping[str, Value]) -> Evaluation:
    """The evaluation with these parameters, unknown until now, in every place that reads them."""
    finish = finisher({name: Bound(value, {}) for name, value in values.items()})
    known = {
        name: replace(parameter, given=_given(values[name]), resolved=values[name], is_unknown=False)
        for name, parameter in evaluation.parameters.items()
        if name in values and parameter.is_unknown
    }
    return replace(
        evaluation,
        resources={name: _resource(resource, finish) for name, resource in evaluation.resources.items()},
        outputs={name: _output(output, finish) for name, output in evaluation.outputs.items()},
        parameters=evaluation.parameters | known,
    )


def steady_outputs(evaluation: Evaluation, changes: ChangeSet, unsettled: Iterable[str]) -> frozenset[str]:
    """The outputs, as attributes, that surely stay as they are: they read nothing that changes or may change."""
    moving = {change.logical_id for change in changes.listed} | set(unsettled)
    other = {change.path.split("/")[2] for change in changes.output_changes}
    return frozenset(
        f"Outputs.{name}"
        for name, output in evaluation.outputs.items()
        if name not in other and next(paths_that_mention(moving, output.value, ""), None) is None
    )


def _given(value: Value) -> str:
    return value if isinstance(value, str) else ",".join(item for item in value if isinstance(item, str))


def _resource(resource: Resource, finish: Finish) -> Resource:
    return replace(
        resource,
        properties={name: finish(value) for name, value in resource.properties.items()},
        metadata=_finished(resource.metadata, finish),
        creation_policy=_finished(resource.creation_policy, finish),
        update_policy=_finished(resource.update_policy, finish),
    )


def _output(output: Output, finish: Finish) -> Output:
    return replace(output, value=finish(output.value), export=_finished(output.export, finish))


def _finished(value: Value | None, finish: Finish) -> Value | None:
    return None if value is None else finish(value)
