"""Score change sets, outputs, errors and events against recordings of AWS.

The recordings and their scorer are in `../shared/oracle` beside the checkout; without them nothing is done. Change sets
and errors are the template language's alone, on stacks in memory: identifiers and attributes are what the sandbox would
give, so a recorded identifier that AWS made up at random never matches ("exact" counts it, "exact_no_phys" does not).
Events, and the outputs of deployments, come from a server that is driven through its API.
"""

import argparse
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from manciple.engine.facts import settle
from manciple.engine.place import place_of
from manciple.engine.providers.provider import HandlerRequest
from manciple.engine.providers.shapes import Shapes
from manciple.engine.transforms import transformed
from manciple.errors import TemplateError
from manciple.store.sealed import Seal
from manciple.template.change_set import ChangeSet, Deployed, Instance, as_cloudformation, change_set
from manciple.template.document import Template
from manciple.template.evaluate import evaluate, resolve
from manciple.template.evaluation import Evaluation, Facts, Need, Needs
from manciple.template.load import load
from manciple.template.parameters import resolve_parameters
from manciple.template.transforms.process import CHANGE_SET_FAILED
from manciple.template.values import Bound, masked, revealed
from scripts.account import Refusal, World
from scripts.corpus import running
from scripts.functions import Functions, given, serving
from scripts.played import play_case, play_deploy

ORACLE = Path(__file__).parents[2] / "shared" / "oracle"
ACCOUNT, REGION, STACK = "111111111111", "us-east-1", "stack"
STACK_ID = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK}/6f1d4a30-0000-11f0-8000-000000000000"
ZONES = [f"{REGION}{letter}" for letter in "abcdef"]
FORM_OF_TODAY = 2022
NO_CHANGES = "The submitted information didn't contain changes. Submit different information to create a change set."
NO_UPDATES = "No updates are to be performed."
WITHOUT_CHANGES = {
    "create_change_set": ("ChangeSetFAILED", NO_CHANGES),
    "update_stack": ("ValidationError", NO_UPDATES),
}
NO_FACTS = Facts(account=ACCOUNT, region=REGION, stack_name=STACK, stack_id=STACK_ID)
FORM_ONLY = ("validate_template", "get_template_summary")

Json = dict[str, Any]


def main() -> None:
    """Produce everything that can be produced, then let the scorer print its table."""
    parser = argparse.ArgumentParser(description="Score change sets, events and errors against recordings of AWS.")
    parser.add_argument("-v", "--verbose", action="store_true", help="a line for each recording")
    parser.add_argument("--oracle", type=Path, default=ORACLE, help="where the recordings and their scorer are")
    options = parser.parse_args()
    if not options.oracle.is_dir():
        print(f"fidelity: skipped, because {options.oracle} is absent", file=sys.stderr)
        return
    with (
        serving() as functions,
        tempfile.TemporaryDirectory(prefix="fidelity-") as scratch,
        running(Path(scratch) / "data", macros={"*": functions.url}) as world,
    ):
        oracle = Oracle(options.oracle, Path(scratch), ["-v"] if options.verbose else [])
        oracle.produce("cases", partial(played_case, world, functions))
        oracle.produce("errors", error_result)
        oracle.produce("deploys", partial(played_deploy, world, functions))
        oracle.score_by_age()
        oracle.score("errors", "--errors", str(oracle.path / "errors"), "--feature", "template")
        oracle.score("deploys", "--deploys", str(oracle.path / "deploys"))
    oracle.report()


