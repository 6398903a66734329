"""`manciple demo`: the whole way, onto each target whose parts are here, and nothing left of it."""

import re
import signal
import subprocess
from pathlib import Path

import psycopg
import pytest

from manciple.cli.demonstration import ADMIN_URL
from tests import peers, postgres
from tests.contract.packages import needs_program
from tests.end_to_end.conftest import Start


@pytest.fixture
def start_demo(start: Start, tmp_path: Path) -> Start:
    """Starts a demo with a temporary directory of its own, and an environment that would lead it astray."""
    directories = {"HOME": str(tmp_path / "home"), "TMPDIR": str(tmp_path / "tmp")}
    for directory in directories.values():
        Path(directory).mkdir()
    astray = {"AWS_PROFILE": "nobody", "AWS_ENDPOINT_URL": "http://127.0.0.1:9", "MANCIPLE_PORT": "9"}
    return lambda *arguments, **variables: start("demo", *arguments, **astray | directories | variables)


@pytest.fixture
def demo(start_demo: Start) -> subprocess.Popen[str]:
    """The demo of the sandbox."""
    return start_demo()


def statuses_in(out: str) -> list[str]:
    """How the records ended that a demo shows."""
    return re.findall(r"^rec-[a-z0-9]{13}  (\w+)$", out, re.MULTILINE)


def files_left(tmp_path: Path) -> list[Path]:
    return [found for found in tmp_path.rglob("*") if found.is_file()]


def test_the_demo_launches_a_product_and_updates_it_with_a_replacement(demo: subprocess.Popen[str]) -> None:
    out, err = demo.communicate()

    assert (demo.returncode, err) == (0, "")
    assert statuses_in(out) == ["SUCCEEDED", "SUCCEEDED"]
    assert re.search(r"^  ± Table  AWS::DynamoDB::Table  replace$", out, re.MULTILINE)
    assert re.search(r"^  TableName +orders-test$", out, re.MULTILINE)


def test_the_demo_leaves_no_files(demo: subprocess.Popen[str], tmp_path: Path) -> None:
    demo.communicate()

    assert files_left(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_no_files(
    demo: subprocess.Popen[str], tmp_path: Path, number: signal.Signals
) -> None:
    assert demo.stdout
    while "manciple plan" not in demo.stdout.readline():
        assert demo.poll() is None

    demo.send_signal(number)
    _, err = demo.communicate()

    assert demo.returncode == 128 + number
    assert "Traceback" not in err
    assert files_left(tmp_path) == []


@needs_program
def test_the_demo_of_terraform_plans_applies_replaces_and_destroys(start_demo: Start, tmp_path: Path) -> None:
    demo = start_demo("terraform")

    out, err = demo.communicate()

    assert (demo.returncode, err) == (0, "")
    assert statuses_in(out) == ["SUCCEEDED"] * 3
    assert re.search(r"^  ± terraform_data\.space  terraform_data  replace$", out, re.MULTILINE)
    assert re.search(r"^      input\.seats +4 → 6$", out, re.MULTILINE)
    assert re.search(r"^  DELETE_COMPLETE +terraform_data\.space ", out, re.MULTILINE)
    assert files_left(tmp_path) == []


def test_the_demo_of_cloudformation_deploys_onto_an_emulator_that_is_installed(start_demo: Start) -> None:
    demo = start_demo("cloudformation")

    out, err = demo.communicate()

    assert (demo.returncode, err) == (0, "")
    assert statuses_in(out) == ["SUCCEEDED"] * 3
    assert re.search(r"^  - Alerts  AWS::SNS::Topic  remove$", out, re.MULTILINE)
    assert "Simulated" not in out


def test_the_demo_of_cloudformation_takes_the_endpoint_that_is_named(
    start: Start, tmp_path: Path, moto_endpoint: str
) -> None:
    demo = start("demo", "cloudformation", "--at", moto_endpoint, HOME=str(tmp_path), **peers.KEYS)

    out, err = demo.communicate()

    assert (demo.returncode, err) == (0, "")
    assert statuses_in(out) == ["SUCCEEDED"] * 3


def test_the_demo_of_postgresql_makes_replaces_and_drops_a_database(
    start_demo: Start, postgresql_server: postgres.Server
) -> None:
    address = postgresql_server.url.render_as_string(hide_password=False)
    demo = start_demo("postgresql", "--at", address)

    out, err = demo.communicate()

    with psycopg.connect(address) as connection:
        found = connection.execute("SELECT datname FROM pg_database WHERE datname ~ '^(shop|store)_'").fetchall()
    assert (demo.returncode, err) == (0, "")
    assert statuses_in(out) == ["SUCCEEDED"] * 3
    assert re.search(r"^      DatabaseName +shop_orders → store_orders  \(forces replacement\)$", out, re.MULTILINE)
    assert re.search(r"^  DatabaseName +store_orders$", out, re.MULTILINE)
    assert "Simulated" not in out
    assert found == []


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("terraform", "manciple: Neither tofu nor terraform is on PATH; install OpenTofu "),
        (
            "postgresql",
            f"manciple: There is no PostgreSQL server to make databases on: name one by --at or {ADMIN_URL} ",
        ),
    ],
)
def test_a_demo_whose_parts_are_missing_says_what_to_get(start_demo: Start, target: str, sentence: str) -> None:
    demo = start_demo(target, PATH="/nowhere")

    out, err = demo.communicate()

    assert (demo.returncode, out) == (2, "")
    assert err.startswith(sentence)
    assert err.count("\n") == 1


def test_a_demo_of_an_unknown_target_names_those_there_are(start_demo: Start) -> None:
    demo = start_demo("pigeon")

    _, err = demo.communicate()

    assert demo.returncode == 1
    assert err == (
        "manciple: There is no demo of pigeon; there is one of stack, cloudformation, terraform, postgresql.\n"
    )
