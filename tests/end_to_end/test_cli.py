"""The command line: an ordinary client of a running server."""

import json
import os
import re
import shutil
import signal
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.end_to_end.conftest import EXAMPLE, Ended, Run, Start

PARAMETERS = ("--parameters", str(EXAMPLE / "parameters.yaml"))
KEY = ("--account", "111111111111", "--arn", "arn:aws:iam::111111111111:user/ana")


TWINS = """\
name: Twins
owner: Ana
portfolio: Kits
principals: ["arn:aws:iam:::role/*"]
versions: [{name: v1, template: v1.yaml}]
"""
TWINS_TEMPLATE = """\
Resources:
  First: {Type: AWS::SQS::Queue, Properties: {QueueName: twin}}
  Second: {Type: AWS::SQS::Queue, Properties: {QueueName: twin}, DependsOn: First}
"""


@pytest.fixture
def client(account: str) -> Any:
    return boto3.Session().client("servicecatalog")


def plan_id_of(ended: Ended) -> str:
    found = re.search("manciple execute (plan-[a-z0-9]{13})", ended.out)
    assert found, ended
    return found[1]


def launch(manciple: Run, product: str, name: str = "orders") -> Ended:
    return manciple("execute", plan_id_of(manciple("plan", product, name, "--version", "v1", *PARAMETERS)))


def copy_of_example(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "product"))


def test_publishing_prints_what_was_made(manciple: Run) -> None:
    ended = manciple("publish", str(EXAMPLE))

    kinds = [line.split()[0] for line in ended.out.splitlines()]
    assert ended.status == 0
    assert kinds == ["portfolio", "product", "version", "version", "association", "principal", "principal"]
    assert ended.out.count(" created ") == 7


def test_publishing_twice_changes_nothing(manciple: Run, published: str) -> None:
    ended = manciple("publish", str(EXAMPLE))

    assert ended.status == 0
    assert ended.out.count(" unchanged ") == 7


def test_publishing_again_brings_what_is_new(manciple: Run, published: str, tmp_path: Path) -> None:
    folder = copy_of_example(tmp_path)
    text = (folder / "product.yaml").read_text().replace("owner: Platform team", "owner: Orders team")
    (folder / "product.yaml").write_text(text + "  - {name: v3, template: v2.yaml}\n")

    ended = manciple("publish", str(folder))

    outcomes = {tuple(line.split()[::2][:2]) for line in ended.out.splitlines()}
    assert ("product", "changed") in outcomes
    assert re.search("version .* created +v3", ended.out)


def test_a_changed_template_under_the_same_version_name_is_refused(
    manciple: Run, published: str, tmp_path: Path
) -> None:
    folder = copy_of_example(tmp_path)
    (folder / "v1.yaml").write_bytes((folder / "v2.yaml").read_bytes())

    ended = manciple("publish", str(folder))

    assert ended.status == 1
    assert ended.err == (
        "manciple: Version v1 of Order intake was published with another template than v1.yaml; "
        "give the new template a new version name.\n"
    )


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("name: [", "is not YAML"),
        ("name: A\nowner: B\nportfolio: C\nversions: []\n", "names no version"),
        ("name: A\nversions: []\n", "missing required field `owner`"),
        ("name: A\nowner: B\nversions: [{name: v1, template: nowhere.yaml}]\n", "nowhere.yaml cannot be read"),
    ],
)
def test_a_broken_product_folder_is_refused_by_name(manciple: Run, tmp_path: Path, content: str, sentence: str) -> None:
    (tmp_path / "product.yaml").write_text(content)

    ended = manciple("publish", str(tmp_path))

    assert ended.status == 1
    assert sentence in ended.err
    assert str(tmp_path) in ended.err


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        ("Resources: [", "Template format error: YAML not well-formed. (line "),
        ("Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Size: 1\n", "property 'Size' (line 4)"),
        ("just text", "Template format error: unsupported structure. (line 1)"),
    ],
)
@pytest.mark.parametrize("version", ["v1", "v2"])
def test_a_broken_template_is_named_with_what_is_wrong_with_it(
    manciple: Run, tmp_path: Path, version: str, template: str, sentence: str
) -> None:
    folder = copy_of_example(tmp_path)
    (folder / f"{version}.yaml").write_text(template)

    ended = manciple("publish", str(folder))

    assert ended.status == 1
    assert ended.err.startswith(f"manciple: {folder / version}.yaml is no valid template: ")
    assert sentence in ended.err


