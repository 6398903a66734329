"""Manciple: a self-hosted server, compatible with AWS Service Catalog, whose plans say what they will change."""
