"""Parameters of versions that are no templates of CloudFormation: a parameter parser is asked for them.

On AWS that is a function of the engine's (service-catalog-api reference, 7.2); what it refuses is told with the words
before it that the console shows. It is asked before the transaction, as everything that may take its time.
"""

from collections.abc import Callable
from typing import NamedTuple

from manciple.api import shapes
from manciple.catalog.entities import ProvisioningArtifact
from manciple.engine.external.artifact import Located, keep_copy, locate
from manciple.engine.parameter_parsers.parser import (
    FAILED,
    Artifact,
    DeclaredParameter,
    ParameterParser,
    ParserError,
)
from manciple.errors import InvalidParametersException
from manciple.operations.call import Caller, Context, Runtime

PARSERS = {
    "EXTERNAL": "ServiceCatalogExternalParameterParser",
    "TERRAFORM_OPEN_SOURCE": "ServiceCatalogTerraformOSParameterParser",
    "TERRAFORM_CLOUD": "ServiceCatalogTerraformCloudParameterParser",
}
"""The functions that read the parameters of other product types, by the names that AWS gives them (reference, 7.1)."""


class Asking(NamedTuple):
    """A version whose parameters are asked for, and the launch role if it is known."""

    version: ProvisioningArtifact
    launch_role_arn: str | None = None


class _Question(NamedTuple):
    parser: ParameterParser
    located: Located
    content: bytes
    asking: Asking


def parse(runtime: Runtime, caller: Caller, find: Callable[[Context], Asking]) -> list[DeclaredParameter] | None:
    """The parameters of a version that `find` finds; None for a template, which is read without a parser.

    Raises InvalidParametersException for what cannot be parsed, and whatever `find` raises.
    """
    with runtime.database.read() as tx:
        question = _question(Context(runtime, caller, tx, runtime.now(), ""), find)
    if question is None:
        return None
    version = question.asking.version
    if question.located.is_copy:
        with runtime.database.write() as tx:
            owner = (version.account, version.region)
            keep_copy(tx, runtime.objects, owner, question.located.address, runtime.now())
    artifact = Artifact(path=question.located.path, content=question.content)
    try:
        return question.parser.parse(artifact, question.asking.launch_role_arn)
    except ParserError as error:
        raise InvalidParametersException(FAILED.format(error)) from error


def _question(context: Context, find: Callable[[Context], Asking]) -> _Question | None:
    asking = find(context)
    version, runtime = asking.version, context.runtime
    if version.type not in PARSERS:
        return None
    parser = runtime.parsers.of(version.type, runtime.target_choice.of(version.type, *context.owner))
    if parser is None:
        text = f"there is no function {PARSERS[version.type]} to read {version.type} artifacts."
        raise InvalidParametersException(FAILED.format(text))
    owner = (version.account, version.region)
    located = locate(context.tx, owner, version, version.template_digest, runtime.public_url)
    return _Question(parser, located, runtime.objects.get(context.tx, version.template_digest), asking)


def parameter_of(declared: DeclaredParameter) -> shapes.ProvisioningArtifactParameter:
    """A parameter as the API tells it."""
    return shapes.ProvisioningArtifactParameter(
        default_value=declared.default_value,
        description=declared.description,
        is_no_echo=declared.is_no_echo,
        parameter_constraints=shapes.ParameterConstraints(allowed_values=[]),
        parameter_key=declared.key,
        parameter_type=declared.type,
    )
