"""May this caller do this? Asked after authentication, before idempotency and state (contracts, section 8).

The rules are the caller's policies (`catalog/policy_decisions.py`); in open mode there are none. What a policy needs to
know beyond the call itself, the tags of a portfolio or product and which product a name means, is looked up only where
a statement about the action asks for it.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

from manciple.catalog.ids import portfolio_arn, product_arn, queue_arn
from manciple.catalog.policy_conditions import REQUEST_TAG, RESOURCE_TAG
from manciple.catalog.policy_decisions import LEVELS, Level, Permissions
from manciple.catalog.policy_patterns import Context
from manciple.catalog.policy_resources import LEVELLED, Resource, removed_tags, requested_tags, resource_of
from manciple.catalog.sessions import user_id
from manciple.errors import AccessDeniedException
from manciple.operations.caller import Caller
from manciple.store.database import Database
from manciple.store.rows import PORTFOLIOS, PRODUCTS
from manciple.store.tables.catalog import PRODUCT

OPERATE = "manciple:Operate"
"""What guards the routes that administer the server; operators' keys hold it, no policy grants it."""

_SERVICE = "servicecatalog:"
_GUARDED_ELSEWHERE = ("manciple:", "sts:")
"""Our own operations are guarded by their routes, those of STS by a role's trust too (`operations/own/sts.py`)."""

ACTIONS = {
    "cloudcontrol:GetResource": "cloudformation:GetResource",
    "cloudcontrol:ListResources": "cloudformation:ListResources",
    "cloudcontrol:Unsupported": "cloudformation:ListResources",
    "s3:HeadBucket": "s3:ListBucket",
    "s3:HeadObject": "s3:GetObject",
    "s3:ListBuckets": "s3:ListAllMyBuckets",
    "s3:CreateMultipartUpload": "s3:PutObject",
    "s3:UploadPart": "s3:PutObject",
    "s3:CompleteMultipartUpload": "s3:PutObject",
    "s3:ListParts": "s3:ListMultipartUploadParts",
    "s3:ListMultipartUploads": "s3:ListBucketMultipartUploads",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:PeekMessages": "sqs:ReceiveMessage",
}
"""Operations whose action has another name (Service authorization reference: S3, SQS, CloudFormation)."""

_REASONS: Mapping[Any, str] = {
    "explicitly denied": "with an explicit deny in an identity-based policy",
    "not allowed": "because no identity-based policy allows the {action} action",
    "no operator": "because it is for keys of operators alone (`manciple key create --operator`)",
    "not allowed by the session": "because no session policy allows the {action} action",
}


class _Candidate(NamedTuple):
    """A resource that a call may be about: the names it goes by, its tags where they are asked for."""

    names: tuple[str, ...]
    tags: Mapping[str, str]


