#!/usr/bin/env python3
"""Launch, update and terminate real published templates through the API, and print how many could be.

The templates, with parameters and what their environment must hold, are in `../shared/corpus` beside the checkout;
without them nothing is done. Every template is a product of an account of its own on one server with a new database.
Launched means: planned as many resources as are active, executed, each of them is in the sandbox's world and every
output is told; and terminated: the world holds nothing but what the template retains.
"""

import argparse
import itertools
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import Request, urlopen
from uuid import uuid4

import boto3
import sqlalchemy as sa
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

from manciple.app import Server
from manciple.errors import TemplateError
from manciple.logs import configure
from manciple.settings import load as load_settings
from manciple.store.database import Database
from manciple.store.tables.sandbox import SANDBOX_RESOURCE
from manciple.template.document import Template
from manciple.template.load import load

CORPUS = Path(__file__).parents[2] / "shared" / "corpus"
REGION = "us-east-1"
BUCKET = "corpus-templates"
BUCKET_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
TYPE = "CLOUD_FORMATION_TEMPLATE"
NOTHING_CHANGED = "didn't contain changes"
STAND_INS = {"Image": "ami-0a1b2c3d4e5f60718", "Subnet": "subnet-0a1b2c3d4e5f60718", "": "corpus"}
"""What an SSM parameter holds, by the type that its value is of."""
FEATURES = {
    "SAM": r"AWS::Serverless-2016-10-31",
    "LanguageExtensions": r"AWS::LanguageExtensions",
    "include or macro": r"Fn::Transform|AWS::Include|^Transform:|\"Transform\"",
    "nested stack": r"AWS::CloudFormation::Stack\b",
    "custom resource": r"Custom::|AWS::CloudFormation::CustomResource",
    "dynamic reference": r"\{\{resolve:",
}
"""What a template that was refused would have needed beyond the language's core; the first that is found counts."""

Json = dict[str, Any]


class Refusal(Exception):
    """A call, a plan or a record that ended badly: where, and the reason as it was told."""

    def __init__(self, stage: str, reason: str) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason


class Mismatch(Refusal):
    """Something was said to be done that was not."""


@dataclass
class Result:
    """How one template or one step of a chain came out."""

    id: str
    group: str
    outcome: str
    reason: str = ""
    seconds: float = 0


class Version(NamedTuple):
    """One version of a product: its template's text and the parameters to launch it with."""

    text: bytes
    parameters: Mapping[str, str]


@dataclass
class World:
    """The running server, and its database to see what the sandbox's world holds."""

    server: Server
    database: Database
    accounts: Iterator[int] = field(default_factory=lambda: itertools.count(100_000_000_000))
    server_errors: list[str] = field(default_factory=list)

    def things(self, account: str) -> Counter[str]:
        """How many things of each type an account has."""
        kind = SANDBOX_RESOURCE.c.type
        found = sa.select(kind).where(SANDBOX_RESOURCE.c.account == account, SANDBOX_RESOURCE.c.state == "exists")
        with self.database.read() as tx:
            return Counter(row.type for row in tx.all(found))


