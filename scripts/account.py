"""One account of a running server: publishes templates as a product, plans, launches, updates and terminates it."""

import itertools
import json
import re
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple
from urllib.request import Request, urlopen

import boto3
import sqlalchemy as sa
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from manciple.engine.template_urls import object_address
from manciple.store.database import Database
from manciple.store.tables.sandbox import SANDBOX_RESOURCE

REGION = "us-east-1"
BUCKET = "corpus-templates"
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
TYPE = "CLOUD_FORMATION_TEMPLATE"
ACCOUNTS = itertools.count(100_000_000_000)
NO_ACCOUNT = "000000000000"
"""The account that the corpus' parameters speak of; each template's own account takes its place."""
Json = dict[str, Any]


class Refusal(Exception):
    """A call, a plan or a record that ended badly: where, and the reason as it was told."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class Version(NamedTuple):
    """One version of a product: its template's text and the parameters to launch it with."""

    text: bytes
    parameters: Mapping[str, str]


@dataclass
class World:
    """The running server, and its database to see what the sandbox's world holds."""

    url: str
    database: Database
    server_errors: list[str] = field(default_factory=list)

    def things(self, account: str) -> Counter[str]:
        """How many things of each type an account has."""
        kind = SANDBOX_RESOURCE.c.type
        found = sa.select(kind).where(SANDBOX_RESOURCE.c.account == account, SANDBOX_RESOURCE.c.state == "exists")
        with self.database.read() as tx:
            return Counter(row.type for row in tx.all(found))


