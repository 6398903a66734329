"""Our own parameter parser: what it remembers."""

import pytest

from manciple.engine.parameter_parsers.parser import Artifact, ParserError
from manciple.engine.parameter_parsers.terraform import KEPT, TerraformParser
from manciple.engine.terraform.package import PackageLimits
from tests.packages import pack


@pytest.fixture
def parser() -> TerraformParser:
    return TerraformParser(PackageLimits())


def artifact(text: str, path: str = "s3://b/k") -> Artifact:
    return Artifact(path=path, content=pack({"main.tf": text}))


def test_the_same_bytes_are_read_once(parser: TerraformParser) -> None:
    first = parser.parse(artifact('variable "a" {}'), None)

    assert parser.parse(artifact('variable "a" {}', "s3://b/other"), "role") is first


def test_a_fault_is_told_again(parser: TerraformParser) -> None:
    for _ in range(2):
        with pytest.raises(ParserError, match=r"^main\.tf line 1: a name is missing"):
            parser.parse(artifact("{"), None)


def test_only_so_many_are_remembered(parser: TerraformParser) -> None:
    first = parser.parse(artifact("# 0"), None)
    for number in range(1, KEPT + 1):
        parser.parse(artifact(f"# {number}"), None)

    assert parser.parse(artifact("# 0"), None) is not first
