"""The worked example of an own type: databases on a real PostgreSQL server, as a product that is launched."""

import base64
import hashlib
import hmac
import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from manciple.app import Server
from manciple.cli.application import run
from tests import postgres
from tests.contract.conftest import serve
from tests.contract.publishing import Published
from tests.contract.raw import send

EXAMPLES = Path(__file__).parents[2] / "examples"
TYPE = EXAMPLES / "types" / "postgresql-database"
V1, V2 = ((EXAMPLES / "team-database" / f"{name}.yaml").read_text() for name in ("v1", "v2"))
PASSWORD = "tulip-harbour-wombat"
OTHER = "violet-lantern-otter"


@pytest.fixture(scope="module")
def world(postgresql_server: postgres.Server) -> str:
    """The address of the server where databases are made."""
    return postgresql_server.url.render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, world: str) -> Iterator[Server]:
    """A server that knows the type, and where PostgreSQL is."""
    directory = tmp_path_factory.mktemp("postgresql-type")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("POSTGRESQL_ADMIN_URL", world)
        yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, types=[str(TYPE)])


@pytest.fixture
def product(publish: Callable[..., Published], world: str) -> Iterator[Published]:
    yield publish(V1, V2)
    with psycopg.connect(world, autocommit=True) as connection:
        for (name,) in connection.execute("SELECT datname FROM pg_database WHERE datname ~ '_(orders|archive)$'"):
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())
        for (name,) in connection.execute("SELECT rolname FROM pg_roles WHERE rolname ~ '_(orders|archive)_owner$'"):
            connection.execute(f'DROP ROLE "{name}"'.encode())


@pytest.fixture
def document(server: Server, account: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """The plan document of a plan."""

    def ask(plan: dict[str, Any]) -> dict[str, Any]:
        headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
        plan_id = plan["ProvisionedProductPlanDetails"]["PlanId"]
        found: dict[str, Any] = send(server, "GET", f"/_manciple/plans/{plan_id}", headers).json
        return found

    return ask


def given(**values: str) -> dict[str, Any]:
    values = {"Team": "shop", "OwnerPassword": PASSWORD, **values}
    return {"ProvisioningParameters": [{"Key": key, "Value": value} for key, value in values.items()]}


def execute(product: Published, plan: dict[str, Any]) -> dict[str, Any]:
    return product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])


