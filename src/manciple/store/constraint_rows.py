"""Constraints to rows and back."""

from manciple.catalog.constraints import Constraint
from manciple.store.rows import Rows
from manciple.store.tables.constraints import CONSTRAINT

CONSTRAINTS = Rows(Constraint, CONSTRAINT)
