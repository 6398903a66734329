"""What the documents say is so: links lead somewhere, files and targets are there, the reference is up to date."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.tree import ROOT, tracked_files

MARKDOWN = [path for path in tracked_files() if path.suffix == ".md"]


@pytest.mark.parametrize("document", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_links_of_a_document_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())

    assert [target for target in targets if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("document", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_targets_of_make_that_there_are(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    named = set(re.findall(r"(?:`|^ *|\$ )make ([a-z]+)\b(?=`|$|\s{2,})", document.read_text(), flags=re.MULTILINE))

    assert named <= targets


@pytest.mark.parametrize("document", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_files_that_there_are(document: Path) -> None:
    named = re.findall(r"`((?:src|docs|tests|scripts|examples|bench)/[\w./-]+)`", document.read_text())

    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_reference_is_up_to_date() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/gen_docs.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )

    assert checked.returncode == 0, checked.stdout + checked.stderr
