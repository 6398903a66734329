"""What an operator lets packages do, and what a package does beyond it.

Planning runs providers, reads modules, asks backends and evaluates functions: whatever of these the operator has not
named is refused before Terraform is started at all.
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase

import msgspec

from manciple.engine.terraform.configuration import Configuration, Module, RequiredProvider, Resource
from manciple.engine.terraform.file_calls import FileCall
from manciple.settings.sections import Terraform

SECTION = "targets.terraform"
BUILTIN = "terraform.io/builtin/terraform"
DEFAULT_HOST = "registry.terraform.io"
"""Stands for the registry that the program itself takes where a source names none; OpenTofu has another."""

REMOTE_STATE = "terraform_remote_state"


class PackagePolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Patterns (`*`, `?`) of what is allowed.

    `providers`: `namespace/type` or `host/namespace/type`, where `*` stands for one part; `module_sources`: the sources
    of modules that are not in the package; `backends`: types, for blocks (the run's own takes their place) and for what
    `terraform_remote_state` may read; `any_files`: may functions read what is not in the package? `open_paths`: may
    they where a path only begins in it?
    """

    providers: tuple[str, ...] = (BUILTIN,)
    provisioners: tuple[str, ...] = ()
    module_sources: tuple[str, ...] = ()
    backends: tuple[str, ...] = ()
    any_files: bool = False
    open_paths: bool = False


def policy_of(settings: Terraform, *, has_own_user: bool = False) -> PackagePolicy:
    """What the settings allow; a run with a user of its own cannot read the server's files."""
    return PackagePolicy(
        providers=settings.providers,
        provisioners=settings.provisioners,
        module_sources=settings.module_sources,
        backends=settings.backends,
        any_files=settings.any_files,
        open_paths=has_own_user,
    )


def refusals(configuration: Configuration, policy: PackagePolicy) -> list[str]:
    """One sentence for each thing that is not allowed, with its place and the setting that would allow it."""
    found = [sentence for module in configuration.modules for sentence in _of_module(module, policy)]
    return list(dict.fromkeys([*configuration.faults, *found, *_files(configuration.template_calls, policy)]))


def provider_addresses(module: Module) -> dict[str, list[tuple[str, str]]]:
    """The addresses that each local name of a module stands for, with places. An empty one is no plain text."""
    addresses: dict[str, list[tuple[str, str]]] = {}
    for required in module.required_providers:
        addresses.setdefault(required.local, []).append((_address(required), required.place))
    uses = [(use.name, use.place) for use in module.provider_uses]
    for local, place in [*uses, *((one.provider, one.place) for one in module.resources)]:
        addresses.setdefault(local, [(_implied(local), place)])
    return addresses


def full_address(source: str) -> str:
    """A provider's source with the host and namespace that it leaves out, in small letters as Terraform compares it."""
    parts = source.lower().split("/")
    missing = {1: [DEFAULT_HOST, "hashicorp"], 2: [DEFAULT_HOST]}.get(len(parts), [])
    return "/".join([*missing, *parts])


def _of_module(module: Module, policy: PackagePolicy) -> Iterator[str]:
    yield from _providers(module, policy)
    for one in module.provisioners:
        if not _matches(one.name, policy.provisioners):
            yield _refusal(one.place, f"provisioner {one.name}", "provisioners")
    for call in module.calls:
        if call.path is None and not _matches(call.source, policy.module_sources):
            yield _refusal(call.place, f"module source {call.source or 'that is no plain text'}", "module_sources")
    for one in module.overriding_backends:
        yield f"{one.place}: a file that overrides others may not choose the backend; this server keeps the state."
    for one in module.backends:
        if not _matches(one.name, policy.backends):
            yield _refusal(one.place, f"backend {one.name}", "backends")
    for resource in module.resources:
        yield from _remote_state(resource, policy)
    yield from _files(module.file_calls, policy)
    for one in module.unknown_blocks:
        yield f"{one.place}: blocks of type {one.name} are not known here, so what they do cannot be judged."


def _providers(module: Module, policy: PackagePolicy) -> Iterator[str]:
    for local, addresses in provider_addresses(module).items():
        for address, place in addresses:
            if not address:
                yield f"{place}: the source of provider {local} is no plain text; write it out."
            elif not any(_fits(address, pattern) for pattern in policy.providers):
                yield _refusal(place, f"provider {address}", "providers")


def _remote_state(resource: Resource, policy: PackagePolicy) -> Iterator[str]:
    if resource.mode == "data" and resource.type == REMOTE_STATE and not _matches(resource.backend, policy.backends):
        yield _refusal(resource.place, f"reading a state by backend {resource.backend or 'of any kind'}", "backends")


def _files(calls: tuple[FileCall, ...], policy: PackagePolicy) -> Iterator[str]:
    if policy.any_files:
        return
    for call in calls:
        if call.is_open and policy.open_paths:
            continue
        name = f"{call.function}(…)" if call.function else "this text"
        remedy = f"{SECTION}.user (a user of the run's own) or any_files" if call.is_open else f"{SECTION}.any_files"
        yield f"{call.place}: {name} may read files of the server: {call.why}; {remedy} would allow it."


def _refusal(place: str, what: str, setting: str) -> str:
    return f"{place}: {what} is not allowed; {SECTION}.{setting} would allow it."


def _address(required: RequiredProvider) -> str:
    if required.source is None:
        return _implied(required.local)
    return full_address(required.source) if required.source else ""


def _implied(local: str) -> str:
    """The provider that a local name stands for where nothing else is said (Terraform, "Provider Requirements")."""
    return BUILTIN if local == "terraform" else full_address(local)


def _fits(address: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    given, wanted = address.split("/"), full_address(pattern).split("/")
    return len(given) == len(wanted) and all(map(fnmatchcase, given, wanted))


def _matches(value: str | None, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(value or "", pattern) for pattern in patterns)
