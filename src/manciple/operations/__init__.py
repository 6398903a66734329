"""The operations: one function an operation, in modules by noun; our own beside AWS's in `own/`."""
