"""Tags of portfolios and products."""

import pytest

from manciple.api.shapes import Tag
from manciple.catalog.tags import change_tags, list_tags, read_tags
from manciple.errors import InvalidParametersException


def test_tags_keep_the_order_given() -> None:
    tags = [Tag(key="b", value="2"), Tag(key="a", value="1")]

    assert list_tags(read_tags(tags)) == tags


def test_no_tags_are_an_empty_mapping() -> None:
    assert read_tags(None) == {}


def test_a_key_given_twice_is_refused_by_name() -> None:
    with pytest.raises(InvalidParametersException, match="team"):
        read_tags([Tag(key="team", value="a"), Tag(key="team", value="a")])


def test_keys_differ_by_case() -> None:
    assert read_tags([Tag(key="Team", value="a"), Tag(key="team", value="b")]) == {"Team": "a", "team": "b"}


@pytest.mark.parametrize("key", ["aws:x", "AWS:x", "aws:servicecatalog:productArn"])
def test_keys_of_aws_are_refused(key: str) -> None:
    with pytest.raises(InvalidParametersException, match="reserved"):
        read_tags([Tag(key=key, value="a")])


def test_removed_keys_go_before_added_tags_come() -> None:
    changed = change_tags({"a": "1", "b": "2"}, [Tag(key="a", value="3")], ["a", "absent"])

    assert changed == {"b": "2", "a": "3"}


def test_an_update_without_tags_changes_none() -> None:
    assert change_tags({"a": "1"}, None, None) == {"a": "1"}