def test_a_principal_that_can_be_none_is_named(manciple: Run) -> None:
    ended = manciple("publish", str(EXAMPLE), "--principal", "arn:aws:iam:::*")

    assert ended.status == 1
    assert "The principal 'arn:aws:iam:::*' cannot be let in: it must be an IAM user, group or role" in ended.err


def test_a_file_in_place_of_its_folder_is_refused(manciple: Run) -> None:
    ended = manciple("publish", str(EXAMPLE / "product.yaml"))

    assert ended.status == 1
    assert "publish the folder that holds product.yaml" in ended.err


def test_a_plan_with_changes_exits_with_2_and_says_how_to_execute_it(manciple: Run, published: str) -> None:
    ended = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS)

    assert ended.status == 2
    assert "Plan: 6 to add, 0 to change, 0 to replace, 0 to remove." in ended.out
    assert plan_id_of(ended)


def test_a_plan_hides_secrets(manciple: Run, published: str) -> None:
    ended = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS)

    assert "SecretString  ****" in ended.out
    assert "an-example-only" not in ended.out


def test_an_update_shows_every_kind_of_change(manciple: Run, published: str) -> None:
    launch(manciple, published)

    ended = manciple("plan", published, "orders", "--version", "v2", "--parameter", "ProcessingSeconds=120")

    signs = re.findall(r"^  ([+~±-]) (\w+)  AWS::", ended.out, re.MULTILINE)
    marks = {name: sign for sign, name in signs}
    assert marks["Archive"] == "+"
    assert marks["Orders"] == "~"
    assert marks["Table"] == "±"
    assert marks["Alerts"] == "-"
    assert "VisibilityTimeout  30 → 120" in ended.out


def test_an_update_keeps_the_parameters_that_are_not_given(manciple: Run, published: str) -> None:
    launch(manciple, published)

    ended = manciple("plan", published, "orders", "--parameter", "ProcessingSeconds=31")

    assert "Plan: 0 to add, 1 to change, 0 to replace, 0 to remove." in ended.out
    assert "VisibilityTimeout  30 → 31" in ended.out


def test_a_plan_without_changes_exits_with_0_and_blocks_no_other(manciple: Run, published: str) -> None:
    launch(manciple, published)

    first = manciple("plan", published, "orders")
    second = manciple("plan", published, "orders")

    assert (first.status, second.status) == (0, 0)
    assert "No changes" in second.out


def test_a_second_plan_needs_the_first_one_discarded(manciple: Run, published: str) -> None:
    first = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS)

    refused = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS)
    again = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS, "--discard")

    assert refused.status == 1
    assert refused.err.startswith("manciple: InvalidStateException: ")
    assert refused.err.endswith("--discard deletes the plan that is open for it first.\n")
    assert plan_id_of(again) != plan_id_of(first)


def test_discarding_keeps_the_plans_that_were_executed(manciple: Run, published: str, client: Any) -> None:
    first = plan_id_of(manciple("plan", published, "orders", "--version", "v1", *PARAMETERS))
    manciple("execute", first)
    second = plan_id_of(manciple("plan", published, "orders", "--version", "v2"))

    third = plan_id_of(manciple("plan", published, "orders", "--version", "v2", "--discard"))

    listed = client.list_provisioned_product_plans()["ProvisionedProductPlans"]
    assert [plan["PlanId"] for plan in listed] == [first, third]
    assert second != third


