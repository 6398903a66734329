"""Identifiers and attributes of any type look as its schema says, are made from the token alone, and differ."""

import re
from typing import Any

import pytest

from manciple.engine.place import place_of
from manciple.engine.providers.pattern_text import matching_text
from manciple.engine.providers.provider import HandlerRequest
from manciple.engine.providers.shapes import Shape, Shapes
from manciple.store.sealed import Seal
from manciple.template.property_faults import property_faults
from manciple.template.resource_schemas import known_types, schema_of

SHAPES = Shapes(Seal(b"k" * 32))
PLACE = place_of("123456789012", "eu-west-1")


def shape(type_: str, token: str = "t", **model: Any) -> Shape:
    request = HandlerRequest(
        token=token,
        action="create",
        type=type_,
        logical_id="Thing",
        stack_name="SC-123456789012-pp-abcdefghijklm",
        place=PLACE,
        model=model,
    )
    return SHAPES.shape(request, token)


@pytest.mark.parametrize(
    ("pattern", "example"),
    [
        (r"^[0-9a-zA-Z]{10}$", r"[0-9a-z]{10}"),
        (
            r"^arn:aws(-cn)?:kms:[a-z0-9-]*:\d{12}:key/[a-f0-9-]{36}$",
            r"arn:aws(-cn)?:kms:[a-z0-9]{8}:\d{12}:key/[a-f0-9]{36}",
        ),
        (r"^alias/[^\s]+$", r"alias/\w{8}"),
        (r"a|bcd", "bcd"),
        (r"^(?!x)\w{3,5}$", r"[a-z0-9]{3,5}"),
    ],
)
def test_a_text_is_made_from_a_pattern(pattern: str, example: str) -> None:
    assert re.fullmatch(example, str(matching_text(pattern, 10**70 + 7)))


def test_another_seed_makes_another_text_and_the_same_seed_the_same() -> None:
    texts = {matching_text(r"^[a-z]{12}$", seed) for seed in (10**40, 10**40 + 1, 10**41, 10**40)}

    assert len(texts) == 3


def test_lengths_are_kept() -> None:
    assert len(str(matching_text(r"^[a-z]+$", 10**70, least=20, most=30))) == 24


@pytest.mark.parametrize("pattern", [r"^[\p{L}&&[^a]]+$", r"^(?=b)a$", r"(a)\1", r"["])
def test_a_pattern_that_is_beyond_this_makes_no_text(pattern: str) -> None:
    assert matching_text(pattern, 7) is None


def test_what_is_made_up_for_any_type_is_permitted_by_its_schema() -> None:
    for type_ in sorted(known_types())[::12]:
        made = {
            name: value for name, value in shape(type_).attributes.items() if "." not in name and isinstance(value, str)
        }
        found = property_faults(type_, "Thing", made)

        wrong = [one for one in (found.faults if found else ()) if one.path in made and "keyword" in one.reason]
        assert wrong == [], type_


def test_a_name_that_the_schema_does_not_permit_is_shortened_or_written_otherwise() -> None:
    assert re.fullmatch(r"SC-[\w-]{47}", shape("AWS::Backup::BackupVault").physical_id)
    assert re.fullmatch(r"alias/\w+", shape("AWS::KMS::Alias").physical_id)


@pytest.mark.parametrize(
    ("type_", "model", "reference"),
    [
        ("AWS::SSM::MaintenanceWindowTarget", {"WindowId": "mw-1"}, r"[0-9a-f]{8}-[0-9a-f-]{27}"),
        ("AWS::SecretsManager::SecretTargetAttachment", {"SecretId": "arn:secret"}, "arn:secret"),
        ("AWS::CloudFormation::Macro", {"Name": "Count"}, "Count"),
        ("AWS::DocDB::DBCluster", {"DBClusterIdentifier": "docs"}, "docs"),
        ("AWS::ServiceCatalog::Portfolio", {}, r"port-[a-z0-9]{13}"),
        ("AWS::Bedrock::KnowledgeBase", {}, r"[0-9a-zA-Z]{10}"),
    ],
)
def test_ref_gives_what_the_page_of_the_type_says(type_: str, model: dict[str, Any], reference: str) -> None:
    assert re.fullmatch(reference, shape(type_, **model).reference)


def test_two_things_of_a_type_have_two_identifiers() -> None:
    for type_ in ("AWS::EC2::VPC", "AWS::Bedrock::Prompt", "AWS::RDS::DBClusterEndpoint", "AWS::EventsV2::EventBus"):
        assert schema_of(type_) is None or shape(type_, "a").physical_id != shape(type_, "b").physical_id
