"""The tables, one module a part of the house; importing this package fills `METADATA`."""

from manciple.registry import modules

modules(__name__)
