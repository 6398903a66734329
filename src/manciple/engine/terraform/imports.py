"""What killed runs had made and no state knows: the next plan takes it up by `import` blocks, or names it.

https://developer.hashicorp.com/terraform/language/import
"""

import json
from collections.abc import Iterable, Iterator

from manciple.engine.rows import Instance
from manciple.engine.slice import Slice
from manciple.engine.terraform.causes import plain
from manciple.engine.terraform.configuration import Configuration, Module

IMPORTS_FILE = "package/manciple_imports.tf.json"

_LEFT = "leftover"


def left_behind(slice: Slice) -> list[Instance]:
    """What a killed run of the product had made and no state knows."""
    return [one for one in slice.work.root.instances.values() if one.state == _LEFT]


def importable(configuration: Configuration, left: Iterable[Instance]) -> list[Instance]:
    """Those that the package still declares, and whose ids are known; one of each address."""
    found = {one.logical_id: one for one in left if one.physical_id and _is_declared(configuration, one)}
    return list(found.values())


def import_blocks(instances: Iterable[Instance]) -> bytes:
    """The file that imports them."""
    return json.dumps({"import": [{"to": one.logical_id, "id": one.physical_id} for one in instances]}).encode()


def notes_on(left: Iterable[Instance], imported: Iterable[Instance]) -> Iterator[str]:
    """What a plan says of them."""
    names = {(one.logical_id, one.incarnation) for one in imported}
    for one in left:
        known = f" ({one.physical_id})" if one.physical_id else ""
        told = f"{one.logical_id} was made by a run that was killed"
        if (one.logical_id, one.incarnation) in names:
            yield f"{told}; it is imported."
        else:
            yield f"{told}, and nothing looks after it: {one.type}{known}."


def _is_declared(configuration: Configuration, instance: Instance) -> bool:
    module: Module | None = configuration.root
    parts = plain(instance.logical_id).split(".")
    while module is not None and len(parts) > 2 and parts[0] == "module":
        module = _called(configuration, module, parts[1])
        parts = parts[2:]
    if module is None or len(parts) != 2:
        return False
    return any(one.mode == "resource" and [one.type, one.name] == parts for one in module.resources)


def _called(configuration: Configuration, module: Module, name: str) -> Module | None:
    path = next((call.path for call in module.calls if call.name == name), None)
    return next((one for one in configuration.modules if one.path == path), None)
