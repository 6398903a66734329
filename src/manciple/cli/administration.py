"""`manciple migrate` and `manciple config`."""

from manciple.cli.options import Config, Data, DatabaseUrl, load
from manciple.cli.terminal import open_terminal, write


def migrate(data: Data = None, database: DatabaseUrl = None, config: Config = None) -> None:
    """Bring the database's tables up to date. `serve` does so by itself."""
    from manciple.app import open_store
    from manciple.store.schema import HEAD

    with open_store(load({"data": data, "database": database}, config).settings):
        write(open_terminal(), f"The database is at version {HEAD}.")


def config(data: Data = None, database: DatabaseUrl = None, config: Config = None) -> None:
    """Print all settings and their origins. Secrets are never printed."""
    rows = list(load({"data": data, "database": database}, config).rows())
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    terminal = open_terminal()
    for name, value, origin in rows:
        write(terminal, f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}")
