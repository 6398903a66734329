"""Our own parser: the parameters of a Terraform package are the variables of its root module. No program is needed.

It says what AWS's own sample parser says (aws-samples/service-catalog-engine-for-terraform-os, parser.go): a default
that is a text as it is and any other as JSON, an empty one where there is none; in the order of the files by name.
"""

import hashlib
import json
from collections import OrderedDict
from threading import Lock

from manciple.catalog.queues import ENGINE_TYPES
from manciple.engine.parameter_parsers.parser import Artifact, DeclaredParameter, ParserError, ParserType
from manciple.engine.terraform.configuration import read_configuration
from manciple.engine.terraform.package import NotArchiveError, PackageError, PackageLimits, limits_of, read_package
from manciple.engine.terraform.variables import Variable
from manciple.settings import Settings

KEPT = 256
"""Packages whose parameters, or faults, are remembered."""

NOT_ARCHIVE = "Artifact from {} is not a valid tar.gz file: {}"
"""AWS's parser's words (config_fetcher.go)."""


class TerraformParser:
    """Reads packages, each once as long as it is remembered."""

    name = "terraform"

    def __init__(self, limits: PackageLimits) -> None:
        self._limits = limits
        self._known: OrderedDict[bytes, list[DeclaredParameter] | str] = OrderedDict()
        self._lock = Lock()

    def parse(self, artifact: Artifact, launch_role_arn: str | None) -> list[DeclaredParameter]:
        """The variables of a package's root module. Raises ParserError."""
        digest = hashlib.sha256(artifact.content).digest()
        with self._lock:
            found = self._known.get(digest)
        if found is None:
            found = self._read(artifact)
        with self._lock:
            self._known[digest] = found
            self._known.move_to_end(digest)
            if len(self._known) > KEPT:
                self._known.popitem(last=False)
        if isinstance(found, str):
            raise ParserError(found)
        return found

    def _read(self, artifact: Artifact) -> list[DeclaredParameter] | str:
        """The variables, or what is wrong with the package: that may have taken as long to find."""
        try:
            configuration = read_configuration(read_package(artifact.content, self._limits), self._limits)
        except NotArchiveError as error:
            raise ParserError(NOT_ARCHIVE.format(artifact.path, error.reason)) from error
        except PackageError as error:
            return str(error)
        return [declared(variable) for variable in configuration.root.variables]


def declared(variable: Variable) -> DeclaredParameter:
    """A variable as a parser tells it."""
    return DeclaredParameter(
        key=variable.name,
        type=variable.type,
        default_value=_default(variable.default),
        description=variable.description,
        is_no_echo=variable.sensitive,
    )


def _default(default: str | None) -> str:
    """A default as AWS's parser shows it: JSON, but a text without its quotation marks."""
    if default is None or not default.startswith('"'):
        return default or ""
    return str(json.loads(default))


def _make(settings: Settings) -> TerraformParser:
    return TerraformParser(limits_of(settings.targets.terraform))


TERRAFORM = ParserType("terraform", _make, ENGINE_TYPES)
