"""Real botocore clients of both protocols, in memory."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from manciple.api import shapes
from manciple.api.timestamps import Timestamp
from manciple.errors import ResourceNotFoundException
from tests.unit.wire.asgi import Scripted, client, make_router, write_cbor_only_model

CREATED = Timestamp(1_536_221_931_782)


@pytest.fixture(scope="session")
def cbor_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_cbor_only_model(tmp_path_factory.mktemp("data"))


@pytest.fixture(params=["json", "cbor"])
def data_path(request: pytest.FixtureRequest, cbor_model: Path) -> Path | None:
    return cbor_model if request.param == "cbor" else None


def test_a_client_reads_what_an_operation_answers(data_path: Path | None) -> None:
    detail = shapes.PortfolioDetail(created_time=CREATED, display_name="Büro", id="port-1")
    output = shapes.DescribePortfolioOutput(portfolio_detail=detail, tags=[])
    below = Scripted(lambda *_: output)

    answer = client(make_router(below), data_path).describe_portfolio(Id="port-1")

    assert below.seen == [("DescribePortfolio", shapes.DescribePortfolioInput(id="port-1"))]
    assert answer["PortfolioDetail"]["DisplayName"] == "Büro"
    assert answer["PortfolioDetail"]["CreatedTime"] == datetime(2018, 9, 6, 8, 18, 51, 782000, UTC)
    assert answer["Tags"] == []
    assert "Budgets" not in answer
    assert below.routes == [("aws_json" if data_path is None else "rpc_cbor", 200)]


def test_an_operation_reads_all_that_a_client_sends(data_path: Path | None) -> None:
    below = Scripted(lambda *_: shapes.CreateProductOutput())
    sent: dict[str, Any] = {
        "Name": "A — product",
        "Owner": "me",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "Tags": [{"Key": "équipe/1", "Value": "x y"}],
        "ProvisioningArtifactParameters": {
            "Name": "v1",
            "Info": {"LoadTemplateFromURL": "https://example.com/t.json"},
            "DisableTemplateValidation": True,
        },
        "IdempotencyToken": "token-1",
    }

    client(make_router(below), data_path).create_product(**sent)

    version = shapes.ProvisioningArtifactProperties(
        name="v1", info={"LoadTemplateFromURL": "https://example.com/t.json"}, disable_template_validation=True
    )
    assert below.seen == [
        (
            "CreateProduct",
            shapes.CreateProductInput(
                name="A — product",
                owner="me",
                product_type="CLOUD_FORMATION_TEMPLATE",
                tags=[shapes.Tag(key="équipe/1", value="x y")],
                provisioning_artifact_parameters=version,
                idempotency_token="token-1",
            ),
        )
    ]


def test_an_operation_without_input_members_is_called(data_path: Path | None) -> None:
    output = shapes.GetAWSOrganizationsAccessStatusOutput(access_status="ENABLED")
    below = Scripted(lambda *_: output)

    answer = client(make_router(below), data_path).get_aws_organizations_access_status()

    assert answer["AccessStatus"] == "ENABLED"


def test_an_operation_without_output_members_answers(data_path: Path | None) -> None:
    below = Scripted(lambda *_: shapes.DeletePortfolioOutput())

    answer = client(make_router(below), data_path).delete_portfolio(Id="port-1")

    assert set(answer) == {"ResponseMetadata"}
    assert answer["ResponseMetadata"]["RequestId"]


def test_a_client_raises_the_modelled_error_with_its_text(data_path: Path | None) -> None:
    def refuse(operation: str, input: Any) -> Any:
        raise ResourceNotFoundException("prod-4v6rc4hwaiiha does not exist or access was denied")

    made = client(make_router(Scripted(refuse)), data_path)

    with pytest.raises(made.exceptions.ResourceNotFoundException) as caught:
        made.describe_product(Id="prod-4v6rc4hwaiiha")

    assert caught.value.response["Error"] == {
        "Code": "ResourceNotFoundException",
        "Message": "prod-4v6rc4hwaiiha does not exist or access was denied",
    }
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_client_is_told_what_the_model_forbids(data_path: Path | None) -> None:
    made = client(make_router(Scripted(lambda *_: shapes.DeletePortfolioOutput())), data_path)

    with pytest.raises(botocore.exceptions.ClientError) as caught:
        made.delete_portfolio(Id="not an id")

    assert caught.value.response["Error"] == {
        "Code": "ValidationException",
        "Message": "1 validation error detected: Value 'not an id' at 'id' failed to satisfy constraint: "
        r"Member must satisfy regular expression pattern: ^[a-zA-Z0-9_\-]*",
    }
