"""`manciple audit`: who changed what, as JSON lines."""

from typing import Annotated
from urllib.parse import urlencode

import typer

from manciple.cli.connection import Endpoint, connect


def audit(
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From this time on (ISO 8601; without a zone UTC).")
    ] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="Before this time.")] = None,
    principal: Annotated[
        str | None, typer.Option(metavar="ARN", help="Of an IAM user or role, or of one session.")
    ] = None,
    operation: Annotated[str | None, typer.Option(metavar="NAME", help="Of an operation: CreatePortfolio.")] = None,
    endpoint: Endpoint = None,
) -> None:
    """Print who changed what, newest first. Every call that may have changed something, one JSON object a line.

    An operator's key is needed; the calls are those of its account and region.
    """
    wanted = {"since": since, "until": until, "principal": principal, "operation": operation}
    query = urlencode({name: value for name, value in wanted.items() if value is not None})
    for line in connect(endpoint).lines(f"/_manciple/audit?{query}" if query else "/_manciple/audit"):
        typer.echo(line)
