"""The template of a nested stack: found by its address, read once for a plan, kept by its digest."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from manciple.engine.remote_templates import RemoteTemplates
from manciple.engine.template_urls import object_address
from manciple.errors import InvalidParametersException, TemplateError
from manciple.store.artifacts import read_object
from manciple.store.database import Database

NOT_THERE = (
    "S3 error: The specified key does not exist. For more information check "
    "http://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html"
)
"""CloudFormation's words for a TemplateURL where nothing is; which of S3's errors it relays is inferred."""


@dataclass(frozen=True, slots=True)
class NestedTemplates:
    """Reads templates from the account's own buckets, and from the hosts that the operator allows."""

    database: Database
    public_url: str
    hosts: Iterable[str] = ()
    remote: RemoteTemplates = field(default_factory=RemoteTemplates)

    def read(self, account: str, address: str) -> bytes:
        """The bytes at an address. Raises TemplateError, naming the address, if there are none to be had."""
        if place := object_address(address, self.public_url):
            with self.database.read() as tx:
                content = read_object(tx, account, place.bucket, place.key)
            if content is not None:
                return content
        try:
            content = self.remote.fetch(address, self.hosts)
        except InvalidParametersException as error:
            raise TemplateError(str(error), path="TemplateURL") from error
        if content is None:
            raise TemplateError(f"{NOT_THERE} (TemplateURL {address})", path="TemplateURL")
        return content