def outputs(record: dict[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in record["RecordOutputs"]}


def changes(plan: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    listed = plan["ResourceChanges"]
    return {one["LogicalResourceId"]: (one["Action"], one.get("Replacement")) for one in listed}


def databases(world: str) -> dict[str, tuple[int, str]]:
    """The connection limit and the comment of each database that a product made."""
    statement = """SELECT datname, datconnlimit, shobj_description(oid, 'pg_database') FROM pg_database
                   WHERE datname ~ '_(orders|archive)$'"""
    with psycopg.connect(world) as connection:
        return {name: (limit, comment) for name, limit, comment in connection.execute(statement)}


def owners(world: str) -> list[str]:
    with psycopg.connect(world) as connection:
        found = connection.execute("SELECT rolname FROM pg_roles WHERE rolname ~ '_(orders|archive)_owner$' ORDER BY 1")
        return [name for (name,) in found]


def oid(world: str, name: str) -> int:
    with psycopg.connect(world) as connection:
        (found,) = connection.execute("SELECT oid FROM pg_database WHERE datname = %s", [name]).fetchone() or (0,)
    return int(found)


def verifies(world: str, owner: str, password: str) -> bool:
    """Is the role's password this one? The server of the tests trusts everyone, so its verifier is asked."""
    with psycopg.connect(world) as connection:
        (kept,) = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", [owner]).fetchone() or (
            "",
        )
    return scram_matches(kept, password)


def scram_matches(kept: str, password: str) -> bool:
    _, parameters, keys = kept.split("$")
    rounds, salt = parameters.split(":")
    salted = hashlib.pbkdf2_hmac("sha256", password.encode(), base64.b64decode(salt), int(rounds))
    key = hmac.digest(salted, b"Client Key", "sha256")
    return base64.b64encode(hashlib.sha256(key).digest()).decode() == keys.split(":")[0]


def test_a_plan_says_what_will_be_made_and_makes_nothing(
    product: Published, world: str, document: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    plan = product.plan("db", **given())

    assert changes(plan) == {"Database": ("ADD", None)}
    assert (document(plan)["Simulated"], document(plan)["NotSimulated"]) == (False, ["Database"])
    assert (databases(world), owners(world)) == ({}, [])


def test_what_was_launched_is_a_database_that_its_owner_works_in(product: Published, world: str) -> None:
    record = execute(product, product.plan("db", **given()))

    told = outputs(record)
    with psycopg.connect(told["Url"], password=PASSWORD) as connection:
        connection.execute("CREATE TABLE orders (id int)")
        assert connection.execute("SELECT current_user, current_database()").fetchone() == (
            told["Owner"],
            told["DatabaseName"],
        )
    assert databases(world) == {"shop_orders": (10, "Orders of the team shop")}
    assert verifies(world, "shop_orders_owner", PASSWORD)


def test_an_update_keeps_the_database_and_what_is_in_it(product: Published, world: str) -> None:
    url = outputs(product.launch("db", **given()))["Url"]
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE orders AS SELECT 7 AS id")

    plan = product.plan("db", 1, **given(OwnerPassword=OTHER, Connections="20"))
    record = execute(product, plan)

    assert changes(plan) == {"Database": ("MODIFY", "FALSE"), "Archive": ("ADD", None)}
    assert databases(world)["shop_orders"] == (20, "Orders of the team shop")
    assert databases(world)["shop_archive"][1] == f"Orders of the past, out of {url}"
    assert verifies(world, "shop_orders_owner", OTHER)
    with psycopg.connect(make_conninfo(world, dbname="shop_orders")) as connection:
        connection.execute("SET ROLE pg_monitor")
        assert connection.execute("SELECT id FROM orders").fetchone() == (7,)
    assert outputs(record)["ArchiveUrl"].endswith(url.partition("shop_orders")[2].partition("?")[2])


def test_another_name_is_another_database_and_the_old_one_goes(
    product: Published, world: str, document: Callable[[dict[str, Any]], dict[str, Any]]
) -> None:
    product.launch("db", **given())
    before = oid(world, "shop_orders")

    plan = product.plan("db", **given(Team="mill"))
    execute(product, plan)

    (risk,) = document(plan)["Risks"]
    assert changes(plan) == {"Database": ("MODIFY", "TRUE")}
    assert (risk["Level"], risk["Reason"]) == (
        "high",
        "Replaces a database: the new one is empty, what the old one holds is lost.",
    )
    assert (list(databases(world)), owners(world)) == (["mill_orders"], ["mill_orders_owner"])
    assert oid(world, "mill_orders") != before


def test_a_launch_that_fails_is_rolled_back_and_names_the_handler(product: Published, world: str) -> None:
    with psycopg.connect(world, autocommit=True) as connection:
        connection.execute("CREATE DATABASE shop_archive")

    record = product.launch("db", 1, **given())

    (error,) = record["RecordDetail"]["RecordErrors"]
    assert record["RecordDetail"]["Status"] == "FAILED"
    assert "There is a database shop_archive or its owner already." in error["Description"]
    assert list(databases(world)) == ["shop_archive"]  # somebody else's, as it was
    assert owners(world) == []


def test_an_update_that_fails_leaves_the_database_as_it_was(
    publish: Callable[..., Published], product: Published, world: str
) -> None:
    broken = publish(V1, V2.replace("Role: pg_monitor", "Role: nobody_at_all"))
    broken.launch("db", **given())

    record = broken.update("db", 1, **given(OwnerPassword=OTHER, Connections="20"))

    (error,) = record["RecordDetail"]["RecordErrors"]
    assert "Grants names roles that are not there: nobody_at_all." in error["Description"]
    assert databases(world) == {"shop_orders": (10, "Orders of the team shop")}
    assert verifies(world, "shop_orders_owner", PASSWORD)


def test_terminating_drops_what_is_not_retained(product: Published, world: str) -> None:
    product.launch("db", 1, **given())

    record = product.terminate("db")

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert (list(databases(world)), owners(world)) == (["shop_archive"], ["shop_archive_owner"])


def test_names_are_quoted_whatever_is_in_them(
    publish: Callable[..., Published], product: Published, world: str
) -> None:
    odd = """Robert's "drop"; -- %s {} / ü_orders"""
    quoted = publish(V1.replace('!Sub "${Team}_orders"', json.dumps(odd)))

    url = outputs(quoted.launch("db", **given()))["Url"]

    with psycopg.connect(url, password=PASSWORD) as connection:
        assert connection.execute("SELECT current_database()").fetchone() == (odd,)
    assert quoted.terminate("db")["RecordDetail"]["Status"] == "SUCCEEDED"
    assert (databases(world), owners(world)) == ({}, [])


def test_the_password_is_nowhere_but_in_the_handler(
    product: Published,
    world: str,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    document: Callable[[dict[str, Any]], dict[str, Any]],
) -> None:
    caplog.set_level(logging.DEBUG, "manciple")
    plan = product.plan("db", 1, **given())
    record = execute(product, plan)
    with psycopg.connect(world, autocommit=True) as connection:
        connection.execute("CREATE DATABASE mill_archive")
    failed = product.update("db", 1, **given(Team="mill", OwnerPassword=OTHER))

    logged = [one.getMessage() for one in caplog.records if one.name.startswith("manciple")]
    told = json.dumps([plan, document(plan), record, failed, logged], default=str)
    kept = b"".join(path.read_bytes() for path in server.settings.data.rglob("*") if path.is_file())
    assert failed["RecordDetail"]["RecordErrors"]
    for secret in (PASSWORD, OTHER):
        assert secret not in told
        assert secret.encode() not in kept


@pytest.fixture
def ordinary(world: str) -> Iterator[str]:
    """The address for a role that may make databases and roles, and is no superuser."""
    with psycopg.connect(world, autocommit=True) as connection:
        connection.execute("CREATE ROLE ordinary LOGIN CREATEDB CREATEROLE")
        yield make_conninfo(world, user="ordinary")
        connection.execute("DROP ROLE ordinary")


def test_the_type_keeps_the_contract_of_handlers_without_being_superuser(
    ordinary: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTGRESQL_ADMIN_URL", ordinary)

    status = run(["types", "test", str(TYPE)])

    said = capsys.readouterr().out
    assert (status, said.splitlines()[-1]) == (0, "Example::PostgreSQL::Database keeps its contract.")
    assert [line for line in said.splitlines() if not line.startswith("ok ")][:-1] == []


def test_an_address_that_is_none_is_refused_without_showing_it(
    world: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POSTGRESQL_ADMIN_URL", f"postgres//admin:{PASSWORD}@nowhere")

    status = run(["types", "test", str(TYPE)])

    said = capsys.readouterr().out
    assert status == 1
    assert "POSTGRESQL_ADMIN_URL is not the address of a PostgreSQL server" in said
    assert PASSWORD not in said
