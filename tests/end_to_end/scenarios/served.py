"""`manciple serve` as a process of its own, which a test may kill and start again over the same data."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tests.contract.conftest import _free_port
from tests.contract.publishing import until

REGION = "eu-west-1"
READY = "Manciple is ready"


@dataclass
class Served:
    """A server with settings of its own; everything it writes lies in `directory`."""

    directory: Path
    settings: str
    environment: Mapping[str, str]
    port: int = field(default_factory=_free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it answers, however often it is started."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        """What all its processes printed."""
        return self.directory / "server.log"

    def start(self) -> None:
        """Start it and wait until it answers."""
        (self.directory / "settings.toml").write_text(self.settings)
        kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        told = self._lines()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "manciple.cli", "serve"],
                env={**kept, **self._variables(), **self.environment},
                stdout=log,
                stderr=log,
            )
        until(lambda: self._process and (self._process.poll(), self._lines() - told), any)
        assert self._process.poll() is None, self.log.read_text()

    def _lines(self) -> int:
        return self.log.read_text().count(READY) if self.log.exists() else 0

    def _variables(self) -> dict[str, str]:
        for name in ("home", "tmp"):
            (self.directory / name).mkdir(exist_ok=True)
        return {
            "HOME": str(self.directory / "home"),
            "TMPDIR": str(self.directory / "tmp"),
            "MANCIPLE_CONFIG": str(self.directory / "settings.toml"),
            "MANCIPLE_DATA": str(self.directory / "data"),
            "MANCIPLE_PORT": str(self.port),
            "MANCIPLE_LOG_FORMAT": "json",
            "MANCIPLE_LOG_LEVEL": "debug",
            "MANCIPLE_ENGINE__LEASE_SECONDS": "3",
        }

    def kill(self) -> None:
        """Kill it as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(number)
            self._process.wait(30)

    def client(self, service: str, account: str) -> Any:
        """A boto3 client for an account in open mode."""
        make: Any = boto3.client  # its stubs overload on literal names of services
        return make(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id=account,
            aws_secret_access_key="any",
            config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
        )

    def own(self, method: str, path: str, account: str, document: Any = None) -> Any:
        """What our own API answers."""
        headers = {"X-Manciple-Account": account, "X-Manciple-Region": REGION}
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(f"{self.url}/_manciple/{path}", data=body, headers=headers, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return json.loads(answer.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(refused.read().decode()) from refused
