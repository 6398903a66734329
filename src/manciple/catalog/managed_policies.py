"""Policies by name: AWS's managed ones for Service Catalog, and what keys and roles are given here by a short name.

The documents are data (`data/managed_policies.json`): AWS's own are AWSServiceCatalogAdminFullAccess version 9,
AWSServiceCatalogEndUserFullAccess version 8 and version 1 of the two read-only ones, as IAM's GetPolicyVersion answers
them, and IAM's AdministratorAccess. Those whose names begin with Manciple are ours: what an administrator needs of this
server beside the catalog, and what a provisioning engine needs.
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import msgspec

from manciple.catalog.policy_decisions import Permissions
from manciple.catalog.policy_statements import Policy, PolicyError, read_policy

PRESETS: dict[str, tuple[str, ...]] = {
    "admin": ("AWSServiceCatalogAdminFullAccess", "MancipleAdministrator"),
    "end-user": ("AWSServiceCatalogEndUserFullAccess",),
    "engine": ("MancipleEngine",),
}
"""Short names, and the policies that each stands for."""

_MANAGED_ARN = ":iam::aws:policy/"
_NAME = re.compile(r"[\w:/+=,.@-]{1,256}")
_NOTHING = Permissions(())


def is_named(name: str) -> bool:
    """Is this a policy's name: a preset, a managed policy, or a managed policy's ARN?"""
    return name in PRESETS or _plain(name) in _documents()


def is_unknown(policy: str | Mapping[str, Any]) -> bool:
    """Is this the name of a policy that is not known here?"""
    return isinstance(policy, str) and _NAME.fullmatch(policy) is not None and not is_named(policy)


def policies_of(text: str | Mapping[str, Any]) -> tuple[Policy, ...]:
    """The policies that a name stands for, or that a document (JSON text or read already) is. Raises PolicyError."""
    if isinstance(text, str) and (is_named(text) or _NAME.fullmatch(text)):
        return tuple(_named(name) for name in PRESETS.get(text, (_plain(text),)))
    return (read_policy(text),)


@lru_cache(maxsize=1024)
def permissions_of(policy: str) -> Permissions:
    """What a key's policy, a name or the text of a document, permits; nothing at all if it cannot be read."""
    try:
        return Permissions(policies_of(policy))
    except PolicyError:
        return _NOTHING


def permissions_of_role(
    policies: Iterable[str | Mapping[str, Any]], session: Iterable[str] | None = None
) -> Permissions:
    """What a role's policies permit in a session, which may have policies of its own.

    A policy of a name that is not known here permits nothing; if a document cannot be read, the role may do nothing.
    """
    try:
        granted = [policy for one in policies if not is_unknown(one) for policy in policies_of(one)]
        bounds = None if session is None else [policy for one in session for policy in policies_of(one)]
    except PolicyError:
        return _NOTHING
    return Permissions(granted, bounds)


def known_names() -> list[str]:
    """The names that a policy can be given by."""
    return [*PRESETS, *_documents()]


def _named(name: str) -> Policy:
    document = _documents().get(name)
    if document is None:
        raise PolicyError(f"There is no policy named {name}; there are {', '.join(known_names())}.")
    return read_policy(document)


def _plain(name: str) -> str:
    return name.rpartition("/")[2] if _MANAGED_ARN in name else name


@cache
def _documents() -> dict[str, dict[str, Any]]:
    file = files("manciple.catalog") / "data" / "managed_policies.json"
    return msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, Any]])
