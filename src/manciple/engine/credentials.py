"""How the engine reaches AWS's services: a place becomes a client of boto3.

Credentials come from the SDK's own chain (environment, shared files, container, instance) and are never stored. A place
with a role is entered by STS AssumeRole. Only endpoints that the operator configured are contacted: addresses from the
SDK's own configuration are ignored. A call is made once; whoever makes it decides when to try again.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from manciple.catalog.ids import partition_of, url_suffix_of
from manciple.engine.place import Place

AWS = "aws"
"""Stands for AWS's own address of each region."""

_HOSTS = {"cloudcontrol": "cloudcontrolapi"}
"""Services whose address begins with another name than the SDK's (AWS General Reference, "Service endpoints")."""

_MARGIN = timedelta(minutes=5)
"""Credentials of a role are renewed so long before they end."""


class UnreachablePlace(Exception):
    """A place that the settings give no way to; one sentence says what is missing."""


class Clients:
    """Makes clients for places, all of one endpoint. Safe to use from several threads.

    Addresses are that, or `aws` for AWS's own one of the place's region. `bucket` is where S3 takes templates that are
    too long for a request, with the server's own rights, not a launch role's. `section` is what sets all this up.
    """

    def __init__(
        self,
        endpoint: str | None,
        sts_endpoint: str | None = None,
        s3_endpoint: str | None = None,
        bucket: str | None = None,
        section: str = "targets.cloudformation",
    ) -> None:
        self._section = section
        self.endpoint = endpoint
        self.sts_endpoint = sts_endpoint
        self.bucket = bucket
        self._s3_endpoint = s3_endpoint or endpoint
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str | None, str | None], tuple[Any, datetime | None]] = {}

    def cloudformation(self, place: Place) -> Any:
        """A CloudFormation client for a place. Raises UnreachablePlace, or what botocore raises for the role."""
        if self.endpoint is None:
            raise UnreachablePlace(
                f"The settings give no CloudFormation endpoint for account {place.account}, region {place.region}; "
                "set targets.cloudformation.endpoint."
            )
        if place.endpoint not in (None, self.endpoint):
            raise UnreachablePlace(f"{place.endpoint} is not the configured endpoint {self.endpoint}.")
        return self._client("cloudformation", place, self.endpoint)

    def cloud_control(self, place: Place) -> Any:
        """A Cloud Control client for a place. Raises UnreachablePlace, or what botocore raises for the role."""
        if self.endpoint is None:
            raise UnreachablePlace(
                f"The settings give no Cloud Control endpoint for account {place.account}, region {place.region}; "
                f"set {self._section}.endpoint."
            )
        return self._client("cloudcontrol", place, self.endpoint)

    def s3(self, place: Place) -> Any:
        """An S3 client for a place's bucket. Raises UnreachablePlace."""
        if self._s3_endpoint is None:
            raise UnreachablePlace("There is no address of S3; set targets.cloudformation.s3_endpoint.")
        return self._client("s3", msgspec.structs.replace(place, role_arn=None), self._s3_endpoint)

    def sts(self, place: Place) -> Any:
        """An STS client for a place. Raises UnreachablePlace."""
        if self.sts_endpoint is None:
            raise UnreachablePlace(f"There is no address of STS; set {self._section}.sts_endpoint.")
        return self._client("sts", place, self.sts_endpoint)

    def sqs(self, place: Place) -> Any:
        """An SQS client for a place's queues, with the server's own rights. Raises UnreachablePlace."""
        if self.endpoint is None:
            raise UnreachablePlace("There is no address of SQS; set targets.external.sqs_endpoint.")
        return self._client("sqs", msgspec.structs.replace(place, role_arn=None), self.endpoint)

    def object_url(self, place: Place, key: str) -> str:
        """The address of an object in the bucket, as the endpoint reads it."""
        return f"{_address('s3', place.region, self._s3_endpoint or AWS)}/{self.bucket}/{key}"

    def _client(self, name: str, place: Place, endpoint: str) -> Any:
        with self._lock:
            key = (name, place.region, place.role_arn, place.session_name if place.role_arn else None)
            client, until = self._clients.get(key, (None, None))
            if client is None or (until is not None and datetime.now(UTC) > until - _MARGIN):
                keys, until = ({}, None) if place.role_arn is None else self._assume(place)
                client = _client(name, place.region, endpoint, keys)
                self._clients[key] = client, until
            return client

    def _assume(self, place: Place) -> tuple[dict[str, str], datetime]:
        if self.sts_endpoint is None:
            raise UnreachablePlace(f"The role {place.role_arn} cannot be assumed; set {self._section}.sts_endpoint.")
        sts = _client("sts", place.region, self.sts_endpoint, {})
        name = (place.session_name or "manciple")[:64]
        found = sts.assume_role(RoleArn=place.role_arn, RoleSessionName=name)["Credentials"]
        keys = {
            "aws_access_key_id": found["AccessKeyId"],
            "aws_secret_access_key": found["SecretAccessKey"],
            "aws_session_token": found["SessionToken"],
        }
        return keys, found["Expiration"]


def _client(name: str, region: str, endpoint: str, keys: dict[str, str]) -> Any:
    """A client that tries once and gives up before a lease can run out."""
    import boto3
    from botocore.config import Config

    session: Any = boto3.session.Session(region_name=region)  # its stubs overload on names of services
    config = Config(
        connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}
    )
    return session.client(name, endpoint_url=_address(name, region, endpoint), config=config, **keys)


def _address(name: str, region: str, endpoint: str) -> str:
    if endpoint != AWS:
        return endpoint.rstrip("/")
    return f"https://{_HOSTS.get(name, name)}.{region}.{url_suffix_of(partition_of(region))}"
