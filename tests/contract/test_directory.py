"""The operator's directory: stored and answered as a whole, for the whole server, by operators only."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from manciple.app import Server
from manciple.settings import SettingsError
from tests.contract.conftest import serve
from tests.contract.raw import Answer, issue_key, send, signed

PATH = "/_manciple/directory"
ORGANIZATION = {
    "Id": "o-exampleorgid",
    "ManagementAccount": "111111111111",
    "DelegatedAdministrators": ["222222222222"],
    "Accounts": ["222222222222"],
    "OrganizationalUnits": [{"Id": "ou-root-applications", "Parent": None, "Accounts": ["333333333333"]}],
}
ROLE = {
    "Arn": "arn:aws:iam::333333333333:role/Developer",
    "Trusts": ["333333333333"],
    "Policies": ["admin", {"Version": "2012-10-17", "Statement": []}],
}
TOML = """
[[Organizations]]
Id = "o-exampleorgid"
ManagementAccount = "111111111111"
"""


def put(server: Server, document: Any) -> Answer:
    return send(server, "PUT", PATH, {}, msgspec.json.encode(document))


def get(server: Server, **headers: str) -> Any:
    return send(server, "GET", PATH, {name.replace("_", "-"): value for name, value in headers.items()}).json


def test_a_directory_is_replaced_as_a_whole_and_answered(server: Server) -> None:
    first = put(server, {"Organizations": [ORGANIZATION], "Roles": [ROLE]})
    second = put(server, {"Roles": [{"Arn": ROLE["Arn"]}]})

    assert first.json == {"Organizations": [ORGANIZATION], "Roles": [ROLE]}
    assert second.json == {"Organizations": [], "Roles": [{"Arn": ROLE["Arn"], "Trusts": [], "Policies": []}]}
    assert get(server) == second.json


def test_the_directory_is_the_same_for_every_account_and_region(server: Server) -> None:
    stored = put(server, {"Organizations": [ORGANIZATION]}).json

    assert get(server, X_Manciple_Account="999999999999", X_Manciple_Region="us-west-2") == stored


def test_a_directory_that_contradicts_itself_is_refused_and_changes_nothing(server: Server) -> None:
    before = put(server, {"Organizations": [ORGANIZATION]}).json

    answer = put(server, {"Organizations": [ORGANIZATION, ORGANIZATION]})

    assert (answer.status, answer.json["__type"]) == (400, "ValidationException")
    assert answer.json["Message"] == "The organization o-exampleorgid is declared more than once."
    assert get(server) == before


def test_only_operators_have_the_directory(sigv4_server: Server, account: str) -> None:
    keys = [issue_key(sigv4_server, account, is_operator=is_operator) for is_operator in (False, True)]

    answers = [send(sigv4_server, "GET", PATH, signed(sigv4_server, key, "GET", PATH)) for key in keys]

    assert [answer.status for answer in answers] == [403, 200]


@pytest.mark.parametrize(("name", "text"), [("directory.toml", TOML), ("directory.json", None)])
def test_a_file_named_in_the_settings_is_stored_at_each_start(tmp_path: Path, name: str, text: str | None) -> None:
    file, url = tmp_path / name, f"sqlite:///{tmp_path / 'manciple.sqlite'}"
    organization = {"Id": "o-exampleorgid", "ManagementAccount": "111111111111"}
    file.write_text(text or msgspec.json.encode({"Organizations": [organization]}).decode())
    seen = []

    for _ in range(2):
        for server in serve(url, tmp_path, directory=str(file)):
            seen += [get(server)["Organizations"], put(server, {}).json["Organizations"]]

    assert [len(organizations) for organizations in seen] == [1, 0, 1, 0]


@pytest.mark.parametrize(("text", "said"), [("{", "is not JSON"), ('{"Roles": 1}', "Expected `array`"), (None, "read")])
def test_a_file_that_is_no_directory_stops_the_start_with_one_sentence(
    tmp_path: Path, text: str | None, said: str
) -> None:
    file = tmp_path / "directory.json"
    if text is not None:
        file.write_text(text)

    with pytest.raises(SettingsError) as caught:
        next(serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, directory=str(file)))

    assert str(file) in str(caught.value)
    assert said in str(caught.value)
