"""Our own JSON API under `/_manciple/` (contracts, section 3).

Always JSON, always 200 with a body on success. Each row of the table names the action that guards it;
`manciple:Operate` is held by operators only. Callbacks, and the states that Terraform reads and writes, stand beside
it: a token is their only credential (`wire/callbacks.py`, `wire/terraform_states.py`).
"""

from collections.abc import Callable
from concurrent.futures import Executor
from datetime import UTC, datetime
from re import compile as pattern
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import msgspec
from starlette.routing import Route, Router

from manciple.errors import (
    AccessDeniedException,
    InvalidParametersException,
    UnknownOperationException,
    ValidationException,
)
from manciple.operations.access import OPERATE
from manciple.operations.call import Caller
from manciple.operations.own.audit import ListAuditInput
from manciple.operations.own.directory import GetDirectoryInput, PutDirectoryInput
from manciple.operations.own.environment import GetEnvironmentInput, PutEnvironmentInput
from manciple.operations.own.explanations import ExplainLaunchInput
from manciple.operations.own.faults import GetFaultsInput, PutFaultsInput
from manciple.operations.own.plans import DiffPlansInput, GetPlanDocumentInput
from manciple.operations.own.records import MOST, ListEventsInput, RecordInput
from manciple.wire.audit_lines import CONTENT_TYPE, send_lines
from manciple.wire.callbacks import Callbacks
from manciple.wire.calls import Calls
from manciple.wire.event_stream import EventStream
from manciple.wire.faults import REQUEST_ID
from manciple.wire.messages import App, Receive, Request, Response, Scope, Send, receive_request, respond
from manciple.wire.terraform_states import PATH, TerraformStates
from manciple.wire.threads import in_thread

_ACCOUNT = pattern(r"[0-9]{12}")


class Asked(NamedTuple):
    """A request and the parts of its path and query."""

    request: Request
    path: dict[str, str]
    query: dict[str, str]


class OwnRoute(NamedTuple):
    """One row: path, method, operation, the action that guards it, how its input is read, its query's names."""

    path: str
    method: str
    operation: str
    action: str
    read: Callable[[Asked], msgspec.Struct]
    query: frozenset[str] = frozenset()


def _plan(asked: Asked) -> msgspec.Struct:
    live = _is_true(asked, "live", "false")
    return GetPlanDocumentInput(plan_id=asked.path["id"], values=_wants_values(asked), live=live)


def _two_plans(asked: Asked) -> msgspec.Struct:
    return DiffPlansInput(plan_id=asked.path["id"], other_plan_id=asked.path["other"], values=_wants_values(asked))


def _wants_values(asked: Asked) -> bool:
    return _is_true(asked, "values", "true")


def _is_true(asked: Asked, name: str, otherwise: str) -> bool:
    value = asked.query.get(name, otherwise)
    if value not in ("true", "false"):
        raise InvalidParametersException(f"{name} is true or false, not {value[:100]!r}.")
    return value == "true"


def _events(asked: Asked) -> msgspec.Struct:
    return ListEventsInput(record_id=asked.path["id"], size=_page_size(asked), page_token=asked.query.get("PageToken"))


def _page_size(asked: Asked) -> int:
    size = asked.query.get("PageSize", str(MOST))
    if not (size.isascii() and size.isdecimal() and 1 <= int(size[:9]) <= MOST):
        raise InvalidParametersException(f"PageSize is a number from 1 to {MOST}, not {size[:100]!r}.")
    return int(size)


def _audit(asked: Asked) -> msgspec.Struct:
    return ListAuditInput(
        principal=asked.query.get("principal"),
        operation=asked.query.get("operation"),
        since=_moment(asked, "since"),
        until=_moment(asked, "until"),
        size=_page_size(asked),
        page_token=asked.query.get("PageToken"),
    )


def _launch(asked: Asked) -> msgspec.Struct:
    if not asked.query.get("product"):
        raise InvalidParametersException("Which launch? Name its product by id or name: ?product=prod-….")
    return ExplainLaunchInput(**asked.query)


def _moment(asked: Asked, name: str) -> int | None:
    """A moment in milliseconds since the epoch, from ISO 8601; without a zone it is UTC."""
    text = asked.query.get(name)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidParametersException(
            f"{name} is a time such as 2026-11-26T21:00:00Z, not {text[:100]!r}."
        ) from None
    return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


