"""What a principal's policies decide: an explicit denial first, then whether anything allows, then nothing is allowed.

Source: IAM user guide, "Policy evaluation logic". A session's own policy bounds what its role's policies allow.
"""

from collections.abc import Iterable
from typing import Literal, TypeAlias

from manciple.catalog.policy_conditions import LEVEL_KEYS
from manciple.catalog.policy_patterns import Context
from manciple.catalog.policy_statements import Policy, Statement

Level: TypeAlias = Literal["Account", "Role", "User"]
Verdict: TypeAlias = Literal["allowed", "explicitly denied", "not allowed", "not allowed by the session"]

LEVELS: tuple[Level, ...] = ("Account", "Role", "User")
"""The access levels, the most permissive first."""


class Permissions:
    """What one principal may do: its identity-based policies, and for a session perhaps a policy that bounds them.

    The statements about an action are looked for once.
    """

    def __init__(self, policies: Iterable[Policy], session: Iterable[Policy] | None = None) -> None:
        self._identity = tuple(statement for policy in policies for statement in policy.statements)
        self._session = (
            None if session is None else tuple(statement for policy in session for statement in policy.statements)
        )
        self._about: dict[str, tuple[tuple[Statement, ...], tuple[Statement, ...] | None]] = {}

    def keys(self, action: str) -> frozenset[str]:
        """The condition keys that the statements about an action ask for, in lower case."""
        return frozenset().union(*(statement.keys for statement in self._all(action)))

    def names_resources(self, action: str) -> bool:
        """Does a statement about an action tell one resource from another?"""
        return any(statement.names_resources for statement in self._all(action))

    def accounts(self, action: str) -> frozenset[str]:
        """The accounts that the statements about an action name as owners of portfolios and products."""
        return frozenset().union(*(statement.accounts for statement in self._all(action)))

    def decide(self, action: str, resources: Iterable[str], context: Context) -> Verdict:
        """What the policies say of an action on a resource that goes by these names."""
        names = tuple(resources)
        if self._denies(action, names, context):
            return "explicitly denied"
        return self._decide_without_denials(action, names, context)

    def level(self, action: str, resources: Iterable[str], context: Context) -> Level | Verdict:
        """The most permissive access level at which an action is allowed; else why it is not.

        What is the caller's own is also the role's and the account's, so a request at a level has the keys of all wider
        ones; a denial at a level bars it and all wider ones.
        """
        names = tuple(resources)
        verdict: Verdict = "not allowed"
        for number, level in enumerate(LEVELS):
            narrower = ({**context, LEVEL_KEYS[one]: ("self",)} for one in LEVELS[number:])
            if any(self._denies(action, names, one) for one in narrower):
                verdict = "explicitly denied"
                continue
            held = {LEVEL_KEYS[one]: ("self",) for one in LEVELS[: number + 1]}
            found = self._decide_without_denials(action, names, {**context, **held})
            if found == "allowed":
                return level
            verdict = found if verdict != "explicitly denied" else verdict
        return verdict

    def _decide_without_denials(self, action: str, names: tuple[str, ...], context: Context) -> Verdict:
        identity, session = self._found(action)
        if not _allow(identity, names, context):
            return "not allowed"
        if session is not None and not _allow(session, names, context):
            return "not allowed by the session"
        return "allowed"

    def _denies(self, action: str, names: tuple[str, ...], context: Context) -> bool:
        return any(not statement.grants and statement.applies(names, context) for statement in self._all(action))

    def _all(self, action: str) -> tuple[Statement, ...]:
        identity, session = self._found(action)
        return (*identity, *(session or ()))

    def _found(self, action: str) -> tuple[tuple[Statement, ...], tuple[Statement, ...] | None]:
        found = self._about.get(action)
        if found is None:
            session = None if self._session is None else _about(self._session, action)
            found = self._about[action] = (_about(self._identity, action), session)
        return found


def _about(statements: Iterable[Statement], action: str) -> tuple[Statement, ...]:
    wanted = action.lower()
    return tuple(statement for statement in statements if statement.is_about(wanted))


def _allow(statements: Iterable[Statement], names: tuple[str, ...], context: Context) -> bool:
    return any(statement.grants and statement.applies(names, context) for statement in statements)
