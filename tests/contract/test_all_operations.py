"""All 90 operations, each through a real client of both protocols, on both databases, by rules that hold for many.

They are proved on a scene in which each has succeeded (tests/contract/story.py). Which errors each can end in says
AWS's model; how they are brought about, and which cannot come here, say the tables in tests/contract/proofs.py.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest
from botocore.exceptions import ClientError

from manciple.app import Server
from tests.contract import narrow
from tests.contract.conftest import _accounts, _free_port, client_of, serve
from tests.contract.modelled import NAMES, method_of, outputs_of, page_token_of, paged
from tests.contract.proofs import CASES, RECORDED, Case, recorded
from tests.contract.requests import stored
from tests.contract.scene import Accounts, Scene
from tests.contract.state import State, changed, state_of
from tests.contract.story import play

PROTOCOLS = ("json", "smithy-rpc-v2-cbor")
DATABASES = ("sqlite", "postgresql")
ACCOUNTS = {protocol: Accounts(*(next(_accounts) for _ in range(5))) for protocol in PROTOCOLS}


@pytest.fixture(scope="module", params=DATABASES)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each database that looks for work often."""
    yield from started(request, tmp_path_factory.mktemp("stage"), {"engine.poll_seconds": 0.05})


@pytest.fixture(scope="module", params=DATABASES)
def narrow_stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on each database on which quotas are small and shares take an hour."""
    yield from started(request, tmp_path_factory.mktemp("narrow"), narrow.FLAGS)


def started(request: pytest.FixtureRequest, directory: Path, given: dict[str, Any]) -> Iterator[Server]:
    """A server that knows the organizations of all scenes."""
    document = {"Organizations": [one for accounts in ACCOUNTS.values() for one in accounts.organizations]}
    flags = given | {"directory": str(_written(directory, document))}
    if request.param == "sqlite":
        yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, **flags)
        return
    port = _free_port()
    flags |= {"port": port, "public_url": f"http://127.0.0.1:{port}"}
    with request.getfixturevalue("postgresql_server").database() as url:
        yield from serve(url, directory, **flags)


def _written(directory: Path, document: Any) -> Path:
    file = directory / "directory.json"
    file.write_bytes(msgspec.json.encode(document))
    return file


def scene_on(server: Server, protocol: str, sessions: dict[str, boto3.Session]) -> Scene:
    """A scene whose clients speak one of the two protocols."""

    def make(account: str, region: str) -> Any:
        return client_of(server, "servicecatalog", account, region, session=sessions[protocol])

    return Scene(server, ACCOUNTS[protocol], make)


@pytest.fixture(scope="module", params=PROTOCOLS)
def scene(request: pytest.FixtureRequest, stage: Server, sessions: dict[str, boto3.Session]) -> Scene:
    """The scene after its story, told in one of the two protocols."""
    return play(scene_on(stage, request.param, sessions))


@pytest.fixture(scope="module", params=PROTOCOLS)
def narrow_scene(request: pytest.FixtureRequest, narrow_stage: Server, sessions: dict[str, boto3.Session]) -> Scene:
    """A scene in which there is room for nothing more, in one of the two protocols."""
    return narrow.fill(scene_on(narrow_stage, request.param, sessions))


def answer(client: Any, name: str, members: dict[str, Any]) -> tuple[str, str]:
    """The error's name and message that a call ends in; OK and nothing if it is answered."""
    try:
        getattr(client, method_of(name))(**members)
    except ClientError as error:
        return error.response["Error"]["Code"], error.response["Error"]["Message"]
    return "OK", ""


def test_every_operation_succeeds(scene: Scene) -> None:
    assert scene.recorder.succeeded == set(NAMES)
    assert len(NAMES) == 90


def test_every_answer_tells_of_what_was_asked_for_and_is_empty_where_the_model_has_nothing(scene: Scene) -> None:
    outputs = scene.recorder.outputs
    known = [*scene.ids.values(), *vars(scene.accounts).values(), scene.path("portfolio")]

    silent = {name for name in NAMES if not outputs_of(name)}
    telling = {name for name in NAMES if any(text in str(outputs[name]) for text in known)}

    assert {name: outputs[name] for name in silent if outputs[name] != {}} == {}
    assert {name: outputs[name] for name in set(NAMES) - silent - telling if outputs[name] != OTHERWISE.get(name)} == {}


OTHERWISE: dict[str, Any] = {
    "BatchAssociateServiceActionWithProvisioningArtifact": {"FailedServiceActionAssociations": []},
    "BatchDisassociateServiceActionFromProvisioningArtifact": {"FailedServiceActionAssociations": []},
    "CreatePortfolioShare": {},
    "DeletePortfolioShare": {},
    "DescribeServiceActionExecutionParameters": {"ServiceActionParameters": []},
    "GetAWSOrganizationsAccessStatus": {"AccessStatus": "ENABLED"},
    "ListBudgetsForResource": {"Budgets": [{"BudgetName": "monthly"}, {"BudgetName": "yearly"}]},
}
"""Answers that name no id: batches in which nothing failed, shares to accounts, and the like."""


def refused(scene: Scene, case: Case) -> tuple[str, str]:
    who = scene.recorder.callers[case.operation] if case.who == RECORDED else getattr(scene.accounts, case.who)
    return answer(scene.client(who), case.operation, case.input(scene))


def test_every_error_that_can_come_comes_with_a_message_and_changes_nothing(scene: Scene) -> None:
    assert wrong_answers(scene, CASES) == {}


def test_what_quotas_and_shares_under_way_forbid_is_refused_and_changes_nothing(narrow_scene: Scene) -> None:
    assert wrong_answers(narrow_scene, narrow.NARROW) == {}


