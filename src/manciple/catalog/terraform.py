"""What is kept of products that Terraform deploys: their states, the runs that may touch them, saved plans.

A state is what Terraform knows of what it made. It belongs to one provisioned product and goes by its versions, each a
sealed blob; a saved plan holds for the version that it was made from.
"""

from manciple.catalog.entities import Entity


class TerraformState(Entity, frozen=True, kw_only=True):
    """The state of one provisioned product; `id` is the end of its address.

    `digest` is the newest version's sealed content, None before the first; `versions` counts them. While it is locked,
    `lock_id` is the lock's, `lock_info` what its holder said of itself, `locked_by` the run's operation.
    `applied_digest` is what was applied last, or was to be: what a destruction needs.
    """

    id: str
    provisioned_product_id: str
    created_time: int
    updated_time: int
    lineage: str | None = None
    serial: int = 0
    digest: str | None = None
    versions: int = 0
    lock_id: str | None = None
    lock_info: str | None = None
    locked_by: str | None = None
    applied_digest: str | None = None


class StateVersion(Entity, frozen=True, kw_only=True):
    """One version of a state, by number; serials may repeat."""

    state_id: str
    number: int
    lineage: str
    serial: int
    digest: str
    operation_id: str
    created_time: int


class TerraformRun(Entity, frozen=True, kw_only=True):
    """One run of the program, known to the state's server by the hash of its token; over, the token opens nothing.

    Only a run that carries out may write: a plan changes nothing.
    """

    token_hash: str
    state_id: str
    operation_id: str
    may_write: bool
    created_time: int
    ended_time: int | None = None


class SavedPlan(Entity, frozen=True, kw_only=True):
    """A plan file, sealed, and what it holds for: the state's address and version, the package, the program's version.

    `locks_digest` is the dependency lock file that it was made with.
    """

    operation_id: str
    state_id: str
    address: str
    content_digest: str
    package_digest: str
    lineage: str | None
    serial: int
    program: str
    created_time: int
    locks_digest: str | None = None