class Access:
    """Judges calls by their callers' policies."""

    def __init__(self, database: Database, now: Callable[[], int]) -> None:
        self._database = database
        self._now = now

    def admit(self, caller: Caller, operation: str, input: Any) -> Caller:
        """The caller at the access level that their policies give for an operation. Raises AccessDeniedException."""
        if caller.permissions is None or operation.startswith(_GUARDED_ELSEWHERE):
            return caller
        return self._judge(caller, caller.permissions, operation, input)

    def admit_to_route(self, caller: Caller, action: str, path: str) -> Caller:
        """The same for a route of our own, guarded by an action."""
        if action != OPERATE:
            return self.admit(caller, action.removeprefix(_SERVICE), None)
        verdict = "allowed" if caller.is_operator else "no operator"
        if caller.permissions and caller.permissions.decide(action, (path,), {}) == "explicitly denied":
            verdict = "explicitly denied"
        if verdict != "allowed":
            raise refusal(caller, action, path, verdict)
        return caller

    def _judge(self, caller: Caller, permissions: Permissions, operation: str, input: Any) -> Caller:
        action = action_of(operation)
        level: Level = "Account"
        for names, tags in self._candidates(caller, permissions, operation, input):
            context = self._context(caller, permissions.keys(action), input, tags)
            levelled = operation in LEVELLED
            found = (permissions.level if levelled else permissions.decide)(action, names, context)
            if found in LEVELS:
                level = found
            elif found != "allowed":
                raise refusal(caller, action, names[-1], found)
        return caller if level == "Account" else replace(caller, level=level)

    def _candidates(self, caller: Caller, permissions: Permissions, operation: str, input: Any) -> list[_Candidate]:
        """What a call may be about: one thing, or every product of a name."""
        action, resource = action_of(operation), _resource(caller, operation, input)
        needs_tags = any(key.startswith(RESOURCE_TAG) for key in permissions.keys(action))
        others = permissions.accounts(action) - {caller.account}
        found: list[_Candidate] = []
        if resource.name is not None and (needs_tags or permissions.names_resources(action)):
            found = self._products(caller, others, resource.name)
        elif resource.id is not None and (needs_tags or others):
            found = self._owned(caller, others, resource)
        return found or [_Candidate(resource.names, {})]

    def _products(self, caller: Caller, others: Collection[str], name: str) -> list[_Candidate]:
        """Every product of a name that is the caller's account's, or of an account that a policy names."""
        accounts = PRODUCT.c.account.in_([caller.account, *others])
        with self._database.read() as tx:
            found = PRODUCTS.find(tx, accounts, PRODUCT.c.region == caller.region, PRODUCT.c.name == name)
        arns = (product_arn(product.account, product.region, product.id) for product in found)
        return [_Candidate((arn,), product.tags) for arn, product in zip(arns, found, strict=True)]

    def _owned(self, caller: Caller, others: Collection[str], resource: Resource) -> list[_Candidate]:
        """A portfolio or product under its owner's ARN, if that is the caller's or one that a policy names."""
        rows: Any = PORTFOLIOS if resource.kind == "portfolio" else PRODUCTS
        arn_of = portfolio_arn if resource.kind == "portfolio" else product_arn
        with self._database.read() as tx:
            owned = (rows.get(tx, account, caller.region, resource.id) for account in (caller.account, *others))
            found = next((one for one in owned if one is not None), None)
        return [_Candidate((arn_of(found.account, found.region, found.id),), found.tags)] if found else []

    def _context(self, caller: Caller, keys: frozenset[str], input: Any, tags: Mapping[str, str]) -> Context:
        """The condition keys of a request, those alone that a policy asks for."""
        if not keys:
            return {}
        requested = requested_tags(input)
        known = {
            **self._of_caller(caller),
            **{RESOURCE_TAG + key.lower(): (value,) for key, value in tags.items()},
            **{REQUEST_TAG + key.lower(): (value,) for key, value in requested.items()},
            "aws:tagkeys": (*requested, *removed_tags(input)),
        }
        return {key: values for key in keys if (values := known.get(key)) and values[0]}

    def _of_caller(self, caller: Caller) -> dict[str, tuple[str, ...]]:
        seconds = self._now() // 1000
        kind, _, name = caller.session_arn.rpartition(":")[2].partition("/")
        return {
            "aws:currenttime": (datetime.fromtimestamp(seconds, UTC).isoformat(),),
            "aws:epochtime": (str(seconds),),
            "aws:principalaccount": (caller.account,),
            "aws:principalarn": (caller.arn,),
            "aws:principaltype": (_PRINCIPAL_TYPES.get(kind, "Account"),),
            "aws:requestedregion": (caller.region,),
            "aws:sourceip": (caller.source_address,),
            "aws:useragent": (caller.user_agent,),
            "aws:userid": (user_id(caller.arn, caller.session_arn, caller.account),),
            "aws:username": (name.rpartition("/")[2] if kind == "user" else "",),
        }


_PRINCIPAL_TYPES = {"user": "User", "role": "AssumedRole", "assumed-role": "AssumedRole"}


def action_of(operation: str) -> str:
    """The action that a policy names an operation by."""
    return ACTIONS.get(operation) or (operation if ":" in operation else f"{_SERVICE}{operation}")


def refusal(caller: Caller, action: str, resource: str, verdict: Any) -> AccessDeniedException:
    """AWS's sentence for a call that the caller's policies do not permit (reference, 1.3)."""
    reason = _REASONS[verdict].format(action=action)
    return AccessDeniedException(
        f"User: {caller.session_arn} is not authorized to perform: {action} on resource: {resource} {reason}"
    )


def _resource(caller: Caller, operation: str, input: Any) -> Resource:
    if operation.startswith("s3:"):
        bucket, key = getattr(input, "bucket", None), getattr(input, "key", None)
        place = "/".join(part for part in (bucket, key) if part) or "*"
        return Resource((f"arn:{caller.partition}:s3:::{place}",))
    if operation.startswith("sqs:"):
        name = (getattr(input, "queue_url", None) or getattr(input, "queue_name", None) or "*").rpartition("/")[2]
        return Resource((queue_arn(caller.account, caller.region, name),))
    if ":" in operation:
        return Resource(("*",))
    return resource_of(operation, input, caller.account, caller.region)
