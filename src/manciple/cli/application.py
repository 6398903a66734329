"""All commands in one, and how each of them ends: its status and, if it fails, one sentence."""

import sys
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated

import typer

from manciple.cli import administration, audit, demo, execute, key, plan, publish, serve, show, target, terminate, types
from manciple.cli.refusal import Refusal, sentence_of

app = typer.Typer(
    help="A self-hosted server, compatible with the AWS Service Catalog API, whose plans say what they will change.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(asked: bool) -> None:
    if not asked:
        return
    try:
        typer.echo(f"manciple {version('manciple')}")
    except PackageNotFoundError as error:
        raise Refusal("Manciple runs from its sources here, and only what is installed has a version.") from error
    raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    pass


for command in (
    demo.demo,
    serve.serve,
    serve.worker,
    publish.publish,
    plan.plan,
    show.show,
    execute.execute,
    terminate.terminate,
    administration.migrate,
    administration.config,
    audit.audit,
):
    app.command()(command)
app.add_typer(key.app)
app.add_typer(target.app)
app.add_typer(types.app)


def run(arguments: Sequence[str]) -> int:
    """Run one command and return its status.

    0: done, and for a plan: nothing to change. 1: failed, with one sentence on standard error. 2: a plan with changes.
    130: interrupted.
    """
    _print_what_the_terminal_can()
    try:
        return int(app(list(arguments) or ["--help"], prog_name="manciple", standalone_mode=False) or 0)
    except typer.TyperException as error:
        return _fail(f"{error.format_message()} (`--help` lists what there is)")
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        return _fail(sentence)


def _fail(sentence: str) -> int:
    typer.echo(f"manciple: {sentence}", err=True)
    return 1


def _print_what_the_terminal_can() -> None:
    """Print a `?` rather than fail where the terminal's encoding lacks a sign."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
