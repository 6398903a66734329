"""The external target with the sample engine of `examples/engine`: a product is a directory, a thing a file in it."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

from tests.contract.engines import ROLE
from tests.contract.test_parameter_parsers import Parser
from tests.end_to_end.scenarios.served import REGION, Served
from tests.end_to_end.scenarios.target import CANCEL, CHANGES, Thing, Versions

ENGINE = Path(__file__).parents[3] / "examples" / "engine" / "engine.py"
AGAIN = 'until "$0" "$1" "$2"; do sleep 0.2; done'
"""The engine ends when the server is away: it is started again, as an operator's supervisor would."""

PARAMETERS = [
    {"key": name, "defaultValue": "", "type": "string", "isNoEcho": name == "Secret"}
    for name in ("Size", "Zone", "Secret")
]


class External:
    """The external target; every account has an engine of its own, ended with the block."""

    kind = "EXTERNAL"
    outputs = frozenset({"Directory"})
    is_simulated = False
    cause = "^The engine said: KeyError: 'Nobody'$"

    def __init__(self, directory: Path, parser: str) -> None:
        self.settings = f'[targets.external]\nparser = "{parser}"\n'
        self.environment: Mapping[str, str] = {}
        self.differs: Mapping[str, str] = {
            CHANGES: "an engine cannot be asked what it will change; a plan tells what it will be sent",
            CANCEL: "what an engine has taken is not taken back, and the sample engine never hangs",
        }
        self._directory = directory
        self.engines: list[subprocess.Popen[bytes]] = []

    def versions(self, _account: str) -> Versions:
        first = {"Changed": "{Size}", "Replaced": "{Zone}"}
        second = first | {"Added": ""}
        texts = (first, second, second | {"Failing": "{Nobody}"}, first)
        return Versions(*(json.dumps({"files": files}) for files in texts))

    def prepare(self, served: Served, account: str, product: Any) -> None:
        """Engines are given a launch role; then the engine is started."""
        product.catalog.create_constraint(
            PortfolioId=product.portfolio_id,
            ProductId=product.product_id,
            Type="LAUNCH",
            Parameters=json.dumps({"RoleArn": ROLE.format(account=account)}),
            IdempotencyToken=str(uuid4()),
        )
        variables = {
            "PATH": os.environ["PATH"],
            "AWS_ENDPOINT_URL": served.url,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "any",
            "AWS_DEFAULT_REGION": REGION,
        }
        command = ["sh", "-c", AGAIN, sys.executable, str(ENGINE), str(self._directory / account)]
        with (self._directory / "engine.log").open("ab") as log:
            started = subprocess.Popen(command, env=variables, stdout=log, stderr=log, start_new_session=True)
        self.engines.append(started)

    def secretive(self, _account: str) -> Versions:
        kept, failing = {"Kept": "{Secret}"}, {"Failing": "{Secret:{Secret}}"}
        return Versions(*(json.dumps({"files": files}) for files in (kept, kept, kept | failing, kept)))

    def address(self, name: str) -> str:
        return name

    def delayed(self, _served: Served, _account: str) -> None:
        """A conversation over queues takes a moment anyway."""

    def things(self, _served: Served, account: str, product: str) -> list[Thing]:
        home = self._directory / account / product
        return [Thing(file.name, "") for file in sorted(home.iterdir())] if home.exists() else []


@contextmanager
def open_external(directory: Path) -> Iterator[External]:
    """The engine needs nothing but boto3. A parser tells which of its parameters is a secret."""
    parser = Parser()
    parser.answer = {"parameters": PARAMETERS}
    Thread(target=parser.server.serve_forever, args=(0.01,), daemon=True).start()
    found = External(directory, parser.url)
    try:
        yield found
    finally:
        parser.server.shutdown()
        parser.server.server_close()
        for engine in found.engines:
            os.killpg(engine.pid, signal.SIGKILL)
            engine.wait()
