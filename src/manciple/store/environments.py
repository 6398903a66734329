"""The sandbox environment of an account and region: what templates find outside of themselves. Sealed as a whole."""

import msgspec
import sqlalchemy as sa

from manciple.store.database import Transaction
from manciple.store.sealed import Seal
from manciple.store.tables.catalog import ENVIRONMENT

_IS_OWNER = sa.and_(
    ENVIRONMENT.c.account == sa.bindparam("of_account"), ENVIRONMENT.c.region == sa.bindparam("of_region")
)
_FIND = sa.select(ENVIRONMENT.c.document).where(_IS_OWNER)
_DELETE = sa.delete(ENVIRONMENT).where(_IS_OWNER)
_INSERT = sa.insert(ENVIRONMENT)


class Environment(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Stack exports by name, SSM parameters by name, secrets by name or ARN."""

    exports: dict[str, str] = {}
    parameters: dict[str, str] = {}
    secrets: dict[str, str] = {}


def read_environment(tx: Transaction, seal: Seal, account: str, region: str) -> Environment:
    """What is stored; an empty environment if nothing is."""
    sealed = tx.scalar(_FIND, of_account=account, of_region=region)
    return Environment() if sealed is None else msgspec.json.decode(seal.open(sealed), type=Environment)


def write_environment(tx: Transaction, seal: Seal, account: str, region: str, environment: Environment) -> None:
    """Replace what is stored."""
    tx.execute(_DELETE, {"of_account": account, "of_region": region})
    document = seal.close(msgspec.json.encode(environment))
    tx.execute(_INSERT, {"account": account, "region": region, "document": document})
