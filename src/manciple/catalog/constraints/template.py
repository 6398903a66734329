"""TEMPLATE: rules on the parameters of a launch, beside the template's own.

They hold for every version at once (administrator guide, "Template constraint rules"). Several constraints may stand;
all their rules hold.
"""

from msgspec.structs import replace

from manciple.catalog.constraints.constraint import ConstraintType, check_members, read_object
from manciple.catalog.constraints.effects import Effects
from manciple.errors import InvalidParametersException, TemplateError
from manciple.template.json_reader import read_json
from manciple.template.limits import DEFAULT_LIMITS
from manciple.template.rules import check_form, join
from manciple.template.values import Value


def _rules(parameters: str) -> dict[str, Value]:
    """The rules, every scalar as a text, as in a template."""
    value, _ = read_json(parameters, DEFAULT_LIMITS)
    rules = value.get("Rules") if isinstance(value, dict) else None
    return rules if isinstance(rules, dict) else {}


def _check(parameters: str) -> None:
    check_members("TEMPLATE", read_object("TEMPLATE", parameters), ("Rules",))
    try:
        rules = _rules(parameters)
        if not rules:
            raise InvalidParametersException("The Parameters of a TEMPLATE constraint need Rules, an object of rules.")
        check_form(rules)
    except TemplateError as error:
        place = f" ({error.path})" if error.path else ""
        raise InvalidParametersException(
            f"The Rules of the TEMPLATE constraint cannot be used: {error.message}{place}"
        ) from error


def _apply(effects: Effects, parameters: str, _account: str, _partition: str) -> Effects:
    return replace(effects, rules=join(effects.rules, _rules(parameters)))


TEMPLATE = ConstraintType(name="TEMPLATE", check=_check, apply=_apply)
