"""Terraform's `http` backend on our server: who may read and write a state, under which lock, and what is kept."""

import base64
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from manciple.app import Server
from manciple.catalog.terraform import TerraformState
from manciple.store.database import Database
from manciple.store.tables.audit import AUDIT
from manciple.store.tables.terraform import TERRAFORM_STATE_VERSION
from manciple.store.terraform import (
    STATES,
    VERSIONS,
    add_run,
    end_runs,
    open_state,
    release_dead_lock,
)
from tests.contract.raw import REGION, Answer, send

LOCK = {"ID": "lock-1", "Operation": "OperationTypeApply", "Info": "", "Who": "ana@host", "Version": "1.11.4"}


def content(serial: int, lineage: str = "line", **members: Any) -> bytes:
    """A state."""
    return json.dumps({"version": 4, "serial": serial, "lineage": lineage, "resources": [], **members}).encode()


@dataclass
class Backend:
    """A state, runs that may touch it, and requests as Terraform makes them."""

    server: Server
    database: Database
    state: TerraformState
    token: str = ""

    def issue(self, operation_id: str, *, may_write: bool = True) -> str:
        """A token for a run; it is used from now on."""
        with self.database.write() as tx:
            self.token = add_run(tx, self.state, operation_id, may_write=may_write)
        return self.token

    def ask(self, method: str, body: bytes = b"", query: str = "", headers: dict[str, str] | None = None) -> Answer:
        """One request under the token."""
        credentials = base64.b64encode(f"manciple:{self.token}".encode()).decode()
        path = f"/_manciple/terraform/state/{self.state.id}{query}"
        return send(self.server, method, path, {"Authorization": f"Basic {credentials}"} | (headers or {}), body)

    def lock(self) -> None:
        """Take the lock."""
        assert self.ask("LOCK", json.dumps(LOCK).encode()).status == 200

    def write(self, body: bytes, lock_id: str = "lock-1") -> Answer:
        """Write a state under a lock."""
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        return self.ask("POST", body, f"?ID={lock_id}", {"Content-MD5": md5})

    def now(self) -> TerraformState:
        """The state's row."""
        with self.database.read() as tx:
            found = STATES.get(tx, self.state.id)
        assert found is not None
        return found


@pytest.fixture
def backend(server: Server, account: str) -> Iterator[Backend]:
    database = Database(str(server.settings.database))
    with database.write() as tx:
        state = open_state(tx, account, REGION, f"pp-{account}")
    found = Backend(server, database, state)
    found.issue("rec-1")
    yield found
    database.close()


def test_a_state_is_read_as_it_was_written_and_every_version_is_kept(backend: Backend) -> None:
    assert backend.ask("GET").status == 404

    backend.lock()
    written = [backend.write(content(serial)).status for serial in (1, 2)]

    read = backend.ask("GET")
    with backend.database.read() as tx:
        versions = VERSIONS.find(tx, TERRAFORM_STATE_VERSION.c.state_id == backend.state.id)
    assert written == [200, 200]
    assert (read.status, read.body) == (200, content(2))
    assert sorted((one.number, one.serial, one.operation_id) for one in versions) == [(1, 1, "rec-1"), (2, 2, "rec-1")]


def test_what_is_stored_is_sealed(backend: Backend) -> None:
    backend.lock()

    backend.write(content(1, outputs={"x": {"value": "planted-in-a-state", "type": "string"}}))

    with backend.database.read() as tx:
        digest = backend.now().digest
        blob = tx.connection.exec_driver_sql(f"SELECT content, sealed FROM blob WHERE digest = '{digest}'").one()
    assert blob.sealed
    assert b"planted" not in bytes(blob.content)


def test_who_holds_the_lock_is_told_to_whoever_else_asks_for_it(backend: Backend) -> None:
    backend.lock()
    backend.issue("rec-2")

    answer = backend.ask("LOCK", json.dumps(LOCK | {"ID": "lock-2", "Who": "bob@host"}).encode())

    assert answer.status == 423
    assert answer.json == LOCK


def test_a_lock_is_given_back_by_its_holder_only(backend: Backend) -> None:
    backend.lock()

    foreign = backend.ask("UNLOCK", json.dumps(LOCK | {"ID": "lock-2"}).encode())
    own = backend.ask("UNLOCK", json.dumps(LOCK).encode())

    assert (foreign.status, foreign.json["ID"]) == (423, "lock-1")
    assert own.status == 200
    assert backend.now().lock_id is None


@pytest.mark.parametrize("query", ["?ID=lock-2", ""])
def test_nobody_writes_without_the_lock(backend: Backend, query: str) -> None:
    backend.lock()

    answer = backend.ask("POST", content(1), query)

    assert (answer.status, answer.json["ID"]) == (423, "lock-1")
    assert backend.now().digest is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (content(3, "another"), "lineage"),
        (content(1), "older"),
        (b"no state", "JSON object with a lineage"),
        (b'{"version": 4}', "JSON object with a lineage"),
    ],
)
def test_a_state_that_does_not_follow_is_refused(backend: Backend, body: bytes, said: str) -> None:
    backend.lock()
    backend.write(content(2))

    answer = backend.write(body)

    assert answer.status == 400
    assert said in answer.json["Message"]
    assert backend.now().serial == 2


def test_a_state_that_came_damaged_is_refused(backend: Backend) -> None:
    backend.lock()

    answer = backend.ask("POST", content(1), "?ID=lock-1", {"Content-MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})

    assert answer.status == 400
    assert "Content-MD5" in answer.json["Message"]


def test_a_run_that_only_plans_reads_and_locks_and_writes_nothing(backend: Backend) -> None:
    backend.issue("plan-1", may_write=False)
    backend.lock()

    answers = [backend.ask("GET").status, backend.write(content(1)).status, backend.ask("DELETE").status]

    assert answers == [404, 403, 403]


def test_a_token_dies_with_its_run_and_opens_no_other_state(backend: Backend, account: str) -> None:
    with backend.database.write() as tx:
        other = open_state(tx, account, REGION, "pp-other")
    own, backend.state = backend.state, other
    foreign = backend.ask("GET").status
    backend.state = own
    with backend.database.write() as tx:
        end_runs(tx, "rec-1")

    dead = backend.ask("GET").status

    assert (foreign, dead) == (403, 403)


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic bWFuY2lwbGU=", "Bearer x"])
def test_without_a_token_there_is_nothing(backend: Backend, header: str) -> None:
    path = f"/_manciple/terraform/state/{backend.state.id}"

    answer = send(backend.server, "GET", path, {"Authorization": header} if header else {})

    assert answer.status == 403


def test_the_lock_of_a_dead_run_is_released_and_the_audit_tells(backend: Backend, account: str) -> None:
    backend.lock()
    with backend.database.write() as tx:
        kept = release_dead_lock(tx, backend.now())
        end_runs(tx, "rec-1")
        released = release_dead_lock(tx, backend.now())

    with backend.database.read() as tx:
        told = tx.connection.execute(AUDIT.select().where(AUDIT.c.account == account)).all()
    assert (kept.lock_id, released.lock_id) == ("lock-1", None)
    assert [(one.operation, one.resources["LockId"]) for one in told] == [("manciple:ReleaseStateLock", "lock-1")]


def test_other_methods_are_refused_by_name(backend: Backend) -> None:
    answer = backend.ask("PUT", content(1))

    assert answer.status == 404
    assert "GET, POST, LOCK, UNLOCK, DELETE" in answer.json["Message"]
