"""A real CloudFormation endpoint as the engine talks to it: calls, change sets, events. The target stands above."""
