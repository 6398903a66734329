"""Alembic's folder; `store/schema.py` runs it."""
