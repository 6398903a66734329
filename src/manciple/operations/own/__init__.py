"""What AWS Service Catalog has not: the artifact store, and what our own JSON API offers."""
