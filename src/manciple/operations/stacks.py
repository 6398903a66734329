"""Stacks that a caller may name by their ARN: to import one, or to copy its template."""

import re
from typing import NamedTuple

from manciple.engine.found_stack import FoundStack
from manciple.operations.call import Caller, Runtime

_ARN = re.compile(
    r"arn:[\w-]+:cloudformation:(?P<region>[\w-]+):(?P<account>[0-9]{12}):stack/(?P<name>[A-Za-z][A-Za-z0-9-]*)/[\w-]+",
    re.ASCII,
)
_OF_A_PRODUCT = re.compile(r"SC-([0-9]{12})-pp-")


class Located(NamedTuple):
    """A stack and the target that has it."""

    target: str
    stack: FoundStack


def is_stack_arn(text: str) -> bool:
    """Has a text the form of a stack's ARN?"""
    return _ARN.fullmatch(text) is not None


def find_stack(runtime: Runtime, caller: Caller, arn: str) -> Located | None:
    """The stack with this ARN, None if there is none for this caller. Raises StackAway.

    Behind an endpoint all accounts of this server may share one of AWS: there a caller whose key is verified sees the
    stacks of the very account, and nobody those of another account's products.
    """
    form = _ARN.fullmatch(arn)
    if form is None or form["region"] != caller.region:
        return None
    owner = _OF_A_PRODUCT.match(form["name"])
    if owner is not None and owner[1] != caller.account:
        return None
    if runtime.settings.auth == "sigv4" and form["account"] != caller.account:
        return None
    found = runtime.stacks.find(caller.account, caller.region, arn)
    return None if found is None else Located(*found)
