"""Benchmarks that print figures and ratios, never timed tests: `python -m bench [name …] [--quick]`."""