ROUTES = (
    OwnRoute(
        "/_manciple/plans/{id}",
        "GET",
        "manciple:GetPlanDocument",
        "servicecatalog:DescribeProvisionedProductPlan",
        _plan,
        frozenset({"values", "live"}),
    ),
    OwnRoute(
        "/_manciple/plans/{id}/diff/{other}",
        "GET",
        "manciple:DiffPlans",
        "servicecatalog:DescribeProvisionedProductPlan",
        _two_plans,
        frozenset({"values"}),
    ),
    OwnRoute(
        "/_manciple/records/{id}/events",
        "GET",
        "manciple:ListEvents",
        "servicecatalog:DescribeRecord",
        _events,
        frozenset({"PageSize", "PageToken"}),
    ),
    OwnRoute(
        "/_manciple/records/{id}/cancel",
        "POST",
        "manciple:CancelRecord",
        "servicecatalog:ExecuteProvisionedProductPlan",
        lambda asked: RecordInput(record_id=asked.path["id"]),
    ),
    OwnRoute(
        "/_manciple/records/{id}/signals",
        "GET",
        "manciple:ListSignals",
        "servicecatalog:ExecuteProvisionedProductPlan",
        lambda asked: RecordInput(record_id=asked.path["id"]),
    ),
    OwnRoute(
        "/_manciple/sandbox/environment",
        "GET",
        "manciple:GetEnvironment",
        OPERATE,
        lambda _asked: GetEnvironmentInput(),
    ),
    OwnRoute(
        "/_manciple/sandbox/environment",
        "PUT",
        "manciple:PutEnvironment",
        OPERATE,
        lambda asked: PutEnvironmentInput(document=asked.request.body),
    ),
    OwnRoute(
        "/_manciple/sandbox/faults",
        "GET",
        "manciple:GetFaults",
        OPERATE,
        lambda _asked: GetFaultsInput(),
    ),
    OwnRoute(
        "/_manciple/sandbox/faults",
        "PUT",
        "manciple:PutFaults",
        OPERATE,
        lambda asked: PutFaultsInput(document=asked.request.body),
    ),
    OwnRoute(
        "/_manciple/directory",
        "GET",
        "manciple:GetDirectory",
        OPERATE,
        lambda _asked: GetDirectoryInput(),
    ),
    OwnRoute(
        "/_manciple/directory",
        "PUT",
        "manciple:PutDirectory",
        OPERATE,
        lambda asked: PutDirectoryInput(document=asked.request.body),
    ),
    OwnRoute(
        "/_manciple/explain/launch",
        "GET",
        "manciple:ExplainLaunch",
        "servicecatalog:ListLaunchPaths",
        _launch,
        frozenset({"product", "artifact", "path", "principal", "name"}),
    ),
    OwnRoute(
        "/_manciple/audit",
        "GET",
        "manciple:ListAudit",
        OPERATE,
        _audit,
        frozenset({"principal", "operation", "since", "until", "PageSize", "PageToken"}),
    ),
)


def own_json(calls: Calls, callbacks: Callbacks, states: TerraformStates, limit: int, pool: Executor) -> App:
    """The application: one endpoint a path. `limit` is the largest body in bytes."""
    paths = dict.fromkeys(route.path for route in ROUTES)
    routes = [Route(path, _Endpoint(path, calls, limit, pool)) for path in paths]
    routes.append(Route("/_manciple/callback/{token}", callbacks))
    routes.append(Route(PATH, states))
    return Router(routes, redirect_slashes=False, default=_refuse)


class _Endpoint:
    def __init__(self, path: str, calls: Calls, limit: int, pool: Executor) -> None:
        self._by_method = {route.method: route for route in ROUTES if route.path == path}
        self._calls = calls
        self._limit = limit
        self._pool = pool

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = await receive_request(scope, receive, self._limit)
        route = self._by_method.get(request.method)
        if route is None:
            await _refuse(scope, receive, send)
            return
        caller = await in_thread(self._pool, self._admit, request, route)
        wanted = route.read(Asked(request, scope["path_params"], _query(request, route)))
        if isinstance(wanted, ListEventsInput) and "text/event-stream" in request.headers.get("accept", ""):
            stream = EventStream(self._calls, self._pool, caller, wanted)
            await stream.send(request, receive, send)
            return
        if isinstance(wanted, ListAuditInput) and CONTENT_TYPE in request.headers.get("accept", ""):
            await send_lines(self._calls, self._pool, caller, wanted, request, send)
            return
        output = await in_thread(self._pool, self._calls.call, route.operation, caller, wanted, request.id)
        headers = ((REQUEST_ID, request.id.encode()), (b"Content-Type", b"application/json"))
        await respond(send, Response(200, headers, msgspec.json.encode(output)))

    def _admit(self, request: Request, route: OwnRoute) -> Caller:
        """The caller, if their policy lets them in."""
        account = request.headers.get("x-manciple-account")
        if account is not None and not _ACCOUNT.fullmatch(account):
            raise ValidationException("X-Manciple-Account must be 12 digits.")
        region = request.headers.get("x-manciple-region")
        caller = self._calls.identify(request, account=account, region=region)
        try:
            return self._calls.admit(caller, route.action, request.path)
        except AccessDeniedException as error:
            self._calls.refused(route.operation, caller, request.id, error)
            raise


def _query(request: Request, route: OwnRoute) -> dict[str, Any]:
    """The query's parameters; one that the route does not know is refused, since it would change nothing."""
    query = dict(parse_qsl(request.query, keep_blank_values=True))
    if any("\0" in text for text in (request.path, *query.values())):
        raise InvalidParametersException("No path or parameter of this API holds U+0000.")
    if unknown := sorted(set(query) - route.query):
        raise InvalidParametersException(f"{request.path} does not know the query parameter {unknown[0][:100]!r}.")
    return query


async def _refuse(scope: Scope, _receive: Receive, _send: Send) -> None:
    request: Request = scope["state"]["request"]
    raise UnknownOperationException(f"There is no {request.method} {request.path[:200]}.")
