"""Where an engine finds a version's artifact: an object of the account that owns the product.

That is the object that the version was made from, as long as it is what it was then; else a copy of what the version
keeps, in a bucket of our own there, as AWS hands out one of its own. Where engines read from elsewhere, an address that
is not of this server's store is told as it was given.
"""

import hashlib
import io
from typing import NamedTuple

from manciple.catalog.entities import ProvisioningArtifact
from manciple.engine.template_urls import ObjectAddress, object_address
from manciple.store import artifacts
from manciple.store.database import Transaction
from manciple.store.objects import Objects

Owner = tuple[str, str]


class Located(NamedTuple):
    """The address of an artifact; `is_copy` says that a copy is to be there."""

    address: ObjectAddress
    is_copy: bool

    @property
    def path(self) -> str:
        """The address as engines are told it."""
        return f"s3://{self.address.bucket}/{self.address.key}"


def locate(
    tx: Transaction,
    owner: Owner,
    version: ProvisioningArtifact | None,
    digest: str,
    public_url: str,
    *,
    elsewhere: bool = False,
) -> Located:
    """Where the artifact with this digest is to be read; the version may be gone by now."""
    url = version.template_url if version else None
    address = object_address(url, public_url) if url else None
    if address is not None and _is_there(tx, owner, address, digest, elsewhere=elsewhere):
        return Located(address, is_copy=False)
    return Located(ObjectAddress(f"sc-artifacts-{owner[0]}-{owner[1]}", digest), is_copy=True)


def _is_there(tx: Transaction, owner: Owner, address: ObjectAddress, digest: str, *, elsewhere: bool) -> bool:
    region = artifacts.bucket_region(tx, owner[0], address.bucket)
    if region is None:
        return elsewhere
    found = artifacts.find_object(tx, owner, address.bucket, address.key)  # an engine looks in its own region
    return found is not None and found.digest == digest


def keep_copy(tx: Transaction, objects: Objects, owner: Owner, address: ObjectAddress, now: int) -> None:
    """Put a copy of what a version keeps under its digest where it is told to be, unless it is there."""
    artifacts.create_bucket(tx, owner, address.bucket, now)
    if artifacts.find_object(tx, owner, address.bucket, address.key) is not None:
        return
    content = objects.get(tx, address.key)
    copy = artifacts.StoredObject(
        key=address.key,
        size=len(content),
        digest=hashlib.sha256(content).hexdigest(),
        etag=hashlib.md5(content, usedforsecurity=False).hexdigest(),
        headers={},
        checksums={},
        last_modified=now,
    )
    artifacts.put_object(tx, owner, address.bucket, copy, io.BytesIO(content))
