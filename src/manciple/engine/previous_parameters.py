"""The values that parameters given with UsePreviousValue have."""

from manciple.engine.launch import Launch
from manciple.errors import TemplateError
from manciple.store.database import Transaction
from manciple.store.objects import Objects
from manciple.store.rows import PROVISIONED_PRODUCTS

_NO_PREVIOUS = "Cannot specify usePreviousValue as true for a parameter key not in the previous template"


def previous_parameters(tx: Transaction, objects: Objects, launch: Launch) -> dict[str, str]:
    """The values of the last successful deployment, of the keys given with UsePreviousValue.

    Raises TemplateError for a key that it had not.
    """
    product = PROVISIONED_PRODUCTS.get(tx, launch.account, launch.region, launch.provisioned_product_id)
    digest = product.parameters_digest if product and launch.use_previous else None
    values = objects.get_value(tx, digest, dict[str, str]) if digest else {}
    for key in launch.use_previous:
        if key not in values:
            raise no_previous(key)
    return {key: values[key] for key in launch.use_previous}


def no_previous(key: str) -> TemplateError:
    """The refusal of a key that had no value before."""
    return TemplateError(f"Invalid input for parameter key {key}. {_NO_PREVIOUS}")
