"""Which target a new product is deployed onto: the operator's rules, by product type, account and region."""

from collections.abc import Collection, Mapping, Sequence

from manciple.settings import SettingsError
from manciple.settings.sections import TargetRule

TEMPLATES = frozenset({"CLOUD_FORMATION_TEMPLATE", "MARKETPLACE"})
"""The types of products whose versions are templates of CloudFormation."""


_NONE: Mapping[str, frozenset[str]] = {}


class TargetChoice:
    """The rules, the target where none decides, and which types of products each target that is set up serves.

    Where several serve a type and nothing decides, it goes to the target that is first for it. `under_role` are the
    targets that launch nothing without a launch role. Raises SettingsError for a target that is not set up, and for a
    rule that gives one a type that it does not serve.
    """

    def __init__(
        self,
        rules: Sequence[TargetRule],
        default: str,
        serves: Mapping[str, frozenset[str]],
        first_for: Mapping[str, frozenset[str]] = _NONE,
        under_role: Collection[str] = (),
    ) -> None:
        self._rules = rules
        self._first_for = first_for
        self._under_role = under_role
        self._default = default
        self._serves = serves
        for target in (default, *(rule.target for rule in rules)):
            if target not in serves:
                setting = "engine.target" if target == default else "a target of targets.rules"
                there = ", ".join(serves)
                raise SettingsError(f"{setting} is {target!r} but the targets that are set up are {there}")
        for rule in rules:
            if rule.product_type is not None and not self.serves(rule.target, rule.product_type):
                raise SettingsError(f"targets.rules give {rule.product_type} to {rule.target}, which cannot deploy it")

    def serves(self, target: str, product_type: str) -> bool:
        """Can products of a type be deployed onto a target?"""
        return product_type in self._serves.get(target, ())

    def of(self, product_type: str, account: str, region: str) -> str | None:
        """The target of a new product; None if there is none for its type, or several and nothing that decides."""
        fitting = [rule.target for rule in self._rules if _fits(rule, product_type, account, region)]
        for target in [*fitting, self._default]:
            if self.serves(target, product_type):
                return target
        able = [target for target in self._serves if self.serves(target, product_type)]
        if len(able) > 1:
            able = [target for target in able if product_type in self._first_for.get(target, ())]
        return able[0] if len(able) == 1 else None

    def needs_launch_role(self, target: str) -> bool:
        """Does a target launch nothing without a launch role?"""
        return target in self._under_role


def _fits(rule: TargetRule, product_type: str, account: str, region: str) -> bool:
    given = [(rule.product_type, product_type), (rule.account, account), (rule.region, region)]
    return all(wanted in (None, found) for wanted, found in given)
