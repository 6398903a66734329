"""Outputs of a stack and the exports among them."""

from typing import Any

from manciple.engine.disclosure import Disclosed, confidants_of
from manciple.engine.dynamic_references import DynamicReferences
from manciple.engine.planned import PlannedStack
from manciple.engine.work import Scope, Work
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


class _Texts:
    """The values of a stack's outputs as people may read them."""

    def __init__(self, work: Work, scope: Scope, planned: PlannedStack, references: DynamicReferences) -> None:
        silent = [name for name, instance in scope.live.items() if scope.state(instance).no_echo]
        confidants = confidants_of(planned.evaluation.resources, silent)
        self._bindings = Disclosed(scope.bindings, confidants, lambda text: bool(work.mask.secrets_in(text)))
        self._facts = planned.facts
        self._references = references

    def of(self, value: Value) -> str:
        """The text of a value, four stars if a secret went into it."""
        resolved = masked(resolve(value, self._bindings, self._facts))
        text = resolved if isinstance(resolved, str) else str(resolved)
        return self._references.text(text, self._facts.account, self._facts.region)
