"""The rows of source connections."""

from manciple.catalog.source_connections import SourceConnection
from manciple.store.rows import Rows
from manciple.store.tables.source_connections import SOURCE_CONNECTION

SOURCE_CONNECTIONS = Rows(SourceConnection, SOURCE_CONNECTION)
