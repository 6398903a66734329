"""What AWS recorded is what comes out: every visible recording whose template needs no transform."""

import importlib.util
import sys
from types import ModuleType
from typing import Any

import pytest

from scripts.fidelity import ORACLE, case_result, recordings

RECORDINGS = dict(recordings("cases"))
FORMS = ("create_change_set", "create_change_set_values", "update_change_set", "update_change_set_values")
EXACT = ("triples", "scope", "details", "policy_action", "contexts", "types")


@pytest.fixture(scope="module")
def scorer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("oracle_compare", ORACLE / "compare.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.dont_write_bytecode, before = True, sys.dont_write_bytecode
    spec.loader.exec_module(module)
    sys.dont_write_bytecode = before
    return module


@pytest.mark.skipif(not RECORDINGS, reason="recordings: ../shared/oracle is absent")
@pytest.mark.parametrize("recording", RECORDINGS.values(), ids=RECORDINGS)
def test_a_change_set_is_what_aws_recorded(recording: dict[str, Any], scorer: ModuleType) -> None:
    produced = case_result(recording)
    if "ransform" in produced.get("error", ""):
        pytest.skip(f"transforms: {produced['error']}")

    for form in FORMS:
        if form in recording["expected"]:
            score = scorer.unit(recording["expected"][form], produced[form])

            assert [part for part in EXACT if not score[part]] == [], form
