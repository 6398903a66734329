"""The outputs of a stack at a CloudFormation endpoint as people may read them.

CloudFormation tells every output in full. As on the stack target, what a NoEcho parameter goes into shows as four
stars, and so does what repeats a secret of a resource that was given one; all else stays as it is, to the letter.
"""

import re
from collections.abc import Iterator, Mapping

from manciple.engine.cloudformation.endpoint import Json
from manciple.engine.masking import Mask
from manciple.errors import TemplateError
from manciple.template.load import read
from manciple.template.values import MASK, Value

_IN_TEXT = re.compile(r"\$\{([^!.}][^.}]*)")
"""A name in the text of Fn::Sub."""


def shown_outputs(found: list[Json], text: str, mask: Mask) -> Iterator[Json]:
    """The outputs that an endpoint tells, of a stack of this template."""
    try:
        template = read(text)
    except TemplateError:
        sources = None
    else:
        sources = _Sources(template.section("Parameters"), template.section("Resources"), template.section("Outputs"))
    for one in found:
        value = one["OutputValue"]
        is_told = sources is not None and sources.is_open(one["OutputKey"])
        is_secret = sources is not None and sources.is_secret(one["OutputKey"])
        is_hidden = is_secret or (not is_told and bool(mask.secrets_in(value)))
        shown = {"OutputKey": one["OutputKey"], "OutputValue": MASK if is_hidden else value}
        yield shown | ({"Description": one["Description"]} if one.get("Description") is not None else {})


class _Sources:
    """What the outputs of a template are made from, as far as that tells of secrets."""

    def __init__(
        self, parameters: Mapping[str, Value], resources: Mapping[str, Value], outputs: Mapping[str, Value]
    ) -> None:
        self._secrets = {name for name, one in parameters.items() if _is_silent(one)}
        self._confidants = _confidants(resources, self._secrets)
        self._outputs = {name: set(_names(one)) for name, one in outputs.items()}

    def is_open(self, output: str) -> bool:
        """Does an output come from nothing that knows a secret? Of one that the template does not tell, who knows."""
        return output in self._outputs and not self._outputs[output] & (self._secrets | self._confidants)

    def is_secret(self, output: str) -> bool:
        """Is an output made from a secret itself?"""
        return bool(self._outputs.get(output, set()) & self._secrets)


def _is_silent(parameter: Value) -> bool:
    return isinstance(parameter, dict) and str(parameter.get("NoEcho", "")).lower() == "true"


def _confidants(resources: Mapping[str, Value], secrets: set[str]) -> set[str]:
    """The resources that were given a secret, or read something of such a one."""
    reads = {name: set(_names(one.get("Properties"))) for name, one in resources.items() if isinstance(one, dict)}
    found: set[str] = set()
    while more := {name for name, names in reads.items() if name not in found and names & (secrets | found)}:
        found |= more
    return found


def _names(value: Value | None) -> Iterator[str]:
    """The parameters and resources that a value mentions."""
    if isinstance(value, list):
        for item in value:
            yield from _names(item)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Ref" and isinstance(inner, str):
            yield inner
        elif key == "Fn::GetAtt":
            yield str(inner[0] if isinstance(inner, list) and inner else inner).partition(".")[0]
        elif key == "Fn::Sub":
            yield from _IN_TEXT.findall(str(inner[0] if isinstance(inner, list) and inner else inner))
        yield from _names(inner)
