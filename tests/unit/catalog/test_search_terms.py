"""Which words find a provisioned product."""

from typing import Any

import msgspec
import pytest

from manciple.catalog.entities import ProvisionedProduct
from manciple.catalog.search_terms import FIELDS, WITHOUT_TERMS, Query, read_query, terms_of

PRODUCT = ProvisionedProduct(
    account="1",
    region="r",
    id="pp-1",
    name="Order-db_2",
    arn="arn:pp",
    status="AVAILABLE",
    created_time=1536221931782,
    product_id="prod-1",
    product_name="My queue",
    provisioning_artifact_id="pa-1",
    path_id="lpv3-1",
    user_arn="user",
    user_arn_session="session",
    tags={"team": "blue"},
)


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("status:AVAILABLE", Query("status", "AVAILABLE", False)),
        ("STATUS:available", Query("status", "available", False)),
        ("name:order*", Query("name", "order", True)),
        ("order*", Query(None, "order", True)),
        ("prod-1", Query(None, "prod-1", False)),
        ("tags:team:blue", Query("tags", "team:blue", False)),
        ("team:blue", Query(None, "team:blue", False)),
        ("path_id:lpv3-1", Query(None, "path_id:lpv3-1", False)),
        ("arn:arn:aws:servicecatalog:x", Query("arn", "arn:aws:servicecatalog:x", False)),
        ("arn:aws:servicecatalog:x", Query(None, "arn:aws:servicecatalog:x", False)),
        ("arn:aws-cn:servicecatalog:*", Query(None, "arn:aws-cn:servicecatalog:", True)),
        ("*", Query(None, "", True)),
    ],
)
def test_a_query_is_a_field_and_its_value_or_a_bare_term(text: str, query: Query) -> None:
    assert read_query(text) == query


@pytest.mark.parametrize(
    "term",
    [
        ("name", "Order-db_2"),
        ("name", "Order"),
        ("name", "db"),
        ("name", "2"),
        ("productname", "queue"),
        ("createdtime", "1536221931782"),
        ("tags", "team"),
        ("tags", "blue"),
        ("tags", "team:blue"),
    ],
)
def test_names_are_found_by_their_words_and_tags_by_key_value_and_both(term: tuple[str, str]) -> None:
    assert term in set(terms_of(PRODUCT))


def test_what_is_not_there_has_no_term() -> None:
    assert "physicalid" not in {field for field, _ in terms_of(PRODUCT)}


def test_fields_without_terms_change_no_term() -> None:
    other: dict[str, Any] = dict.fromkeys(
        WITHOUT_TERMS - {"account", "region", "revision", "notification_arns"}, "other"
    )

    changed = msgspec.structs.replace(PRODUCT, **other)

    assert list(terms_of(changed)) == list(terms_of(PRODUCT))


def test_every_searchable_field_is_a_field_of_the_entity() -> None:
    assert set(FIELDS.values()) <= set(ProvisionedProduct.__struct_fields__)
