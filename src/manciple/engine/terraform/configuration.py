"""What a package's configuration says: of the root module, and of every module in the package that it calls.

What is merged from override files follows Terraform ("Override Files"; internal/configs/module_merge.go) for variables
and outputs. Of everything that a policy asks about, both what is overridden and what overrides it is kept.
"""

import posixpath
from collections.abc import Iterator

import msgspec

from manciple.engine.terraform import expression_reading as reading
from manciple.engine.terraform.file_calls import FileCall, calls_in, calls_in_template, renders_files, suspects
from manciple.engine.terraform.hcl import HclError, read_json, read_native
from manciple.engine.terraform.hcl.constants import constant_text
from manciple.engine.terraform.hcl.syntax import Block, Body, Expression
from manciple.engine.terraform.package import Package, PackageError, PackageLimits, is_configuration, is_override
from manciple.engine.terraform.paths import Paths
from manciple.engine.terraform.variables import Output, Variable, read_output, read_variable

RESOURCES = ("resource", "data", "ephemeral", "action")
KNOWN = frozenset(
    (
        *RESOURCES,
        "terraform",
        "provider",
        "variable",
        "locals",
        "output",
        "module",
        "moved",
        "import",
        "removed",
        "check",
    )
)
"""The blocks that a file may have at its top (Terraform 1.14)."""

_SETTINGS = frozenset(("required_version", "experiments", "language"))
_SETTING_BLOCKS = frozenset(("required_providers", "backend", "cloud", "provider_meta"))
"""What a `terraform` block may hold. Not OpenTofu's `encryption`, for which programs of the package may be run."""


class ConfigurationError(PackageError):
    """A configuration that cannot be read; one sentence says file, line and why."""


class Named(msgspec.Struct, frozen=True):
    """Something that is named at a place: a provisioner, a backend, a block of an unknown type."""

    name: str
    place: str


class RequiredProvider(msgspec.Struct, frozen=True, kw_only=True):
    """An entry of `required_providers`; `source` is None where it is left out, empty where it is no plain text."""

    local: str
    source: str | None
    version: str | None
    place: str


class Resource(msgspec.Struct, frozen=True, kw_only=True):
    """A resource, data source, ephemeral resource or action. `backend` is that of a `terraform_remote_state`."""

    mode: str
    type: str
    name: str
    provider: str
    place: str
    backend: str | None = None


class ModuleCall(msgspec.Struct, frozen=True, kw_only=True):
    """A module block; `source` is empty where it is no plain text. `path` is where a local one lies in the package."""

    name: str
    source: str
    version: str | None
    place: str
    path: str | None = None


class Module(msgspec.Struct, frozen=True, kw_only=True):
    """One directory of the package; the root's path is empty. `provider_uses` are local names."""

    path: str
    variables: tuple[Variable, ...] = ()
    outputs: tuple[Output, ...] = ()
    required_providers: tuple[RequiredProvider, ...] = ()
    provider_uses: tuple[Named, ...] = ()
    resources: tuple[Resource, ...] = ()
    provisioners: tuple[Named, ...] = ()
    calls: tuple[ModuleCall, ...] = ()
    backends: tuple[Named, ...] = ()
    overriding_backends: tuple[Named, ...] = ()
    file_calls: tuple[FileCall, ...] = ()
    renders_files: bool = False
    unknown_blocks: tuple[Named, ...] = ()


class Configuration(msgspec.Struct, frozen=True, kw_only=True):
    """All modules, the root first; `faults` are sentences on what is wrong beside the root's own files.

    `template_calls` are those in files that `templatefile` may render.
    """

    modules: tuple[Module, ...]
    faults: tuple[str, ...] = ()
    template_calls: tuple[FileCall, ...] = ()

    @property
    def root(self) -> Module:
        """The module that a launch gives its parameters to."""
        return self.modules[0]


