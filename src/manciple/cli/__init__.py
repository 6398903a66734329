"""The command `manciple`: one module a command, the printing in modules of its own (`…_text`).

Everything but `serve`, `worker`, `migrate`, `config` and `key` is an ordinary API client. Heavy imports (boto3, the
server) are made where they are used, so that `manciple --help` answers at once.
"""

import sys


def main() -> None:
    """Run the command line; the process ends with the command's status."""
    from manciple.cli.application import run

    sys.exit(run(sys.argv[1:]))
