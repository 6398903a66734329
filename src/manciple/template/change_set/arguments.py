"""An evaluation of a nested stack as it would be had it been known what it is given."""

from collections.abc import Mapping

from msgspec.structs import replace

from manciple.template.change_set.known_values import Finish, finisher
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
