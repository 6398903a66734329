"""Providers: what creates, updates and deletes one resource."""
