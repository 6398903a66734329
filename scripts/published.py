"""Templates that others published, and chains of their versions, with all that they need to be launched.

They are in `../shared/corpus` beside the checkout: `index.json` and `pairs/index.json` list them, `params/` has a
parameter set for each and what its environment must hold.
"""

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from manciple.errors import TemplateError
from manciple.template.document import Template
from manciple.template.load import load
from scripts.account import BUCKET_NAME, Json, Version

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
VARIABLE = re.compile(r"\$\{(\w+)\}")
SSM_REFERENCE = re.compile(r"\{\{resolve:ssm(?:-secure)?:([^:}$]+)")
SECRET_REFERENCE = re.compile(r"\{\{resolve:secretsmanager:([^:}$]+)(?::SecretString:([^:}$]*))?")
STAND_INS = {"Image": "ami-0a1b2c3d4e5f60718", "Subnet": "subnet-0a1b2c3d4e5f60718", "": "corpus"}
"""What an SSM parameter holds, by the type that its value is of."""
FEATURES = {
    "SAM": r"AWS::Serverless-2016-10-31",
    "LanguageExtensions": r"AWS::LanguageExtensions",
    "include or macro": r"Fn::Transform|AWS::Include|^Transform:|\"Transform\"",
    "nested stack": r"AWS::CloudFormation::Stack\b",
    "custom resource": r"Custom::|AWS::CloudFormation::CustomResource",
    "dynamic reference": r"\{\{resolve:",
}
"""What a template that was refused would have needed beyond the language's core; the first that is found counts."""


class Entry(NamedTuple):
    """One template of the corpus, or a chain of versions of one."""

    id: str
    group: str
    given: Json
    versions: list[Version]
    steps: list[Json]

    @property
    def environment(self) -> Json:
        """Exports and SSM parameters that the template refers to."""
        exports = {name: export["value"] for name, export in self.given.get("exports", {}).items()}
        parameters: dict[str, str] = {}
        secrets: dict[str, dict[str, str]] = {}
        for version in self.versions:
            text = filled(version)
            parameters |= ssm_parameters(version) | {found[1]: "corpus" for found in SSM_REFERENCE.finditer(text)}
            for name, key in SECRET_REFERENCE.findall(text):
                secrets.setdefault(name, {})[key] = "Corpus1Passw0rd!"
        held = {name: json.dumps(values) for name, values in secrets.items()}
        return {"exports": exports, "parameters": parameters, "secrets": held}

    @property
    def objects(self) -> Iterator[tuple[str, str, bytes]]:
        """Nested templates and code that must be in the artifact store; names that no bucket can have are left out."""
        return ((bucket, key, content) for bucket, key, content in self._objects() if BUCKET_NAME.fullmatch(bucket))

    @property
    def nested(self) -> dict[tuple[str, str], bytes]:
        """Templates that may be nested, by bucket and key: those that are named, and all beside them that they nest.

        One that the corpus has not got is stood in for by one that takes what it is given and has what is read of it.
        """
        found: dict[tuple[str, str], bytes] = {}
        named = [one for one in self.given.get("nested", []) if one.get("bucket") and one.get("key")]
        for one in named:
            for file, key in beside(one["sibling"], one["key"]) if one.get("sibling") else ():
                found[one["bucket"], key] = file.read_bytes()
        for one in named:
            if (one["bucket"], one["key"]) not in found:
                found[one["bucket"], one["key"]] = stand_in(self.versions, one["resource"])
        return found

    def _objects(self) -> Iterator[tuple[str, str, bytes]]:
        for (bucket, key), content in self.nested.items():
            yield bucket, key, content
        for code in self.given.get("objects", []):
            yield code["bucket"], code["key"], b"code"


def beside(sibling: str, key: str) -> Iterator[tuple[Path, str]]:
    """A template of the corpus and the others of its repository, each with its key where the first one has `key`."""
    names, keys = sibling.split("/"), key.split("/")
    shared = 1
    while shared < min(len(names), len(keys)) and names[-shared - 1] == keys[-shared - 1]:
        shared += 1
    root = CORPUS / "/".join(names[:-shared])
    for file in sorted(root.rglob("*")) if len(names) - shared > 1 else [CORPUS / sibling]:
        if file.is_file():
            yield file, "/".join((*keys[:-shared], *file.relative_to(root).parts))
    if names[-1] != keys[-1]:
        yield CORPUS / sibling, key


def stand_in(versions: Iterable[Version], logical_id: str) -> bytes:
    """A template that can be nested as these versions nest one: its parameters are text, its outputs too."""
    parameters: dict[str, Json] = {}
    outputs: dict[str, Json] = {}
    for version in versions:
        properties = members(version, "Resources").get(logical_id, {}).get("Properties", {})
        parameters |= {name: {"Type": "String"} for name in properties.get("Parameters", {})}
        read = re.findall(rf"\b{logical_id}\W{{1,40}}Outputs\.(\w+)", version.text.decode(errors="replace"))
        outputs |= {name: {"Value": f"stand-in-{name.lower()}"} for name in read}
    resources = {"StandIn": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}
    return json.dumps({"Parameters": parameters, "Resources": resources, "Outputs": outputs}).encode()


