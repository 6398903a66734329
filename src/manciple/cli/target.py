"""`manciple target check`: do the targets that are set up answer, and allow what they need?"""

import os
from typing import Annotated

import typer

from manciple.cli.options import Config, load
from manciple.cli.terminal import open_terminal, write

app = typer.Typer(name="target", help="What products are deployed onto.", rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """What products are deployed onto."""


@app.command()
def check(
    config: Config = None,
    region: Annotated[
        str | None, typer.Option(help="Where the settings name no region; else AWS_REGION, or us-east-1.")
    ] = None,
    account: Annotated[str, typer.Option(help="The account that launches.")] = "000000000000",
    role_arn: Annotated[str | None, typer.Option(help="A launch role, to check what it allows.")] = None,
) -> None:
    """Ask every target and provider that is set up whether it answers and allows what it needs. Nothing is changed.

    Prints one line each; the status is 1 if one of them cannot be deployed onto.
    """
    from manciple.app import check_providers, make_target_choice, make_targets
    from manciple.engine.place import place_of
    from manciple.engine.targets.target import Checkable

    settings = load({}, config).settings
    targets = make_targets(settings)
    make_target_choice(settings, targets)
    where = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"
    place = place_of(account, where, role_arn)
    terminal, is_good = open_terminal(), True
    findings = list(check_providers(settings, place))
    for name, target in targets.items():
        if isinstance(target, Checkable):
            findings += [(name, found) for found in target.check(place)]
        else:
            write(terminal, f"{name}: ok, needs nothing outside")
    for name, found in findings:
        is_good = is_good and found.problem is None
        said = f"FAILED: {found.problem}" if found.problem else f"ok, {found.said}"
        write(terminal, f"{name}: {found.where}: {said}")
    raise typer.Exit(0 if is_good else 1)
