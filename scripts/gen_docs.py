"""Write docs/reference from the program itself: operations, settings and quotas, commands.

python scripts/gen_docs.py            write the pages
python scripts/gen_docs.py --check    say which pages are out of date; exit status 1 if any is
"""

import inspect
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import typer

from manciple import settings
from manciple.api import shapes
from manciple.cli.application import app
from manciple.operations.call import Operation
from manciple.registry import collect
from manciple.wire.own_json import ROUTES

FOLDER = Path(__file__).parents[1] / "docs" / "reference"
MADE = "<!-- Made by scripts/gen_docs.py (`make docs`); do not edit. -->\n"


def operations() -> str:
    """Every operation of AWS's model and whether it is there; our own routes."""
    found: dict[str, Operation[Any, Any]] = {one.name: one for one in collect("manciple.operations", Operation)}
    there = [name for name in shapes.OPERATIONS if name in found]
    rows = [(f"`{name}`", "yes" if name in found else "", _first_line(found.get(name))) for name in shapes.OPERATIONS]
    own = [
        (f"`{route.method} {route.path}`", f"`{route.action}`", _first_line(found[route.operation])) for route in ROUTES
    ]
    return _page(
        "Operations",
        f"Of the {len(shapes.OPERATIONS)} operations of AWS Service Catalog's API, {len(there)} are there. "
        "The others check their input, and answer `OperationNotSupportedException` naming the operation.",
        _table(("operation", "there", "what it does"), rows),
        "## Our own API",
        "What AWS's API has no place for, as JSON. An operator's key is needed for `manciple:Operate`; "
        "every other route asks for the permission to call the AWS operation that it belongs to.",
        _table(("route", "permission", "what it does"), own),
    )


def configuration() -> str:
    """Every setting with its default, by section."""
    precedence = (
        "Flags go before environment variables, those before the TOML file (`--config`, or `MANCIPLE_CONFIG`), "
        "that before the defaults. `manciple config` prints what holds and where it came from."
    )
    return _page("Settings", precedence, *_sections(settings.Settings))


def _sections(structure: type[msgspec.Struct], section: str = "") -> Iterator[str]:
    """The table of a structure's own settings, then its sections, each under its name."""
    rows = list(_settings(structure, f"{section}." if section else ""))
    if section:
        yield f"## [{section}]"
        yield inspect.cleandoc(structure.__doc__ or "")
    if rows:
        yield _table(("setting", "variable", "default", "values"), rows)
    for item in msgspec.structs.fields(structure):
        if isinstance(item.type, type) and issubclass(item.type, msgspec.Struct):
            yield from _sections(item.type, f"{section}.{item.name}" if section else item.name)


def command_line() -> str:
    """Every command's own help."""
    group = typer.main.get_command(app)
    parts = [f"## {name}\n\n```\n{help_text}\n```" for name, help_text in _helps(group, "manciple")]
    return _page("Command line", *parts)


def _settings(structure: type[msgspec.Struct], prefix: str = "") -> Iterator[tuple[str, ...]]:
    for item in msgspec.structs.fields(structure):
        if isinstance(item.type, type) and issubclass(item.type, msgspec.Struct):
            continue
        name = prefix + item.name
        variable = settings.PREFIX + name.replace(".", "__").upper()
        default = _default(item)
        yield f"`{name}`", f"`{variable}`", default, settings.describe(name)


def _default(item: msgspec.structs.FieldInfo) -> str:
    if item.required:
        return "`~/.local/share/manciple`"
    text = settings.printed(item.default_factory() if item.default is msgspec.NODEFAULT else item.default)
    return f"`{text}`" if text else ""


def _helps(command: Any, path: str) -> Iterator[tuple[str, str]]:
    context = typer.Context(command, info_name=path, terminal_width=100, max_content_width=100)
    yield path, command.get_help(context)
    for name, inner in getattr(command, "commands", {}).items():
        yield from _helps(inner, f"{path} {name}")


def _first_line(found: Operation[Any, Any] | None) -> str:
    return inspect.cleandoc(found.run.__doc__ or "").partition("\n")[0] if found else ""


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _page(title: str, *parts: str) -> str:
    return f"{MADE}\n# {title}\n\n" + "\n\n".join(parts) + "\n"


PAGES = {"operations.md": operations, "settings.md": configuration, "command-line.md": command_line}


def main(arguments: list[str]) -> int:
    """Write or check the pages; the exit status."""
    stale = []
    for name, make in PAGES.items():
        page, text = FOLDER / name, make()
        if "--check" not in arguments:
            FOLDER.mkdir(parents=True, exist_ok=True)
            page.write_text(text)
        elif not page.is_file() or page.read_text() != text:
            stale.append(name)
    if stale:
        print(f"docs/reference is out of date ({', '.join(stale)}): run `make docs`.")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
