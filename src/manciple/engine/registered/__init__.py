"""An operator's own resource types: a schema in the form of CloudFormation's registry, and handlers beside it."""
