"""`manciple target check`: one line for each target and endpoint, and status 1 if one cannot be deployed onto."""

from pathlib import Path

import boto3
import pytest

from manciple.cli.application import run
from tests import peers
from tests.cloud_control import There

pytestmark = pytest.mark.usefixtures("aws_credentials")


def check(directory: Path, capsys: pytest.CaptureFixture[str], settings: str, *flags: str) -> tuple[int, list[str]]:
    file = directory / "manciple.toml"
    file.write_text(settings)
    status = run(["target", "check", "--config", str(file), "--region", peers.REGION, *flags])
    return status, capsys.readouterr().out.splitlines()


def test_an_endpoint_that_answers_is_told_with_who_we_are_there(
    cloudformation_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f"""[targets.cloudformation]
endpoint = "{cloudformation_endpoint}"
sts_endpoint = "{cloudformation_endpoint}"
"""

    status, lines = check(tmp_path, capsys, settings)

    found = {line.partition(":")[0]: line for line in lines}
    assert found["stack"] == "stack: ok, needs nothing outside"
    assert found["cloudformation"].startswith(
        f"cloudformation: {cloudformation_endpoint} in {peers.REGION}: ok, answers as arn:aws:"
    )
    assert status == 0


def test_a_launch_role_is_entered_for_the_check(
    cloudformation_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'targets.cloudformation = {{endpoint = "{cloudformation_endpoint}"}}\n'

    status, lines = check(tmp_path, capsys, settings, "--role-arn", "arn:aws:iam::123456789012:role/Launch")

    assert status == 1
    assert any(
        "FAILED: UnreachablePlace: The role arn:aws:iam::123456789012:role/Launch cannot be assumed" in line
        for line in lines
    )


def test_an_endpoint_that_does_not_answer_fails_the_check_and_the_others_are_told_too(
    cloudformation_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f"""[targets.cloudformation]
endpoint = "{cloudformation_endpoint}"

[[targets.cloudformation.places]]
region = "eu-west-2"
endpoint = "http://127.0.0.1:9"
"""

    status, lines = check(tmp_path, capsys, settings)

    found = [line for line in lines if line.startswith("cloudformation:")]
    assert status == 1
    assert found[0].startswith("cloudformation: http://127.0.0.1:9 in eu-west-2: FAILED: no answer")
    assert found[1].startswith(f"cloudformation: {cloudformation_endpoint} in {peers.REGION}: ok, answers")


def test_a_bucket_that_is_not_there_fails_the_check(
    cloudformation_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'targets.cloudformation = {{endpoint = "{cloudformation_endpoint}", bucket = "not-there"}}\n'

    status, lines = check(tmp_path, capsys, settings)

    assert status == 1
    assert any("NoSuchBucket" in line for line in lines)


def test_queues_elsewhere_are_asked_for_by_name(
    moto_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'targets.external = {{sqs_endpoint = "{moto_endpoint}"}}\n'
    sqs = boto3.client("sqs", endpoint_url=moto_endpoint, region_name="eu-north-1")
    account = ["--account", "123456789012"]
    absent = check(tmp_path, capsys, settings, *account, "--region", "eu-north-1")
    sqs.create_queue(QueueName="ServiceCatalogExternalProvisionOperationQueue")

    there = check(tmp_path, capsys, settings, *account, "--region", "eu-north-1")

    said = [next(line for line in lines if line.startswith("external: ")) for _, lines in (absent, there)]
    assert (absent[0], there[0]) == (1, 0)
    assert (
        "FAILED: account 123456789012 has none of the queues ServiceCatalogExternalProvisionOperationQueue" in said[0]
    )
    assert said[1] == (
        f"external: {moto_endpoint} in eu-north-1: ok, answers; has ServiceCatalogExternalProvisionOperationQueue"
    )


def test_queues_of_our_own_are_ready(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = check(tmp_path, capsys, "")

    assert "external: this server's queues: ok, ready; whether an engine reads them is not known here" in lines
    assert status == 0


def test_a_cloud_control_endpoint_is_asked_for_what_the_provider_calls(
    there: There, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'providers.cloud_control = {{endpoint = "{there.url}", sts_endpoint = "{there.url}"}}\n'

    good, lines = check(tmp_path, capsys, settings)
    there.fault("UpdateResource", "refuse", code="AccessDeniedException", message="not you")
    bad, others = check(tmp_path, capsys, settings)

    where = f"cloud_control: {there.url} in {peers.REGION}"
    assert (good, bad) == (0, 1)
    assert f"{where}: ok, answers as arn:aws:iam::123456789012:user/tester" in lines
    assert f"{where}: FAILED: update_resource: AccessDeniedException: not you" in others
    assert there.resources() == {}


def test_ministack_s_cloud_control_passes_the_check(
    ministack_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'providers.cloud_control = {{endpoint = "{ministack_endpoint}"}}\n'

    status, lines = check(tmp_path, capsys, settings)

    assert status == 0
    assert f"cloud_control: {ministack_endpoint} in {peers.REGION}: ok, answers" in lines


def test_what_is_no_cloud_control_fails_the_check(
    moto_endpoint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = f'providers.cloud_control = {{endpoint = "{moto_endpoint}"}}\n'

    status, lines = check(tmp_path, capsys, settings)

    assert status == 1
    failing = f"cloud_control: {moto_endpoint} in {peers.REGION}: FAILED: "
    assert any(line.startswith(failing) for line in lines)


def test_a_terraform_that_is_set_and_not_there_fails_the_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = check(tmp_path, capsys, 'targets.terraform = {binary = "/no/such/program"}\n')

    found = [line for line in lines if line.startswith("terraform: the program: ")]
    assert status == 1
    assert len(found) == 1
    assert "FAILED: targets.terraform.binary /no/such/program is no program that this server may run." in found[0]


@pytest.mark.parametrize(("settings", "status"), [("", 0), ('targets.rules = [{target = "terraform"}]\n', 1)])
def test_without_a_program_the_check_fails_only_where_packages_are_to_be_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, settings: str, status: int
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    found, lines = check(tmp_path, capsys, settings)

    assert found == status
    assert any("Neither tofu nor terraform is on this server's PATH." in line for line in lines)
