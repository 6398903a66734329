"""Alembic's entry point: runs migrations over the connection that `store/schema.py` passes in."""

from alembic import context

from manciple.store import objects, tables  # noqa: F401 (importing fills METADATA)
from manciple.store.metadata import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