class Oracle:
    """The recordings, what was produced for them, and which of them were not, or not in full."""

    def __init__(self, path: Path, scratch: Path, options: list[str]) -> None:
        self.path = path
        self._scratch = scratch
        self._options = options
        self._faults: dict[str, str] = {}

    def produce(self, kind: str, result_of: Callable[[Json], Json]) -> None:
        """Write a result for each recording of a kind."""
        (self._scratch / kind).mkdir()
        for name, recording in recordings(kind, self.path):
            result = result_of(recording)
            (self._scratch / kind / f"{name}.json").write_text(json.dumps(result))
            if "error" in result:
                self._faults[f"{kind}/{name}"] = result["error"]

    def score(self, kind: str, *options: str) -> None:
        """Print the scorer's table."""
        command = [sys.executable, str(self.path / "compare.py"), str(self._scratch / kind), *options, *self._options]
        subprocess.run(command, check=True)

    def score_by_age(self) -> None:
        """Score today's change sets, and those apart that were recorded before change sets had today's form."""
        ages: dict[str, list[str]] = {f"recorded since {FORM_OF_TODAY}": [], "recorded before": []}
        for name, case in recordings("cases", self.path):
            year = re.search(r"\b\d{4}\b", case["notes"].get("recorded_date", ""))
            is_old = year is not None and int(year[0]) < FORM_OF_TODAY
            ages["recorded before" if is_old else f"recorded since {FORM_OF_TODAY}"].append(name)
        for age, names in ages.items():
            print(f"change sets {age}: {len(names)} cases", flush=True)
            chosen = self._scratch / "chosen"
            chosen.write_text("\n".join(names))
            self.score("cases", "--ids", str(chosen))

    def report(self) -> None:
        """Print what was refused, and why."""
        print(f"recordings that were not produced, or not in full: {len(self._faults)}")
        for name, message in self._faults.items():
            print(f"  {name}: {message}")


def recordings(kind: str, oracle: Path = ORACLE) -> Iterator[tuple[str, Json]]:
    """Name and content of every recording of a kind."""
    return ((path.stem, json.loads(path.read_text())) for path in sorted((oracle / kind).glob("*.json")))


def played_case(world: World, functions: Functions, case: Json) -> Json:
    """Both change sets and both forms of one recorded case, the outputs, and the events of its execution."""
    functions.take(case)
    result = case_result(case)
    if "events" not in case["expected"] or "error" in result:
        return result
    try:
        return result | play_case(world, case)
    except Refusal as refusal:
        return result | {"error": str(refusal)}


def played_deploy(world: World, functions: Functions, recording: Json) -> Json:
    """The outputs of one recorded deployment; where none were recorded there is nothing to compare."""
    functions.take(recording)
    if not recording["outputs"]:
        return {}
    try:
        return play_deploy(world, recording)
    except Refusal as refusal:
        return {"error": str(refusal)}


