"""A change set that AWS described is shown as AWS described it, in both forms."""

import json
from typing import Any

import pytest

from manciple.engine.cloudformation.change_sets import change_set_of
from manciple.template.change_set import as_cloudformation
from scripts.fidelity import recordings

Json = dict[str, Any]

FORMS = ("create_change_set", "update_change_set")
PAIRS = {
    f"{name}-{form}": (recording["expected"][form], recording["expected"][f"{form}_values"])
    for name, recording in recordings("cases")
    for form in FORMS
    if {form, f"{form}_values"} <= recording["expected"].keys()
}
CONTEXTS = ("BeforeContext", "AfterContext")


def described(changes: list[Json]) -> Json:
    """Recorded changes as the API answers them: a context, recorded as what it says, is JSON text again."""
    found = [dict(change["ResourceChange"]) for change in changes]
    for change in found:
        change |= {key: json.dumps(change[key]) for key in CONTEXTS if isinstance(change.get(key), dict)}
    return {"Changes": [{"ResourceChange": change} for change in found]}


def readable(changes: list[Json]) -> dict[str, Json]:
    """Changes by logical id, contexts as what they say, without the Replacement that some additions carry."""
    found = {}
    for change in described(changes)["Changes"]:
        one = {key: json.loads(text) if key in CONTEXTS else text for key, text in change["ResourceChange"].items()}
        found[one["LogicalResourceId"]] = one
        if one["Action"] == "Add":
            one.pop("Replacement", None)
        one["Scope"] = sorted(one["Scope"])
    return found


@pytest.mark.skipif(not PAIRS, reason="recordings: ../shared/oracle is absent")
@pytest.mark.parametrize(("plain", "valued"), PAIRS.values(), ids=PAIRS)
def test_what_aws_described_comes_out_again(plain: list[Json], valued: list[Json]) -> None:
    changes = change_set_of(described(plain), described(valued))

    assert readable(as_cloudformation(changes, values=False)) == readable(plain)
    assert readable(as_cloudformation(changes, values=True)) == readable(valued)
