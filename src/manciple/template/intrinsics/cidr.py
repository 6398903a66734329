"""Fn::Cidr: the first blocks of a given size inside an address block."""

from ipaddress import ip_network
from itertools import islice

from manciple.errors import TemplateError
from manciple.template.scope import Declarations, Intrinsic, Scope, is_unfinished
from manciple.template.values import Value

NAME = "Fn::Cidr"
FORM = (
    "Template error: every Fn::Cidr object requires an IP block, a count from 1 to 256 of the blocks to make, and the "
    "number of subnet bits of each"
)
MOST = 256
DEFAULT_BITS = "8"


def _check(argument: Value, declarations: Declarations) -> None:
    if not isinstance(argument, list) or len(argument) not in (2, 3):
        raise TemplateError(FORM)


def _evaluate(argument: Value, scope: Scope) -> Value:
    parts = scope.value(argument)
    if not isinstance(parts, list) or not all(isinstance(part, str) or is_unfinished(part) for part in parts):
        raise TemplateError(FORM)
    if any(map(is_unfinished, parts)):
        return {NAME: parts}
    block, count, bits = [*(part for part in parts if isinstance(part, str)), DEFAULT_BITS][:3]
    blocks = _blocks(block, count, bits)
    scope.spend(sum(map(len, blocks)))
    return list[Value](blocks)


def _blocks(block: str, count: str, bits: str) -> list[str]:
    try:
        wanted = int(count)
        network = ip_network(block, strict=False)
        if not 1 <= wanted <= MOST:
            raise ValueError(count)
        blocks = [str(part) for part in islice(network.subnets(new_prefix=network.max_prefixlen - int(bits)), wanted)]
    except ValueError as error:
        raise TemplateError(FORM) from error
    if len(blocks) < wanted:
        raise TemplateError(f"Template error: Fn::Cidr cannot make {count} blocks with {bits} subnet bits in {block}")
    return blocks


CIDR = Intrinsic(name=NAME, check=_check, evaluate=_evaluate, place="value")
