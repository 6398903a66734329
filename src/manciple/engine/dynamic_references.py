"""What dynamic references stand for, in memory only: looked up just before a provider is called.

Values come from the place's environment document, then from the sandbox: a parameter or secret that a stack made
there can be referred to. The environment may hold one version of a parameter or secret under `name:version` (a
number, a staging label or a version id); `name` alone is the newest.
"""

import json
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from manciple.engine.providers.provider import HandlerRequest, ProgressEvent
from manciple.engine.providers.world import Thing, things_of
from manciple.engine.public_parameters import public_parameter
from manciple.errors import TemplateError
from manciple.store.database import Database, Transaction
from manciple.store.environments import Environment, read_environment
from manciple.store.objects import Objects
from manciple.store.sealed import Seal
from manciple.template.dynamic_references import (
    ABSENT,
    OPENING,
    SecretReference,
    SsmReference,
    fill,
    parse,
    references_in,
)
from manciple.template.values import MASK, Value, texts

NEWEST = "AWSCURRENT"
NOT_FOUND = "Secrets Manager can't find the specified secret. (Service: AWSSecretsManager; Status Code: 400; {})"
NO_STAGE = (
    "Secrets Manager can't find the specified secret value for staging label: {} "
    "(Service: AWSSecretsManager; Status Code: 400; {})"
)
NO_VERSION = (
    "Secrets Manager can't find the specified secret value for VersionId: {} "
    "(Service: AWSSecretsManager; Status Code: 400; {})"
)
NO_KEY = "Could not find a value associated with JSONKey in SecretString"
NOT_JSON = "Could not parse SecretString JSON"
"""As CloudFormation words them (quoted from public issues, cloudformation-coverage-roadmap 1187 and 1822)."""


class _Source(msgspec.Struct, frozen=True):
    """Which type of the sandbox's things holds values, in which property, and where it says how to make one up."""

    type: str
    value: str
    generated: str = ""


_PARAMETERS = _Source("AWS::SSM::Parameter", "Value")
_SECRETS = _Source("AWS::SecretsManager::Secret", "SecretString", "GenerateSecretString")


class Lookup:
    """Looks references up in one account and region, inside one transaction."""

    def __init__(self, tx: Transaction, seal: Seal, account: str, region: str) -> None:
        self._tx = tx
        self._seal = seal
        self._place = account, region
        self._environment: Environment = read_environment(tx, seal, account, region)

    def value(self, text: str) -> str:
        """What the reference `text` stands for. Raises TemplateError in CloudFormation's words."""
        reference = parse(text)
        if isinstance(reference, SsmReference):
            return self._parameter(reference, text)
        secret = self._secret(reference)
        return _member(secret, reference.json_key) if reference.json_key else secret

    def _parameter(self, reference: SsmReference, text: str) -> str:
        known = self._environment.parameters
        versioned = known.get(f"{reference.name}:{reference.version}")
        found = versioned if versioned is not None else known.get(reference.name)
        if found is None:
            found = public_parameter(reference.name, self._place[1]) or self._made(_PARAMETERS, reference.name)
        if found is None:
            raise TemplateError(ABSENT.format(text[len(OPENING) : -2]))
        return found

    def _secret(self, reference: SecretReference) -> str:
        known = self._environment.secrets
        version = reference.version or (reference.stage if reference.stage != NEWEST else "")
        if version:
            found = known.get(f"{reference.secret}:{version}")
        else:
            found = known.get(reference.secret, self._made(_SECRETS, reference.secret))
        if found is not None:
            return found
        details = f"Error Code: ResourceNotFoundException; Request ID: {_request_id(reference.secret)}; Proxy: null"
        if reference.version:
            raise TemplateError(NO_VERSION.format(reference.version, details))
        raise TemplateError(NO_STAGE.format(version, details) if version else NOT_FOUND.format(details))

    def _made(self, source: _Source, name: str) -> str | None:
        """The value of a thing in the sandbox, by its identifier or its name."""
        for physical_id, thing in things_of(self._tx, self._seal, *self._place, source.type).items():
            if name in (physical_id, thing.reference, thing.model.get("Name")):
                return self._value_of(source, physical_id, thing)
        return None

    def _value_of(self, source: _Source, physical_id: str, thing: Thing) -> str:
        given = thing.model.get(source.value)
        if isinstance(given, str):
            return given
        rules: Any = thing.model.get(source.generated, {})
        password = self._seal.digest(f"generated {physical_id}".encode())[: int(rules.get("PasswordLength", 32))]
        if "GenerateStringKey" not in rules:
            return password
        return json.dumps({**json.loads(rules.get("SecretStringTemplate", "{}")), rules["GenerateStringKey"]: password})


