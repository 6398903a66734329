"""How the engine reaches AWS's services: a place becomes a client of boto3.

Credentials come from the SDK's own chain (environment, shared files, container, instance) and are never stored. A place
with a role is entered by STS AssumeRole. Only endpoints that the operator configured are contacted: addresses from the
SDK's own configuration are ignored. A call is made once; whoever makes it decides when to try again.
"""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

from manciple.catalog.ids import partition_of, url_suffix_of
from manciple.engine.place import Place

AWS = "aws"
"""Stands for AWS's own address of each region."""

_MARGIN = timedelta(minutes=5)
"""Credentials of a role are renewed so long before they end."""


class UnreachablePlace(Exception):
    """A place that the settings give no way to; one sentence says what is missing."""


class Clients:
    """Makes clients for places, all of one endpoint. Safe to use from several threads.

    `endpoint` and `sts_endpoint` are addresses, or `aws` for AWS's own one of the place's region.
    """

    def __init__(self, endpoint: str, sts_endpoint: str | None = None) -> None:
        self._endpoint = endpoint
        self._sts_endpoint = sts_endpoint
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str | None, str | None], tuple[Any, datetime | None]] = {}

    def cloudformation(self, place: Place) -> Any:
        """A CloudFormation client for a place. Raises UnreachablePlace, or what botocore raises for the role."""
        if place.endpoint not in (None, self._endpoint):
            raise UnreachablePlace(f"{place.endpoint} is not the configured endpoint {self._endpoint}.")
        with self._lock:
            key = (place.region, place.role_arn, place.session_name if place.role_arn else None)
            client, until = self._clients.get(key, (None, None))
            if client is None or (until is not None and datetime.now(UTC) > until - _MARGIN):
                client, until = self._make(place)
                self._clients[key] = client, until
            return client

    def _make(self, place: Place) -> tuple[Any, datetime | None]:
        keys, until = ({}, None) if place.role_arn is None else self._assume(place)
        return _client("cloudformation", place.region, self._endpoint, keys), until

    def _assume(self, place: Place) -> tuple[dict[str, str], datetime]:
        if self._sts_endpoint is None:
            raise UnreachablePlace(
                f"The role {place.role_arn} cannot be assumed; set targets.cloudformation.sts_endpoint."
            )
        sts = _client("sts", place.region, self._sts_endpoint, {})
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
    config = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
    address = f"https://{name}.{region}.{url_suffix_of(partition_of(region))}" if endpoint == AWS else endpoint
    return session.client(name, endpoint_url=address, config=config, **keys)
