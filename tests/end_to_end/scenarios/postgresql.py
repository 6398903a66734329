"""An operator's own resource type, `examples/types/postgresql-database`: a thing is a database on a real server."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from tests import postgres
from tests.contract.publishing import CLOUDFORMATION
from tests.end_to_end.scenarios import templates
from tests.end_to_end.scenarios.served import Served
from tests.end_to_end.scenarios.target import CREDENTIAL, Thing, Versions
from tests.peers import PeerMissingError

TYPE = Path(__file__).parents[3] / "examples" / "types" / "postgresql-database"


class Postgresql:
    """The stack target with an own type."""

    kind = CLOUDFORMATION
    settings = f'types = [{json.dumps(str(TYPE))}]\n[sandbox]\nsignals = "wait"\n'
    outputs = frozenset({"CloudformationStackARN", "Place"})
    is_simulated = False
    cause = r'The following resource\(s\) failed to create: \[Failing\]\. .*Resource handler returned message: "'

    def __init__(self, url: str) -> None:
        self.environment: Mapping[str, str] = {"POSTGRESQL_ADMIN_URL": _with_password(url)}
        self.differs: Mapping[str, str] = {}
        self._url = url

    def versions(self, account: str) -> Versions:
        changed = _database(f"changed-{account}", ConnectionLimit={"Ref": "Size"})
        first = {"Changed": changed, "Replaced": _database({"Ref": "Zone"})}
        second = first | {"Added": _database(f"added-{account}")}
        failing = {**_database(f"failing-{account}", Locale="nowhere"), "DependsOn": ["Added"]}
        return templates.versions(first, second, second | {"Failing": failing})

    def prepare(self, _served: Served, _account: str, _product: Any) -> None:
        """Nothing runs beside the server."""

    def secretive(self, account: str) -> Versions:
        kept = _database(f"kept-{account}", OwnerPassword={"Ref": "Secret"})
        failing = _database(f"failing-{account}", Locale={"Ref": "Secret"})
        return templates.secretive(kept, {"Failing": {**failing, "DependsOn": ["Kept"]}})

    def address(self, name: str) -> str:
        return name

    def delayed(self, _served: Served, _account: str) -> None:
        """Making a database takes a moment anyway."""

    def things(self, _served: Served, account: str, _product: str) -> list[Thing]:
        """The account's databases by name and oid: a new one has another oid."""
        with psycopg.connect(self._url) as connection:
            statement = "SELECT split_part(datname, '-', 1), oid FROM pg_database WHERE datname LIKE %s"
            found = connection.execute(statement, [f"%-{account}"]).fetchall()
        return sorted(
            Thing({"changed": "Changed", "added": "Added"}.get(name, "Replaced"), str(oid)) for name, oid in found
        )


def _with_password(url: str) -> str:
    """The address with a password; the tests' own server asks for none."""
    return make_url(url).set(password=CREDENTIAL).render_as_string(hide_password=False)


def _database(name: Any, **properties: Any) -> dict[str, Any]:
    return {
        "Type": "Example::PostgreSQL::Database",
        "Properties": {"DatabaseName": name, "OwnerPassword": "an-example-only", **properties},
    }


@contextmanager
def open_postgresql(_directory: Path) -> Iterator[Postgresql]:
    """A server that is given or found, as for all tests."""
    try:
        with postgres.running_server() as server:
            yield Postgresql(server.url.render_as_string(hide_password=False))
    except postgres.PostgresMissingError as missing:
        raise PeerMissingError(str(missing)) from missing
