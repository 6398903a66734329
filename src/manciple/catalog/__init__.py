"""What is true of a catalog: entities, ids, access, life cycles, risk. Pure."""
