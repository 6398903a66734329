"""Products that follow a repository: new commits of a file make new versions; what is named wrong is refused."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from manciple.app import Server
from tests.contract.conftest import client_of, serve
from tests.contract.publishing import QUEUE, QUEUE_AND_TOPIC, until
from tests.contract.requests import refusal

ARN = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
ELSEWHERE = ARN.replace("11111111", "99999999")


class Repository:
    """A repository of a team, in the place that the operator has mapped."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        self.git("init", "--quiet", "--initial-branch=main")

    def git(self, *arguments: str) -> str:
        identity = {f"GIT_{who}_{what}": "x@example" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", **identity}
        ended = subprocess.run(
            ["git", "-c", "protocol.file.allow=always", *arguments],
            cwd=self.folder,
            env=environment,
            check=True,
            capture_output=True,
            text=True,
        )
        return ended.stdout.strip()

    def commit(self, path: str = "templates/queue.yaml", text: str = QUEUE) -> str:
        """Commit a file; returns the commit."""
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        return self.commit_all()

    def commit_all(self) -> str:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "a change")
        return self.git("rev-parse", "HEAD")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "repositories"
    folder.mkdir()
    return folder


@pytest.fixture
def repository(base: Path) -> Repository:
    return Repository(base / "team" / "queue")


@pytest.fixture
def server(base: Path, tmp_path: Path) -> Iterator[Server]:
    """A server that looks for commits all the time."""
    flags = {
        "source_connections": {ARN: str(base), ELSEWHERE: "https://127.0.0.1:1/repositories"},
        "sources.poll_seconds": 0.1,
        "quota.versions_per_product": 3,
    }
    yield from serve(f"sqlite:///{tmp_path / 'manciple.sqlite'}", tmp_path, **flags)


@pytest.fixture
def catalog(server: Server, account: str) -> Any:
    return client_of(server, "servicecatalog", account)


def connection(**members: str) -> dict[str, Any]:
    given = {
        "ConnectionArn": ARN,
        "Repository": "team/queue",
        "Branch": "main",
        "ArtifactPath": "templates/queue.yaml",
        **members,
    }
    return {"Type": "CODESTAR", "ConnectionParameters": {"CodeStar": given}}


def create(catalog: Any, kind: str = "CLOUD_FORMATION_TEMPLATE", **members: str) -> dict[str, Any]:
    answer: dict[str, Any] = catalog.create_product(
        Name="queue",
        Owner="team",
        ProductType=kind,
        SourceConnection=connection(**members),
        IdempotencyToken=str(uuid4()),
    )
    return answer


def id_of(answer: dict[str, Any]) -> str:
    return str(answer["ProductViewDetail"]["ProductViewSummary"]["ProductId"])


