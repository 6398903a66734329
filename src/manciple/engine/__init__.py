"""The engine: plans what would change, and carries it out durably."""