def test_who_sees_only_their_own_plans_discards_them(
    manciple: Run, start: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "data"))
    server = start("serve", "--port", "0", *data, "--auth", "sigv4")
    assert server.stdout
    endpoint = ("--endpoint", server.stdout.readline().rpartition("=")[2].strip())
    for policy in ("admin", "end-user"):
        key = json.loads(manciple("key", "create", *KEY, *data, "--policy", policy, "--json").out)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])
        if policy == "admin":
            manciple("publish", str(EXAMPLE), *endpoint)
    first = manciple("plan", "Order intake", "orders", *PARAMETERS, *endpoint)

    again = manciple("plan", "Order intake", "orders", *PARAMETERS, "--discard", *endpoint)

    assert again.err == ""
    assert plan_id_of(again) != plan_id_of(first)


def test_a_plan_as_json_is_the_plan_document(manciple: Run, published: str) -> None:
    ended = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS, "--json")

    document = json.loads(ended.out)
    assert ended.status == 2
    assert document["Status"] == "CREATE_SUCCESS"
    assert document["Summary"] == {"Add": 6, "Modify": 0, "Replace": 0, "Remove": 0}


def test_a_plan_that_fails_says_why(manciple: Run, published: str) -> None:
    ended = manciple("plan", published, "orders", "--version", "v1")

    assert ended.status == 1
    assert "PartnerKey" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            ("plan", "Nothing", "orders"),
            "There is no product 'Nothing' that you may launch in eu-west-1; there is 'Order intake'.",
        ),
        (
            ("plan", "Order intake", "orders", "--version", "v9"),
            "There is no version 'v9' of Order intake; there are 'v1', 'v2'.",
        ),
        (("plan", "Order intake", "orders", "--path", "Elsewhere"), "There is no launch path 'Elsewhere'"),
        (("plan", "Order intake", "orders", "--parameter", "Size"), "--parameter 'Size' is not KEY=VALUE."),
        (("plan", "Order intake"), "Missing argument"),
        (("execute", "plan-aaaaaaaaaaaaa"), "ResourceNotFoundException: "),
    ],
)
def test_what_cannot_be_done_is_said_in_one_sentence(
    manciple: Run, published: str, arguments: tuple[str, ...], sentence: str
) -> None:
    ended = manciple(*arguments)

    assert ended.status == 1
    assert ended.err.startswith("manciple: ")
    assert sentence in ended.err
    assert ended.err.count("\n") == 1


def test_a_product_that_nobody_was_let_in_to_says_how(manciple: Run, tmp_path: Path) -> None:
    folder = copy_of_example(tmp_path)
    text = (folder / "product.yaml").read_text()
    (folder / "product.yaml").write_text(re.sub(r"principals:.*?(?=versions:)", "", text, flags=re.DOTALL))
    made = manciple("publish", str(folder))

    ended = manciple("plan", "Order intake", "orders")

    assert "missing    nobody may launch" in made.out
    assert ended.status == 1
    assert "Product 'Order intake' is there, but no portfolio lets you launch it" in ended.err


@pytest.mark.parametrize("endpoint", ["127.0.0.1:4566", "foo", "http://"])
@pytest.mark.parametrize("command", [("plan", "Order intake", "orders"), ("execute", "plan-a"), ("audit",)])
def test_an_endpoint_that_is_no_address_is_refused_in_one_sentence(
    manciple: Run, command: tuple[str, ...], endpoint: str
) -> None:
    ended = manciple(*command, "--endpoint", endpoint)

    assert ended.status == 1
    assert ended.err == (
        f"manciple: The endpoint {endpoint!r} is no address: it must begin with http:// or https://.\n"
    )


def test_an_endpoint_that_is_another_server_is_told_as_such(manciple: Run) -> None:
    other = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    threading.Thread(target=other.serve_forever, daemon=True).start()

    ended = manciple("plan", "Order intake", "orders", "--endpoint", f"http://127.0.0.1:{other.server_port}")
    other.shutdown()
    other.server_close()

    assert ended.status == 1
    assert ended.err.endswith(
        "manciple: The endpoint answered HTTP 501; is it a Manciple server? --endpoint names another.\n"
    )


