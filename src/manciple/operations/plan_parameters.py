"""The parameters that a plan was made with, as people may see them.

Values of NoEcho parameters are four stars, and so are those of parameters that the template does not declare: an
earlier version may have kept them secret.
"""

from functools import lru_cache

from manciple.api import shapes
from manciple.catalog.entities import Plan
from manciple.engine.launch import Launch
from manciple.engine.planned import get_planned
from manciple.errors import TemplateError
from manciple.operations.call import Context
from manciple.template.load import load
from manciple.template.values import MASK, Value


def shown_parameters(context: Context, plan: Plan) -> list[shapes.UpdateProvisioningParameter]:
    """The plan's parameters in the order given."""
    objects = context.runtime.objects
    launch: Launch = objects.get_value(context.tx, plan.request_digest, Launch)
    if not launch.parameters and not launch.use_previous:
        return []
    open_names = _open_names(objects.get(context.tx, launch.template_digest))
    if open_names is None:
        open_names = _parsed_names(context, plan)
    shown = [
        shapes.UpdateProvisioningParameter(key=key, value=value if key in open_names else MASK)
        for key, value in launch.parameters.items()
    ]
    return shown + [shapes.UpdateProvisioningParameter(key=key, use_previous_value=True) for key in launch.use_previous]


def _parsed_names(context: Context, plan: Plan) -> frozenset[str]:
    """The names of those that are not NoEcho, as a made plan has them of a parser of what is no template."""
    if plan.planned_digest is None:
        return frozenset()
    found = get_planned(context.tx, context.runtime.objects, plan.planned_digest).stacks[""].evaluation.parameters
    return frozenset(name for name, one in found.items() if one.type and not one.no_echo)


@lru_cache(maxsize=256)
def _open_names(template: bytes) -> frozenset[str] | None:
    """The names of a template's parameters that are not NoEcho; None of what is no template, or declares none."""
    try:
        declared = load(template.decode()).section("Parameters")
    except (TemplateError, UnicodeDecodeError):
        return None
    if not declared:
        return None
    return frozenset(name for name, members in declared.items() if isinstance(members, dict) and not _no_echo(members))


def _no_echo(members: dict[str, Value]) -> bool:
    return str(members.get("NoEcho")).lower() == "true"
