"""Values of a plan's JSON: what is unknown is named so, what is sensitive is marked, also where it is only repeated."""

from typing import Any

import pytest

from manciple.engine.terraform.state import Held, held_in, outputs_of
from manciple.engine.terraform.values import Secrets, secrets_of, text_of, value_of
from manciple.template.values import KNOWN_AFTER_APPLY, Secret, masked


@pytest.mark.parametrize(
    ("known", "unknown", "mask", "expected"),
    [
        ({"a": 1, "b": None, "c": True}, {}, {}, {"a": "1", "c": "true"}),
        ({"a": {"b": "x"}}, {"a": {"c": True}}, {}, {"a": {"b": "x", "c": KNOWN_AFTER_APPLY}}),
        ({}, {"id": True, "tags": {}}, {}, {"id": KNOWN_AFTER_APPLY}),
        ({"l": ["a", None]}, {"l": [False, True]}, {}, {"l": ["a", KNOWN_AFTER_APPLY]}),
        ({"l": ["a", None]}, {}, {}, {"l": ["a", "null"]}),
        ({"a": "s", "b": "t"}, {}, {"a": True}, {"a": "****", "b": "t"}),
        ({"a": {"b": 7}}, {}, {"a": True}, {"a": "****"}),
        ({"l": ["a", "b"]}, {}, {"l": [False, True]}, {"l": ["a", "****"]}),
        ({"a": "s"}, {"a": True}, {"a": True}, {"a": KNOWN_AFTER_APPLY}),
        (None, True, {}, KNOWN_AFTER_APPLY),
    ],
)
def test_a_side_of_a_change(known: Any, unknown: Any, mask: Any, expected: Any) -> None:
    found = value_of(known, unknown, mask)

    assert found is not None
    assert masked(found) == expected


def test_a_secret_is_marked_wherever_it_is_repeated() -> None:
    secrets = Secrets(["hunter22", "abc"])

    found = secrets.mark({"a": "<hunter22>", "b": ["x", "hunter22"], "c": "abc", "d": {"hunter22": "y"}})

    assert masked(found) == {"a": "****", "b": ["x", "****"], "c": "abc", "d": "****"}


def test_secrets_are_found_under_masks_and_in_sensitive_variables() -> None:
    plan = {
        "variables": {"pw": {"value": "from-a-variable"}, "port": {"value": 54321}, "open": {"value": "seen-by-all"}},
        "configuration": {"root_module": {"variables": {"pw": {"sensitive": True}, "port": {"sensitive": True}}}},
        "resource_changes": [
            {"change": {"before": {"k": ["plain", "from-before"]}, "before_sensitive": {"k": [False, True]}}},
            {"change": {"after": {"deep": {"k": "from-after"}}, "after_sensitive": {"deep": True}}},
        ],
        "output_changes": {"o": {"after": "from-an-output", "after_sensitive": True}},
    }

    found = set(secrets_of(plan))

    assert found == {"from-a-variable", "54321", "from-before", "from-after", "from-an-output"}


def test_a_secret_is_still_one_beside_what_is_none() -> None:
    found = Secrets(["hunter22"]).mark({"a": Secret("short"), "b": "open"})

    assert masked(found) == {"a": "****", "b": "open"}


def test_a_states_resources_have_terraforms_addresses() -> None:
    state = {
        "resources": [
            {
                "mode": "managed",
                "module": 'module.m["a.b"]',
                "type": "aws_sqs_queue",
                "name": "q",
                "instances": [{"index_key": "x", "attributes": {"id": "url"}}, {"index_key": 0, "attributes": {}}],
            },
            {"mode": "managed", "type": "t", "name": "n", "instances": [{"attributes": {"arn": "arn:1"}}]},
            {"mode": "data", "type": "t", "name": "d", "instances": [{"attributes": {"id": "no"}}]},
        ]
    }

    assert list(held_in(state)) == [
        Held('module.m["a.b"].aws_sqs_queue.q["x"]', "aws_sqs_queue", "url"),
        Held('module.m["a.b"].aws_sqs_queue.q[0]', "aws_sqs_queue", None),
        Held("t.n", "t", "arn:1"),
    ]


def test_outputs_are_text_and_sensitive_ones_are_hidden() -> None:
    state = {
        "outputs": {
            "text": {"value": "a hidden word"},
            "list": {"value": [1, None, "ü"]},
            "secret": {"value": {"a": 1}, "sensitive": True},
            "nothing": {"value": None},
        }
    }

    found = outputs_of(state, {"text": "What it says"}, lambda text: text.replace("hidden", "****"))

    assert found == [
        {"OutputKey": "text", "OutputValue": "a **** word", "Description": "What it says"},
        {"OutputKey": "list", "OutputValue": '[1,null,"ü"]'},
        {"OutputKey": "secret", "OutputValue": "****"},
        {"OutputKey": "nothing", "OutputValue": "null"},
    ]


@pytest.mark.parametrize(("value", "text"), [("a", "a"), (1.5, "1.5"), (True, "true"), ({"a": []}, '{"a":[]}')])
def test_values_as_text(value: Any, text: str) -> None:
    assert text_of(value) == text
