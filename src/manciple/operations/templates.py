"""The template of a new version: fetched and checked before the transaction, kept in it.

A version keeps its template's bytes for ever, whatever becomes of the place they came from.
"""

import hashlib
import io
from typing import NamedTuple

from manciple.api.shapes import ProvisioningArtifactProperties
from manciple.catalog.entities import ProvisioningArtifact
from manciple.engine.found_stack import StackAway
from manciple.engine.remote_templates import RemoteTemplates
from manciple.engine.template_urls import object_address
from manciple.errors import InvalidParametersException, TemplateError
from manciple.operations.call import Caller, Context, Runtime
from manciple.operations.stacks import find_stack
from manciple.store import artifacts
from manciple.template.document import Template
from manciple.template.limits import Limits
from manciple.template.load import load

CLOUDFORMATION = "CLOUD_FORMATION_TEMPLATE"
BY_URL = "LoadTemplateFromURL"
BY_STACK = "ImportFromPhysicalId"
INVALID_TEMPLATE = "Invalid templateBody. Please make sure that your template is valid"

REMOTE = RemoteTemplates()


class FetchedTemplate(NamedTuple):
    """A template's bytes, and the address they came from; None if they came from a stack."""

    content: bytes
    url: str | None


class KeptTemplate(NamedTuple):
    """A template in the store: the digest of its bytes, and the address that `Info` answers."""

    digest: str
    url: str


def fetch_template(
    runtime: Runtime, caller: Caller, product_type: str, properties: ProvisioningArtifactProperties
) -> FetchedTemplate:
    """Fetch the template that a new version's properties name, and check it if it is CloudFormation's to check.

    Raises InvalidParametersException if Info does not name exactly one place, if nothing is there, or if the template
    is not valid (unless DisableTemplateValidation).
    """
    if properties.type not in {None, product_type}:
        raise InvalidParametersException(f"A version of a {product_type} product cannot be of type {properties.type}.")
    info = properties.info or {}
    if len(info) != 1 or not info.keys() <= {BY_URL, BY_STACK}:
        raise InvalidParametersException(f"Info must have exactly one of the keys {BY_URL} and {BY_STACK}.")
    ((key, place),) = info.items()
    fetched = _from_url(runtime, caller, place) if key == BY_URL else _from_stack(runtime, caller, place)
    if product_type == CLOUDFORMATION:
        check_template(runtime, fetched.content, validate=not properties.disable_template_validation)
    return fetched


def check_template(runtime: Runtime, content: bytes, *, validate: bool) -> None:
    """Raise InvalidParametersException for a template that is too large, or not valid if that is asked."""
    if len(content) > runtime.settings.quota.template_bytes:
        raise InvalidParametersException(
            f"The template has {len(content)} bytes; at most {runtime.settings.quota.template_bytes} are allowed."
        )
    if validate:
        read_template(runtime, content)


def read_template(runtime: Runtime, content: bytes) -> Template:
    """A CloudFormation template from its bytes, or InvalidParametersException if it is not valid."""
    try:
        return load(content.decode(), _limits(runtime))
    except (TemplateError, UnicodeDecodeError) as error:
        raise InvalidParametersException(INVALID_TEMPLATE) from error


def template_of(context: Context, version: ProvisioningArtifact) -> Template:
    """The template of a CloudFormation version, or InvalidParametersException if it cannot be read here."""
    return read_template(context.runtime, template_bytes(context, version))


def template_bytes(context: Context, version: ProvisioningArtifact) -> bytes:
    """The bytes of a version's template, as they were uploaded."""
    return context.runtime.objects.get(context.tx, version.template_digest)


def keep_template(context: Context, fetched: FetchedTemplate) -> KeptTemplate:
    """Keep a template's bytes for ever. One from a stack gets an address: a copy in a bucket of the caller's."""
    digest = context.runtime.objects.put(context.tx, fetched.content)
    return KeptTemplate(digest, _copy(context, fetched.content) if fetched.url is None else fetched.url)


def _from_url(runtime: Runtime, caller: Caller, url: str) -> FetchedTemplate:
    if address := object_address(url, runtime.public_url):
        with runtime.database.read() as tx:
            content = artifacts.read_object(tx, caller.account, address.bucket, address.key)
        if content is not None:
            return FetchedTemplate(content, url)
    content = REMOTE.fetch(url, runtime.settings.template_hosts)
    if content is None:
        raise InvalidParametersException(
            f"There is no template at {url}: upload it to a bucket of your account on this server and name that object."
        )
    return FetchedTemplate(content, url)


def _from_stack(runtime: Runtime, caller: Caller, stack_arn: str) -> FetchedTemplate:
    """The template that a stack was last deployed from: one of this server's, or of a target's endpoint."""
    try:
        found = find_stack(runtime, caller, stack_arn)
    except StackAway as away:
        raise InvalidParametersException(f"Stack {stack_arn} cannot be looked at now: {away}") from away
    if found is None or found.stack.template is None:
        raise InvalidParametersException(f"{stack_arn} is not the ARN of a stack that was deployed here for you.")
    return FetchedTemplate(found.stack.template, None)


def _copy(context: Context, content: bytes) -> str:
    bucket, key = f"cf-templates-{context.account}-{context.region}", f"{context.new_id('template')}.template"
    artifacts.create_bucket(context.tx, context.owner, bucket, context.now)
    copy = artifacts.StoredObject(
        key=key,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        etag=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        headers={},
        checksums={},
        last_modified=context.now,
    )
    artifacts.put_object(context.tx, context.owner, bucket, copy, io.BytesIO(content))
    return f"{context.runtime.public_url}/{bucket}/{key}"


def _limits(runtime: Runtime) -> Limits:
    quota = runtime.settings.quota
    return Limits(
        template_bytes=quota.template_bytes,
        resources=quota.resources_per_template,
        parameters=quota.parameters_per_template,
        outputs=quota.outputs_per_template,
        mappings=quota.mappings_per_template,
    )
