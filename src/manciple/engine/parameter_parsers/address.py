"""A parser of the operator's, at an HTTP address: it is sent what AWS sends the function, and answers as that does.

An error is a status from 300 on, or an answer with an `errorMessage`, as functions have it: `{"errorType":
"ParserInvalidParameterException", "errorMessage": "…"}`.
"""

from typing import Any

import msgspec

from manciple.catalog.queues import ENGINE_TYPES
from manciple.engine.parameter_parsers.parser import Artifact, DeclaredParameter, ParserError, ParserType
from manciple.engine.providers.endpoint import Endpoint, Refused, Unreachable
from manciple.settings import Settings

ARTIFACT_TYPE = "AWS_S3"
LONGEST_ANSWER = 6 * 1024**2
"""Bytes (AWS Lambda's quota for a response)."""


class _Answer(msgspec.Struct):
    parameters: list[DeclaredParameter]


class _Failure(msgspec.Struct, rename="camel"):
    error_message: str
    error_type: str = ""


class AddressParser:
    """Asks an address."""

    name = "address"

    def __init__(self, url: str, seconds: float) -> None:
        self._url = url
        self._endpoint = Endpoint(seconds=seconds, name="The parameter parser", longest=LONGEST_ANSWER)

    def parse(self, artifact: Artifact, launch_role_arn: str | None) -> list[DeclaredParameter]:
        """What the address answers. Raises ParserError."""
        asked: dict[str, Any] = {"artifact": {"path": artifact.path, "type": ARTIFACT_TYPE}}
        if launch_role_arn is not None:
            asked["launchRoleArn"] = launch_role_arn
        try:
            said = self._endpoint.ask(self._url, msgspec.json.encode(asked), {})
        except Refused as refused:
            raise ParserError(_failure(refused.answer) or str(refused)) from refused
        except Unreachable as away:
            raise ParserError(str(away)) from away
        if (failure := _failure(said)) is not None:
            raise ParserError(failure)
        try:
            return msgspec.json.decode(said, type=_Answer).parameters
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ParserError('The parameter parser did not answer {"parameters": [{"key", "type", …}]}.') from error


def _failure(said: bytes) -> str | None:
    """The message of an error, if it is one."""
    try:
        return msgspec.json.decode(said, type=_Failure).error_message
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _make(settings: Settings) -> AddressParser | None:
    external = settings.targets.external
    return AddressParser(external.parser, external.parser_seconds) if external.parser else None


ADDRESS = ParserType("address", _make, ENGINE_TYPES, target="external")
