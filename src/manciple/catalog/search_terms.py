"""Which words find a provisioned product (service-catalog-api reference, 4.8).

Fields are spelt as SearchProvisionedProducts spells them. Names are found whole and by each of their words; tags as
`key:value`, by key and by value; times as milliseconds and as `2026-11-26T21:10:25.123Z`.

A query is `field:value`, or a bare term that may stand in any field; a `*` at its end stands for any ending. AWS
documents neither wildcards nor case: here all is compared without case.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from manciple.catalog.entities import ProvisionedProduct

KIND = "provisioned_product"

FIELDS = {
    "arn": "arn",
    "createdTime": "created_time",
    "id": "id",
    "lastRecordId": "last_record_id",
    "idempotencyToken": "idempotency_token",
    "name": "name",
    "physicalId": "physical_id",
    "productId": "product_id",
    "provisioningArtifactId": "provisioning_artifact_id",
    "type": "type",
    "status": "status",
    "userArn": "user_arn",
    "userArnSession": "user_arn_session",
    "lastProvisioningRecordId": "last_provisioning_record_id",
    "lastSuccessfulProvisioningRecordId": "last_successful_provisioning_record_id",
    "productName": "product_name",
    "provisioningArtifactName": "provisioning_artifact_name",
}
"""Searchable field -> the entity's field; `tags` comes on top."""

WITHOUT_TERMS = frozenset(ProvisionedProduct.__struct_fields__) - frozenset(FIELDS.values()) - {"tags"}
"""The entity's fields that nothing is found by."""

COUNTED = frozenset(
    {
        "name",
        "productid",
        "productname",
        "provisioningartifactid",
        "provisioningartifactname",
        "status",
        "tags",
        "type",
        "userarn",
        "userarnsession",
    }
)
"""Fields whose terms many products can share, so that each term's number is kept; in the others few have a term."""

SEARCHABLE = frozenset(field.lower() for field in FIELDS) | {"tags"}

_WORDS = frozenset({"name", "productName", "provisioningArtifactName"})
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Query:
    """What one entry of SearchQuery asks for: a term in one field or (None) in any, whole or as a beginning."""

    field: str | None
    term: str
    is_beginning: bool


def read_query(text: str) -> Query:
    """Read one entry of SearchQuery. An ARN alone is a bare term, although it looks like the field `arn`."""
    field, colon, value = text.strip().partition(":")
    is_field = bool(colon) and field.lower() in SEARCHABLE and not text.lower().startswith("arn:aws")
    term = value.strip() if is_field else text.strip()
    return Query(field.lower() if is_field else None, term.removesuffix("*"), term.endswith("*"))


def format_time(milliseconds: int) -> str:
    """A time as ISO 8601 writes it, so that a beginning finds a day or a minute."""
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def terms_of(product: ProvisionedProduct) -> Iterator[tuple[str, str]]:
    """Every (field, term) that finds this product; fields in lower case."""
    for field, attribute in FIELDS.items():
        value = getattr(product, attribute)
        if value is not None:
            yield field.lower(), str(value)
            if field in _WORDS:
                yield from ((field.lower(), word) for word in _WORD.findall(str(value)))
    yield "createdtime", format_time(product.created_time)
    for key, value in product.tags.items():
        yield from (("tags", f"{key}:{value}"), ("tags", key), ("tags", value))
