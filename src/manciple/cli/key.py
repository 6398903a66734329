"""`manciple key`: access keys, written to the database beside a running server."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from manciple.cli.options import Config, Data, DatabaseUrl, load
from manciple.cli.refusal import Refusal
from manciple.cli.terminal import open_terminal, write

_NAMES = ("AccessKeyId", "SecretAccessKey", "Arn", "Account")

app = typer.Typer(name="key", help="Make access keys.", rich_markup_mode=None)


@app.callback()
def _keys() -> None:
    """Make access keys."""


@app.command()
def create(
    account: Annotated[str, typer.Option(metavar="ACCOUNT", help="The key's account: 12 digits.")],
    arn: Annotated[
        str,
        typer.Option(
            metavar="ARN", help="The principal that the key speaks for: an IAM user or role, an assumed role."
        ),
    ],
    policy: Annotated[
        str,
        typer.Option(
            metavar="admin|end-user|engine|NAME|FILE",
            help="What it may do: a short name, an AWS managed policy's name, or a file with a policy document.",
        ),
    ] = "admin",
    operator: Annotated[bool, typer.Option("--operator", help="It may also operate this server.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
    database: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Make an access key. Its secret is printed now and never again."""
    from manciple.app import open_store
    from manciple.operations.own.keys import create_key, doubts_about

    document = _policy(policy)
    settings = load({"data": data, "database": database}, config).settings
    with open_store(settings) as store:
        key = create_key(
            store.database,
            store.objects,
            time.time_ns() // 1_000_000,
            account=account,
            arn=arn,
            policy=document,
            is_operator=operator,
        )
    for doubt in doubts_about(document):
        typer.echo(doubt, err=True)
    if as_json:
        typer.echo(json.dumps(dict(zip(_NAMES, key, strict=True))))
    else:
        write(open_terminal(), f"AWS_ACCESS_KEY_ID={key.access_key_id} AWS_SECRET_ACCESS_KEY={key.secret_access_key}")


def _policy(text: str) -> str:
    """A policy's name, or the content of a file."""
    from manciple.catalog.managed_policies import is_named, known_names

    if is_named(text):
        return text
    try:
        return Path(text).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"--policy {text} is neither a file nor one of {', '.join(known_names())}.") from error
