"""The parameters that a plan was made with, as people may see them: values of NoEcho parameters are four stars."""

from functools import lru_cache

from manciple.api import shapes
from manciple.catalog.entities import Plan
from manciple.engine.launch import Launch
from manciple.errors import TemplateError
from manciple.operations.call import Context
from manciple.template.load import load
from manciple.template.values import MASK


def shown_parameters(context: Context, plan: Plan) -> list[shapes.UpdateProvisioningParameter]:
    """The plan's parameters in the order given."""
    objects = context.runtime.objects
    launch: Launch = objects.get_value(context.tx, plan.request_digest, Launch)
    if not launch.parameters and not launch.use_previous:
        return []
    hidden = _hidden_names(objects.get(context.tx, launch.template_digest))
    shown = [
        shapes.UpdateProvisioningParameter(key=key, value=MASK if hidden is None or key in hidden else value)
        for key, value in launch.parameters.items()
    ]
    return shown + [shapes.UpdateProvisioningParameter(key=key, use_previous_value=True) for key in launch.use_previous]


@lru_cache(maxsize=256)
def _hidden_names(template: bytes) -> frozenset[str] | None:
    """The names of a template's NoEcho parameters; None, meaning all, where the template cannot be read."""
    try:
        declared = load(template.decode()).section("Parameters")
    except (TemplateError, UnicodeDecodeError):
        return None
    return frozenset(
        name for name, members in declared.items() if isinstance(members, dict) and str(members.get("NoEcho")).lower() == "true"
    )