def state(scene: Scene) -> State:
    """What is stored of the scene's accounts."""
    with stored(scene.server) as tx:
        return state_of(tx, vars(scene.accounts).values())


def wrong_answers(scene: Scene, cases: list[Case]) -> dict[Any, Any]:
    """The cases that do not end in their errors, and what changed by any of them."""
    before = state(scene)
    answers = {case: refused(scene, case) for case in cases}
    wrong: dict[Any, Any] = {
        case[:3]: found for case, found in answers.items() if found[0] != f"{case.error}Exception" or not found[1]
    }
    rows = changed(before, state(scene))
    return wrong | ({"changed": rows} if rows else {})


def walk(client: Any, name: str, member: str, members: dict[str, Any]) -> list[list[Any]]:
    """Every page of a list, one item each."""
    pages: list[list[Any]] = []
    token = None
    while True:
        page: dict[str, str] = {"PageToken": token} if token else {}
        told = getattr(client, method_of(name))(**members, **page, PageSize=1)
        pages.append(told[member])
        token = told.get(page_token_of(name))
        if not token:
            return pages


def listed(name: str) -> str:
    """The member of an output that comes in pages."""
    lists = [member for member, shape in outputs_of(name).items() if shape.type_name == "list"]
    return lists[0]


def test_pages_of_one_joined_are_the_whole_list(scene: Scene) -> None:
    for name in paged():
        members, client = recorded(scene, name), scene.client(scene.recorder.callers[name])
        members = {key: value for key, value in members.items() if key not in ("PageSize", "PageToken")}

        whole = getattr(client, method_of(name))(**members)[listed(name)]
        pages = walk(client, name, listed(name), members)

        assert len(whole) > 1, name
        assert [one for page in pages for one in page] == whole, name
        assert {len(page) for page in pages} == {1}, name


def test_a_page_token_is_worth_nothing_in_another_operation_account_or_region(scene: Scene) -> None:
    tokens: dict[str, str] = {}
    for name in paged():
        client = scene.client(scene.recorder.callers[name])
        tokens[name] = getattr(client, method_of(name))(**recorded(scene, name), PageSize=1)[page_token_of(name)]
    others = dict(zip(tokens, [*list(tokens.values())[1:], next(iter(tokens.values()))], strict=True))

    answers = {}
    for name, token in tokens.items():
        members, caller = recorded(scene, name), scene.recorder.callers[name]
        strangers = [scene.client(scene.accounts.stranger), scene.client(caller, "us-east-2")]
        answers[name] = {answer(client, name, members | {"PageToken": token})[0] for client in strangers}
        answers[name].add(answer(scene.client(caller), name, members | {"PageToken": others[name]})[0])

    assert set().union(*answers.values()) == {"InvalidParametersException", "ResourceNotFoundException"}
    assert [name for name, codes in answers.items() if "InvalidParametersException" not in codes] == []


def test_what_belongs_to_another_account_or_region_is_as_unknown_as_what_nobody_has(scene: Scene) -> None:
    before = state(scene)
    by_id = [name for name in NAMES if names_something(scene, name)]

    answers = {name: [answer(*call) for call in foreign(scene, name)] for name in by_id}

    alike = {name: [tuple(scene.nobodys({"": told})[""]) for told in found] for name, found in answers.items()}
    assert {name: told for name, told in alike.items() if len(set(told)) > 1} == {}
    assert {told[0][0] for told in alike.values()} == {"ResourceNotFoundException", "ValidationException", "OK"}
    assert [name for name, told in alike.items() if told[0][0] == "ValidationException"] == [OBSERVED]
    assert {name for name, told in alike.items() if told[0][0] == "OK"} == BATCHES
    assert len(by_id) > 65
    assert changed(before, state(scene)) == []


OBSERVED = "ExecuteProvisionedProductServiceAction"
"""AWS answers ValidationException for an unknown product (observed)."""

ACROSS = "CopyProduct"
"""A product is copied from another region by its ARN, as documented."""

BATCHES = {name for name in NAMES if name.startswith("Batch")}
"""They answer well and tell what failed."""


def foreign(scene: Scene, name: str) -> list[tuple[Any, str, dict[str, Any]]]:
    """The same call for nobody's things, from another account, in another region."""
    members, caller = scene.without_tokens(recorded(scene, name)), scene.recorder.callers[name]
    elsewhere = [] if name == ACROSS else [(scene.client(caller, "us-east-2"), name, members)]
    return [
        (scene.client(caller), name, scene.nobodys(members)),
        (scene.client(scene.accounts.stranger), name, members),
        *elsewhere,
    ]


def names_something(scene: Scene, name: str) -> bool:
    """Does an operation's input name a thing by its id?"""
    members = recorded(scene, name)
    return scene.nobodys(members) != members


def test_a_batch_fails_for_what_belongs_to_another_account(scene: Scene) -> None:
    stranger = scene.client(scene.accounts.stranger)

    told = [
        getattr(stranger, method_of(name))(**recorded(scene, name))["FailedServiceActionAssociations"]
        for name in sorted(BATCHES)
    ]

    assert [[one["ErrorCode"] for one in failed] for failed in told] == [
        ["RESOURCE_NOT_FOUND"] * 2,
        ["RESOURCE_NOT_FOUND"],
    ]


def test_no_list_tells_of_another_account_or_region(scene: Scene) -> None:
    lists = [name for name in paged() if not names_something(scene, name)]
    clients = [scene.client(scene.accounts.stranger), scene.client(scene.accounts.hub, "us-east-2")]

    told = {name: [getattr(client, method_of(name))()[listed(name)] for client in clients] for name in lists}

    assert len(lists) == 9
    assert {name: found for name, found in told.items() if found != [[], []]} == {}