class Account:
    """One account: its clients, its product and the provisioned product."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.id = f"{next(world.accounts):012d}"
        self._catalog, self._s3 = (client(world.server.url, name, self.id) for name in ("servicecatalog", "s3"))
        self._buckets: set[str] = set()
        self._product_id = ""
        self._versions: list[str] = []

    def seed(self, environment: Json, objects: Iterable[tuple[str, str, bytes]]) -> None:
        """Make the environment hold what a template refers to."""
        headers = {"X-Manciple-Account": self.id, "X-Manciple-Region": REGION, "Content-Type": "application/json"}
        url = f"{self.world.server.url}/_manciple/sandbox/environment"
        with urlopen(Request(url, json.dumps(environment).encode(), headers, method="PUT")):  # noqa: S310 - ours
            pass
        for bucket, key, content in objects:
            self._put(bucket, key, content)

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
        made = self._call(
            "create_provisioned_product_plan",
            PlanName=f"plan-{number}",
            PlanType="CLOUDFORMATION",
            ProductId=self._product_id,
            ProvisionedProductName="product",
            ProvisioningArtifactId=self._versions[number],
            ProvisioningParameters=[{"Key": key, "Value": value} for key, value in parameters.items()],
        )["PlanId"]
        plan = self._wait("describe_provisioned_product_plan", "ProvisionedProductPlanDetails", PlanId=made)
        if plan["Status"] != "CREATE_SUCCESS":
            self._call("delete_provisioned_product_plan", PlanId=made)
            raise Refusal("plan", plan.get("StatusMessage", plan["Status"]))
        return made, self._every("describe_provisioned_product_plan", "ResourceChanges", PlanId=made)

    def execute(self, plan_id: str) -> set[str]:
        """Carry a plan out; answers the keys of the outputs."""
        record = self._call("execute_provisioned_product_plan", PlanId=plan_id)["RecordDetail"]
        self._finish(record["RecordId"], "execute")
        self._call("delete_provisioned_product_plan", PlanId=plan_id)
        outputs = self._every("get_provisioned_product_outputs", "Outputs", ProvisionedProductName="product")
        return {output["OutputKey"] for output in outputs}

    def terminate(self) -> None:
        """Delete everything."""
        record = self._call("terminate_provisioned_product", ProvisionedProductName="product")["RecordDetail"]
        self._finish(record["RecordId"], "terminate")

    def _finish(self, record_id: str, stage: str) -> None:
        record = self._wait("describe_record", "RecordDetail", Id=record_id)
        if record["Status"] != "SUCCEEDED":
            told = record.get("RecordErrors", [])
            raise Refusal(stage, "; ".join(error.get("Description", "") for error in told) or record["Status"])

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
            raise Refusal(name, error.response["Error"].get("Message", str(error))) from error
        return answer


def client(url: str, name: str, account: str) -> Any:
    """A boto3 client for an account of a server in open mode."""
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}, proxies={})
    return session().client(name, endpoint_url=url, aws_access_key_id=account, aws_secret_access_key="any", config=config)


@cache
def session() -> Any:
    """One session: its models are read once."""
    return boto3.Session(region_name=REGION)


class Entry(NamedTuple):
    """One template of the corpus, or a chain of versions of one."""

    id: str
    group: str
    given: Json
    versions: list[Version]
    steps: list[Json]

    @property
    def environment(self) -> Json:
        """Exports and SSM parameters that the template refers to."""
        exports = {name: export["value"] for name, export in self.given.get("exports", {}).items()}
        parameters = {}
        for version in self.versions:
            parameters |= ssm_parameters(version)
        return {"exports": exports, "parameters": parameters, "secrets": {}}

    @property
    def objects(self) -> Iterator[tuple[str, str, bytes]]:
        """Nested templates and code that must be in the artifact store; names that no bucket can have are left out."""
        return ((bucket, key, content) for bucket, key, content in self._objects() if BUCKET_NAME.fullmatch(bucket))

    def _objects(self) -> Iterator[tuple[str, str, bytes]]:
        for nested in self.given.get("nested", []):
            sibling = CORPUS / (nested.get("sibling") or ".")
            if "bucket" in nested and sibling.is_file():
                yield nested["bucket"], nested["key"], sibling.read_bytes()
        for code in self.given.get("objects", []):
            yield code["bucket"], code["key"], b"code"


def ssm_parameters(version: Version) -> dict[str, str]:
    """A value for each SSM parameter that the version's own parameters name."""
    template = loaded(version.text)
    declared = template.section("Parameters") if template else {}
    found = {}
    for name, members in declared.items():
        kind = str(members.get("Type", "")) if isinstance(members, dict) else ""
        if kind.startswith("AWS::SSM::Parameter::Value<"):
            held = next(value for word, value in STAND_INS.items() if word in kind)
            found[version.parameters.get(name, str(members["Default"] if "Default" in members else ""))] = held
    return found


def loaded(text: bytes) -> Template | None:
    """The template, None if it cannot be read."""
    try:
        return load(text.decode())
    except (TemplateError, UnicodeDecodeError):
        return None


def entries() -> list[Entry]:
    """Every template, with the group it is reported in: source and launch class."""
    found = []
    for one in json.loads((CORPUS / "index.json").read_text()):
        given = parameters_of(one["id"])
        version = Version((CORPUS / one["path"]).read_bytes(), given.get("parameters", {}))
        kind = "bad" if one["tier"] == "bad" else one["launch_class"][0]
        found.append(Entry(one["id"], f"{one['source']} {kind}", given, [version], []))
    return found


