"""What several contract tests ask for: an upload, a product, a portfolio that the caller can launch from."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from manciple.app import Server
from manciple.catalog.entities import AccessKey
from manciple.store.database import Database, Transaction
from manciple.store.rows import ACCESS_KEYS
from manciple.store.sealed import Seal, read_key

TEMPLATE = """
AWSTemplateFormatVersion: "2010-09-09"
Description: A queue
Resources:
  Queue:
    Type: AWS::SQS::Queue
"""


@dataclass(frozen=True)
class Bucket:
    """A bucket of the test's account, and the server's address."""

    client: Any
    name: str
    url: str

    def put(self, key: str, body: str | bytes) -> str:
        """Upload an object and return its address."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body.encode() if isinstance(body, str) else body)
        return f"{self.url}/{self.name}/{key}"


def refusal(call: Callable[[], Any]) -> tuple[str, str]:
    """The code and message of the error that a call must end in."""
    with pytest.raises(ClientError) as caught:
        call()
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def version(bucket: Bucket, body: str | bytes = TEMPLATE, **members: Any) -> dict[str, Any]:
    """The parameters of a new version whose template is uploaded now."""
    return {"Info": {"LoadTemplateFromURL": bucket.put(f"{uuid4()}.template", body)}, **members}


def new_product(bucket: Bucket, body: str | bytes = TEMPLATE, **members: Any) -> dict[str, Any]:
    """The input of CreateProduct."""
    return {
        "Name": "Queue",
        "Owner": "Platform",
        "ProductType": "CLOUD_FORMATION_TEMPLATE",
        "ProvisioningArtifactParameters": version(bucket, body, Name="v1"),
        "IdempotencyToken": str(uuid4()),
        **members,
    }


def create_product(catalog: Any, bucket: Bucket, body: str | bytes = TEMPLATE, **members: Any) -> str:
    """Create a product and return its id."""
    answer = catalog.create_product(**new_product(bucket, body, **members))
    return str(answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"])


def add_version(catalog: Any, bucket: Bucket, product_id: str, body: str = TEMPLATE, **members: Any) -> str:
    """Add a version to a product and return its id."""
    answer = catalog.create_provisioning_artifact(
        ProductId=product_id, Parameters=version(bucket, body, **members), IdempotencyToken=str(uuid4())
    )
    return str(answer["ProvisioningArtifactDetail"]["Id"])


def create_portfolio(catalog: Any, name: str = "Tools", *, is_open: bool = True) -> str:
    """Create a portfolio, by default with a pattern that lets everybody in, and return its id."""
    answer = catalog.create_portfolio(DisplayName=name, ProviderName="IT", IdempotencyToken=str(uuid4()))
    portfolio_id = str(answer["PortfolioDetail"]["Id"])
    if is_open:
        catalog.associate_principal_with_portfolio(
            PortfolioId=portfolio_id, PrincipalARN="arn:aws:iam:::role/*", PrincipalType="IAM_PATTERN"
        )
    return portfolio_id


def offer(catalog: Any, product_id: str, name: str = "Tools", *, is_open: bool = True) -> str:
    """Offer a product in a new portfolio and return the portfolio's id."""
    portfolio_id = create_portfolio(catalog, name, is_open=is_open)
    catalog.associate_product_with_portfolio(ProductId=product_id, PortfolioId=portfolio_id)
    return portfolio_id


@contextmanager
def stored(server: Server) -> Iterator[Transaction]:
    """A transaction in the server's own database, for what would take many requests."""
    database = Database(str(server.settings.database))
    with database.write() as tx:
        yield tx
    database.close()


def issue_key(
    server: Server,
    account: str,
    arn: str,
    policy: str | dict[str, Any] = "admin",
    *,
    service: str = "servicecatalog",
    is_operator: bool = False,
) -> Any:
    """A client with a key that the server issued to a principal under a policy."""
    seal = Seal(read_key(server.settings.secret_key_file or Path(), create=False))
    secret = "kept"
    key = AccessKey(
        id="AKIA" + uuid4().hex[:16].upper(),
        account=account,
        arn=arn,
        sealed_secret=seal.close(secret.encode()),
        policy=policy if isinstance(policy, str) else json.dumps(policy),
        is_operator=is_operator,
        created_time=0,
    )
    with stored(server) as tx:
        ACCESS_KEYS.insert(tx, key)
    make: Any = boto3.client
    return make(
        service,
        endpoint_url=server.url,
        region_name="eu-west-1",
        aws_access_key_id=key.id,
        aws_secret_access_key=secret,
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
