"""A worker in a process of its own, to be killed: `python -m tests.engine.victim URL LEASE_MS [SETTINGS]`."""

import json
import sys
import threading

from manciple.engine.drivers.in_process import InProcessDriver
from manciple.engine.limits import Limits
from tests.engine.worlds import open_world


def main(url: str, lease: str, settings: str = "{}") -> None:
    """Work until killed."""
    with open_world(url, Limits(lease=int(lease), poll=50, backoff=20), **json.loads(settings)) as world:
        driver = InProcessDriver(world.new_engine(remembers=True))
        driver.start()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