class Account:
    """One account: its clients, its product and the provisioned product."""

    def __init__(self, world: World, id: str | None = None, name: str = "product") -> None:
        self.world = world
        self.id = id or f"{next(ACCOUNTS):012d}"
        self.name = name
        self.records: list[str] = []
        self._catalog, self._s3 = (client(world.url, name, self.id) for name in ("servicecatalog", "s3"))
        self._buckets: set[str] = set()
        self._product_id = ""
        self._versions: list[str] = []

    def seed(self, environment: Json, objects: Iterable[tuple[str, str, bytes]]) -> None:
        """Make the environment hold what a template refers to."""
        self._own("sandbox/environment", environment)
        for bucket, key, content in objects:
            self._put(bucket, key, content)

    def put_at(self, address: str, content: bytes) -> None:
        """Put an object where an address in one of S3's forms leads; Refusal if it leads nowhere."""
        place = object_address(address, self.world.url)
        if place is None or not BUCKET_NAME.fullmatch(place.bucket):
            raise Refusal("stand-in", f"There can be nothing at {address}")
        self._put(place.bucket, place.key, content)

    def publish(self, versions: Iterable[Version]) -> None:
        """Publish the templates as the versions of a product that this account can launch."""
        infos = [self._info(number, version.text) for number, version in enumerate(versions, 1)]
        portfolio = self._call("create_portfolio", DisplayName="corpus", ProviderName="corpus")["PortfolioDetail"]["Id"]
        made = self._call(
            "create_product", Name="product", Owner="corpus", ProductType=TYPE, ProvisioningArtifactParameters=infos[0]
        )
        self._product_id = made["ProductViewDetail"]["ProductViewSummary"]["ProductId"]
        self._versions = [made["ProvisioningArtifactDetail"]["Id"]]
        for info in infos[1:]:
            added = self._call("create_provisioning_artifact", ProductId=self._product_id, Parameters=info)
            self._versions.append(added["ProvisioningArtifactDetail"]["Id"])
        self._call("associate_product_with_portfolio", ProductId=self._product_id, PortfolioId=portfolio)
        principal = {"PrincipalARN": "arn:aws:iam:::role/*", "PrincipalType": "IAM_PATTERN"}
        self._call("associate_principal_with_portfolio", PortfolioId=portfolio, **principal)

    def plan(self, number: int, parameters: Mapping[str, str]) -> tuple[str, list[Json]]:
        """Plan a version; answers the plan and its resource changes."""
        own = {key: value.replace(NO_ACCOUNT, self.id) for key, value in parameters.items()}
        made = self._call(
            "create_provisioned_product_plan",
            PlanName=f"plan-{number}",
            PlanType="CLOUDFORMATION",
            ProductId=self._product_id,
            ProvisionedProductName=self.name,
            ProvisioningArtifactId=self._versions[number],
            ProvisioningParameters=[{"Key": key, "Value": value} for key, value in own.items()],
        )["PlanId"]
        plan = self._wait("describe_provisioned_product_plan", "ProvisionedProductPlanDetails", PlanId=made)
        if plan["Status"] != "CREATE_SUCCESS":
            self._call("delete_provisioned_product_plan", PlanId=made)
            raise Refusal("plan", str(plan.get("StatusMessage", plan["Status"])))
        return made, self._every("describe_provisioned_product_plan", "ResourceChanges", PlanId=made)

    def planned(self, plan_id: str) -> list[Json]:
        """Every change of a plan, those inside of nested stacks too, from the plan document."""
        headers = {"X-Manciple-Account": self.id, "X-Manciple-Region": REGION}
        url = f"{self.world.url}/_manciple/plans/{plan_id}?values=false"
        with urlopen(Request(url, headers=headers)) as answer:  # noqa: S310 - ours
            document: Json = json.load(answer)
        return list(document["Changes"])

    def execute(self, plan_id: str) -> set[str]:
        """Carry a plan out; answers the keys of the outputs."""
        record = self._call("execute_provisioned_product_plan", PlanId=plan_id)["RecordDetail"]
        self._finish(record["RecordId"], "execute")
        self._call("delete_provisioned_product_plan", PlanId=plan_id)
        return set(self.outputs())

    def outputs(self) -> dict[str, str]:
        """The outputs of the provisioned product."""
        found = self._every("get_provisioned_product_outputs", "Outputs", ProvisionedProductName=self.name)
        return {output["OutputKey"]: output["OutputValue"] for output in found}

    def events(self) -> list[Json]:
        """The events of every record so far, in order."""
        return [event for record in self.records for event in self._own(f"records/{record}/events")["Events"]]

    def terminate(self) -> None:
        """Delete everything."""
        record = self._call("terminate_provisioned_product", ProvisionedProductName=self.name)["RecordDetail"]
        self._finish(record["RecordId"], "terminate")

    def _finish(self, record_id: str, stage: str) -> None:
        self.records.append(record_id)
        record = self._wait("describe_record", "RecordDetail", Id=record_id)
        if record["Status"] != "SUCCEEDED":
            told = record.get("RecordErrors", [])
            raise Refusal(stage, "; ".join(error.get("Description", "") for error in told) or record["Status"])

    def _own(self, path: str, document: Json | None = None) -> Json:
        """What our own API answers; a document is put."""
        headers = {"X-Manciple-Account": self.id, "X-Manciple-Region": REGION, "Content-Type": "application/json"}
        content, method = (None, "GET") if document is None else (json.dumps(document).encode(), "PUT")
        url = f"{self.world.url}/_manciple/{path}"
        request = Request(url, content, headers, method=method)  # noqa: S310 - ours
        with urlopen(request) as answer:  # noqa: S310 - ours
            return dict(json.load(answer))

    def _info(self, number: int, text: bytes) -> Json:
        self._put(BUCKET, f"v{number}", text)
        address = {"LoadTemplateFromURL": f"s3://{BUCKET}/v{number}"}
        return {"Name": f"v{number}", "Type": TYPE, "Info": address}

    def _put(self, bucket: str, key: str, content: bytes) -> None:
        if bucket not in self._buckets:
            self._s3.create_bucket(Bucket=bucket)
            self._buckets.add(bucket)
        self._s3.put_object(Bucket=bucket, Key=key, Body=content)

    def _every(self, name: str, member: str, **input: Any) -> list[Json]:
        answer = self._call(name, **input)
        found = list(answer[member])
        while token := answer.get("NextPageToken"):
            answer = self._call(name, **input, PageToken=token)
            found += answer[member]
        return found

    def _wait(self, name: str, member: str, **input: Any) -> Json:
        """What a describe operation tells once the status is no longer one of those under way."""
        deadline = time.monotonic() + 120
        while True:
            detail: Json = self._call(name, **input)[member]
            if detail["Status"] not in ("CREATED", "CREATE_IN_PROGRESS", "IN_PROGRESS", "IN_PROGRESS_IN_ERROR"):
                return detail
            if time.monotonic() > deadline:
                raise Refusal("wait", f"{name} was {detail['Status']} for 120 s")
            time.sleep(0.05)

    def _call(self, name: str, **input: Any) -> Json:
        try:
            answer: Json = getattr(self._catalog, name)(**input)
        except ParamValidationError as error:
            raise Refusal(name, str(error)) from error
        except ClientError as error:
            status = error.response["ResponseMetadata"]["HTTPStatusCode"]
            if status >= 500:
                self.world.server_errors.append(f"{name}: {error}")
            raise Refusal(name, error.response["Error"]["Message"]) from error
        return answer


def client(url: str, name: str, account: str) -> Any:
    """A boto3 client for an account of a server in open mode."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
    return session().client(
        name, endpoint_url=url, aws_access_key_id=account, aws_secret_access_key=account, config=config
    )


@cache
def session() -> Any:
    """One session: its models are read once."""
    return boto3.Session(region_name=REGION)
