"""`manciple types`: resource types of your own, added, listed, removed, and tested against the handler contract."""

from pathlib import Path
from typing import Annotated

import typer

from manciple.cli.options import Config, Data, load
from manciple.cli.refusal import Refusal
from manciple.cli.terminal import open_terminal, write

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="A directory with schema.json and type.toml.")]

app = typer.Typer(name="types", help="Resource types of your own.", rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Resource types of your own."""


@app.command()
def add(directory: Directory, data: Data = None, config: Config = None) -> None:
    """Check a type's directory and have the next start of the server know it. The directory stays where it is."""
    from manciple.engine.registered.directory import TypeFault, read_type, read_types
    from manciple.engine.registered.registration import note_directories, noted_directories

    settings = load({"data": data}, config).settings
    try:
        found = read_type(directory)
        noted = [one for one in noted_directories(settings.data) if one != found.directory]
        read_types([*map(Path, settings.types), *noted, found.directory])
        note_directories(settings.data, [*noted, found.directory])
    except TypeFault as fault:
        raise Refusal(str(fault)) from fault
    except OSError as error:
        raise Refusal(f"{settings.data} cannot be written to: {error.strerror}.") from error
    write(open_terminal(), f"{found.name} is there from the next start of the server on.")


@app.command("list")
def list_types(data: Data = None, config: Config = None) -> None:
    """Print every type of your own: its name and its directory."""
    from manciple.engine.registered.directory import TypeFault
    from manciple.engine.registered.registration import registered_types

    try:
        types = registered_types(load({"data": data}, config).settings)
    except TypeFault as fault:
        raise Refusal(str(fault)) from fault
    terminal = open_terminal()
    for name, found in sorted(types.items()):
        write(terminal, f"{name}  {found.directory}")
    if not types:
        write(terminal, "There is none; `manciple types add DIR` adds one.")


@app.command()
def remove(
    type_name: Annotated[str, typer.Argument(metavar="TYPE", help="The type's name, or its directory.")],
    data: Data = None,
    config: Config = None,
) -> None:
    """Take back `add`. What exists of the type stays, and cannot be changed until the type is added again."""
    from manciple.engine.registered.directory import TypeFault, name_in
    from manciple.engine.registered.registration import note_directories, noted_directories

    settings = load({"data": data}, config).settings
    try:
        noted = noted_directories(settings.data)
        gone = [one for one in noted if type_name in (str(one), name_in(one)) or Path(type_name).resolve() == one]
        if not gone:
            raise Refusal(f"No type {type_name} was added; `manciple types list` lists what there is.")
        note_directories(settings.data, [one for one in noted if one not in gone])
    except TypeFault as fault:
        raise Refusal(str(fault)) from fault
    except OSError as error:
        raise Refusal(f"{settings.data} cannot be written to: {error.strerror}.") from error
    write(open_terminal(), f"{type_name} is gone from the next start of the server on.")


@app.command()
def test(directory: Directory) -> None:
    """Ask a type's handlers for all that CloudFormation's contract asks of them; they make and delete real things.

    Prints a line each rule; the status is 1 if one is broken. Inputs come from the type's `inputs`, else its schema.
    """
    from manciple.engine.registered.contract import Trial, verdicts
    from manciple.engine.registered.directory import TypeFault, read_type
    from manciple.engine.registered.inputs import Inputs

    terminal, broken, count = open_terminal(), 0, 0
    try:
        found = read_type(directory)
        for verdict in verdicts(Trial(found, Inputs(found))):
            count += 1
            broken += verdict.fault is not None
            word = "FAILED" if verdict.fault else "skipped" if verdict.skipped else "ok"
            write(terminal, f"{word:<8}{verdict.rule}: {verdict.sentence}")
            if verdict.fault or verdict.skipped:
                write(terminal, f"        {verdict.fault or f'Not asked: {verdict.skipped}.'}")
    except TypeFault as fault:
        raise Refusal(str(fault)) from fault
    write(
        terminal,
        f"{found.name}: {broken} of {count} rules are broken." if broken else f"{found.name} keeps its contract.",
    )
    raise typer.Exit(1 if broken else 0)
