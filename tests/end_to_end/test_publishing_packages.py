"""`manciple publish` of folders with Terraform files."""

import io
import os
import re
import tarfile
from pathlib import Path

import pytest

from manciple.cli.package_folder import pack
from manciple.cli.refusal import Refusal
from tests.end_to_end.conftest import EXAMPLE, Run

TEAM_SPACE = EXAMPLE.parent / "team-space"


def names_in(packed: bytes) -> list[str]:
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        return tar.getnames()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "greeting"
    (found / "part").mkdir(parents=True)
    (found / "main.tf").write_text('module "part" { source = "./part" }\n')
    (found / "part" / "main.tf").write_text('resource "terraform_data" "a" {}\n')
    return found


def test_the_example_is_published_as_a_terraform_product(manciple: Run) -> None:
    ended = manciple("publish", str(TEAM_SPACE))

    assert ended.status == 0
    kinds = [line.split()[0] for line in ended.out.splitlines()]
    assert kinds == ["portfolio", "product", "version", "version", "association", "principal", "principal"]
    assert ended.out.count(" created ") == 7
    assert manciple("publish", str(TEAM_SPACE)).out.count(" unchanged ") == 7


def test_a_folder_without_a_description_names_its_product_and_its_content_the_version(
    manciple: Run, folder: Path
) -> None:
    first = manciple("publish", str(folder), "--portfolio", "P", "--principal", "arn:aws:iam:::user/*")
    again = manciple("publish", str(folder), "--portfolio", "P", "--principal", "arn:aws:iam:::user/*")
    (folder / "more.tf").write_text("# more\n")
    changed = manciple("publish", str(folder), "--portfolio", "P", "--principal", "arn:aws:iam:::user/*")

    assert re.search(r"^product .* created +greeting$", first.out, re.MULTILINE)
    assert again.out.count(" unchanged ") == 5
    assert re.search(r"^version .* created +[0-9a-f]{12}$", changed.out, re.MULTILINE)


def test_the_same_files_make_the_same_bytes(folder: Path) -> None:
    first = pack(folder)
    os.utime(folder / "main.tf", (1, 1))
    (folder / "main.tf").chmod(0o600)

    assert pack(folder) == first
    assert names_in(first) == ["main.tf", "part/main.tf"]


def test_what_init_and_apply_left_stays_out_of_the_package(folder: Path) -> None:
    (folder / ".terraform").mkdir()
    for name in (".terraform/x", "terraform.tfstate", "terraform.tfstate.backup", ".DS_Store", ".terraform.lock.hcl"):
        (folder / name).write_text("")

    assert names_in(pack(folder)) == [".terraform.lock.hcl", "main.tf", "part/main.tf"]


def test_a_link_is_refused(folder: Path) -> None:
    (folder / "link.tf").symlink_to("main.tf")

    with pytest.raises(Refusal, match=r"link\.tf is a link"):
        pack(folder)


def test_a_folder_that_no_server_could_read_is_refused_with_its_line(manciple: Run, folder: Path) -> None:
    (folder / "main.tf").write_text("a = \n")

    ended = manciple("publish", str(folder), "--portfolio", "P")

    assert ended.status == 1
    assert ended.err.endswith("main.tf line 1: an expression is missing before the end of the line.\n")


def test_templates_and_packages_are_not_mixed(manciple: Run, folder: Path) -> None:
    (folder / "v1.yaml").write_text("Resources: {}")
    (folder / "product.yaml").write_text(
        "name: A\nowner: B\nportfolio: C\nversions: [{name: v1, template: v1.yaml}, {name: v2, template: .}]\n"
    )

    ended = manciple("publish", str(folder))

    assert ended.status == 1
    assert "a product has one kind of versions" in ended.err
