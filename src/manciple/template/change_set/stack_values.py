"""What changes of a stack beside its resources: the values of its parameters, and what it gives out."""

from collections.abc import Iterator, Mapping

from manciple.template.change_set.known_values import Finish, known_value
from manciple.template.change_set.model import PathChange
from manciple.template.change_set.path_changes import path_changes
from manciple.template.evaluation import Output, Parameter
from manciple.template.values import Secret, Value, holds_secret


def parameter_changes(before: Mapping[str, Parameter], after: Mapping[str, Parameter]) -> Iterator[PathChange]:
    """The parameters that are new, gone or given another value, at `/Parameters/Size`.

    One that is given a name and stands for what is stored under it (SSM) changes at `/Parameters/Image/ResolvedValue`.
    """
    for name in {**before, **after}:
        old, new = before.get(name), after.get(name)
        path = f"/Parameters/{name}"
        yield from path_changes(_given(old), _given(new), path)
        if _stands_for(old) != _stands_for(new):
            yield from path_changes(_stands_for(old), _stands_for(new), f"{path}/ResolvedValue")


def _given(parameter: Parameter | None) -> Value | None:
    if parameter is None:
        return None
    is_plain = not isinstance(parameter.given, Secret)
    is_secret = parameter.no_echo or holds_secret(parameter.resolved)
    return Secret(parameter.given) if is_secret and is_plain else parameter.given


def _stands_for(parameter: Parameter | None) -> Value | None:
    """What is stored under the name that a parameter is given; None for one that stands for itself."""
    if parameter is None or not parameter.type.startswith("AWS::SSM::Parameter::Value<"):
        return None
    return parameter.resolved


def output_changes(
    before: Mapping[str, Output], after: Mapping[str, Output], today: Finish, then: Finish
) -> Iterator[PathChange]:
    """The outputs that are new, gone or have another value, at `/Outputs/Url/Value`.

    `today` and `then` finish values with what is known of resources before and after.
    """
    for name in {**before, **after}:
        old, new = _parts(before.get(name), today), _parts(after.get(name), then)
        for part in {**old, **new}:
            yield from path_changes(old.get(part), new.get(part), f"/Outputs/{name}/{part}")


def _parts(output: Output | None, finish: Finish) -> dict[str, Value]:
    if output is None:
        return {}
    parts = {"Value": output.value, "Description": output.description, "Export/Name": output.export}
    return {name: known_value(value, finish) for name, value in parts.items() if value is not None}
