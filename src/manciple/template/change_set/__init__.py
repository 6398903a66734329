"""The change set: what a template would change in a deployed stack, found before anything is touched.

change_set(before, after)          two evaluations compared, cascades followed
as_cloudformation(changes, ...)    as CloudFormation's DescribeChangeSet answers it
as_service_catalog(changes)        as DescribeProvisionedProductPlan answers it
"""

from manciple.template.change_set.arguments import steady_outputs, with_arguments
from manciple.template.change_set.compare import REMOVE_ACTIONS, Outlook, change_set
from manciple.template.change_set.details import INSIDE
from manciple.template.change_set.known_values import holds_unknown, unknown_paths
from manciple.template.change_set.model import (
    Action,
    Certainty,
    Change,
    ChangeSet,
    Deployed,
    Detail,
    Evaluated,
    Instance,
    PathChange,
    Replacement,
    ValueChange,
)
from manciple.template.change_set.path_changes import parsed_json, path_changes, path_changes_of
from manciple.template.change_set.renderers import as_cloudformation, as_review, as_service_catalog
from manciple.template.values import KNOWN_AFTER_APPLY

__all__ = [
    "INSIDE",
    "KNOWN_AFTER_APPLY",
    "REMOVE_ACTIONS",
    "Action",
    "Certainty",
    "Change",
    "ChangeSet",
    "Deployed",
    "Detail",
    "Evaluated",
    "Instance",
    "Outlook",
    "PathChange",
    "Replacement",
    "ValueChange",
    "as_cloudformation",
    "as_review",
    "as_service_catalog",
    "change_set",
    "holds_unknown",
    "parsed_json",
    "path_changes",
    "path_changes_of",
    "steady_outputs",
    "unknown_paths",
    "with_arguments",
]
