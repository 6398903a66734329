"""Which target a new product goes to: the first rule that fits and can, else the default, else the only one."""

from typing import Any

import pytest

from manciple.engine.target_choice import TargetChoice
from manciple.settings import SettingsError
from manciple.settings.sections import TargetRule

CLOUDFORMATION, TERRAFORM = frozenset({"CLOUD_FORMATION_TEMPLATE"}), frozenset({"TERRAFORM_CLOUD", "EXTERNAL"})
SERVES = {"stack": CLOUDFORMATION, "cloudformation": CLOUDFORMATION, "terraform": TERRAFORM}
HERE = ("111111111111", "eu-west-1")


def chosen(
    *rules: TargetRule, type: str = "CLOUD_FORMATION_TEMPLATE", serves: dict[str, frozenset[str]] = SERVES
) -> str | None:
    return TargetChoice(rules, "stack", serves).of(type, *HERE)


def test_without_rules_the_default_takes_what_it_can_deploy() -> None:
    assert chosen() == "stack"


def test_a_rule_decides_by_product_type_account_and_region() -> None:
    fits: dict[str, Any] = {"product_type": "CLOUD_FORMATION_TEMPLATE", "account": HERE[0], "region": HERE[1]}

    assert chosen(TargetRule(target="cloudformation", **fits)) == "cloudformation"
    for other in ({"account": "222222222222"}, {"region": "eu-west-2"}, {"product_type": "MARKETPLACE"}):
        serves = SERVES | {"cloudformation": CLOUDFORMATION | {"MARKETPLACE"}}
        assert chosen(TargetRule(target="cloudformation", **fits | other), serves=serves) == "stack"


def test_the_first_rule_that_fits_wins() -> None:
    rules = (TargetRule(target="cloudformation", region=HERE[1]), TargetRule(target="stack"))

    assert chosen(*rules) == "cloudformation"
    assert chosen(*reversed(rules)) == "stack"


def test_a_rule_says_nothing_of_types_that_its_target_cannot_deploy() -> None:
    assert chosen(TargetRule(target="cloudformation", account=HERE[0]), type="EXTERNAL") == "terraform"


def test_a_type_that_several_could_deploy_and_no_rule_decides_has_no_target() -> None:
    serves = SERVES | {"external": TERRAFORM}

    assert chosen(type="EXTERNAL", serves=serves) is None
    assert chosen(TargetRule(target="external"), type="EXTERNAL", serves=serves) == "external"


def test_of_several_the_one_that_is_first_for_a_type_gets_it() -> None:
    serves = SERVES | {"external": TERRAFORM}
    choice = TargetChoice((), "stack", serves, {"external": frozenset({"EXTERNAL"})}, under_role={"external"})

    assert choice.of("EXTERNAL", *HERE) == "external"
    assert choice.of("TERRAFORM_CLOUD", *HERE) is None
    assert [choice.needs_launch_role(name) for name in ("external", "terraform")] == [True, False]


def test_a_type_that_nothing_can_deploy_has_no_target() -> None:
    assert chosen(type="TERRAFORM_OPEN_SOURCE") is None


def test_a_rule_for_a_target_that_is_not_set_up_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"a target of targets\.rules is 'cloud' but"):
        chosen(TargetRule(target="cloud"))


def test_a_rule_that_gives_a_target_a_type_it_cannot_deploy_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"targets\.rules give EXTERNAL to stack, which cannot deploy it"):
        chosen(TargetRule(target="stack", product_type="EXTERNAL"))
