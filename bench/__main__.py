"""Run the benchmarks that are named, or all, and print each result as one line of JSON.

Every figure stands beside a peer or a floor of the same run; on a shared machine only such ratios mean anything.
`--quick` takes the smallest counts: it shows that the benchmarks run, not how fast anything is.
"""

import argparse
import sys

import msgspec

from bench import engine, plans, requests, searches

BENCHES = {"requests": requests.run, "plans": plans.run, "engine": engine.run, "searches": searches.run}


def main() -> None:
    """Print the results as they come."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="*", help=f"one of {', '.join(BENCHES)}; all without")
    parser.add_argument("--quick", action="store_true", help="the smallest counts: shows only that everything runs")
    given = parser.parse_args()
    if unknown := set(given.name) - set(BENCHES):
        parser.error(f"there is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(BENCHES)}")
    for name in given.name or BENCHES:
        for result in BENCHES[name](quick=given.quick):
            sys.stdout.write(msgspec.json.encode({"bench": name, **result}).decode() + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
