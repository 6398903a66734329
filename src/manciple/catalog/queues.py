"""Queues of provisioning engines: their fixed names, and the messages that wait in them.

Every account has them in every region (service-catalog-api reference, 7.1); what an engine is asked goes to those of
the account that owns the product.
"""

from collections.abc import Iterator

from manciple.catalog.entities import Entity

_FAMILIES = {
    "EXTERNAL": "ServiceCatalogExternal",
    "TERRAFORM_OPEN_SOURCE": "ServiceCatalogTerraformOS",
    "TERRAFORM_CLOUD": "ServiceCatalogTerraformCloud",
}
_VERBS = {
    "PROVISION_PRODUCT": "Provision",
    "UPDATE_PROVISIONED_PRODUCT": "Update",
    "TERMINATE_PROVISIONED_PRODUCT": "Terminate",
}


class QueuedMessage(Entity, frozen=True, kw_only=True):
    """A message in a queue, or on its way to one elsewhere, with its sealed body.

    It is given to nobody before `visible_time`; each time that it is, `receive_count` grows. `operation_id` is the
    record's that it asks an engine to carry out.
    """

    id: str
    queue: str
    operation_id: str
    content: bytes
    sent_time: int
    visible_time: int
    receive_count: int = 0
    first_received_time: int | None = None


ENGINE_TYPES = frozenset(_FAMILIES)
"""The types of products that provisioning engines deploy."""


def queue_name(product_type: str, record_type: str) -> str:
    """The queue that a request about a product of a type goes to."""
    return f"{_FAMILIES[product_type]}{_VERBS[record_type]}OperationQueue"


def _names() -> Iterator[str]:
    for product_type in _FAMILIES:
        for record_type in _VERBS:
            yield queue_name(product_type, record_type)


QUEUES = tuple(sorted(_names()))
"""The names of all queues there are."""
