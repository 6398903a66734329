"""`manciple demo`: the whole way in a few seconds, on a server and a data directory of its own.

The server runs in this process and the data lie in a temporary directory: however the demo ends, nothing stays.
"""

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

import manciple
from manciple import logs, settings
from manciple.cli.connection import Connection, connect_alone
from manciple.cli.demonstration import DEMONSTRATIONS, Demonstration, PartsMissingError
from manciple.cli.execute import FAILED, SUCCEEDED, execute_plan, follow_to_the_end
from manciple.cli.launch_request import Wanted, make_request, read_parameters
from manciple.cli.plan import has_nothing_to_change, make_plan, print_plan
from manciple.cli.publish import print_published, publish_folder
from manciple.cli.refusal import Refusal
from manciple.cli.terminal import open_terminal, write

MISSING = 2
"""The exit status where what a target's demo needs is not here."""


def demo(
    target: Annotated[
        str, typer.Argument(metavar="[TARGET]", help=f"What to deploy onto: {', '.join(DEMONSTRATIONS)}.")
    ] = "stack",
    at: Annotated[
        str | None,
        typer.Option(help="The CloudFormation endpoint, Terraform program or PostgreSQL address to take."),
    ] = None,
) -> int:
    """Publish, plan, execute, update an example, end it again. On a server of its own, which ends with the demo.

    Exit status: 0 done, 1 failed, 2 what the target's demo needs is not here.
    """
    if target not in DEMONSTRATIONS:
        raise Refusal(f"There is no demo of {target}; there is one of {', '.join(DEMONSTRATIONS)}.")
    try:
        return _show(DEMONSTRATIONS[target], at)
    except PartsMissingError as missing:
        typer.echo(f"manciple: {missing}", err=True)
        return MISSING


def _show(shown: Demonstration, at: str | None) -> int:
    terminal = open_terminal()
    with _own_server(terminal, shown, at) as connection:
        if _live(connection, terminal, shown) == FAILED:
            return FAILED
    write(
        terminal, Text("\nThe demo's server is gone, and all that it held. `make serve` starts one that stays.", "dim")
    )
    return SUCCEEDED


def _live(connection: Connection, terminal: Console, shown: Demonstration) -> int:
    """Launch the example's first version, update it, and end it where that is part of the demo."""
    folder = find_examples() / shown.folder
    file = folder / "parameters.yaml"
    launch = Wanted(shown.product, shown.name, "v1", parameters=read_parameters(file))
    update = Wanted(shown.product, shown.name, shown.version, parameters=shown.update)
    changed = "".join(f" --parameter {name}={value}" for name, value in shown.update.items())
    _say(terminal, f"manciple publish {folder}")
    print_published(terminal, publish_folder(connection, folder))
    _say(terminal, f"manciple plan '{shown.product}' {shown.name} --version v1 --parameters {file}")
    if _plan_and_execute(connection, terminal, launch) == FAILED:
        return FAILED
    _say(terminal, f"manciple plan '{shown.product}' {shown.name} --version {shown.version}{changed}")
    if _plan_and_execute(connection, terminal, update) == FAILED:
        return FAILED
    return _terminate(connection, terminal, shown.name) if shown.terminates else SUCCEEDED


def _terminate(connection: Connection, terminal: Console, name: str) -> int:
    _say(terminal, f"manciple terminate {name}")
    answer = connection.service_catalog.terminate_provisioned_product(ProvisionedProductName=name)
    return follow_to_the_end(connection, terminal, answer["RecordDetail"]["RecordId"], f"Terminating {name}")


def find_examples() -> Path:
    """The example products: in the installed package, or beside `src` in a checkout."""
    package = Path(manciple.__file__).parent
    for found in (package / "examples", package.parents[1] / "examples"):
        if found.is_dir():
            return found
    raise Refusal(f"The example products are missing: {package / 'examples'} should hold them; install Manciple again.")


def _plan_and_execute(connection: Connection, terminal: Console, wanted: Wanted) -> int:
    request = make_request(connection.service_catalog, wanted)
    document = make_plan(connection, request)
    print_plan(terminal, request.title, document)
    if has_nothing_to_change(document):
        return SUCCEEDED
    _say(terminal, f"manciple execute {document['PlanId']}")
    return execute_plan(connection, terminal, document["PlanId"])


@contextmanager
def _own_server(terminal: Console, shown: Demonstration, at: str | None) -> Iterator[Connection]:
    """A server on a free port over a temporary directory; both are gone when the block ends, even by a signal."""
    from manciple.app import Server

    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGHUP, _end)
    with (
        tempfile.TemporaryDirectory(prefix="manciple-demo-") as directory,
        shown.open(find_examples(), Path(directory), at) as there,
    ):
        flags = {"data": Path(directory) / "data", "port": 0, "log_level": "error", **there}
        chosen = settings.load(flags, environ={}).settings
        logs.configure(chosen.log_format, chosen.log_level)
        server = Server(chosen)
        write(terminal, Text(f"A server of the demo's own answers at {server.url}", "dim"))
        server.start()
        try:
            yield connect_alone(server.url)
        finally:
            server.stop()


def _end(number: int, _frame: FrameType | None) -> None:
    """Unwind, so that the server is stopped and the directory removed, and exit as a shell expects."""
    sys.exit(128 + number)


def _say(terminal: Console, command: str) -> None:
    """Show the command that does by hand what the demo does next."""
    write(terminal, Text(f"\n$ {command}", "bold cyan"))