def test_a_server_that_does_not_answer_is_said_in_one_sentence(manciple: Run) -> None:
    ended = manciple("plan", "Order intake", "orders", "--endpoint", "http://127.0.0.1:9")

    assert ended.status == 1
    assert "http://127.0.0.1:9" in ended.err
    assert ended.err.count("\n") == 1


def test_executing_prints_events_status_and_outputs(manciple: Run, published: str) -> None:
    ended = launch(manciple, published)

    assert ended.status == 0
    assert re.search(r"CREATE_IN_PROGRESS +Table +AWS::DynamoDB::Table", ended.out)
    assert re.search(r"CREATE_COMPLETE +Table +AWS::DynamoDB::Table", ended.out)
    assert re.search(r"^rec-[a-z0-9]{13}  SUCCEEDED$", ended.out, re.MULTILINE)
    assert re.search(r"^  QueueUrl +https?://", ended.out, re.MULTILINE)


def test_a_failed_execution_exits_with_1_and_names_the_root_cause(manciple: Run, tmp_path: Path) -> None:
    (tmp_path / "product.yaml").write_text(TWINS)
    (tmp_path / "v1.yaml").write_text(TWINS_TEMPLATE)
    manciple("publish", str(tmp_path))

    ended = manciple("execute", plan_id_of(manciple("plan", "Twins", "twins")))

    assert ended.status == 1
    assert re.search(r"^rec-[a-z0-9]{13}  FAILED$", ended.out, re.MULTILINE)
    assert re.search(r"Root cause\n  CREATE_FAILED +Second +AWS::SQS::Queue", ended.out)


def test_a_plan_is_shown_to_whoever_asks_as_it_was_to_who_made_it(manciple: Run, published: str) -> None:
    planned = manciple("plan", published, "orders", "--version", "v1", *PARAMETERS)

    shown = manciple("show", plan_id_of(planned))
    as_json = manciple("show", plan_id_of(planned), "--json")

    assert (shown.status, shown.out) == (0, planned.out)
    assert json.loads(as_json.out)["Summary"]["Add"] == 6


def test_a_plan_that_was_executed_is_shown_with_its_status(manciple: Run, published: str) -> None:
    plan_id = plan_id_of(manciple("plan", published, "orders", "--version", "v1", *PARAMETERS))
    manciple("execute", plan_id)

    ended = manciple("show", plan_id)

    assert "Plan: 6 to add" in ended.out
    assert ended.out.endswith(f"\n{plan_id} is EXECUTE_SUCCESS.\n")


def test_a_plan_that_failed_is_shown_with_its_reason(manciple: Run, published: str, client: Any) -> None:
    product = client.search_products()["ProductViewSummaries"][0]["ProductId"]
    version = client.describe_product(Id=product)["ProvisioningArtifacts"][0]["Id"]
    plan = client.create_provisioned_product_plan(
        PlanName="p",
        PlanType="CLOUDFORMATION",
        ProductId=product,
        ProvisioningArtifactId=version,
        ProvisionedProductName="orders",
    )

    ended = manciple("show", plan["PlanId"])

    assert ended.out.startswith("Launch orders: Order intake v1\n")
    assert re.search(f"^{plan['PlanId']} is CREATE_FAILED: .*PartnerKey", ended.out, re.MULTILINE)
    assert "Plan:" not in ended.out


def test_terminating_prints_events_and_status(manciple: Run, published: str) -> None:
    launch(manciple, published)

    ended = manciple("terminate", "orders")
    again = manciple("terminate", "orders")

    assert ended.status == 0
    assert re.search(r"DELETE_COMPLETE +Table +AWS::DynamoDB::Table", ended.out)
    assert re.search(r"^rec-[a-z0-9]{13}  SUCCEEDED$", ended.out, re.MULTILINE)
    assert again.status == 1
    assert "ResourceNotFoundException" in again.err


def test_output_into_a_pipe_has_no_colours_and_no_wrapped_lines(manciple: Run, published: str) -> None:
    launch(manciple, published)

    ended = manciple("plan", published, "orders", "--version", "v2")

    assert "\x1b" not in ended.out
    assert max(len(line) for line in ended.out.splitlines()) > 80


