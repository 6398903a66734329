"""What an end user asks before a launch: which paths lead to a product, and what a version wants to know."""

from manciple.api import shapes
from manciple.catalog.constraints import Constraint, effects_of
from manciple.catalog.entities import Portfolio, ProvisioningArtifact
from manciple.catalog.ids import launch_path_id
from manciple.catalog.provisioning_parameters import (
    describe_outputs,
    describe_parameters,
    preferences,
    usage_instructions,
)
from manciple.operations.call import Context, operation
from manciple.operations.offers import offered_tag_options, tag_option_summaries
from manciple.operations.path_constraints import constraints_along, constraints_of, summaries
from manciple.operations.templates import template_of
from manciple.operations.visibility import (
    active_versions,
    choose_path,
    find_active_version,
    find_launchable_product,
    require_launch_paths,
)
from manciple.store.pages import Pager, Request


@operation("ListLaunchPaths")
def list_launch_paths(context: Context, input: shapes.ListLaunchPathsInput) -> shapes.ListLaunchPathsOutput:
    """The caller's paths to a product, oldest portfolio first."""
    paths = require_launch_paths(context, input.product_id)
    request = Request(input.page_size, input.page_token, (*context.owner, "ListLaunchPaths", input.product_id))
    page = Pager(context.runtime.objects.seal).cut(request, paths, lambda path: (path.created_time, path.id))
    along = constraints_along(context, page.items, input.product_id)
    found = page.of(lambda path: _summary(path, constraints_of(along, path)))
    return shapes.ListLaunchPathsOutput(launch_path_summaries=found.items, next_page_token=found.next_token)


@operation("DescribeProvisioningParameters")
def describe_provisioning_parameters(
    context: Context, input: shapes.DescribeProvisioningParametersInput
) -> shapes.DescribeProvisioningParametersOutput:
    """What a launch of a version along a path asks for.

    ProvisioningArtifactOutputs lists the product's active versions, not outputs; those are in
    ProvisioningArtifactOutputKeys (recorded).
    """
    product, paths = find_launchable_product(context, input.product_id, input.product_name)
    version = find_active_version(context, product, input.provisioning_artifact_id, input.provisioning_artifact_name)
    path = choose_path(paths, product, input.path_id, input.path_name)
    template = template_of(context, version)
    constraints = constraints_of(constraints_along(context, [path], product.id), path)
    effects = effects_of(constraints, context.account, context.caller.partition)
    return shapes.DescribeProvisioningParametersOutput(
        constraint_summaries=summaries(constraints),
        provisioning_artifact_output_keys=describe_outputs(template),
        provisioning_artifact_outputs=[_version(found) for found in active_versions(context, product)],
        provisioning_artifact_parameters=describe_parameters(template),
        provisioning_artifact_preferences=preferences(effects.stack_set),
        tag_options=tag_option_summaries(offered_tag_options(context, path, product)),
        usage_instructions=usage_instructions(template, effects),
    )


def _summary(path: Portfolio, constraints: list[Constraint]) -> shapes.LaunchPathSummary:
    return shapes.LaunchPathSummary(
        constraint_summaries=summaries(constraints), id=launch_path_id(path.id), name=path.display_name, tags=[]
    )


def _version(version: ProvisioningArtifact) -> shapes.ProvisioningArtifactOutput:
    return shapes.ProvisioningArtifactOutput(description=version.description, key=version.id)
