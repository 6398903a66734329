"""What a run adds to a package's providers: region, launch role and tags, as AWS's reference engine does.

Source: aws-samples/service-catalog-engine-for-terraform-os, `provider_override.tf.json`. An override file merges with
the package's own block of the provider, or stands for one that is not there. Knowledge of a provider is one function
in the table.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

from manciple.engine.launch import Launch
from manciple.engine.place import Place
from manciple.engine.terraform.configuration import Configuration
from manciple.engine.terraform.policy import provider_addresses

OVERRIDES_FILE = "package/manciple_provider_override.tf.json"

TRACER = "SERVICE_CATALOG_TERRAFORM_INTEGRATION-DO_NOT_DELETE"
"""The key of the tag by which AWS's reference engines identify what belongs to a provisioned product."""


def provider_overrides(configuration: Configuration, place: Place, tags: Mapping[str, str]) -> bytes | None:
    """The override file; None where the package uses no provider that there is anything to say to."""
    found: dict[str, Any] = {}
    for module in configuration.modules:
        for local, addresses in provider_addresses(module).items():
            say = next((_SAID[address] for address, _ in addresses if address in _SAID), None)
            if say is not None:
                found[local] = say(place, tags)
    return json.dumps({"provider": found}).encode() if found else None


def tags_of(launch: Launch) -> dict[str, str]:
    """The tags of a launch and the tracer; AWS takes no `aws:` tags from anybody."""
    return {TRACER: launch.provisioned_product_id} | launch.tags


def _to_aws(place: Place, tags: Mapping[str, str]) -> dict[str, Any]:
    """https://registry.terraform.io/providers/hashicorp/aws/latest/docs: region, assume_role, default_tags."""
    role = {"role_arn": place.role_arn, "session_name": (place.session_name or "manciple")[:64]}
    return {
        "region": place.region,
        "default_tags": {"tags": dict(tags)},
        **({"assume_role": role} if place.role_arn else {}),
    }


_SAID: Mapping[str, Callable[[Place, Mapping[str, str]], dict[str, Any]]] = {
    "registry.terraform.io/hashicorp/aws": _to_aws,
    "registry.opentofu.org/hashicorp/aws": _to_aws,
}
