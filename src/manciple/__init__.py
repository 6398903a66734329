"""Manciple: a self-hosted server, compatible with the AWS Service Catalog API, whose plans say what they will change."""
