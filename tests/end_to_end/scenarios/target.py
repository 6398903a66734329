"""What the scenarios ask of a target's side of a test: packages to publish, and what really exists."""

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

from tests.end_to_end.scenarios.served import Served

CHANGES = "changes"
"""A plan lists the changes of each thing."""
REPLACEMENT = "replacement"
"""A plan of an update tells what is changed and what is replaced."""
FAILURE = "failure"
"""A deployment can fail at all."""
ROLLBACK = "rollback"
"""What a failed or cancelled operation did is undone."""
CANCEL = "cancel"
"""An operation that hangs can be cancelled."""


CREDENTIAL = "planted-credential-6d1b"
"""What a target's environment has as a password, a key or a token."""


class Versions(NamedTuple):
    """A product's versions: `second` adds a thing, `failing` is the second and fails, `hanging` never ends."""

    first: str | bytes
    second: str | bytes
    failing: str | bytes
    hanging: str | bytes


class Thing(NamedTuple):
    """Something that really exists: which of the package's things it is, and what tells it from a successor."""

    name: str
    identity: str


class Target(Protocol):
    """One target: its settings, its packages, its world.

    A package has the parameters Size and Zone and two things: Changed follows Size in place, Replaced is replaced when
    Zone changes. The second version has Added, too.
    """

    kind: str
    """The type of its products."""
    settings: str
    """The server's settings, as TOML."""
    environment: Mapping[str, str]
    """The server's environment."""
    outputs: frozenset[str]
    """The keys of a launched product's outputs."""
    is_simulated: bool
    cause: str
    """How the record of a failed update names what went wrong, as a regular expression."""
    differs: Mapping[str, str]
    """What is honestly different here, and why."""

    def versions(self, account: str) -> Versions:
        """The product to publish in an account."""

    def prepare(self, served: Served, account: str, product: Any) -> None:
        """What has to be there before an account launches a published product."""

    def secretive(self, account: str) -> Versions:
        """A product that is given a Secret; its failing version fails with the secret in what is said of it."""

    def address(self, name: str) -> str:
        """The logical id that a plan gives a thing."""

    def delayed(self, served: Served, account: str) -> None:
        """Make what an account launches take a moment, where that can be had."""

    def things(self, served: Served, account: str, product: str) -> list[Thing]:
        """What exists of a provisioned product, however often; asked of the world itself, in order of names."""
