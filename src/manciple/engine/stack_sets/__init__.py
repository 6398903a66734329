"""Stack sets: one stack in each account and region, each an operation of its own."""
