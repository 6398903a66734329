"""Null in a template."""

from manciple.template.faults import Faults

EMPTY_ARGUMENT = ("Fn::GetAZs",)
"""Functions whose empty argument published templates write as null (`Fn::GetAZs:` in YAML turned into JSON)."""


def null(path: str, faults: Faults) -> str:
    """The text that a null at `path` stands for; anywhere but in EMPTY_ARGUMENT it is a fault (recorded)."""
    if not path.endswith(EMPTY_ARGUMENT):
        faults.add(f"[/{path}] 'null' values are not allowed in templates", path)
    return ""
