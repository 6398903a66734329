"""Random right and wrong inputs to all 90 operations, of an account that has everything: nothing breaks.

Inputs are drawn from AWS's model; texts are often those that the account's own story was told with, so that ids meet
what is there. No answer is a fault of ours, nothing is logged as one, and a refused call changes nothing.
"""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any, NamedTuple

import cbor2
import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from manciple.app import Server
from manciple.store.database import Database
from manciple.store.tables.engine import OPERATION
from tests.contract import sandbox
from tests.contract.conftest import REGION, _accounts, _free_port, client_of, serve
from tests.contract.modelled import MODEL, NAMES
from tests.contract.proofs import recorded
from tests.contract.publishing import until
from tests.contract.raw import Answer, send
from tests.contract.scene import Accounts, Scene
from tests.contract.state import State, changed, state_of
from tests.contract.story import play

Pool = dict[str, list[str]]
ROUNDS = 6
TEXTS = [
    "",
    "a",
    "a b",
    "é",
    "\0",
    "x" * 129,
    "{}",
    "[",
    "*",
    "%_'\"",
    "../..",
    "aws:a",
    "\ud7ff",
    "0",
    "-",
    "arn:aws:",
]
NUMBERS = [-1, 0, 1, 2, 20, 21, 100, 101, 2**31, 2**63]
unhurried = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
)
anything = st.recursive(
    st.none() | st.booleans() | st.sampled_from(NUMBERS) | st.floats() | st.sampled_from(TEXTS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["Id", "Key", "Value", "a"]), inner),
    max_leaves=5,
)


