"""What an operator can set, as one frozen value: `sections` says what there is, `loading` reads it."""

from manciple.settings.loading import (
    CONFIG_VARIABLE,
    PREFIX,
    Loaded,
    SettingsError,
    check_secret_key,
    check_serving,
    describe,
    is_loopback,
    is_postgresql,
    load,
)
from manciple.settings.sections import Settings
from manciple.settings.wording import masked, printed

__all__ = [
    "CONFIG_VARIABLE",
    "PREFIX",
    "Loaded",
    "Settings",
    "SettingsError",
    "check_secret_key",
    "check_serving",
    "describe",
    "is_loopback",
    "is_postgresql",
    "load",
    "masked",
    "printed",
]