@dataclass
class Environment:
    """What a stack can ask for outside itself."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    objects: Mapping[str, str] = field(default_factory=dict)
    functions: Functions = field(default_factory=Functions)

    def answer(self, need: Need) -> Any:
        """The fact, None if there is none."""
        if need.kind == "macro":
            told = self.functions.answer(json.loads(need.key))
            return None if told is None else json.dumps(told)
        sources: dict[str, Mapping[str, Any]] = {
            "bucket": {address.split("/")[2]: REGION for address in self.objects},
            "include": self.objects,
            "ssm": self.parameters,
        }
        return ZONES if need.kind == "zones" else sources.get(need.kind, {}).get(need.key)

    def answers(self, _facts: Facts, needs: Iterable[Need]) -> dict[Need, Any]:
        """The facts that are asked for."""
        return {need: self.answer(need) for need in needs}


class Stack:
    """A stack that lives in memory: what is deployed, and the identifiers that the sandbox would give."""

    def __init__(self) -> None:
        self.deployed: Deployed | None = None
        self._facts = NO_FACTS
        self._shapes = Shapes(Seal(bytes(32)))
        self._births: dict[str, int] = {}

    def plan(self, template: Any, given: Mapping[str, str], environment: Environment) -> tuple[Evaluation, ChangeSet]:
        """Evaluate a template and compare it with what is deployed."""
        evaluation = self._evaluate(template, given, environment)
        return evaluation, change_set(self.deployed, evaluation)

    def execute(self, evaluation: Evaluation, changes: ChangeSet) -> Json:
        """Bring the stack to what was planned; answers its outputs."""
        bindings: dict[str, Bound] = {}
        instances: dict[str, Instance] = {}
        for logical_id in dependencies_first(evaluation):
            change = changes.changes.get(logical_id)
            if change is not None and (change.action == "Add" or change.replacement == "True"):
                self._births[logical_id] = self._births.get(logical_id, 0) + 1
            instances[logical_id] = self._instance(evaluation, logical_id, bindings)
            bindings[logical_id] = instances[logical_id].bound
        self.deployed = Deployed(evaluation=evaluation, instances=instances)
        outputs = evaluation.outputs.values()
        return {output.name: masked(resolve(output.value, bindings, self._facts)) for output in outputs}

    def _evaluate(self, template: Any, given: Mapping[str, str], environment: Environment) -> Evaluation:
        """Facts are fetched anew each time."""
        original = load(text_of(template))
        processed, facts = settle(
            lambda facts: transformed(original, given, None, facts), NO_FACTS, environment.answers
        )
        evaluation, self._facts = settle(lambda facts: evaluated(processed, given, facts), facts, environment.answers)
        return evaluation

    def _instance(self, evaluation: Evaluation, logical_id: str, bindings: Mapping[str, Bound]) -> Instance:
        resource = evaluation.resources[logical_id]
        model = revealed(resolve(dict(resource.properties), bindings, self._facts))
        assert isinstance(model, dict)
        token = f"{logical_id}-{self._births[logical_id]}"
        request = HandlerRequest(
            token=token, action="create", type=resource.type, place=place_of(ACCOUNT, REGION),
            stack_name=STACK, logical_id=logical_id, model=model,
        )  # fmt: skip
        shape = self._shapes.shape(request, token)
        return Instance(shape.reference, Bound(shape.reference, model | shape.attributes))


def evaluated(template: Template, given: Mapping[str, str], facts: Facts) -> Evaluation | Needs:
    """The template with its parameters, or what is missing."""
    parameters = resolve_parameters(template, given, None, facts)
    return parameters if isinstance(parameters, Needs) else evaluate(template, parameters, facts)


def dependencies_first(evaluation: Evaluation) -> Iterator[str]:
    """Logical ids, what a resource depends on before it."""
    graph = {name: resource.dependencies for name, resource in evaluation.resources.items()}
    return iter(TopologicalSorter(graph).static_order())


def case_result(case: Json) -> Json:
    """Both change sets and both forms of one recorded case, and the outputs."""
    result: Json = {}
    stack, functions = Stack(), Functions()
    functions.take(case)
    known = case.get("environment") or {}
    at_create = Environment(known.get("ssm_parameters", {}), known.get("s3_objects", {}), functions)
    stored = {**at_create.parameters, **known.get("ssm_parameters_at_update", {})}
    at_update = Environment(stored, at_create.objects, functions)
    steps = (("create", "before", at_create), ("update", "after", at_update))
    try:
        for operation, side, environment in steps:
            template = case[f"{side}_template"]
            if template is None:
                continue
            evaluation, changes = stack.plan(template, given(case[f"{side}_parameters"]), environment)
            result[f"{operation}_change_set"] = as_cloudformation(changes, values=False)
            result[f"{operation}_change_set_values"] = as_cloudformation(changes, values=True)
            if is_executed(case, operation):
                result[f"outputs_{side}"] = stack.execute(evaluation, changes)
    except TemplateError as error:
        if error.code != CHANGE_SET_FAILED or not is_failed(case):
            return result | {"error": f"{error.message} ({error.path})"}
        result |= {f"{operation}_change_set": [], f"{operation}_change_set_values": []}
    return result


def is_executed(case: Json, operation: str) -> bool:
    """Was the change set carried out? One that was recorded alone was only looked at."""
    return case["kind"] != "single_change_set" or (operation == "create" and case["after_template"] is not None)


def is_failed(case: Json) -> bool:
    """Did AWS accept the change set and fail it later? Then it lists no changes."""
    return bool(case["notes"].get("failed_change_set"))


def text_of(template: Any) -> str:
    """A recorded template as it was sent; recordings keep JSON as an object."""
    return template if isinstance(template, str) else json.dumps(template)


def error_result(recording: Json) -> Json:
    """The refusal of one recorded request, `{}` if it is accepted."""
    if recording["about"] != "template" or recording["template"] is None:
        return {"skipped": True}
    stack, environment = Stack(), Environment()
    parameters = given(recording["parameters"])
    try:
        if recording["operation"] in FORM_ONLY:
            load(text_of(recording["template"]))
            return {}
        if recording["prior_template"]:
            stack.execute(*stack.plan(recording["prior_template"], parameters, environment))
        _, changes = stack.plan(recording["template"], parameters, environment)
    except TemplateError as error:
        return {"Code": error.code, "Message": error.message}
    if changes.has_changes:
        return {}
    code, message = WITHOUT_CHANGES[recording["operation"]]
    return {"Code": code, "Message": message}


if __name__ == "__main__":
    main()
