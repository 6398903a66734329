"""The examples of README.md and of the guides run as they stand, and print what the documents say they print."""

import re
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from manciple import logs
from manciple.app import Server
from manciple.settings import load
from tests.house import documents
from tests.house.tree import ROOT

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
NEEDED = ("bash", "curl")
_PROGRAMS = re.compile(r"<!-- needs: (.+) -->")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A server as `manciple serve` starts it, over a directory of its own."""
    logs.configure("console", "error")
    running = Server(load({"port": 0, "data": str(tmp_path / "data")}, {}).settings)
    running.start()
    yield running
    running.stop()


def free_port() -> int:
    """A port for the server that a document starts itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def postgresql(request: pytest.FixtureRequest, document: Path) -> str:
    """An empty PostgreSQL for the document that speaks of one."""
    named = "postgresql://" in document.read_text()
    return str(request.getfixturevalue("postgresql_url")) if named else ""


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.stem)
@pytest.mark.skipif(not all(map(shutil.which, NEEDED)), reason=f"one of {', '.join(NEEDED)} is not installed")
def test_the_examples_of_a_document_run_as_they_stand(
    document: Path, server: Server, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if (needed := _PROGRAMS.search(document.read_text())) and not any(map(shutil.which, needed[1].split(" or "))):
        pytest.skip(f"none of {needed[1]} is installed")
    replaced = {
        "http://127.0.0.1:4566": server.url,
        "postgresql://manciple@db.example.com/manciple": postgresql(request, document),
        "postgresql://admin@db.example.com/postgres": postgresql(request, document).replace("+psycopg", ""),
        "make demo": "manciple demo",
        "4577": str(free_port()),
    }
    checkout = tmp_path / "checkout"
    checkout.mkdir()

    differences = documents.run(document, checkout, replaced, {"AWS_ENDPOINT_URL": server.url})

    assert not differences, "\n".join(differences)
