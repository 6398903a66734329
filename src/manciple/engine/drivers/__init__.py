"""Drivers: what calls `reconcile` again."""