def _member(secret: str, key: str) -> str:
    """One value of a secret that is a JSON object."""
    try:
        members = json.loads(secret)
    except ValueError:
        raise TemplateError(NOT_JSON) from None
    value = members.get(key) if isinstance(members, dict) else None
    if value is None:
        raise TemplateError(NO_KEY)
    return value if isinstance(value, str) else json.dumps(value)


def _request_id(name: str) -> uuid.UUID:
    return uuid.uuid5(uuid.NAMESPACE_URL, name)


class DynamicReferences:
    """Fills references in what providers are sent; nothing of it is kept."""

    def __init__(self, database: Database, objects: Objects) -> None:
        self._database = database
        self._seal = objects.seal

    def check(self, request: HandlerRequest) -> None:
        """Raise TemplateError if something that the request's model refers to cannot be had. A delete needs nothing."""
        if request.action != "delete" and (wanted := _wanted([request.model])):
            with self._database.read() as tx:
                lookup = Lookup(tx, self._seal, request.place.account, request.place.region)
                for text in wanted:
                    lookup.value(text)

    def filled(self, requests: Sequence[HandlerRequest]) -> tuple[list[HandlerRequest], frozenset[str]]:
        """The requests as providers see them, and the secrets in them. What cannot be had stays a reference."""
        if not _wanted(one for request in requests for one in (request.model, request.previous_model)):
            return list(requests), frozenset()
        secrets: set[str] = set()
        with self._database.read() as tx:
            found = [self._filled(tx, request, secrets) for request in requests]
        return found, frozenset(secrets)

    def text(self, text: str, account: str, region: str) -> str:
        """A text that people may see, with its SSM parameters in place; secrets stay references."""
        wanted = [one for one in references_in(text) if _is_open(one)]
        if not wanted:
            return text
        with self._database.read() as tx:
            known = _known(Lookup(tx, self._seal, account, region), wanted)
        return str(fill(text, known))

    def _filled(self, tx: Transaction, request: HandlerRequest, secrets: set[str]) -> HandlerRequest:
        wanted = _wanted((request.model, request.previous_model))
        if not wanted:
            return request
        known = _known(Lookup(tx, self._seal, request.place.account, request.place.region), wanted)
        found = {value for text, value in known.items() if value and not _is_open(text)}
        secrets |= found
        model, previous = fill(request.model, known), fill(request.previous_model, known)
        sensitive = tuple(sorted(found.union(request.sensitive), key=len, reverse=True))
        return msgspec.structs.replace(request, model=model, previous_model=previous, sensitive=sensitive)


def _wanted(values: Iterable[Value]) -> list[str]:
    """Every reference in some values, each once."""
    return list(dict.fromkeys(one for value in values for text in texts(value) for one in references_in(text)))


def _known(lookup: Lookup, wanted: Iterable[str]) -> dict[str, str]:
    known = {}
    for text in wanted:
        try:
            known[text] = lookup.value(text)
        except TemplateError:
            continue
    return known


def _is_open(text: str) -> bool:
    """Is the reference to a parameter that is no secret?"""
    return text.startswith("{{resolve:ssm:")


def hidden(answer: ProgressEvent, secrets: Iterable[str]) -> ProgressEvent:
    """An answer whose message tells no secret."""
    message = answer.message
    for secret in sorted(secrets, key=len, reverse=True):
        message = message.replace(secret, MASK) if message else message
    return answer if message == answer.message else msgspec.structs.replace(answer, message=message)
