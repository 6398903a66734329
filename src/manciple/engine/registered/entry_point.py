"""Runs a Python entry point for one call: `entry_point.py module:function`, in the type's directory.

The request is the JSON on standard input; what the function returns is written as JSON on standard output, and
nothing else: what it prints goes to standard error. This file is run by itself and imports nothing of the server.
"""

import importlib
import json
import os
import sys
from pathlib import Path


def main() -> None:
    """Answer one call."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    sys.path[0] = str(Path.cwd())
    module, _, function = sys.argv[1].partition(":")
    request = json.load(sys.stdin)
    answer = getattr(importlib.import_module(module), function)(request)
    with answers:
        json.dump(answer, answers)


if __name__ == "__main__":
    main()
