"""Service actions: an execution is an operation of the engine, carried out by a runner that the operator has set up."""