def read_configuration(package: Package, limits: PackageLimits | None = None) -> Configuration:
    """What a package says. Raises ConfigurationError for a root module that cannot be read."""
    budget = _Budget((limits or PackageLimits()).configuration_bytes)
    modules: list[Module] = []
    faults: list[str] = []
    waiting, seen = [""], {""}
    while waiting:
        path = waiting.pop(0)
        try:
            module = _read_module(package, path, budget)
        except ConfigurationError as error:
            if not modules:
                raise
            faults.append(str(error))
            continue
        modules.append(module)
        local = [call for call in module.calls if call.path is not None]
        faults += [fault for call in local if (fault := _missing(package, call))]
        fresh = dict.fromkeys(call.path for call in local if call.path not in seen and not _missing(package, call))
        waiting += [found for found in fresh if found is not None]
        seen |= set(waiting)
    template_calls: list[FileCall] = []
    if any(module.renders_files for module in modules):
        try:
            template_calls += _template_calls(package, budget)
        except ConfigurationError as error:
            faults.append(str(error))
    return Configuration(modules=tuple(modules), faults=tuple(faults), template_calls=tuple(template_calls))


class _Budget:
    """How much text may still be read as configuration."""

    def __init__(self, limit: int) -> None:
        self._limit = self._left = limit

    def spend(self, content: bytes) -> None:
        self._left -= len(content)
        if self._left < 0:
            raise ConfigurationError(
                f"The package has more than {self._limit} bytes of configuration and of templates that read files."
            )


class _File(msgspec.Struct, frozen=True):
    path: str
    overrides: bool
    body: Body

    def place(self, block: Block) -> str:
        return f"{self.path} line {block.line}"


def _missing(package: Package, call: ModuleCall) -> str | None:
    if any(is_configuration(name) for name in package.directory(call.path or "")):
        return None
    return f"{call.place}: module {call.source} of {call.name} is not in the package."


def _read_module(package: Package, path: str, budget: _Budget) -> Module:
    files = list(_read_files(package, path, budget))
    blocks = [(file, block) for file in files for block in file.body.blocks]
    evaluated = list(_evaluated(blocks))
    paths = Paths({name: value for _, block in blocks for name, value in _locals(block)}, path)
    return Module(
        path=path,
        variables=tuple(_variables(blocks)),
        outputs=tuple(_outputs(blocks)),
        required_providers=tuple(found for file, block in blocks for found in _required(file, block)),
        provider_uses=tuple(found for file, block in blocks for found in _uses(file, block)),
        resources=tuple(found for file, block in blocks for found in _resources(file, block)),
        provisioners=tuple(found for file, block in blocks for found in _provisioners(file, block)),
        calls=tuple(_call(file, block, path) for file, block in blocks if block.type == "module"),
        backends=tuple(found for file, block in blocks for found in _backends(file, block)),
        overriding_backends=tuple(f for file, block in blocks if file.overrides for f in _backends(file, block)),
        file_calls=tuple(found for file, one in evaluated for found in calls_in(file, one, paths)),
        renders_files=renders_files(one for _, one in evaluated),
        unknown_blocks=tuple(found for file, block in blocks for found in _unknown(file, block)),
    )


def _read_files(package: Package, path: str, budget: _Budget) -> Iterator[_File]:
    """A module's files in the order in which Terraform reads them: by name, those that override last."""
    contents = {name: content for name, content in package.directory(path).items() if is_configuration(name)}
    for name in sorted(contents, key=lambda name: (is_override(name), name)):
        budget.spend(contents[name])
        file = posixpath.join(path, name)
        read = read_json if name.endswith(".json") else read_native
        try:
            yield _File(file, is_override(name), read(contents[name], file))
        except HclError as error:
            raise ConfigurationError(str(error)) from None
        except RecursionError:
            raise ConfigurationError(f"{file} is nested too deep.") from None


def _template_calls(package: Package, budget: _Budget) -> Iterator[FileCall]:
    for path in suspects(package):
        budget.spend(package.files[path])
        yield from calls_in_template(path, package.files[path])


_Blocks = list[tuple[_File, Block]]


def _variables(blocks: _Blocks) -> Iterator[Variable]:
    found: dict[str, Variable] = {}
    for file, block in blocks:
        if block.type == "variable" and len(block.labels) == 1:
            before = found.get(block.labels[0])
            if before is not None and not file.overrides:
                raise ConfigurationError(f"{file.place(block)}: variable {before.name} was declared in {before.place}.")
            found[block.labels[0]] = read_variable(block, file.place(block), before)
    return iter(found.values())