def chains() -> list[Entry]:
    """Every chain of versions, in the group of its kind."""
    found = []
    for chain in json.loads((CORPUS / "pairs/index.json").read_text()):
        given = parameters_of(chain["id"])
        versions = []
        for one in chain["versions"]:
            path = CORPUS / one["file"]
            own = path.parent / f"{path.stem}.params.json"
            parameters = json.loads(own.read_text())["parameters"] if own.exists() else given["parameters"]
            versions.append(Version(path.read_bytes(), parameters))
        found.append(Entry(chain["id"], f"{chain['source']} {chain['kind']}", given, versions, chain["steps"]))
    return found


def parameters_of(id: str) -> Json:
    """The parameter set of a template, empty if there is none."""
    path = CORPUS / "params" / f"{id}.json"
    given: Json = json.loads(path.read_text()) if path.exists() else {}
    return given


def launch(account: Account, entry: Entry) -> None:
    """Launch the first version, look at everything, terminate it and see that nothing is left."""
    account.seed(entry.environment, entry.objects)
    account.publish(entry.versions)
    begin(account, entry)
    end(account, entry.versions[0])


def begin(account: Account, entry: Entry) -> None:
    """Plan and execute the first version."""
    version = entry.versions[0]
    plan_id, changes = account.plan(0, version.parameters)
    if not entry.given.get("unknown_conditions") and not entry.steps:
        demand("resources planned", len(changes), entry.given.get("active_resources"))
    keys = account.execute(plan_id)
    planned = Counter(change["ResourceType"] for change in changes)
    demand("things in the world", account.world.things(account.id), planned)
    demand("outputs missing", unconditional(version, "Outputs").keys() - keys, set())


def end(account: Account, version: Version) -> None:
    """Terminate; what is left must be retained by the template."""
    account.terminate()
    left = account.world.things(account.id)
    kept = Counter(
        str(one["Type"]) for one in members(version, "Resources").values() if str(one.get("DeletionPolicy")).startswith("Retain")
    )
    demand("things left behind", left - kept, Counter())


def follow(account: Account, entry: Entry, number: int) -> str:
    """Update from one version to the next and compare with what the index names; answers the outcome."""
    step, before, after = entry.steps[number - 1], entry.versions[number - 1], entry.versions[number]
    try:
        plan_id, changes = account.plan(number, after.parameters)
    except Refusal as refusal:
        if NOTHING_CHANGED in refusal.reason and not expected(before, after, step)["ADD"]:
            return "nothing to change"
        raise
    for action, names in expected(before, after, step).items():
        seen = {change["LogicalResourceId"] for change in changes if action in (change["Action"], change.get("Replacement"))}
        demand(f"{action} not planned", names - seen, set())
    keys = account.execute(plan_id)
    demand("outputs missing", unconditional(after, "Outputs").keys() - keys, set())
    return "updated"


def expected(before: Version, after: Version, step: Json) -> dict[str, set[str]]:
    """What must be added, removed and replaced whatever the conditions are."""
    old, new = members(before, "Resources"), members(after, "Resources")
    always_old, always_new = unconditional(before, "Resources"), unconditional(after, "Resources")
    return {
        "ADD": always_new.keys() - old.keys(),
        "REMOVE": always_old.keys() - new.keys(),
        "TRUE": set(step["replaced"]) & always_old.keys() & always_new.keys(),
    }


def members(version: Version, section: str) -> dict[str, Json]:
    """The members of a section of the version's template."""
    template = loaded(version.text)
    found = template.section(section) if template else {}
    return {name: member for name, member in found.items() if isinstance(member, dict)}


def unconditional(version: Version, section: str) -> dict[str, Json]:
    """Those members that no condition switches off."""
    return {name: member for name, member in members(version, section).items() if "Condition" not in member}


def demand(what: str, seen: Any, wanted: Any) -> None:
    """Raise Mismatch unless what is seen is what is wanted."""
    if wanted is not None and seen != wanted:
        raise Mismatch("check", f"{what}: {seen}, expected {wanted}")


def launched(world: World, entry: Entry) -> list[Result]:
    """How the launch of one template came out."""
    account = Account(world)
    return [tried(entry, "launched", lambda: launch(account, entry))]


def updated(world: World, entry: Entry) -> list[Result]:
    """How each step of a chain came out; after a step that failed the others cannot be tried."""
    account = Account(world)
    first = tried(entry, "launched", lambda: prepare(account, entry))
    if first.outcome != "launched":
        return [Result(entry.id, entry.group, first.outcome, first.reason) for _ in entry.steps]
    results = []
    for number in range(1, len(entry.versions)):
        results.append(tried(entry, "updated", lambda number=number: follow(account, entry, number)))
        if results[-1].reason:
            return results + results[-1:] * (len(entry.steps) - number)
    last = tried(entry, "", lambda: end(account, entry.versions[-1]))
    return results if not last.reason else [*results[:-1], last]