def served(start: Start, *flags: str) -> str:
    """The address of a server that verifies signatures."""
    server = start("serve", "--port", "0", *flags, "--auth", "sigv4")
    assert server.stdout
    return server.stdout.readline().rpartition("=")[2].strip()


def signed_catalog(url: str, key: dict[str, str]) -> Any:
    return boto3.Session().client(
        "servicecatalog",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )


def test_a_key_that_is_made_beside_a_running_server_signs_requests(start: Start, tmp_path: Path) -> None:
    url = served(start, "--data", str(tmp_path / "data"))

    made, _ = start("key", "create", *KEY, "--data", str(tmp_path / "data"), "--json").communicate()

    key = json.loads(made)
    portfolio = signed_catalog(url, key).create_portfolio(DisplayName="p", ProviderName="p")["PortfolioDetail"]
    assert key["Account"] == "111111111111"
    assert ":111111111111:" in portfolio["ARN"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--account", "1", "--arn", "arn:aws:iam::1:root"), "The account '1' is not 12 digits."),
        (("--account", "111111111111", "--arn", "ana"), "The ARN 'ana' names no root, user, role"),
        (("--account", "222222222222", *KEY[2:]), "names no root, user, role or session of account 222222222222"),
        ((*KEY, "--policy", "nobody"), "--policy nobody is neither a file nor one of admin, end-user, engine"),
    ],
)
def test_a_key_for_nobody_is_refused(manciple: Run, tmp_path: Path, arguments: tuple[str, ...], sentence: str) -> None:
    ended = manciple("key", "create", *arguments, "--data", str(tmp_path / "data"))

    assert ended.status == 1
    assert sentence in ended.err


def test_a_deleted_key_is_gone_from_the_list_and_signs_nothing_more(
    manciple: Run, start: Start, tmp_path: Path
) -> None:
    data = ("--data", str(tmp_path / "data"))
    key = json.loads(manciple("key", "create", *KEY, *data, "--json").out)
    listed = manciple("key", "list", *data).out

    ended = manciple("key", "delete", key["AccessKeyId"], *data)
    again = manciple("key", "delete", key["AccessKeyId"], *data)

    assert listed.startswith(f"{key['AccessKeyId']}  {key['Arn']}  admin  ")
    assert key["SecretAccessKey"] not in listed
    assert ended.out == f"{key['AccessKeyId']} is deleted.\n"
    assert (again.status, "There is no access key" in again.err) == (1, True)
    assert manciple("key", "list", *data).out == "There is none; `manciple key create` makes one.\n"
    url = served(start, *data)
    with pytest.raises(ClientError, match="The security token included in the request is invalid"):
        signed_catalog(url, key).list_portfolios()


