"""`manciple key`: access keys, written to the database beside a running server."""

import json
import time
from pathlib import Path
from typing import Annotated

import typer

from manciple.cli.options import Config, Data, DatabaseUrl, load
from manciple.cli.refusal import Refusal
from manciple.cli.terminal import open_terminal, write

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
    policy: Annotated[str, typer.Option(metavar="admin|end-user|FILE", help="What it may do.")] = "admin",
    operator: Annotated[bool, typer.Option("--operator", help="It may also operate this server.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    data: Data = None,
    database: DatabaseUrl = None,
    config: Config = None,
) -> None:
    """Make an access key. Its secret is printed now and never again."""
    from manciple.app import open_store
    from manciple.operations.own.keys import create_key

    settings = load({"data": data, "database": database}, config).settings
    with open_store(settings) as store:
        key = create_key(
            store.database,
            store.objects,
            time.time_ns() // 1_000_000,
            account=account,
            arn=arn,
            policy=_policy(policy),
            is_operator=operator,
        )
    if as_json:
        names = ("AccessKeyId", "SecretAccessKey", "Arn", "Account")
        typer.echo(json.dumps(dict(zip(names, key, strict=True))))
    else:
        write(open_terminal(), f"AWS_ACCESS_KEY_ID={key.access_key_id} AWS_SECRET_ACCESS_KEY={key.secret_access_key}")


def _policy(text: str) -> str:
    """A policy's name, or the content of a file."""
    from manciple.operations.own.keys import NAMED_POLICIES

    if text in NAMED_POLICIES:
        return text
    try:
        return Path(text).read_text()
    except OSError as error:
        raise Refusal(f"--policy {text} is neither admin nor end-user nor a file: {error.strerror}.") from error
