"""What the command line makes of files and answers, without a server."""

from pathlib import Path
from typing import Any

import pytest

from manciple.cli.launch_request import read_pairs, read_parameters
from manciple.cli.product_folder import read_product
from manciple.cli.record_text import end_lines, event_line, root_cause
from manciple.cli.refusal import Refusal


def event(name: str, status: str, reason: str | None = None, path: str = "") -> dict[str, Any]:
    return {
        "StackPath": path,
        "LogicalResourceId": name,
        "ResourceType": "AWS::SQS::Queue",
        "ResourceStatus": status,
        "ResourceStatusReason": reason,
    }


@pytest.mark.parametrize(
    "content",
    [
        "Size: 1.0\nOn: yes\n",
        '{"Size": "1.0", "On": "yes"}',
        '[{"ParameterKey": "Size", "ParameterValue": "1.0"}, {"ParameterKey": "On", "ParameterValue": "yes"}]',
        "- {Key: Size, Value: 1.0}\n- {Key: On, Value: yes}\n",
    ],
)
def test_parameters_are_read_as_the_texts_they_look_like(tmp_path: Path, content: str) -> None:
    file = tmp_path / "parameters"
    file.write_text(content)

    assert read_parameters(file) == {"Size": "1.0", "On": "yes"}


@pytest.mark.parametrize("content", ["just text", "Size: [1]", "- {Name: Size}", "- Size"])
def test_a_file_without_parameters_is_refused_by_name(tmp_path: Path, content: str) -> None:
    file = tmp_path / "parameters"
    file.write_text(content)

    with pytest.raises(Refusal, match=str(file)):
        read_parameters(file)


def test_a_value_may_hold_equals_signs() -> None:
    assert read_pairs(["Key=a=b", "Empty="], "--parameter") == {"Key": "a=b", "Empty": ""}


@pytest.mark.parametrize("text", ["Key", "=value", ""])
def test_a_pair_without_a_key_or_a_sign_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="is not KEY=VALUE"):
        read_pairs([text], "--tag")


def test_a_version_name_that_looks_like_a_number_stays_text(tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_text("name: A\nowner: B\nversions: [{name: 1.0, template: a.yaml}]\n")

    product = read_product(tmp_path)

    assert product.versions[0].name == "1.0"


def test_a_misspelt_member_of_a_product_is_refused(tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_text("name: A\nownr: B\nversions: []\n")

    with pytest.raises(Refusal, match="ownr"):
        read_product(tmp_path)


def test_an_event_names_status_resource_type_and_reason() -> None:
    line = event_line(event("Queue", "CREATE_FAILED", "No.", path="Child"))

    assert line.plain == "  CREATE_FAILED         Child/Queue               AWS::SQS::Queue  No."


def test_a_reason_of_several_lines_goes_on_below_its_event() -> None:
    line = event_line(event("Queue", "CREATE_FAILED", "It is not valid:\n#: extraneous key [\x1b] is not permitted"))

    assert line.plain.split("\n") == [
        "  CREATE_FAILED         Queue                     AWS::SQS::Queue  It is not valid:",
        "      #: extraneous key [\\x1b] is not permitted",
    ]


def test_the_root_cause_is_the_first_failure_that_follows_from_no_other() -> None:
    events = [
        event("A", "CREATE_IN_PROGRESS"),
        event("B", "CREATE_FAILED", "Resource creation cancelled"),
        event("C", "CREATE_FAILED", "Name taken."),
        event("D", "CREATE_FAILED", "Also."),
    ]

    cause = root_cause(events)

    assert cause == events[2]


def test_a_failed_record_tells_its_root_cause_and_its_errors() -> None:
    record = {"RecordId": "rec-1", "Status": "FAILED", "RecordErrors": [{"Code": "1", "Description": "It failed."}]}

    lines = [line.plain for line in end_lines(record, [], [event("Queue", "CREATE_FAILED", "Name taken.")])]

    assert lines == [
        "\nrec-1  FAILED",
        "\nRoot cause",
        "  CREATE_FAILED         Queue                     AWS::SQS::Queue  Name taken.",
        "  It failed.",
    ]


def test_a_record_that_succeeded_tells_its_outputs() -> None:
    outputs = [{"OutputKey": "Url", "OutputValue": "http://q"}, {"OutputKey": "Name", "OutputValue": "q"}]

    lines = [line.plain for line in end_lines({"RecordId": "rec-1", "Status": "SUCCEEDED"}, outputs, [])]

    assert lines == ["\nrec-1  SUCCEEDED", "\nOutputs", "  Url   http://q", "  Name  q"]
