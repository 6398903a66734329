"""The flags that several administering commands share, and the settings that they lead to."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from manciple import settings
from manciple.settings import Loaded

Data = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The data directory, for SQLite; default ~/.local/share/manciple."),
]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(metavar="URL", help="A database, postgresql://…; default: SQLite in the data directory."),
]
Config = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help="A TOML file with settings; flags and MANCIPLE_* variables go before it."),
]


def load(flags: Mapping[str, object], config: Path | None = None) -> Loaded:
    """The settings by flags, environment, file and defaults; raises SettingsError."""
    return settings.load(flags, os.environ, config)
