"""What execution needs of a plan, as one sealed blob: evaluated stacks, what may happen to each resource, facts.

Secrets keep their mark through the blob: a `Secret` is written with a prefix that no template can contain and is read
back as a `Secret`, so that whatever execution derives from it stays masked.
"""

from typing import Any

import msgspec

from manciple.engine.launch import Launch
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.template.evaluation import Evaluation, Facts, Need
from manciple.template.values import Secret, Value

_MARK = "\0secret:"


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    """What execution may do to one resource: CloudFormation's Action and Replacement of the planned change.

    `is_certain` tells a change that comes in any case from one that comes if a value turns out different.
    """

    action: str
    replacement: str | None = None
    is_certain: bool = True

    @property
    def allows_replacement(self) -> bool:
        """May the resource be replaced?"""
        return self.replacement in ("True", "Conditional")


class PlannedStack(msgspec.Struct, frozen=True, kw_only=True):
    """One stack of a plan. `tags` are its own tags and the AutoTags, `template_digest` is a nested stack's template.

    `leftovers` are physical things that an earlier clean-up could not delete, as (logical id, incarnation): this plan
    offers to delete them again.
    """

    evaluation: Evaluation
    facts: Facts
    permits: dict[str, Permit] = {}
    tags: dict[str, str] = {}
    leftovers: tuple[tuple[str, int], ...] = ()
    template_digest: str | None = None


class Deferred(msgspec.Struct, frozen=True, kw_only=True):
    """A nested stack that is expanded at execution, because `reason` is known only then.

    `template_digest` is None where its address is not known either. `above` are the templates around it.
    """

    facts: Facts
    tags: dict[str, str]
    reason: str
    template_digest: str | None = None
    above: tuple[str, ...] = ()


class Planned(msgspec.Struct, frozen=True, kw_only=True):
    """A plan, ready to be executed. `stacks` are by path: `""` is the product's own, `Child/Grandchild` a nested one.

    `deferred` are those nested stacks of which the plan knows only that they come or change.
    """

    launch: Launch
    stacks: dict[str, PlannedStack]
    deferred: dict[str, Deferred] = {}


class _Facts(msgspec.Struct, frozen=True, kw_only=True):
    given: dict[str, Any]
    known: list[tuple[str, str, Any]]


class _Stack(msgspec.Struct, frozen=True, kw_only=True):
    evaluation: Evaluation
    facts: _Facts
    permits: dict[str, Permit]
    tags: dict[str, str]
    leftovers: tuple[tuple[str, int], ...] = ()
    template_digest: str | None = None


class _Deferred(msgspec.Struct, frozen=True, kw_only=True):
    facts: _Facts
    tags: dict[str, str]
    reason: str
    template_digest: str | None
    above: tuple[str, ...]


class _Planned(msgspec.Struct, frozen=True, kw_only=True):
    launch: Launch
    stacks: dict[str, _Stack]
    deferred: dict[str, _Deferred] = {}


def put_planned(tx: Transaction, objects: Objects, planned: Planned) -> str:
    """Keep a plan, sealed, and return its digest."""
    return objects.put(tx, encode_planned(planned), sealed=True)


def get_planned(tx: Transaction, objects: Objects, digest: str) -> Planned:
    """The plan under a digest."""
    return decode_planned(objects.get(tx, digest))


def encode_planned(planned: Planned) -> bytes:
    """A plan as bytes; they hold secrets as plain text and must be sealed."""
    stacks = {path: _packed(stack) for path, stack in planned.stacks.items()}
    deferred = {path: _packed_deferred(one) for path, one in planned.deferred.items()}
    packed = _Planned(launch=planned.launch, stacks=stacks, deferred=deferred)
    return msgspec.json.encode(packed, enc_hook=_marked)


def decode_planned(content: bytes) -> Planned:
    """What `encode_planned` made."""
    packed = msgspec.json.decode(content, type=_Planned)
    has_secrets = _has_secrets(content)
    stacks = {path: _unpacked(stack, has_secrets=has_secrets) for path, stack in packed.stacks.items()}
    deferred = {path: _unpacked_deferred(one) for path, one in packed.deferred.items()}
    return Planned(launch=packed.launch, stacks=stacks, deferred=deferred)


def encode_stack(stack: PlannedStack) -> bytes:
    """One stack as bytes, for what is deployed; they hold secrets as plain text and must be sealed."""
    return msgspec.json.encode(_packed(stack), enc_hook=_marked)


def decode_stack(content: bytes) -> PlannedStack:
    """What `encode_stack` made."""
    return _unpacked(msgspec.json.decode(content, type=_Stack), has_secrets=_has_secrets(content))


def _has_secrets(content: bytes) -> bool:
    return msgspec.json.encode(_MARK)[1:-1] in content


def _packed(stack: PlannedStack) -> _Stack:
    members = {name: getattr(stack, name) for name in PlannedStack.__struct_fields__}
    return _Stack(**members | {"facts": _packed_facts(stack.facts)})


def _packed_deferred(deferred: Deferred) -> _Deferred:
    members = {name: getattr(deferred, name) for name in Deferred.__struct_fields__}
    return _Deferred(**members | {"facts": _packed_facts(deferred.facts)})


def _packed_facts(facts: Facts) -> _Facts:
    given = msgspec.structs.asdict(facts)
    known = [(need.kind, need.key, answer) for need, answer in given.pop("known").items()]
    return _Facts(given=given, known=known)


def _unpacked(stack: _Stack, *, has_secrets: bool) -> PlannedStack:
    members = {name: getattr(stack, name) for name in _Stack.__struct_fields__}
    evaluation = _with_secrets(stack.evaluation) if has_secrets else stack.evaluation
    return PlannedStack(**members | {"facts": _unpacked_facts(stack.facts), "evaluation": evaluation})


def _unpacked_deferred(deferred: _Deferred) -> Deferred:
    members = {name: getattr(deferred, name) for name in _Deferred.__struct_fields__}
    return Deferred(**members | {"facts": _unpacked_facts(deferred.facts)})


def _unpacked_facts(facts: _Facts) -> Facts:
    given: dict[str, Any] = dict(facts.given)
    given["notification_arns"] = tuple(given["notification_arns"])
    known: dict[Need, Value | None] = {Need(kind, key): _secret(answer) for kind, key, answer in facts.known}
    return Facts(**given, known=known)


def _with_secrets(evaluation: Evaluation) -> Evaluation:
    return msgspec.structs.replace(
        evaluation,
        resources={key: _revived(found, *_RESOURCE_VALUES) for key, found in evaluation.resources.items()},
        outputs={key: _revived(found, "value", "export") for key, found in evaluation.outputs.items()},
        parameters={key: _revived(found, "given", "resolved") for key, found in evaluation.parameters.items()},
    )


_RESOURCE_VALUES = ("properties", "metadata", "creation_policy", "update_policy")


def _revived(structure: Any, *fields: str) -> Any:
    return msgspec.structs.replace(structure, **{name: _secret(getattr(structure, name)) for name in fields})


def _marked(value: object) -> str:
    """Write a secret, the one kind of value that JSON has no word for."""
    if isinstance(value, Secret):
        return _MARK + value.reveal()
    raise NotImplementedError(f"A plan cannot hold a {type(value).__name__}.")


def _secret(value: Any) -> Value:
    """The value with every marked text as a secret."""
    if isinstance(value, str):
        return Secret(value.removeprefix(_MARK)) if value.startswith(_MARK) else value
    if isinstance(value, list):
        return [_secret(item) for item in value]
    if isinstance(value, dict):
        return {key: _secret(item) for key, item in value.items()}
    none: Value = value
    return none
