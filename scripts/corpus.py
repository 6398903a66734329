#!/usr/bin/env python3
"""Launch, update and terminate real published templates through the API, and print how many could be.

Without `../shared/corpus` beside the checkout nothing is done. Every template is a product of an account of its own
on one server with a new database. Launched means: planned as many resources as are active, executed, each of them is
in the sandbox's world and every output is told; and terminated: the world holds nothing but what the template retains.
"""

import argparse
import json
import multiprocessing
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from manciple.app import Server
from manciple.logs import configure
from manciple.settings import load as load_settings
from manciple.store.database import Database
from scripts.account import Account, Refusal, Version, World
from scripts.published import (
    CORPUS,
    FEATURES,
    Entry,
    chains,
    entries,
    every_resource,
    expected,
    fault_of,
    is_countable,
    is_retained,
    is_transformed,
    needed_feature,
    stand_in,
    unconditional,
    uses,
)

STACK = "AWS::CloudFormation::Stack"
DEFERRED = "expanded at execution"
MISSING = re.compile(r"Nested stack (?P<name>\w+): S3 error: .*\(TemplateURL (?P<address>\S+)\)")
MOST_STAND_INS = 20
NOTHING_CHANGED = "didn't contain changes"


class Mismatch(Refusal):
    """Something was said to be done that was not."""


@dataclass
class Result:
    """How one template or one step of a chain came out."""

    id: str
    group: str
    outcome: str
    reason: str = ""
    seconds: float = 0


def launch(account: Account, entry: Entry) -> None:
    """Launch the first version, look at everything, terminate it and see that nothing is left."""
    account.seed(entry.environment, entry.objects)
    account.publish(entry.versions)
    begin(account, entry)
    end(account, entry)


def begin(account: Account, entry: Entry) -> None:
    """Plan and execute the first version."""
    version = entry.versions[0]
    plan_id, changes = plan_of(account, entry, 0)
    if is_countable(entry):
        demand("resources planned", len(changes), entry.given.get("active_resources"))
    every = account.planned(plan_id)
    keys = account.execute(plan_id)
    planned = Counter(change["ResourceChange"]["ResourceType"] for change in every)
    del planned[STACK]
    things = account.world.things(account.id)
    if any(change["Certainty"] == DEFERRED for change in every):  # what is in it was not known when it was planned
        demand("things missing", planned - things, Counter())
    else:
        demand("things in the world", things, planned)
    demand("outputs missing", unconditional(version, "Outputs").keys() - keys, set())


def plan_of(account: Account, entry: Entry, number: int) -> tuple[str, list[dict[str, Any]]]:
    """Plan a version; nested templates that the corpus has not got are stood in for, one after the other."""
    for _ in range(MOST_STAND_INS):
        try:
            return account.plan(number, entry.versions[number].parameters)
        except Refusal as refusal:
            missing = MISSING.search(refusal.reason)
            if missing is None:
                raise
            account.put_at(missing["address"], stand_in(entry.versions, missing["name"]))
    return account.plan(number, entry.versions[number].parameters)


def end(account: Account, entry: Entry) -> None:
    """Terminate; what is left must be what a version retains."""
    account.terminate()
    versions = [*entry.versions, *(Version(content, {}) for content in entry.nested.values())]
    resources = [one for version in versions for one in every_resource(version)]
    kept = Counter(str(one["Type"]) for one in resources if is_retained(one))
    left = account.world.things(account.id)
    if any(is_transformed(version) for version in versions):  # a loop makes any number of one resource
        left = Counter({kind: count for kind, count in left.items() if kind not in kept})
    demand("things left behind", left - kept, Counter())


def follow(account: Account, entry: Entry, number: int) -> str:
    """Update from one version to the next and compare with what the index names; answers the outcome."""
    step, before, after = entry.steps[number - 1], entry.versions[number - 1], entry.versions[number]
    wanted = expected(before, after, step)
    try:
        plan_id, changes = plan_of(account, entry, number)
    except Refusal as refusal:
        if NOTHING_CHANGED in refusal.reason and not (wanted["ADD"] or wanted["REMOVE"]):
            return "nothing to change"  # a replacement that the index names may be another way to write the same
        raise
    for action, names in wanted.items():
        seen = {
            change["LogicalResourceId"] for change in changes if action in (change["Action"], change.get("Replacement"))
        }
        demand(f"{action} not planned", names - seen, set())
    keys = account.execute(plan_id)
    demand("outputs missing", unconditional(after, "Outputs").keys() - keys, set())
    return "updated"


def demand(what: str, seen: Any, wanted: Any) -> None:
    """Raise Mismatch unless what is seen is what is wanted."""
    if wanted is not None and seen != wanted:
        raise Mismatch("check", f"{what}: {seen}, expected {wanted}")


def launched(world: World, entry: Entry) -> list[Result]:
    """How the launch of one template came out."""
    account = Account(world)
    return [tried(entry, "launched", lambda: launch(account, entry))]


