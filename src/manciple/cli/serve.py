"""`manciple serve` and `manciple worker`."""

import errno
import signal
import sys
import threading
from types import FrameType
from typing import Annotated, Literal

import typer

from manciple.cli.options import Config, Data, DatabaseUrl, load
from manciple.cli.refusal import Refusal

_OF_THE_PORT = (errno.EADDRINUSE, errno.EACCES)
"""Why an address cannot be bound where another port would do."""

Host = Annotated[str | None, typer.Option(metavar="HOST", help="The address to bind; default 127.0.0.1.")]
Port = Annotated[int | None, typer.Option(metavar="PORT", help="The port; default 4566; 0 takes a free one.")]
Auth = Annotated[
    Literal["open", "sigv4"] | None,
    typer.Option(help="open: any credentials will do (default); sigv4: only keys of `manciple key create`."),
]
Behaviour = Annotated[
    Literal["instant", "faithful"] | None,
    typer.Option(help="instant: what AWS does a moment later is done at once (default); faithful: as slow as AWS."),
]
PublicUrl = Annotated[
    str | None, typer.Option(metavar="URL", help="The address that the server hands out; default: the bound one.")
]
Execute = Annotated[
    bool | None,
    typer.Option("--execute/--no-execute", help="Carry out operations, or leave that to workers.", show_default=False),
]
Insecure = Annotated[
    bool | None, typer.Option("--insecure", help="Let anyone who can reach the host in.", show_default=False)
]


def serve(
    host: Host = None,
    port: Port = None,
    data: Data = None,
    database: DatabaseUrl = None,
    auth: Auth = None,
    public_url: PublicUrl = None,
    behaviour: Behaviour = None,
    execute: Execute = None,
    insecure: Insecure = None,
    config: Config = None,
) -> None:
    """Start the server. SIGTERM or Ctrl-C stops it."""
    from manciple import logs
    from manciple.app import Server

    flags = {
        "host": host,
        "port": port,
        "data": data,
        "database": database,
        "auth": auth,
        "public_url": public_url,
        "behaviour": behaviour,
        "execute": execute,
        "insecure": insecure,
    }
    settings = load(flags, config).settings
    logs.configure(settings.log_format, settings.log_level)
    try:
        server = Server(settings)
    except OSError as error:
        another = "port with --port or MANCIPLE_PORT" if error.errno in _OF_THE_PORT else "address with --host"
        raise Refusal(
            f"Port {settings.port} of {settings.host} cannot be bound ({error.strerror}): choose another {another}."
        ) from error
    _stop_on_signals()
    server.serve(on_ready=lambda: typer.echo(ready_line(settings.public_url or server.url)))


def worker(database: DatabaseUrl = None, data: Data = None, config: Config = None) -> None:
    """Carry out operations without HTTP. Servers on the same database answer requests meanwhile."""
    from manciple import logs
    from manciple.app import run_worker

    settings = load({"database": database, "data": data}, config).settings
    logs.configure(settings.log_format, settings.log_level)
    _stop_on_signals()
    typer.echo("Manciple's worker is ready.")
    run_worker(settings, threading.Event())


def ready_line(url: str) -> str:
    """What is said once requests are answered: the settings that a client needs, ready to paste."""
    return f"Manciple is ready: export AWS_ENDPOINT_URL_SERVICE_CATALOG={url} AWS_ENDPOINT_URL_S3={url}"


def _stop_on_signals() -> None:
    """Let SIGTERM and Ctrl-C end the process as a return would: what is open is closed, the status is 0."""

    def stop(_signal: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
