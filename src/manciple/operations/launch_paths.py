"""What an end user asks before a launch: which paths lead to a product, and what a version wants to know."""

from typing import Any, NamedTuple

from manciple.api import shapes
from manciple.catalog.constraints import Constraint, Effects, effects_of
from manciple.catalog.entities import Portfolio, Product, ProvisioningArtifact
from manciple.catalog.ids import launch_path_id
from manciple.catalog.provisioning_parameters import (
    describe_outputs,
    describe_parameters,
    launch_instructions,
    preferences,
    usage_instructions,
)
from manciple.engine.parameter_parsers.parser import DeclaredParameter
from manciple.operations.artifact_parameters import Asking, parameter_of, parse
from manciple.operations.call import Caller, Context, Runtime, operation
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


class _Wanted(NamedTuple):
    """What a launch is asked about."""

    product: Product
    version: ProvisioningArtifact
    path: Portfolio
    constraints: list[Constraint]
    effects: Effects


def prepare_parameters(
    runtime: Runtime, caller: Caller, input: shapes.DescribeProvisioningParametersInput
) -> list[DeclaredParameter] | None:
    """Ask for the parameters of a version that is no template."""

    def find(context: Context) -> Asking:
        wanted = _wanted(context, input)
        return Asking(wanted.version, wanted.effects.launch_role_arn)

    return parse(runtime, caller, find)


@operation("DescribeProvisioningParameters", prepare=prepare_parameters)
def describe_provisioning_parameters(
    context: Context, input: shapes.DescribeProvisioningParametersInput
) -> shapes.DescribeProvisioningParametersOutput:
    """What a launch of a version along a path asks for.

    ProvisioningArtifactOutputs lists the product's active versions, not outputs; those are in
    ProvisioningArtifactOutputKeys (recorded).
    """
    wanted = _wanted(context, input)
    return shapes.DescribeProvisioningParametersOutput(
        constraint_summaries=summaries(wanted.constraints),
        provisioning_artifact_outputs=[_version(found) for found in active_versions(context, wanted.product)],
        provisioning_artifact_preferences=preferences(wanted.effects.stack_set),
        tag_options=tag_option_summaries(offered_tag_options(context, wanted.path, wanted.product)),
        **_told(context, wanted),
    )


def _wanted(context: Context, input: shapes.DescribeProvisioningParametersInput) -> _Wanted:
    product, paths = find_launchable_product(context, input.product_id, input.product_name)
    version = find_active_version(context, product, input.provisioning_artifact_id, input.provisioning_artifact_name)
    path = choose_path(paths, product, input.path_id, input.path_name)
    constraints = constraints_of(constraints_along(context, [path], product.id), path)
    return _Wanted(
        product, version, path, constraints, effects_of(constraints, context.account, context.caller.partition)
    )


def _told(context: Context, wanted: _Wanted) -> dict[str, Any]:
    """What the version itself tells. Nothing is known of the outputs of one that is no template."""
    if context.prepared is not None:
        return {
            "provisioning_artifact_output_keys": [],
            "provisioning_artifact_parameters": [parameter_of(one) for one in context.prepared],
            "usage_instructions": launch_instructions(wanted.effects),
        }
    template = template_of(context, wanted.version)
    return {
        "provisioning_artifact_output_keys": describe_outputs(template),
        "provisioning_artifact_parameters": describe_parameters(template),
        "usage_instructions": usage_instructions(template, wanted.effects),
    }


def _summary(path: Portfolio, constraints: list[Constraint]) -> shapes.LaunchPathSummary:
    return shapes.LaunchPathSummary(
        constraint_summaries=summaries(constraints), id=launch_path_id(path.id), name=path.display_name, tags=[]
    )


def _version(version: ProvisioningArtifact) -> shapes.ProvisioningArtifactOutput:
    return shapes.ProvisioningArtifactOutput(description=version.description, key=version.id)
