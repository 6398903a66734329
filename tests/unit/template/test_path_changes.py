"""Where inside a value something changes."""

from base64 import b64encode

import pytest

from manciple.template.change_set import KNOWN_AFTER_APPLY, path_changes
from manciple.template.values import Secret, Value


def changes(before: Value | None, after: Value | None) -> dict[str, tuple[str, str | None, str | None]]:
    found = path_changes(before, after, "/P")
    assert len({one.path for one in found}) == len(found)
    return {one.path: (one.change_type, one.before_value, one.after_value) for one in found}


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("a", "b", {"/P": ("Modify", "a", "b")}),
        (None, "b", {"/P": ("Add", None, "b")}),
        ("a", None, {"/P": ("Remove", "a", None)}),
        (None, {"x": ["1"]}, {"/P": ("Add", None, '{"x":["1"]}')}),
        (
            {"x": "1", "y": "2"},
            {"x": "1", "y": "3", "z": "4"},
            {"/P/y": ("Modify", "2", "3"), "/P/z": ("Add", None, "4")},
        ),
        ({"a/b~c": "1"}, {}, {"/P/a~1b~0c": ("Remove", "1", None)}),
        ("1", ["1"], {"/P": ("Modify", "1", '["1"]')}),
        ("same", "same", {}),
    ],
)
def test_objects_are_walked_by_name(
    before: Value | None, after: Value | None, expected: dict[str, tuple[str, str | None, str | None]]
) -> None:
    assert changes(before, after) == expected


def test_items_are_matched_by_their_identity_wherever_they_stand() -> None:
    before: Value = [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]
    after: Value = [{"Key": "c", "Value": "3"}, {"Key": "b", "Value": "9"}]

    assert changes(before, after) == {
        "/P[Key=a]": ("Remove", '{"Key":"a","Value":"1"}', None),
        "/P[Key=b]/Value": ("Modify", "2", "9"),
        "/P[Key=c]": ("Add", None, '{"Key":"c","Value":"3"}'),
    }


def test_only_some_statements_need_an_identity() -> None:
    before: Value = [{"Sid": "Read", "Action": "a"}, {"Action": "x"}]
    after: Value = [{"Action": "y"}, {"Sid": "Read", "Action": "b"}]

    assert changes(before, after) == {
        "/P[Sid=Read]/Action": ("Modify", "a", "b"),
        "/P[0]/Action": ("Modify", "x", "y"),
    }


def test_what_is_not_unique_tells_no_items_apart() -> None:
    before: Value = [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "2"}]
    after: Value = [{"Name": "a", "Value": "1"}, {"Name": "a", "Value": "3"}]

    assert changes(before, after) == {"/P[1]/Value": ("Modify", "2", "3")}


def test_any_member_that_sounds_like_an_identity_is_one_if_it_is_unique() -> None:
    before: Value = [{"TopicArn": "x", "Event": "a"}, {"TopicArn": "y", "Event": "a"}]
    after: Value = [{"TopicArn": "y", "Event": "b"}, {"TopicArn": "x", "Event": "a"}]

    assert changes(before, after) == {"/P[TopicArn=y]/Event": ("Modify", "a", "b")}


def test_plain_items_come_and_go_by_what_they_are() -> None:
    assert changes(["a", "b", "c"], ["b", "c"]) == {"/P[0]": ("Remove", "a", None)}
    assert changes(["a"], ["a", "b"]) == {"/P[1]": ("Add", None, "b")}


def test_a_rule_among_rules_without_names_is_compared_with_the_one_it_was() -> None:
    def rule(port: str) -> dict[str, Value]:
        return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port}

    before: Value = [rule("22"), rule("80")]
    after: Value = [rule("80"), rule("443")]

    assert changes(before, after) == {
        "/P[1]/FromPort": ("Modify", "22", "443"),
        "/P[1]/ToPort": ("Modify", "22", "443"),
    }


def test_another_order_alone_is_told_as_one() -> None:
    assert changes(["a", "b"], ["b", "a"]) == {"/P": ("Reorder", '["a","b"]', '["b","a"]')}


def test_json_text_is_walked_like_what_it_says() -> None:
    (found,) = path_changes('{"retries": 1, "on": true}', '{"on":true,"retries":2.50}', "/Properties/Body")

    assert (found.path, found.before_value, found.after_value) == ("/Properties/Body/retries", "1", "2.50")
    assert found.encoding == "json"


def test_json_text_that_says_the_same_in_another_way_is_still_a_change() -> None:
    assert changes('{"a":1}', '{ "a": 1 }') == {"/P": ("Modify", '{"a":1}', '{ "a": 1 }')}


def test_text_in_base64_is_shown_decoded() -> None:
    (found,) = path_changes(base64("#!/bin/sh\necho one"), base64("#!/bin/sh\necho two"), "/P")

    assert (found.before_value, found.after_value) == ("#!/bin/sh\necho one", "#!/bin/sh\necho two")
    assert found.encoding == "base64"


@pytest.mark.parametrize("text", ["abcdefghijklmnopqrstuvwx", "0123456789abcdef0123456789abcdef", "Zm9v"])
def test_what_only_looks_like_base64_stays_as_it_is(text: str) -> None:
    assert changes(text, "other") == {"/P": ("Modify", text, "other")}


def test_secrets_are_four_stars_and_never_looked_into() -> None:
    before: Value = {"body": Secret('{"password": "one"}'), "list": [Secret("a")], "user": Secret(base64("x" * 30))}
    after: Value = {"body": Secret('{"password": "two"}'), "list": [Secret("b")], "user": Secret(base64("y" * 30))}

    assert changes(before, after) == {
        "/P/body": ("Modify", "****", "****"),
        "/P/list[0]": ("Modify", "****", "****"),
        "/P/user": ("Modify", "****", "****"),
    }


def test_a_secret_is_nobody_s_identity() -> None:
    before: Value = [{"Name": Secret("n"), "Value": "1"}]
    after: Value = [{"Name": Secret("n"), "Value": "2"}]

    assert changes(before, after) == {"/P[0]/Value": ("Modify", "1", "2")}


def test_what_only_execution_knows_stands_where_it_is() -> None:
    before: Value = [{"Sid": "Read", "Resource": "arn:old"}]
    after: Value = [{"Sid": "Read", "Resource": KNOWN_AFTER_APPLY}]

    assert changes(before, after) == {"/P[Sid=Read]/Resource": ("Modify", "arn:old", KNOWN_AFTER_APPLY)}