def filled(version: Version) -> str:
    """The template's text with the values of parameters in place of `${their names}`."""
    declared = members(version, "Parameters")
    values = {name: str(one.get("Default", "")) for name, one in declared.items()} | dict(version.parameters)
    text = version.text.decode(errors="replace")
    return VARIABLE.sub(lambda found: values.get(found[1], found[0]), text)


def ssm_parameters(version: Version) -> dict[str, str]:
    """A value for each SSM parameter that the version's own parameters name."""
    found = {}
    for name, declaration in members(version, "Parameters").items():
        kind = str(declaration.get("Type"))
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            held = next(value for word, value in STAND_INS.items() if word in kind)
            found[version.parameters.get(name) or str(declaration.get("Default"))] = held
    return found


def loaded(text: bytes) -> Template | None:
    """The template, None if it cannot be read."""
    try:
        return load(text.decode())
    except (TemplateError, UnicodeDecodeError):
        return None


DIRECTIVE = b'"Rain::'
"""A template in JSON that `rain pkg` was to finish needs packaging, as the index says of those in YAML only."""


def entries() -> list[Entry]:
    """Every template, with the group it is reported in: source and launch class."""
    found = []
    for one in json.loads((CORPUS / "index.json").read_text()):
        given = parameters_of(one["id"])
        version = Version((CORPUS / one["path"]).read_bytes(), given.get("parameters", {}))
        kind = "bad" if one["tier"] == "bad" else "C" if DIRECTIVE in version.text else one["launch_class"][0]
        found.append(Entry(one["id"], f"{one['source']} {kind}", given, [version], []))
    return found


def chains() -> list[Entry]:
    """Every chain of versions, in the group of its kind."""
    found = []
    for chain in json.loads((CORPUS / "pairs/index.json").read_text()):
        given = parameters_of(chain["id"])
        versions = []
        for one in chain["versions"]:
            path = CORPUS / one["file"]
            own = path.parent / f"{path.stem}.params.json"
            parameters = json.loads(own.read_text())["parameters"] if own.exists() else given["parameters"]
            versions.append(Version(path.read_bytes(), parameters))
        found.append(Entry(chain["id"], f"{chain['source']} {chain['kind']}", given, versions, chain["steps"]))
    return found


def parameters_of(id: str) -> Json:
    """The parameter set of a template, empty if there is none."""
    path = CORPUS / "params" / f"{id}.json"
    given: Json = json.loads(path.read_text()) if path.exists() else {}
    return given


def members(version: Version, section: str) -> dict[str, Json]:
    """The members of a section of the version's template."""
    template = loaded(version.text)
    found = template.section(section) if template else {}
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def every_resource(version: Version) -> Iterator[Json]:
    """Every resource of the template, those inside of loops too."""
    template = loaded(version.text)
    waiting: list[Any] = [template.section("Resources") if template else {}]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict) and isinstance(value.get("Type"), str):
            yield value
        elif isinstance(value, dict | list):
            waiting.extend(value.values() if isinstance(value, dict) else value)


def unconditional(version: Version, section: str) -> dict[str, Json]:
    """Those members that no condition switches off."""
    return {name: member for name, member in members(version, section).items() if "Condition" not in member}


def is_retained(resource: Json) -> bool:
    """May the resource outlive its stack?"""
    return any(str(resource.get(policy)).startswith("Retain") for policy in ("DeletionPolicy", "UpdateReplacePolicy"))


def is_countable(entry: Entry) -> bool:
    """Does the corpus say how many resources are active? Of transformed templates and of versions it does not."""
    return not (is_transformed(entry.versions[0]) or entry.steps or entry.given.get("unknown_conditions"))


def is_transformed(version: Version) -> bool:
    """Does a transform make more or other resources of the template?"""
    template = loaded(version.text)
    return template is not None and bool(template.transforms)


def expected(before: Version, after: Version, step: Json) -> dict[str, set[str]]:
    """What must be added, removed and replaced whatever the conditions are."""
    old, new = members(before, "Resources"), members(after, "Resources")
    always_old, always_new = unconditional(before, "Resources"), unconditional(after, "Resources")
    return {
        "ADD": always_new.keys() - old.keys(),
        "REMOVE": always_old.keys() - new.keys(),
        "TRUE": set(step["replaced"]) & always_old.keys() & always_new.keys(),
    }


def needed_feature(entry: Entry) -> str | None:
    """The first feature beyond the language's core that a version uses."""
    return next((name for name in FEATURES if uses(entry, name)), None)


def uses(entry: Entry, feature: str) -> bool:
    """Does a version use a feature?"""
    text = "\n".join(version.text.decode(errors="replace") for version in entry.versions)
    return re.search(FEATURES[feature], text, re.MULTILINE) is not None


def fault_of(text: bytes) -> str:
    """What makes a template invalid."""
    try:
        load(text.decode())
    except TemplateError as error:
        return f"{error.message} ({error.path}, line {error.line})"
    except UnicodeDecodeError as error:
        return str(error)
    return ""
