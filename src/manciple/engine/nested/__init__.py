"""Nested stacks: what a template asks of one, how it is named, planned from its own template, and carried out."""
