"""`manciple key`: access keys, written to the database beside a running server."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from manciple.cli.options import Config, Data, DatabaseUrl, load
from manciple.cli.refusal import Refusal
from manciple.cli.terminal import open_terminal, write

_NAMES = ("AccessKeyId", "SecretAccessKey", "Arn", "Account")

app = typer.Typer(name="key", help="Make, list and delete access keys.", rich_markup_mode=None)


@app.callback()
def _keys() -> None:
    """Make, list and delete access keys."""


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


@app.command("list")
def list_all(data: Data = None, database: DatabaseUrl = None, config: Config = None) -> None:
    """Print every access key with its principal, its policy and when it was made. Secrets are never printed."""
    from manciple.app import open_store
    from manciple.catalog.managed_policies import is_named
    from manciple.operations.own.keys import list_keys

    with open_store(load({"data": data, "database": database}, config).settings) as store:
        keys = list_keys(store.database)
    terminal = open_terminal()
    for key in keys:
        made = datetime.fromtimestamp(key.created_time / 1000, UTC).strftime("%Y-%m-%d %H:%M")
        policy = key.policy if is_named(key.policy) else "a document of its own"
        write(terminal, f"{key.id}  {key.arn}  {policy}{', operator' if key.is_operator else ''}  {made} UTC")
    if not keys:
        write(terminal, "There is none; `manciple key create` makes one.")


@app.command()
def delete(
    access_key_id: Annotated[str, typer.Argument(metavar="KEY", help="The access key id, as `key list` prints it.")],
    data: Data = None,
    database: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Delete an access key; a running server refuses it some seconds later. Sessions made with it end by time."""
    from manciple.app import open_store
    from manciple.operations.own.keys import delete_key

    with open_store(load({"data": data, "database": database}, config).settings) as store:
        delete_key(store.database, access_key_id)
    write(open_terminal(), f"{access_key_id} is deleted.")


def _policy(text: str) -> str:
    """A policy's name, or the content of a file."""
    from manciple.catalog.managed_policies import is_named, known_names

    if is_named(text):
        return text
    try:
        return Path(text).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise Refusal(f"--policy {text} is neither a file nor one of {', '.join(known_names())}.") from error
