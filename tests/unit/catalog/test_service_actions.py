"""Which values an execution passes."""

import pytest

from manciple.catalog.service_actions import ActionParameter, default_values, fill_parameters
from manciple.errors import InvalidParametersException

DECLARED = [ActionParameter(name="Id", type="TARGET"), ActionParameter(name="Why", type="TEXT_VALUE")]


@pytest.mark.parametrize(
    ("given", "targets", "passed"),
    [
        ({}, ["i-1", "i-2"], {"Id": ["i-1", "i-2"]}),
        ({"Id": ["i-3"]}, ["i-1"], {"Id": ["i-3"]}),
        ({"Why": ["so"]}, [], {"Why": ["so"]}),
        ({"Id": []}, ["i-1"], {"Id": []}),
    ],
)
def test_targets_stand_for_what_is_not_given(
    given: dict[str, list[str]], targets: list[str], passed: dict[str, list[str]]
) -> None:
    defaults = default_values(DECLARED, targets, None)

    assert fill_parameters(DECLARED, given, defaults) == passed


@pytest.mark.parametrize(
    ("role", "found"), [("arn", {"AutomationAssumeRole": ["arn"], "Id": ["i-1"]}), (None, {"Id": ["i-1"]})]
)
def test_the_role_stands_for_the_parameter_of_it(role: str | None, found: dict[str, list[str]]) -> None:
    declared = [ActionParameter(name="AutomationAssumeRole", type="TARGET"), *DECLARED]

    assert default_values(declared, ["i-1"], role) == found


@pytest.mark.parametrize(("declared", "known"), [(DECLARED, "Id, Why"), ([], "none")])
def test_an_unknown_parameter_is_named(declared: list[ActionParameter], known: str) -> None:
    with pytest.raises(InvalidParametersException) as caught:
        fill_parameters(declared, {"What": ["x"]}, {})

    assert caught.value.message == f"The service action has no parameter What; it has {known}."
