"""90 of 90: every operation of AWS's model is registered, tested and documented, every modelled error accounted for."""

from collections import Counter

import pytest

from manciple.api import shapes
from manciple.operations.call import Operation
from manciple.registry import collect
from scripts.gen_coverage import PAGE, differences, page
from tests.contract.modelled import NAMES, errors_of
from tests.contract.narrow import NARROW
from tests.contract.proofs import CASES, NOT_HERE
from tests.house.tree import ROOT

MODELLED = {(name, error.removesuffix("Exception")) for name in NAMES for error in errors_of(name)}
PROVED = {(case.operation, case.error) for case in [*CASES, *NARROW]}


def test_every_operation_of_the_model_is_registered_once() -> None:
    registered = Counter(found.name for found in collect("manciple.operations", Operation) if found.name in NAMES)

    assert len(NAMES) == 90
    assert set(NAMES) == set(shapes.OPERATIONS)
    assert registered == Counter(NAMES)


def test_every_modelled_error_is_tested_or_has_a_reason_not_to_come() -> None:
    assert sorted(MODELLED - PROVED - set(NOT_HERE)) == []
    assert sorted(PROVED & set(NOT_HERE)) == []
    assert sorted((PROVED | set(NOT_HERE)) - MODELLED) == []


@pytest.mark.parametrize("document", ["operations.md", "coverage.md"])
def test_every_operation_is_documented(document: str) -> None:
    text = (ROOT / "docs" / "reference" / document).read_text()

    assert [name for name in NAMES if name not in text] == []


def test_every_difference_is_one_of_an_operation() -> None:
    named = {name for one in differences() for name in one["operations"]}

    assert named - set(NAMES) == {"*"}


def test_the_page_of_coverage_is_up_to_date() -> None:
    assert PAGE.read_text() == page(), "docs/reference/coverage.md is out of date: run `make docs`."
