"""Asking the provisioning engines of others, as AWS Service Catalog asks them."""