def updated(world: World, entry: Entry) -> list[Result]:
    """How each step of a chain came out; after a step that failed the others cannot be tried."""
    account = Account(world)
    first = tried(entry, "launched", lambda: prepare(account, entry))
    if first.outcome != "launched":
        return [Result(entry.id, entry.group, first.outcome, first.reason) for _ in entry.steps]
    results = []
    for number in range(1, len(entry.versions)):
        results.append(tried(entry, "updated", partial(follow, account, entry, number)))
        if results[-1].reason:
            return results + results[-1:] * (len(entry.steps) - number)
    last = tried(entry, "", lambda: end(account, entry))
    return results if not last.reason else [*results[:-1], last]


def prepare(account: Account, entry: Entry) -> None:
    """Publish a chain and launch its first version."""
    account.seed(entry.environment, entry.objects)
    account.publish(entry.versions)
    begin(account, entry)


def tried(entry: Entry, good: str, attempt: Callable[[], str | None]) -> Result:
    """How an attempt came out; a refusal by the features that would have been needed."""
    started = time.monotonic()
    try:
        outcome, reason = attempt() or good, ""
    except Mismatch as mismatch:
        outcome, reason = "MISMATCH", mismatch.reason
    except Refusal as refusal:
        outcome, reason = refused(entry, refusal)
    return Result(entry.id, entry.group, outcome, reason, time.monotonic() - started)


def refused(entry: Entry, refusal: Refusal) -> tuple[str, str]:
    """The feature that a refused template needs, else the stage that refused it; and the reason."""
    reason = refusal.reason
    if reason.startswith("Invalid templateBody"):
        reason = next(filter(None, (fault_of(version.text) for version in entry.versions)), reason)
    feature = needed_feature(entry)
    return f"needs {feature}" if feature else f"refused: {refusal.stage}", reason


def report(title: str, results: list[Result]) -> None:
    """Print a table of outcomes by group, then the reasons."""
    outcomes = sorted(
        {result.outcome for result in results}, key=lambda name: (name.startswith(("needs", "refused")), name)
    )
    groups = sorted({result.group for result in results})
    width = max(map(len, [*groups, "all"]))
    print(f"\n{title}: {len(results)}\n{'':{width}}  {'  '.join(outcomes)}")
    for group in [*groups, "all"]:
        counts = Counter(result.outcome for result in results if group in (result.group, "all"))
        print(f"{group:{width}}  {'  '.join(f'{counts[name] or str():>{len(name)}}' for name in outcomes)}")
    reasons = Counter((result.outcome, result.reason[:160]) for result in results if result.reason)
    for (outcome, reason), count in sorted(reasons.items(), key=lambda item: (item[0][0], -item[1])):
        print(f"{count:5}  {outcome}: {reason}")


@contextmanager
def running(directory: Path, **settings: Any) -> Iterator[World]:
    """A server with a new database, in a process of its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(directory, theirs, settings))
    process.start()
    url = ours.recv()
    database = Database(f"sqlite:///{directory / 'manciple.sqlite'}")
    try:
        yield World(url, database)
    finally:
        database.close()
        process.terminate()
        process.join()


def serve(directory: Path, ready: Connection, settings: dict[str, Any]) -> None:
    """Serve until terminated; tell the address once requests are answered. The log holds warnings only."""
    configure("console", "warning")
    server = Server(load_settings({"port": 0, "data": str(directory), **settings}, {}).settings)
    server.serve(lambda: ready.send(server.url))


def main() -> int:
    """Run what is asked for; 1 if the server failed or something was said to be done that was not."""
    parser = argparse.ArgumentParser(description="Launch, update and terminate real templates through the API.")
    parser.add_argument("--only", default="", help="sources, classes or ids: a text that group or id must hold")
    parser.add_argument("--using", choices=FEATURES, help="a feature that the templates must use")
    parser.add_argument("--parallel", type=int, default=6, help="how many at a time")
    parser.add_argument("--json", type=Path, help="write every result to this file")
    options = parser.parse_args()
    if not CORPUS.is_dir():
        print("corpus: skipped, because ../shared/corpus is absent", file=sys.stderr)
        return 0
    everything: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="corpus-") as scratch, running(Path(scratch) / "data") as world:
        for title, found, run in (("templates", entries(), launched), ("steps of version chains", chains(), updated)):
            chosen = [entry for entry in found if options.only in f"{entry.group} {entry.id}"]
            chosen = [entry for entry in chosen if options.using is None or uses(entry, options.using)]
            started = time.monotonic()
            with ThreadPoolExecutor(options.parallel) as pool:
                results = [one for many in pool.map(lambda entry, run=run: run(world, entry), chosen) for one in many]
            everything += results
            if results:
                report(f"{title} ({time.monotonic() - started:.0f} s)", results)
    print(f"\nanswers with HTTP 5xx: {len(world.server_errors)}")
    for error in dict.fromkeys(world.server_errors):
        print(f"  {error}")
    if options.json:
        options.json.write_text(json.dumps([asdict(result) for result in everything], indent=1))
    return 1 if world.server_errors or any(result.outcome == "MISMATCH" for result in everything) else 0


if __name__ == "__main__":
    sys.exit(main())