def prepare(account: Account, entry: Entry) -> None:
    """Publish a chain and launch its first version."""
    account.seed(entry.environment, entry.objects)
    account.publish(entry.versions)
    begin(account, entry)


def tried(entry: Entry, good: str, attempt: Callable[[], str | None]) -> Result:
    """How an attempt came out; a refusal by the features that would have been needed."""
    started = time.monotonic()
    try:
        outcome, reason = attempt() or good, ""
    except Mismatch as mismatch:
        outcome, reason = "MISMATCH", mismatch.reason
    except Refusal as refusal:
        outcome, reason = refused(entry, refusal)
    return Result(entry.id, entry.group, outcome, reason, time.monotonic() - started)


def refused(entry: Entry, refusal: Refusal) -> tuple[str, str]:
    """The feature that a refused template needs, else the stage that refused it; and the reason."""
    reason = refusal.reason
    if reason.startswith("Invalid templateBody"):
        reason = next(filter(None, (fault_of(version.text) for version in entry.versions)), reason)
    text = "\n".join(version.text.decode(errors="replace") for version in entry.versions)
    feature = next((name for name, sign in FEATURES.items() if re.search(sign, text, re.MULTILINE)), None)
    return f"needs {feature}" if feature else f"refused: {refusal.stage}", reason


def fault_of(text: bytes) -> str:
    """What makes a template invalid."""
    try:
        load(text.decode())
    except TemplateError as error:
        return f"{error.message} ({error.path}, line {error.line})"
    except UnicodeDecodeError as error:
        return str(error)
    return ""


def report(title: str, results: list[Result]) -> None:
    """Print a table of outcomes by group, then the reasons."""
    outcomes = sorted({result.outcome for result in results}, key=lambda name: (name.startswith(("needs", "refused")), name))
    groups = sorted({result.group for result in results})
    width = max(map(len, [*groups, "all"]))
    print(f"\n{title}: {len(results)}\n{'':{width}}  {'  '.join(outcomes)}")
    for group in [*groups, "all"]:
        counts = Counter(result.outcome for result in results if group in (result.group, "all"))
        print(f"{group:{width}}  {'  '.join(f'{counts[name] or str():>{len(name)}}' for name in outcomes)}")
    reasons = Counter((result.outcome, result.reason[:160]) for result in results if result.reason)
    for (outcome, reason), count in sorted(reasons.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{count:5}  {outcome}: {reason}")


@contextmanager
def running(directory: Path) -> Iterator[World]:
    """A server with a new database; its log holds warnings only."""
    configure("console", "warning")
    server = Server(load_settings({"port": 0, "data": str(directory / "data")}, {}).settings)
    server.start()
    database = Database(f"sqlite:///{directory / 'data' / 'manciple.sqlite'}")
    try:
        yield World(server, database)
    finally:
        database.close()
        server.stop()


def main() -> int:
    """Run what is asked for; 1 if the server failed or something was said to be done that was not."""
    parser = argparse.ArgumentParser(description="Launch, update and terminate real templates through the API.")
    parser.add_argument("--only", default="", help="sources, classes or ids: a text that group or id must hold")
    parser.add_argument("--parallel", type=int, default=6, help="how many at a time")
    parser.add_argument("--json", type=Path, help="write every result to this file")
    options = parser.parse_args()
    if not CORPUS.is_dir():
        print("corpus: skipped, because ../shared/corpus is absent", file=sys.stderr)
        return 0
    everything = []
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch, running(Path(scratch)) as world:
        for title, found, run in (("templates", entries(), launched), ("steps of version chains", chains(), updated)):
            chosen = [entry for entry in found if options.only in f"{entry.group} {entry.id}"]
            started = time.monotonic()
            with ThreadPoolExecutor(options.parallel) as pool:
                results = [one for many in pool.map(lambda entry, run=run: run(world, entry), chosen) for one in many]
            everything += results
            if results:
                report(f"{title} ({time.monotonic() - started:.0f} s)", results)
    print(f"\nanswers with HTTP 5xx: {len(world.server_errors)}")
    for error in dict.fromkeys(world.server_errors):
        print(f"  {error}")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in everything], indent=1))
    return 1 if world.server_errors or any(result.outcome == "MISMATCH" for result in everything) else 0


if __name__ == "__main__":
    sys.exit(main())
