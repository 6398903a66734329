"""AWS::Serverless-2016-10-31: aws-sam-translator, the program that AWS itself runs, in a child process.

The child (`sam_child`) has limits on memory and processor time and may open no connection; it is stopped when it
takes too long. What the template says about NoEcho parameters stays a Ref: their values are not given to it.
"""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from manciple.errors import TemplateError
from manciple.template.evaluation import Parameter
from manciple.template.transforms.transform import Call, Transform
from manciple.template.values import Value, untyped

SECONDS = 60.0
LONGEST_NUMBER = 9
"""More digits are an account id or another name that only looks like a number."""

_CHILD = f"{__package__}.sam_child"
_SOURCE = Path(__file__).parents[3]


class Answer(msgspec.Struct, frozen=True):
    """What the child says: a template, or why there is none."""

    template: dict[str, Any] = {}
    error: str = ""


def _apply(call: Call) -> Value:
    request = {
        "template": typed(call.fragment),
        "parameters": _values(call.parameters),
        "region": call.facts.region,
        "partition": call.facts.partition,
    }
    answer = _ask(msgspec.json.encode(request))
    if answer.error:
        raise TemplateError(answer.error)
    return untyped(answer.template)


def _ask(request: bytes) -> Answer:
    """Start the child, hand it the request and hear its answer."""
    environment = {"PYTHONPATH": os.pathsep.join([str(_SOURCE), *filter(None, sys.path)]), "PATH": os.defpath}
    try:
        done = subprocess.run(
            [sys.executable, "-m", _CHILD],
            input=request,
            capture_output=True,
            timeout=SECONDS,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise TemplateError(f"the translation took longer than {SECONDS:.0f} s; make the template smaller.") from None
    try:
        return msgspec.json.decode(done.stdout, type=Answer)
    except msgspec.MsgspecError:
        raise TemplateError("the translation ran out of memory or time; make the template smaller.") from None


def _values(parameters: Mapping[str, Parameter]) -> dict[str, str]:
    """Values of parameters as the translator takes them; secrets are left out."""
    return {name: _text(one.resolved) for name, one in parameters.items() if not one.no_echo}


def _text(value: Value) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def typed(value: Value) -> Any:
    """A template's value with numbers and booleans, which the translator tells from text."""
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [typed(item) for item in value]
    if value in ("true", "false"):
        return value == "true"
    is_number = value.isascii() and value.isdigit() and len(value) <= LONGEST_NUMBER
    return int(value) if is_number and (value == "0" or value[0] != "0") else "".join(value)


SAM = Transform(name="AWS::Serverless-2016-10-31", apply=_apply)
