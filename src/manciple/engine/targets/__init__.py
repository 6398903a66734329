"""Targets: what a product is deployed onto."""
