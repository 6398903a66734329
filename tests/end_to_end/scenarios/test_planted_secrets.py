"""Secrets are planted with every target; then all that the server has written and said is searched for them."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import CREDENTIAL, FAILURE, Target
from tests.end_to_end.scenarios.trial import Trial
from tests.end_to_end.test_secrets import found_in

PLANTED = {
    "a sensitive parameter": "planted-launch-4f1c",
    "a sensitive parameter of an update": "planted-update-77ab",
    "a sensitive parameter of an update that is interrupted": "planted-killed-2d9e",
    "a sensitive parameter of an update that fails": "planted-failing-19d2",
    "a credential in the environment": CREDENTIAL,
}
"""What must not be found, by where it was planted."""


def given(name: str) -> list[dict[str, str]]:
    return [{"Key": "Secret", "Value": PLANTED[name]}]


@pytest.fixture
def trial(target: Target, served: Served, account: str) -> Trial:
    """A product that is given a secret."""
    return Trial.publish(target, served, account, target.secretive(account))


@pytest.fixture
def answers(trial: Trial) -> list[str]:
    """All that the API answers from here on, errors too."""
    told: list[str] = []
    trial.product.catalog.meta.events.register("after-call.*", lambda parsed, **_: told.append(str(parsed)))
    return told


def live(trial: Trial, answers: list[str]) -> dict[str, str]:
    """Launch, update, update while the server is killed, fail and terminate with the secrets; how each ended."""
    ended: dict[str, str] = {}
    for name in list(PLANTED)[:3]:
        made = trial.product.plan("mine", wait=False, ProvisioningParameters=given(name))
        plan = trial.planned(made["PlanId"])
        answers.append(json.dumps(trial.document(plan)))
        record_id = trial.product.execute(made["PlanId"], wait=False)["RecordId"]
        if "interrupted" in name:
            trial.served.kill()
            trial.served.start()
        ended[name] = follow(trial, record_id, answers)
    if FAILURE not in trial.target.differs:
        name = list(PLANTED)[3]
        ended[name] = follow(trial, start_failing(trial, name), answers)
    answers.append(str(trial.terminate()))
    return ended


def start_failing(trial: Trial, name: str) -> str:
    answer = trial.product.catalog.update_provisioned_product(
        ProvisionedProductName="mine",
        ProductId=trial.product.product_id,
        ProvisioningArtifactId=trial.product.versions[2],
        ProvisioningParameters=given(name),
        UpdateToken="failing",
    )
    return str(answer["RecordDetail"]["RecordId"])


def follow(trial: Trial, record_id: str, answers: list[str]) -> str:
    record = trial.ended(record_id)
    answers.append(json.dumps(trial.events(record_id)))
    return str(record["RecordDetail"]["Status"])


def written_by(served: Served) -> dict[str, bytes]:
    """Every file under the server's directory: database, log of writes, runs, temporary files, its log."""
    files = [path for path in served.directory.rglob("*") if path.is_file()]
    return {str(path.relative_to(served.directory)): _content(path) for path in files}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""  # it went away meanwhile


def test_no_secret_is_left_in_any_file_or_answer(trial: Trial, answers: list[str]) -> None:
    ended = live(trial, answers)
    running = written_by(trial.served)
    trial.served.stop()
    stopped = written_by(trial.served)
    trial.served.start()

    files = {**{f"{name} while it ran": content for name, content in running.items()}, **stopped}
    in_files = {name: names for name, content in files.items() if (names := found_in(content, PLANTED))}
    in_answers = [(names, answer) for answer in answers if (names := found_in(answer.encode(), PLANTED))]
    assert ended == expected(trial.target)
    assert in_files == {}
    assert in_answers == []
    assert b"ExecuteProvisionedProductPlan" in stopped["server.log"]  # an empty log would prove nothing
    assert any("****" in answer for answer in answers)


def expected(target: Any) -> dict[str, str]:
    """How each of the operations is to end."""
    names = list(PLANTED)
    failed = {} if FAILURE in target.differs else {names[3]: "FAILED"}
    return dict.fromkeys(names[:3], "SUCCEEDED") | failed