class Fuzzed(NamedTuple):
    """A scene, the texts of its story by the members that they were given for, its database, how much never ends."""

    scene: Scene
    pool: Pool
    database: Database
    at_rest: int


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each database that looks for work often."""
    directory = tmp_path_factory.mktemp("fuzz")
    flags: dict[str, Any] = {"engine.poll_seconds": 0.05}
    if request.param == "sqlite":
        yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)
        return
    port = _free_port()
    flags |= {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    with request.getfixturevalue("postgresql_server").database() as url:
        yield from serve(url, directory, **flags)


@pytest.fixture(params=range(ROUNDS))
def another(server: Server) -> Iterator[Fuzzed]:
    """A scene after its story, one for each round."""
    fuzz = fuzzed(server)
    yield fuzz
    fuzz.database.close()


@pytest.fixture(scope="module")
def one(server: Server) -> Iterator[Fuzzed]:
    """A scene after its story."""
    fuzz = fuzzed(server)
    yield fuzz
    fuzz.database.close()


def fuzzed(server: Server) -> Fuzzed:
    accounts = Accounts(*(next(_accounts) for _ in range(5)))
    document = msgspec.json.encode({"Organizations": accounts.organizations})
    assert send(server, "PUT", "/_manciple/directory", {}, document).status == 200
    scene = play(Scene(server, accounts, lambda account, region: client_of(server, "servicecatalog", account, region)))
    sandbox.fail(server, accounts.hub)
    pool: Pool = defaultdict(list)
    for name in NAMES:
        collect(recorded(scene, name), "", pool)
    database = Database(str(server.settings.database))
    return Fuzzed(scene, pool, database, under_way(database, accounts.hub))


def collect(value: Any, member: str, pool: Pool) -> None:
    """Note the texts in a value under the members that they stand for."""
    if isinstance(value, str):
        pool[member].append(value)
    for name, inner in value.items() if isinstance(value, dict) else ():
        collect(inner, name, pool)
    for inner in value if isinstance(value, list) else ():
        collect(inner, member, pool)


def under_way(database: Database, account: str) -> int:
    """How many operations of an account have not ended."""
    count = sa.select(sa.func.count()).select_from(OPERATION)
    with database.read() as tx:
        found = tx.scalar(count.where(OPERATION.c.account == account, OPERATION.c.phase != "done"))
    return int(found or 0)


@st.composite
def calls(draw: st.DrawFn, fuzz: Fuzzed) -> tuple[str, Any]:
    """Draw an operation and an input: its own of the story with some members changed, or one made of the model."""
    name = draw(st.sampled_from(NAMES))
    shape = MODEL.operation_model(name).input_shape
    made: dict[str, Any] = draw(structures(shape, fuzz.pool))
    if draw(st.booleans()) or not shape.members:
        return name, made
    kept = draw(st.lists(st.sampled_from(sorted(shape.members)), max_size=2))
    return name, recorded(fuzz.scene, name) | {member: made[member] for member in kept if member in made}


@st.composite
def structures(draw: st.DrawFn, shape: Any, pool: Pool) -> dict[str, Any]:
    members = {}
    for name, member in shape.members.items():
        often = 19 if name in shape.required_members else 6
        if draw(st.integers(0, 19)) < often:
            members[name] = draw(values(member, name, pool))
    return members


def values(shape: Any, name: str, pool: Pool) -> st.SearchStrategy[Any]:
    """What may be given for a member: mostly of its type."""
    return st.integers(0, 24).flatmap(lambda dice: anything if dice == 0 else typed(shape, name, pool))


def typed(shape: Any, name: str, pool: Pool) -> st.SearchStrategy[Any]:
    match shape.type_name:
        case "structure":
            return structures(shape, pool)
        case "list":
            return st.lists(values(shape.member, name, pool), max_size=3)
        case "map":
            return st.dictionaries(texts(shape.key, name, pool), values(shape.value, name, pool), max_size=3)
        case "boolean":
            return st.booleans()
        case "string":
            return texts(shape, name, pool)
        case _:
            return st.sampled_from(NUMBERS)


def texts(shape: Any, name: str, pool: Pool) -> st.SearchStrategy[str]:
    likely = [*shape.enum, *pool.get(name, [])] or ["a"]
    return st.one_of(st.sampled_from(likely), st.sampled_from(likely), st.sampled_from(TEXTS), st.text(max_size=5))


def call(scene: Scene, protocol: str, name: str, input: Any) -> Answer:
    """Call an operation as no SDK would."""
    scope = f"Credential={scene.accounts.hub}/20260101/{REGION}/servicecatalog/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"}
    if protocol == "json":
        target = f"AWS242ServiceCatalogService.{name}"
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": target}
        return send(scene.server, "POST", "/", signed | headers, msgspec.json.encode(input))
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    path = f"/service/AWS242ServiceCatalogService/operation/{name}"
    return send(scene.server, "POST", path, signed | headers, cbor2.dumps(input))


def state(fuzz: Fuzzed) -> State:
    """What is stored of the accounts once nothing is under way that was not before."""
    until(lambda: under_way(fuzz.database, fuzz.scene.accounts.hub), lambda count: count <= fuzz.at_rest)
    with fuzz.database.read() as tx:
        return state_of(tx, vars(fuzz.scene.accounts).values())


def try_out(fuzz: Fuzzed, data: st.DataObject, capture: pytest.CaptureFixture[str]) -> None:
    """One call and its laws."""
    name, given_input = data.draw(calls(fuzz))
    protocol = data.draw(st.sampled_from(["json", "cbor"]))
    before = state(fuzz)

    told = call(fuzz.scene, protocol, name, given_input)

    assert told.status in (200, 400), (name, given_input, told)
    if told.status == 400:
        assert changed(before, state(fuzz)) == [], (name, given_input, told)
    assert "Traceback" not in "".join(capture.readouterr()), (name, given_input, told)


@settings(unhurried, max_examples=150, derandomize=True)
@given(st.data())
def test_no_input_breaks_an_operation(one: Fuzzed, capfd: pytest.CaptureFixture[str], data: st.DataObject) -> None:
    try_out(one, data, capfd)


@pytest.mark.long
@settings(unhurried, max_examples=500)
@given(st.data())
def test_no_input_breaks_an_operation_in_thousands(
    another: Fuzzed, capfd: pytest.CaptureFixture[str], data: st.DataObject
) -> None:
    try_out(another, data, capfd)
