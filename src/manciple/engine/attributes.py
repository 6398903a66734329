"""Attributes that no resource of the type has: found at the beginning of an execution, before anything is made.

CloudFormation plans them, and turns back at once (recorded: localstack/localstack, test_invalid_getatt_fails). What a
type offers is known of simulated resources only; a real provider may know more than a published schema.
"""

from collections.abc import Callable

from manciple.engine.planned import PlannedStack
from manciple.engine.providers.shapes import has_attribute
from manciple.template.attribute_reads import attribute_reads
from manciple.template.evaluation import STACK_TYPE, Resource

UNSUPPORTED = "[Error] /{}: Resource type {} does not support attribute {{{}}}"


def unsupported_attribute(planned: PlannedStack, is_simulated: Callable[[Resource], bool]) -> str | None:
    """What is wrong with the first attribute that something which is made or changed is asked for in vain."""
    for read in attribute_reads(planned.evaluation):
        resource = planned.evaluation.resources.get(read.logical_id)
        if resource is None or read.logical_id not in planned.permits or _has(resource, read.attribute):
            continue
        if is_simulated(resource):
            return UNSUPPORTED.format(read.path, resource.type, read.attribute)
    return None


def _has(resource: Resource, attribute: str) -> bool:
    """Of a nested stack there are outputs only (template reference, AWS::CloudFormation::Stack, return values)."""
    if resource.type == STACK_TYPE:
        return attribute.startswith("Outputs.")
    return has_attribute(resource.type, attribute)
