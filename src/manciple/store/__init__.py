"""Where everything lies: tables, transactions, blobs by digest, secrets at rest, search terms, migrations."""
