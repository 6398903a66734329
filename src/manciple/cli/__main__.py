"""`python -m manciple.cli` is the command `manciple`."""

from manciple.cli import main

main()