def _outputs(blocks: _Blocks) -> Iterator[Output]:
    found: dict[str, Output] = {}
    for file, block in blocks:
        if block.type == "output" and len(block.labels) == 1:
            found[block.labels[0]] = read_output(block, file.place(block), found.get(block.labels[0]))
    return iter(found.values())


def _required(file: _File, block: Block) -> Iterator[RequiredProvider]:
    if block.type != "terraform":
        return
    for inner in block.body.of("required_providers"):
        for local, attribute in inner.body.attributes.items():
            members = reading.members(attribute.value)
            source = reading.optional_text(members, "source") if members is not None else None
            version = constant_text(attribute.value if members is None else members.get("version"))
            if members is None and version is None:
                source = ""
            place = f"{file.path} line {attribute.line}"
            yield RequiredProvider(local=local, source=source, version=version, place=place)


def _uses(file: _File, block: Block) -> Iterator[Named]:
    """The local names of providers that a block needs."""
    place = file.place(block)
    if block.type == "provider":
        yield from (Named(label, place) for label in block.labels[:1])
    for inner in block.body.of("provider_meta"):
        yield from (Named(label, place) for label in inner.labels[:1])
    if block.type == "module" and (given := block.body.attributes.get("providers")):
        values = reading.values(given.value)
        yield from (Named(name, place) for value in values if (name := reading.root_name(value)))
    if block.type in {"import", "removed"} and (given := block.body.attributes.get("provider")):
        yield from (Named(name, place) for name in [reading.root_name(given.value)] if name)
    for expression in reading.expressions(block):
        yield from (Named(name, place) for name in reading.provider_functions(expression))


def _resources(file: _File, block: Block) -> Iterator[Resource]:
    inner = list(block.body.of("data")) if block.type == "check" else []
    for one in [block, *inner]:
        if one.type in RESOURCES and len(one.labels) == 2:
            kind, name = one.labels
            given = one.body.attributes.get("provider")
            backend = one.body.attributes.get("backend")
            yield Resource(
                mode=one.type,
                type=kind,
                name=name,
                provider=reading.root_name(given.value) if given else kind.partition("_")[0],
                place=file.place(one),
                backend=(constant_text(backend.value) or "") if backend else None,
            )


def _provisioners(file: _File, block: Block) -> Iterator[Named]:
    for inner in block.body.blocks:
        if inner.type == "provisioner":
            yield Named(inner.labels[0] if inner.labels else "", file.place(inner))
        yield from _provisioners(file, inner)


def _call(file: _File, block: Block, directory: str) -> ModuleCall:
    given = {name: constant_text(attribute.value) for name, attribute in block.body.attributes.items()}
    source = given.get("source") or ""
    return ModuleCall(
        name=block.labels[0] if block.labels else "",
        source=source,
        version=given.get("version"),
        place=file.place(block),
        path=_local_path(directory, source),
    )


def _local_path(directory: str, source: str) -> str | None:
    """Where a source that begins with `./` or `../` leads; one that leaves the package keeps its `..`."""
    if not source.startswith(("./", "../")):
        return None
    path = posixpath.normpath(posixpath.join(directory, source))
    return "" if path == "." else path


def _backends(file: _File, block: Block) -> Iterator[Named]:
    if block.type == "terraform":
        for inner in block.body.blocks:
            if inner.type in {"backend", "cloud"}:
                yield Named(inner.labels[0] if inner.labels else inner.type, file.place(inner))


def _unknown(file: _File, block: Block) -> Iterator[Named]:
    if block.type not in KNOWN:
        yield Named(block.type, file.place(block))
    if block.type == "terraform":
        for inner in block.body.blocks:
            if inner.type not in _SETTING_BLOCKS:
                yield Named(f"terraform.{inner.type}", file.place(inner))
        for name, attribute in block.body.attributes.items():
            if name not in _SETTINGS:
                yield Named(f"terraform.{name}", f"{file.path} line {attribute.line}")


def _locals(block: Block) -> Iterator[tuple[str, Expression]]:
    if block.type == "locals":
        yield from ((name, attribute.value) for name, attribute in block.body.attributes.items())


def _evaluated(blocks: _Blocks) -> Iterator[tuple[str, Expression]]:
    """Every expression that Terraform may evaluate, with its file; a variable's own members are constants to it."""
    for file, block in blocks:
        for expression in reading.expressions(block):
            yield file.path, expression
