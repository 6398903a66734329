"""What a state tells: outputs, and which resources there are (Terraform's state format, version 4)."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec

from manciple.engine.slice import Slice
from manciple.engine.terraform.values import text_of
from manciple.store.database import Transaction
from manciple.store.terraform import state_of
from manciple.template.values import MASK

Json = dict[str, Any]


class Held(NamedTuple):
    """A resource that a state holds."""

    address: str
    type: str
    physical_id: str | None


def read_state(slice: Slice, tx: Transaction) -> Json:
    """The newest state of a slice's product; empty if there is none."""
    operation = slice.work.operation
    state = state_of(tx, operation.account, operation.region, operation.provisioned_product_id)
    if state is None or state.digest is None:
        return {}
    found: Json = msgspec.json.decode(slice.parts.objects.get(tx, state.digest))
    return found


def held_in(state: Json) -> Iterator[Held]:
    """The managed resources of a state, deposed ones too."""
    for resource in state.get("resources") or ():
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances") or ():
            key = instance.get("index_key")
            index = "" if key is None else f"[{json.dumps(key, ensure_ascii=False)}]"
            attributes = instance.get("attributes") or {}
            found = next((attributes[name] for name in ("id", "arn", "name") if attributes.get(name)), None)
            address = f"{module}{resource['type']}.{resource['name']}{index}"
            yield Held(address, resource["type"], None if found is None else str(found))


def outputs_of(state: Json, descriptions: dict[str, str], hide: Any) -> list[Json]:
    """A state's outputs as a record has them: JSON text for what is no text, four stars for what is sensitive."""
    return [
        {
            "OutputKey": name,
            "OutputValue": MASK if output.get("sensitive") else hide(text_of(output.get("value"))),
            **({"Description": descriptions[name]} if descriptions.get(name) else {}),
        }
        for name, output in (state.get("outputs") or {}).items()
    ]
