"""An operator's own resource types: planned like any other, and made for real by their handlers."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from manciple.app import Server
from tests.contract.conftest import serve
from tests.contract.publishing import Published
from tests.contract.raw import send

TYPES = Path(__file__).parents[1] / "types"
NOTE = """
Parameters:
  Title: {Type: String, Default: Milk}
  Text: {Type: String, Default: two litres}
  IsSlow: {Type: String, Default: "false"}
  Password: {Type: String, NoEcho: true, Default: hunter2-hunter2}
Resources:
  Note:
    Type: Shop::Notes::Note
    Properties: {Title: !Ref Title, Text: !Ref Text, IsSlow: !Ref IsSlow, Copies: "2", Password: !Ref Password}
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref Note}}
Outputs:
  Id: {Value: !Ref Note}
  Length: {Value: !GetAtt Note.Details.Length}
"""


@pytest.fixture(scope="module")
def notes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("notes")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, notes: Path) -> Iterator[Server]:
    """A server that knows the type of notes."""
    directory = tmp_path_factory.mktemp("types")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES_DIRECTORY", str(notes))
        yield from serve(f"sqlite:///{directory / 'manciple.sqlite'}", directory, types=[str(TYPES / "note")])


@pytest.fixture
def product(publish: Callable[..., Published], notes: Path) -> Iterator[Published]:
    yield publish(NOTE)
    for path in notes.iterdir():
        path.unlink()


@pytest.fixture
def document(server: Server, account: str) -> Callable[[str], dict[str, Any]]:
    """The plan document of a plan."""

    def ask(plan_id: str) -> dict[str, Any]:
        headers = {"X-Manciple-Account": account, "X-Manciple-Region": "eu-west-1"}
        found: dict[str, Any] = send(server, "GET", f"/_manciple/plans/{plan_id}", headers).json
        return found

    return ask


def written(notes: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in notes.iterdir()]


def given(**values: str) -> dict[str, Any]:
    return {"ProvisioningParameters": [{"Key": key, "Value": value} for key, value in values.items()]}


def outputs(record: dict[str, Any]) -> dict[str, str]:
    return {one["OutputKey"]: one["OutputValue"] for one in record["RecordOutputs"]}


def test_a_plan_of_an_own_type_makes_nothing_and_says_that_it_is_real(
    product: Published, notes: Path, document: Callable[[str], dict[str, Any]]
) -> None:
    plan = product.plan("mine")

    changes = {change["LogicalResourceId"]: change for change in plan["ResourceChanges"]}
    assert changes["Note"]["ResourceType"] == "Shop::Notes::Note"
    told = document(plan["ProvisionedProductPlanDetails"]["PlanId"])
    assert (told["Simulated"], told["NotSimulated"]) == (True, ["Note"])
    assert written(notes) == []


def test_executing_it_makes_the_thing_typed_as_the_schema_says(product: Published, notes: Path) -> None:
    plan = product.plan("mine")

    record = product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    (note,) = written(notes)
    assert (note["Copies"], note["IsSlow"], note["Password"]) == (2, False, "hunter2-hunter2")
    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert (outputs(record)["Id"], outputs(record)["Length"]) == (note["Id"], "10")


def test_a_handler_in_progress_is_called_again_with_its_context(product: Published, notes: Path) -> None:
    record = product.launch("mine", **given(IsSlow="true"))

    assert record["RecordDetail"]["Status"] == "SUCCEEDED"
    assert len(written(notes)) == 1


def test_a_property_that_can_change_is_updated_in_place(product: Published, notes: Path) -> None:
    product.launch("mine")
    (before,) = written(notes)

    plan = product.plan("mine", **given(Text="three"))
    product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    (after,) = written(notes)
    change = next(one for one in plan["ResourceChanges"] if one["LogicalResourceId"] == "Note")
    assert (change["Action"], change["Replacement"]) == ("MODIFY", "FALSE")
    assert (after["Id"], after["Text"]) == (before["Id"], "three")


def test_a_create_only_property_replaces_the_thing_and_the_old_one_goes(product: Published, notes: Path) -> None:
    product.launch("mine")
    (before,) = written(notes)

    plan = product.plan("mine", **given(Title="Bread"))
    product.execute(plan["ProvisionedProductPlanDetails"]["PlanId"])

    (after,) = written(notes)
    change = next(one for one in plan["ResourceChanges"] if one["LogicalResourceId"] == "Note")
    assert (change["Action"], change["Replacement"]) == ("MODIFY", "TRUE")
    assert (after["Title"], after["Id"] == before["Id"]) == ("Bread", False)


def test_a_failed_update_is_rolled_back_and_the_handler_named_as_its_cause(product: Published, notes: Path) -> None:
    product.launch("mine")

    record = product.update("mine", **given(Text="bad"))

    (note,) = written(notes)
    (error,) = record["RecordDetail"]["RecordErrors"]
    assert 'Resource handler returned message: "the text is bad"' in error["Description"]
    assert (note["Text"], product.describe("mine")["Status"]) == ("two litres", "TAINTED")


@pytest.mark.parametrize(
    ("text", "said", "logged"),
    [
        ("bad", "the text is bad", "the password is ****"),
        ("nonsense", "wrote no ProgressEvent to its standard output", ""),
    ],
)
def test_a_failed_launch_leaves_nothing_and_tells_no_secret(
    product: Published, notes: Path, caplog: pytest.LogCaptureFixture, text: str, said: str, logged: str
) -> None:
    record = product.launch("mine", **given(Text=text))

    (error,) = record["RecordDetail"]["RecordErrors"]
    assert said in error["Description"]
    assert written(notes) == []
    assert "hunter2" not in json.dumps(record, default=str) + caplog.text
    assert logged in caplog.text


def test_a_message_that_tells_a_write_only_property_is_masked(publish: Callable[..., Published]) -> None:
    product = publish(NOTE.replace("Password: !Ref Password", "Password: swordfish-swordfish"))

    record = product.launch("mine", **given(Text="indiscreet"))

    (error,) = record["RecordDetail"]["RecordErrors"]
    assert "**** will not do" in error["Description"]
    assert "swordfish" not in json.dumps(record, default=str)


def test_properties_that_the_schema_does_not_permit_never_reach_the_handler(
    publish: Callable[..., Published], notes: Path
) -> None:
    product = publish(NOTE.replace('Copies: "2"', 'Copies: "none"'))

    record = product.launch("mine")

    (error,) = record["RecordDetail"]["RecordErrors"]
    assert "#/Copies: expected type: Integer, found: String" in error["Description"]
    assert written(notes) == []


def test_terminating_deletes_the_thing(product: Published, notes: Path) -> None:
    product.launch("mine")

    record = product.terminate("mine")

    assert (record["RecordDetail"]["Status"], written(notes)) == ("SUCCEEDED", [])


def test_a_type_that_nobody_registered_is_refused_by_name(publish: Callable[..., Published]) -> None:
    product = publish(NOTE.replace("Shop::Notes::Note", "Shop::Notes::Nothing"))

    plan = product.plan("mine")["ProvisionedProductPlanDetails"]

    assert plan["Status"] == "CREATE_FAILED"
    assert "Unrecognized resource types: [Shop::Notes::Nothing]" in plan["StatusMessage"]


@pytest.fixture
def cloud_control(make_client: Callable[..., Any]) -> Any:
    """A boto3 client of the read API shaped like Cloud Control."""
    return make_client("cloudcontrol")


def test_what_a_product_made_is_read_through_its_handler(product: Published, notes: Path, cloud_control: Any) -> None:
    record = product.launch("mine", **given(Title="hunter2-hunter2"))
    identifier = outputs(record)["Id"]
    path = notes / identifier
    path.write_text(json.dumps({**json.loads(path.read_text()), "Text": "changed outside"}))

    answer = cloud_control.get_resource(TypeName="Shop::Notes::Note", Identifier=identifier)

    found = answer["ResourceDescription"]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-manciple-simulated"] == "false"
    assert json.loads(found["Properties"]) == {
        "Title": "****",
        "Text": "changed outside",
        "IsSlow": False,
        "Copies": 2,
        "Id": identifier,
        "Details": {"Length": 15},
    }


def test_only_what_products_of_the_account_made_is_listed_and_read(
    product: Published, notes: Path, cloud_control: Any, make_client: Callable[..., Any]
) -> None:
    identifier = outputs(product.launch("mine"))["Id"]
    (notes / "note-stranger").write_text((notes / identifier).read_text().replace(identifier, "note-stranger"))

    listed = cloud_control.list_resources(TypeName="Shop::Notes::Note")["ResourceDescriptions"]
    elsewhere = make_client("cloudcontrol", "210987654321").list_resources(TypeName="Shop::Notes::Note")

    assert [(one["Identifier"], json.loads(one["Properties"])) for one in listed] == [(identifier, {"Id": identifier})]
    assert elsewhere["ResourceDescriptions"] == []
    for asking, wanted in ((cloud_control, "note-stranger"), (make_client("cloudcontrol", "210987654321"), identifier)):
        with pytest.raises(asking.exceptions.ResourceNotFoundException):
            asking.get_resource(TypeName="Shop::Notes::Note", Identifier=wanted)
