"""Packages of Terraform in tests: made, and published as versions of a product."""

import io
import shutil
import tarfile
from collections.abc import Mapping

import pytest

PROGRAM = shutil.which("tofu") or shutil.which("terraform")

needs_program = pytest.mark.skipif(PROGRAM is None, reason="neither tofu nor terraform is on PATH")
"""For tests that run the program."""


def packed(files: Mapping[str, str]) -> bytes:
    """A `.tar.gz` of these files."""
    packed_into = io.BytesIO()
    with tarfile.open(fileobj=packed_into, mode="w:gz") as archive:
        for name, text in files.items():
            content = text.encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return packed_into.getvalue()
