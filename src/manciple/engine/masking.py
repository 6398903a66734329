"""Keeps secrets out of what people see: event reasons, error texts, outputs."""

from collections.abc import Iterable

from manciple.template.evaluation import Evaluation
from manciple.template.values import MASK, Secret, Value, texts


class Mask:
    """Replaces every secret of some evaluations by four stars, wherever it stands in a text."""

    def __init__(self, evaluations: Iterable[Evaluation]) -> None:
        self._secrets: list[str] = []
        for evaluation in evaluations:
            self.add(evaluation)

    def add(self, evaluation: Evaluation) -> None:
        """Mask what this evaluation holds, too; the longest secrets are looked for first."""
        self.add_texts(text.reveal() for text in _texts(evaluation) if isinstance(text, Secret))

    def add_texts(self, found: Iterable[str]) -> None:
        """Mask these texts, too."""
        self._secrets = sorted(filter(None, {*found, *self._secrets}), key=len, reverse=True)

    def hide(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, MASK)
        return text

    def secrets_in(self, model: Value) -> tuple[str, ...]:
        """The secrets that stand in a revealed model, the longest first."""
        if not self._secrets:
            return ()
        return tuple(secret for secret in self._secrets if any(secret in text for text in texts(model)))


def _texts(evaluation: Evaluation) -> Iterable[str]:
    for parameter in evaluation.parameters.values():
        yield from texts([parameter.given, parameter.resolved])
    for resource in evaluation.resources.values():
        yield from texts(resource.properties)
        for part in (resource.metadata, resource.creation_policy, resource.update_policy):
            yield from texts(_or_empty(part))
    for output in evaluation.outputs.values():
        yield from texts([output.value, _or_empty(output.export)])


def _or_empty(value: Value | None) -> Value:
    return "" if value is None else value
