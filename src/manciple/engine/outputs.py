"""Outputs of a stack and the exports among them."""

from collections.abc import Iterable
from typing import Any

from manciple.engine.disclosure import Disclosed, confidants_of
from manciple.engine.dynamic_references import DynamicReferences
from manciple.engine.planned import PlannedStack
from manciple.engine.scope import Scope
from manciple.engine.work import Work
from manciple.template.evaluate import resolve
from manciple.template.evaluation import Output
from manciple.template.values import Value, masked

STACK_ARN = "CloudformationStackARN"
STACK_ARN_DESCRIPTION = "The ARN of the launched Cloudformation Stack"


def finished(work: Work, scope: Scope, references: DynamicReferences) -> list[dict[str, Any]]:
    """The record's outputs, the stack's ARN first; secrets as four stars. Raises TemplateError."""
    first = {"OutputKey": STACK_ARN, "OutputValue": scope.stack.arn, "Description": STACK_ARN_DESCRIPTION}
    if scope.planned is None:
        return [first]
    texts = _Texts(work, scope, scope.planned, references)
    return [first, *(_finished(texts, output) for output in scope.planned.evaluation.outputs.values())]


def exported(work: Work, scope: Scope, references: DynamicReferences) -> dict[str, str]:
    """What the outputs export, by name. Raises TemplateError."""
    assert scope.planned is not None
    texts = _Texts(work, scope, scope.planned, references)
    found = scope.planned.evaluation.outputs.values()
    return {texts.of(output.export): texts.of(output.value) for output in found if output.export is not None}


def _finished(texts: "_Texts", output: Output) -> dict[str, Any]:
    entry = {"OutputKey": output.name, "OutputValue": texts.of(output.value)}
    return entry | ({"Description": output.description} if output.description is not None else {})


def resolved(work: Work, scope: Scope) -> dict[str, Value]:
    """The outputs of a nested stack as the stack around it reads them, secrets marked. Raises TemplateError."""
    assert scope.planned is not None
    values = _Values(work, scope, scope.planned)
    return {name: values.of(output.value) for name, output in scope.planned.evaluation.outputs.items()}


def exported_so_far(work: Work, made: Iterable[Scope]) -> dict[str, str]:
    """What nested stacks that are made export, by name, before the commit makes it everybody's."""
    found: dict[str, str] = {}
    for scope in made:
        assert scope.planned is not None
        values = _Values(work, scope, scope.planned)
        exports = [one for one in scope.planned.evaluation.outputs.values() if one.export is not None]
        pairs = [(values.of(one.export), values.of(one.value)) for one in exports if one.export is not None]
        found |= {name: text for name, text in pairs if isinstance(name, str) and isinstance(text, str)}
    return found


def silent_resources(scope: Scope) -> list[str]:
    """The live resources that keep some of their attributes to themselves."""
    states = {name: scope.state(instance) for name, instance in scope.live.items()}
    return [name for name, state in states.items() if state.no_echo or state.silent]


class _Values:
    """The values of a stack's outputs, with a mark on what is secret."""

    def __init__(self, work: Work, scope: Scope, planned: PlannedStack) -> None:
        confidants = confidants_of(planned.evaluation.resources, silent_resources(scope))
        self._bindings = Disclosed(scope.bindings, confidants, lambda text: bool(work.mask.secrets_in(text)))
        self._facts = planned.facts

    def of(self, value: Value) -> Value:
        """The value, finished."""
        return resolve(value, self._bindings, self._facts)


class _Texts:
    """The values of a stack's outputs as people may read them."""

    def __init__(self, work: Work, scope: Scope, planned: PlannedStack, references: DynamicReferences) -> None:
        self._values = _Values(work, scope, planned)
        self._facts = planned.facts
        self._references = references

    def of(self, value: Value) -> str:
        """The text of a value, four stars if a secret went into it."""
        shown = masked(self._values.of(value))
        text = shown if isinstance(shown, str) else str(shown)
        return self._references.text(text, self._facts.account, self._facts.region)