def test_a_key_of_a_named_policy_is_made_without_doubts(manciple: Run, tmp_path: Path) -> None:
    ended = manciple("key", "create", *KEY, "--data", str(tmp_path / "data"))

    assert ended.status == 0
    assert ended.err == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_says_one_ready_line_and_stops_cleanly(start: Start, tmp_path: Path, number: signal.Signals) -> None:
    server = start("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert server.stdout
    line = server.stdout.readline()

    server.send_signal(number)
    rest, _ = server.communicate()

    assert re.fullmatch(
        r"Manciple is ready: export AWS_ENDPOINT_URL_SERVICE_CATALOG=(\S+) AWS_ENDPOINT_URL_S3=\1\n", line
    )
    assert rest == ""
    assert server.returncode == 0


def test_a_worker_carries_out_what_a_server_only_accepts(manciple: Run, start: Start, tmp_path: Path) -> None:
    data = ("--data", str(tmp_path / "data"))
    server = start("serve", "--port", "0", *data, "--no-execute")
    assert server.stdout
    endpoint = ("--endpoint", server.stdout.readline().rpartition("=")[2].strip())
    worker = start("worker", *data)
    manciple("publish", str(EXAMPLE), *endpoint)

    planned = manciple("plan", "Order intake", "orders", "--version", "v1", *PARAMETERS, *endpoint)

    executed = manciple("execute", plan_id_of(planned), *endpoint)
    for process in (worker, server):
        process.terminate()
        process.communicate()
    assert (planned.status, executed.status) == (2, 0)
    assert (worker.returncode, server.returncode) == (0, 0)


def test_a_taken_port_is_refused_in_one_sentence(manciple: Run, tmp_path: Path) -> None:
    taken = os.environ["AWS_ENDPOINT_URL"].rpartition(":")[2]

    ended = manciple("serve", "--port", taken, "--data", str(tmp_path / "data"))

    assert ended.status == 1
    assert f"Port {taken} of 127.0.0.1 cannot be bound" in ended.err


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--data", "taken"), "the data directory taken cannot be written (File exists): --data names another"),
        (("--database", "mysql://ana:hidden@db/x"), "database is 'mysql://ana:****@db/x' but must be an address such"),
        (("--database", "postgresql://db:port/x"), "database is 'postgresql://db:port/x' but must be an address such"),
        (("--data", "broken"), "The database cannot be used: file is not a database"),
    ],
)
def test_a_database_that_cannot_be_used_is_said_in_one_sentence(
    manciple: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, arguments: tuple[str, ...], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MANCIPLE_SECRET_KEY_FILE", str(tmp_path / "some.key"))
    (tmp_path / "taken").touch()
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manciple.sqlite").write_text("garbage\n" * 100)

    ended = manciple("migrate", *arguments)

    assert ended.status == 1
    assert ended.err.startswith(f"manciple: {sentence}")
    assert ended.err.count("\n") == 1


def test_a_lost_key_is_named_and_no_other_is_made_in_its_place(manciple: Run, tmp_path: Path) -> None:
    manciple("migrate", "--data", str(tmp_path / "data"))
    (tmp_path / "data.key").unlink()

    ended = manciple("migrate", "--data", str(tmp_path / "data"))

    assert ended.status == 1
    assert f"The secret key file {tmp_path / 'data.key'}, without which" in ended.err
    assert not (tmp_path / "data.key").exists()


def test_an_address_that_is_not_of_this_machine_is_refused_in_one_sentence(manciple: Run, tmp_path: Path) -> None:
    data = str(tmp_path / "data")

    ended = manciple("serve", "--host", "192.0.2.1", "--auth", "sigv4", "--port", "0", "--data", data)

    assert ended.status == 1
    assert "Port 0 of 192.0.2.1 cannot be bound" in ended.err
    assert "choose another address with --host" in ended.err


def test_open_mode_beyond_loopback_is_refused(manciple: Run, tmp_path: Path) -> None:
    ended = manciple("serve", "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path / "data"))

    assert ended.status == 1
    assert "--insecure" in ended.err


def test_config_says_where_each_value_came_from(manciple: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MANCIPLE_PORT", "4711")

    ended = manciple("config", "--database", "postgresql://ana:hidden@db/manciple", "--data", str(tmp_path))

    rows = [line.split() for line in ended.out.splitlines()]
    assert ["port", "4711", "MANCIPLE_PORT"] in rows
    assert ["data", str(tmp_path), "--data"] in rows
    assert ["auth", "open", "default"] in rows
    assert ["database", "postgresql://ana:****@db/manciple", "--database"] in rows


@pytest.mark.parametrize("directory", [".", "data/.."])
def test_a_data_directory_named_by_dots_has_its_key_beside_it(
    manciple: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, directory: str
) -> None:
    place = tmp_path / "place"
    (place / "data").mkdir(parents=True)
    monkeypatch.chdir(place)

    done = manciple("migrate", "--data", directory)

    assert done.status == 0, done.err
    assert (tmp_path / "place.key").exists()


def test_migrate_brings_a_new_database_up_to_date(manciple: Run, tmp_path: Path) -> None:
    first = manciple("migrate", "--data", str(tmp_path / "data"))
    second = manciple("migrate", "--data", str(tmp_path / "data"))

    assert first.status == 0
    assert first == second
    assert (tmp_path / "data" / "manciple.sqlite").exists()