def versions(catalog: Any, product_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = catalog.list_provisioning_artifacts(ProductId=product_id)[
        "ProvisioningArtifactDetails"
    ]
    return found


def last_sync(catalog: Any, product_id: str) -> dict[str, Any]:
    detail = catalog.describe_product_as_admin(Id=product_id)["ProductViewDetail"]
    return dict(detail["SourceConnection"]["LastSync"])


def failed_sync(catalog: Any, answer: dict[str, Any]) -> str:
    """Why the first look of a new product failed."""
    sync = answer["ProductViewDetail"]["SourceConnection"]["LastSync"]
    assert sync["LastSyncStatus"] == "FAILED"
    assert "ProvisioningArtifactDetail" not in answer
    assert versions(catalog, id_of(answer)) == []
    return str(sync["LastSyncStatusMessage"])


def test_a_product_that_follows_a_repository_has_its_newest_commit_as_a_version(
    catalog: Any, repository: Repository
) -> None:
    commit = repository.commit()

    answer = create(catalog)

    version = answer["ProvisioningArtifactDetail"]
    detail = answer["ProductViewDetail"]["SourceConnection"]
    described = catalog.describe_provisioning_artifact(
        ProductId=id_of(answer), ProvisioningArtifactId=version["Id"], Verbose=True
    )
    assert version["SourceRevision"] == commit
    assert {key: detail[key] for key in ("Type", "ConnectionParameters")} == connection()
    assert detail["LastSync"]["LastSyncStatus"] == "SUCCEEDED"
    assert detail["LastSync"]["LastSyncTime"] == detail["LastSync"]["LastSuccessfulSyncTime"]
    assert detail["LastSync"]["LastSuccessfulSyncProvisioningArtifactId"] == version["Id"]
    assert described["Info"]["CloudFormationTemplate"] == QUEUE
    assert described["Info"]["TemplateUrl"].startswith("http")


def test_a_new_commit_of_the_file_makes_a_version(catalog: Any, repository: Repository) -> None:
    first = repository.commit()
    product_id = id_of(create(catalog))
    second = repository.commit(text=QUEUE_AND_TOPIC)

    found = until(lambda: versions(catalog, product_id), lambda found: len(found) == 2)

    assert [version["SourceRevision"] for version in found] == [first, second]
    assert last_sync(catalog, product_id)["LastSuccessfulSyncProvisioningArtifactId"] == found[1]["Id"]
    listed = catalog.search_products_as_admin()["ProductViewDetails"]
    assert listed[0]["SourceConnection"]["LastSync"]["LastSyncStatus"] == "SUCCEEDED"


def test_a_commit_that_leaves_the_file_alone_makes_no_version(catalog: Any, repository: Repository) -> None:
    repository.commit()
    product_id = id_of(create(catalog))
    before = last_sync(catalog, product_id)["LastSyncTime"]
    repository.commit("README", "hello")

    until(lambda: last_sync(catalog, product_id)["LastSyncTime"], lambda time: (time - before).total_seconds() > 1)

    assert len(versions(catalog, product_id)) == 1


def test_a_template_that_is_not_valid_is_told_and_mended_by_the_next_commit(
    catalog: Any, repository: Repository
) -> None:
    repository.commit(text="Resources: 3")
    answer = create(catalog)
    message = failed_sync(catalog, answer)
    repository.commit()

    found = until(lambda: versions(catalog, id_of(answer)), lambda found: len(found) == 1)

    assert message == "Invalid templateBody. Please make sure that your template is valid"
    assert found[0]["SourceRevision"]
    assert "LastSyncStatusMessage" not in last_sync(catalog, id_of(answer))


def test_versions_beyond_the_quota_are_told_as_a_failed_sync(catalog: Any, repository: Repository) -> None:
    repository.commit()
    product_id = id_of(create(catalog))
    for number in (2, 3):
        repository.commit(text=QUEUE + f"# {number}\n")
        until(lambda: len(versions(catalog, product_id)), lambda found, wanted=number: found == wanted)  # type: ignore[misc]
    repository.commit(text=QUEUE_AND_TOPIC)

    sync = until(lambda: last_sync(catalog, product_id), lambda sync: sync["LastSyncStatus"] == "FAILED")

    assert "maximum number of versions" in sync["LastSyncStatusMessage"]
    assert len(versions(catalog, product_id)) == 3


def test_an_update_lets_a_product_follow_another_file(catalog: Any, repository: Repository) -> None:
    repository.commit()
    other = repository.commit("other.yaml", QUEUE_AND_TOPIC)
    product_id = id_of(create(catalog))

    answer = catalog.update_product(Id=product_id, SourceConnection=connection(ArtifactPath="other.yaml"))

    code_star = answer["ProductViewDetail"]["SourceConnection"]["ConnectionParameters"]["CodeStar"]
    assert code_star["ArtifactPath"] == "other.yaml"
    assert versions(catalog, product_id)[-1]["SourceRevision"] == other
    assert len(versions(catalog, product_id)) == 2


def test_any_branch_and_a_bare_repository_may_be_followed(catalog: Any, repository: Repository, base: Path) -> None:
    repository.commit()
    repository.git("switch", "--quiet", "--create", "feature/two")
    commit = repository.commit(text=QUEUE_AND_TOPIC)
    repository.git("clone", "--quiet", "--bare", ".", str(base / "team" / "bare.git"))

    answer = create(catalog, Repository="team/bare", Branch="feature/two")

    assert answer["ProvisioningArtifactDetail"]["SourceRevision"] == commit


@pytest.mark.parametrize("kind", ["EXTERNAL", "TERRAFORM_OPEN_SOURCE"])
def test_other_kinds_of_artifacts_are_taken_as_they_are(catalog: Any, repository: Repository, kind: str) -> None:
    commit = repository.commit("main.tar.gz", "no template")

    answer = create(catalog, kind, ArtifactPath="main.tar.gz")

    assert answer["ProvisioningArtifactDetail"]["SourceRevision"] == commit
    assert answer["ProvisioningArtifactDetail"]["Type"] == kind


@pytest.mark.parametrize(
    "members",
    [
        {"ConnectionArn": ARN + "0"},
        {"Repository": "queue"},
        {"Repository": "../team/queue"},
        {"Repository": "team/.."},
        {"Repository": "team/../queue"},
        {"Repository": "-team/queue"},
        {"Repository": "team/-queue"},
        {"Repository": "/team/queue"},
        {"Repository": "team/queue/.git"},
        {"Repository": "https://example.org/queue"},
        {"Repository": "team/que ue"},
        {"Branch": "--upload-pack=touch"},
        {"Branch": "a..b"},
        {"Branch": "a b"},
        {"Branch": "refs/heads/../x"},
        {"Branch": "main:other"},
        {"Branch": "x.lock"},
        {"Branch": "/main"},
        {"Branch": "ma*n"},
        {"ArtifactPath": "/etc/passwd"},
        {"ArtifactPath": "../secret"},
        {"ArtifactPath": "templates/../../secret"},
        {"ArtifactPath": "-o"},
        {"ArtifactPath": "templates/--x"},
        {"ArtifactPath": ".git/config"},
        {"ArtifactPath": "./queue.yaml"},
        {"ArtifactPath": "templates//queue.yaml"},
        {"ArtifactPath": "templates\\queue.yaml"},
        {"ArtifactPath": "templates/"},
    ],
)
def test_what_leads_elsewhere_is_refused_before_git_is_asked(
    catalog: Any, repository: Repository, members: dict[str, str]
) -> None:
    repository.commit()

    code, _ = refusal(lambda: create(catalog, **members))

    assert code == "InvalidParametersException"
    assert catalog.search_products_as_admin()["ProductViewDetails"] == []


@pytest.mark.parametrize(
    ("members", "told"),
    [
        ({"Repository": "team/absent"}, "There is no repository team/absent."),
        ({"Branch": "absent"}, "couldn't find remote ref refs/heads/absent"),
        ({"ArtifactPath": "absent.yaml"}, "There is no absent.yaml at commit"),
        ({"ArtifactPath": "templates"}, "templates is no regular file at commit"),
        ({"ConnectionArn": ELSEWHERE}, "git could not read the repository"),
    ],
)
def test_what_is_not_there_is_told_as_a_failed_sync(
    catalog: Any, repository: Repository, members: dict[str, str], told: str
) -> None:
    repository.commit()

    answer = create(catalog, **members)

    message = failed_sync(catalog, answer)
    assert told in message
    assert str(repository.folder) not in message


def test_a_link_is_not_followed(catalog: Any, repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret.yaml").write_text(QUEUE)
    (repository.folder / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (repository.folder / "folder").symlink_to(tmp_path)
    repository.commit()

    direct = failed_sync(catalog, create(catalog, ArtifactPath="link.yaml"))
    through = failed_sync(catalog, create(catalog, ArtifactPath="folder/secret.yaml"))

    assert "link.yaml is no regular file" in direct
    assert "There is no folder/secret.yaml" in through


def test_a_repository_outside_of_the_place_is_not_read(catalog: Any, base: Path, tmp_path: Path) -> None:
    Repository(tmp_path / "outside" / "queue").commit()
    (base / "team").symlink_to(tmp_path / "outside")

    message = failed_sync(catalog, create(catalog))

    assert message == "The repository team/queue lies outside of its connection."


def test_nothing_of_the_repository_is_run(catalog: Any, repository: Repository, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit("file", "x")
    repository.commit()
    repository.git("submodule", "--quiet", "add", str(inner.folder), "module")
    (repository.folder / ".gitattributes").write_text("*.yaml filter=evil\n")
    repository.git("config", "filter.evil.smudge", f"touch {tmp_path / 'ran'}")
    for hook in ("post-checkout", "reference-transaction", "pre-receive", "post-merge"):
        file = repository.folder / ".git" / "hooks" / hook
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"#!/bin/sh\ntouch {tmp_path / 'ran'}\n")
        file.chmod(0o755)
    repository.git("-c", "core.hooksPath=/dev/null", "add", "--all")
    repository.git("-c", "core.hooksPath=/dev/null", "commit", "--quiet", "--message", "submodule")

    answer = create(catalog)

    assert answer["ProvisioningArtifactDetail"]["SourceRevision"]
    assert not (tmp_path / "ran").exists()


def test_a_product_has_parameters_or_a_source_and_not_both(catalog: Any, repository: Repository) -> None:
    repository.commit()

    code, _ = refusal(
        lambda: catalog.create_product(
            Name="queue",
            Owner="team",
            ProductType="CLOUD_FORMATION_TEMPLATE",
            SourceConnection=connection(),
            ProvisioningArtifactParameters={"Info": {"LoadTemplateFromURL": "https://example.org/x"}},
            IdempotencyToken=str(uuid4()),
        )
    )

    assert code == "InvalidParametersException"


def test_a_product_that_is_deleted_follows_nothing_any_more(catalog: Any, repository: Repository) -> None:
    repository.commit()
    product_id = id_of(create(catalog))

    catalog.delete_product(Id=product_id)

    assert catalog.search_products_as_admin()["ProductViewDetails"] == []
    assert id_of(create(catalog)) != product_id
