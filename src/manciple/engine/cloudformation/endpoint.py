"""The calls of one operation to CloudFormation. Each passes the points at which a process can die.

Reference: https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_Operations.html
"""

import hashlib
from collections.abc import Callable, Iterator
from itertools import takewhile
from typing import Any

from manciple.engine.credentials import Clients, UnreachablePlace
from manciple.engine.place import Place
from manciple.engine.probe import Probe

Json = dict[str, Any]

_PASSING = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "ServiceUnavailable",
        "InternalFailure",
        "InternalError",
        "OperationInProgressException",
    }
)
"""Codes of errors that pass by themselves."""


class Refused(Exception):
    """CloudFormation refused a call, with its code and message."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def means_absent(self) -> bool:
        """Is it refused because the stack or change set is not there?"""
        return self.code.startswith("ChangeSetNotFound") or "does not exist" in self.message


class Away(Exception):
    """CloudFormation gave no answer, or asks to be called later."""


class Garbled(Away):
    """Something answered, and not as CloudFormation does."""


class Endpoint:
    """CloudFormation at one place, for one operation."""

    def __init__(self, clients: Clients, place: Place, probe: Probe, operation_id: str) -> None:
        self._clients = clients
        self._place = place
        self._probe = probe
        self._operation_id = operation_id

    def call(self, name: str, **arguments: Any) -> Json:
        """Make one call; `name` as boto3 spells it. Raises Refused, Away."""
        answer = answer_of(lambda: getattr(self._clients.cloudformation(self._place), name)(**arguments))
        self._probe.reach("inside call", self._operation_id)
        return answer

    @property
    def keeps_templates(self) -> bool:
        """Is there a bucket for templates that are too long for a request?"""
        return self._clients.bucket is not None

    def keep_template(self, body: bytes) -> str:
        """Put a template where the endpoint can read it, once however often; its address. Raises Refused, Away.

        It has the tag that launch roles commonly ask for (administrator guide, "Launch constraints").
        """
        key = f"manciple/{hashlib.sha256(body).hexdigest()}.template"
        tag = "servicecatalog:provisioning=true"
        where = {"Bucket": self._clients.bucket, "Key": key}
        answer_of(lambda: self._clients.s3(self._place).put_object(**where, Body=body, Tagging=tag))
        self._probe.reach("inside call", self._operation_id)
        return self._clients.object_url(self._place, key)

    def find_stack(self, name: str) -> Json | None:
        """A stack by name or id, None if there is none; one that was deleted is found by its id only."""
        stacks = self._look("describe_stacks", StackName=name)
        found: list[Json] = stacks["Stacks"] if stacks else []
        return found[0] if found else None

    def find_change_set(self, stack: str | None, name: str, **arguments: Any) -> Json | None:
        """A change set with all its changes, None if there is none; one that is named by its ARN needs no stack."""
        named = arguments | {"ChangeSetName": name} | ({"StackName": stack} if stack else {})
        found = page = self._look("describe_change_set", **named)
        while page and (token := page.get("NextToken")):
            page = self.call("describe_change_set", NextToken=token, **named)
            page["Changes"] = (found or {}).get("Changes", []) + page.get("Changes", [])
            found = page
        return found

    def events_after(self, stack: str, event_id: str | None) -> list[Json]:
        """The events of a stack that came after one, oldest first; all of them after None."""
        newer = takewhile(lambda event: event["EventId"] != event_id, self._events(stack))
        return list(newer)[::-1]

    def newest_event(self, stack: str) -> str | None:
        """The id of a stack's newest event."""
        return next((event["EventId"] for event in self._events(stack)), None)

    def _events(self, stack: str) -> Iterator[Json]:
        """Newest first, as CloudFormation lists them; a page is asked for when it is wanted."""
        page = self._look("describe_stack_events", StackName=stack) or {}
        yield from page.get("StackEvents", [])
        while token := page.get("NextToken"):
            page = self.call("describe_stack_events", StackName=stack, NextToken=token)
            yield from page.get("StackEvents", [])

    def _look(self, name: str, **arguments: Any) -> Json | None:
        try:
            return self.call(name, **arguments)
        except Refused as refused:
            if refused.means_absent:
                return None
            raise


def answer_of(call: Callable[[], Json]) -> Json:
    """What a call answers, or one of our two errors for everything that boto3 may raise."""
    from botocore import exceptions
    from botocore.parsers import ResponseParserError

    try:
        return call()
    except UnreachablePlace as error:
        raise Refused("UnreachablePlace", str(error)) from error
    except exceptions.NoCredentialsError as error:
        raise Refused("NoCredentials", "The server has no AWS credentials; give it some as the SDKs expect.") from error
    except exceptions.ClientError as error:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        details = error.response.get("Error", {})
        code, message = details.get("Code", "Unknown"), details.get("Message", str(error))
        if code in _PASSING or status >= 500:
            raise Away(f"{code}: {message}") from error
        raise Refused(code, message) from error
    except ResponseParserError as error:
        raise Garbled(type(error).__name__) from error
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise Away(type(error).__name__) from error
    except exceptions.BotoCoreError as error:
        raise Refused(type(error).__name__, str(error)) from error
