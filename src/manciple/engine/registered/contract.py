"""The contract that a type's handlers keep, rule by rule: what `manciple types test` asks them.

CloudFormation CLI user guide, "Resource type handler contract" and "Contract tests" (contract_create_delete,
contract_invalid_create, contract_create_duplicate, contract_create_read, …); that a create is idempotent by its token
is the contract's too. Every rule makes and deletes resources of its own.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from manciple.engine.registered.directory import ResourceType
from manciple.engine.registered.handler import Action, Answer, ask
from manciple.engine.registered.inputs import Inputs
from manciple.engine.registered.model import as_values, identified, identifier_of, members_at, without
from manciple.template.property_faults import model_faults
from manciple.template.resource_schemas import ResourceSchema

_LONGEST_WAIT = 60.0
_MODEL = "a model with its primary identifier"

Model: TypeAlias = dict[str, Any]


class Broken(Exception):
    """A rule does not hold; the message says what was expected and what came."""


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """How a rule came out: it holds, it is broken (`fault` says how), or it does not apply (`skipped` says why)."""

    rule: str
    sentence: str
    fault: str | None = None
    skipped: str | None = None


@dataclass
class Trial:
    """A type under test: calls its handlers to their end, and deletes in the end what is left."""

    type: ResourceType
    inputs: Inputs
    token: Callable[[], str] = lambda: str(uuid.uuid4())
    _made: list[Model] = field(default_factory=list)

    def call(self, action: Action, model: Model, previous: Model | None = None, token: str | None = None) -> Answer:
        """Call a handler until it is through. Raises Broken if it never is."""
        schema, token = self.type.schema, token or self.token()
        request: dict[str, Any] = {
            "clientRequestToken": token,
            "desiredResourceState": model,
            "awsAccountId": "000000000000",
            "awsPartition": "aws",
            "region": "us-east-1",
            "logicalResourceIdentifier": "Resource",
            "desiredResourceTags": {},
            "systemTags": {},
        }
        request |= {"previousResourceState": previous} if previous else {}
        answer = ask(self.type, action, request)
        deadline = time.monotonic() + _LONGEST_WAIT
        while answer.status == "IN_PROGRESS":
            _demand(action not in ("READ", "LIST"), f"{action} answered IN_PROGRESS; it has to answer at once.")
            _demand(time.monotonic() < deadline, f"{action} was still IN_PROGRESS after {_LONGEST_WAIT:g} s.")
            time.sleep(min(answer.callback_delay_seconds or 0, _LONGEST_WAIT))
            request["desiredResourceState"] = model | (answer.resource_model or {})
            answer = ask(self.type, action, request, answer.callback_context)
        if action == "CREATE" and answer.status == "SUCCESS" and identifier_of(answer.resource_model or {}, schema):
            self._made.append(answer.resource_model or {})
        return answer

    def create(self, token: str | None = None) -> Model:
        """Make a resource; its model, whole as it was asked for and with what the handler added. Raises Broken."""
        asked = self.inputs.create()
        answer = self.call("CREATE", asked, token=token)
        _succeeded("CREATE", answer)
        model = answer.resource_model or {}
        _demand(identifier_of(model, self.type.schema) is not None, f"CREATE did not give {_MODEL}.")
        return asked | model

    def key(self, model: Model) -> Model:
        """The primary identifier alone, as reads and deletes are asked."""
        return identified({}, self.type.schema, identifier_of(model, self.type.schema))

    def clean_up(self) -> None:
        """Delete what was made, as far as it is still there."""
        for model in reversed(self._made):
            self.call("DELETE", self.key(model))
        self._made.clear()

    def listed(self) -> list[str | None]:
        """The primary identifiers of all resources, page by page. Raises Broken."""
        found: list[str | None] = []
        token: str | None = None
        while True:
            answer = ask(self.type, "LIST", {"desiredResourceState": {}, "nextToken": token})
            _succeeded("LIST", answer)
            found += [identifier_of(model, self.type.schema) for model in answer.resource_models or []]
            token = answer.next_token
            if not token:
                return found


Check: TypeAlias = Callable[[Trial], None]


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """A rule, the handlers that it needs, and what of the schema it needs; `applies` answers why not, if so."""

    name: str
    sentence: str
    check: Check
    handlers: tuple[str, ...] = ("create", "read", "delete")
    applies: Callable[[Trial], str | None] = lambda _trial: None


def verdicts(trial: Trial) -> Iterator[Verdict]:
    """How each rule comes out, one after the other."""
    for rule in RULES:
        skipped = _lacking(rule, trial) or rule.applies(trial)
        fault = None if skipped else _fault(rule, trial)
        yield Verdict(rule=rule.name, sentence=rule.sentence, fault=fault, skipped=skipped)


def _lacking(rule: Rule, trial: Trial) -> str | None:
    lacking = [name for name in rule.handlers if name not in trial.type.minutes]
    return f"the type has no handler to {', '.join(lacking)}" if lacking else None


def _fault(rule: Rule, trial: Trial) -> str | None:
    try:
        rule.check(trial)
    except Broken as broken:
        return str(broken)
    finally:
        trial.clean_up()
    return None


def _demand(holds: bool, expected: str) -> None:
    if not holds:
        raise Broken(expected)


def _succeeded(called: str, answer: Answer) -> None:
    said = f"{answer.error_code}: {answer.message}"
    _demand(answer.status == "SUCCESS", f"{called} was to succeed and failed with {said}.")


def _failed(called: str, answer: Answer, *codes: str) -> None:
    said = f"failed with {answer.error_code}: {answer.message}" if answer.status == "FAILED" else "succeeded"
    wanted = " or ".join(codes)
    _demand(answer.status == "FAILED" and answer.error_code in codes, f"{called} was to fail with {wanted} and {said}.")


def _compare(trial: Trial, action: str, asked: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """What was asked for is there, apart from write-only properties; the handler may have added to it."""
    schema = trial.type.schema
    for name, value in without(asked, schema.write_only).items():
        is_there = name in found and _covers(found[name], value)
        _demand(is_there, f"{action} was to give {name} as {value!r} and gave {found.get(name)!r}.")


def _covers(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(
            name in found and _covers(found[name], one) for name, one in wanted.items()
        )
    if isinstance(wanted, list) and isinstance(found, list):
        return len(found) == len(wanted) and all(any(_covers(one, item) for one in found) for item in wanted)
    return bool(found == wanted)


def _creates_and_deletes(trial: Trial) -> None:
    model = trial.create()
    _succeeded("DELETE", trial.call("DELETE", trial.key(model)))


def _reads_what_it_created(trial: Trial) -> None:
    asked = trial.inputs.create()
    answer = trial.call("CREATE", asked)
    _succeeded("CREATE", answer)
    read = trial.call("READ", trial.key(answer.resource_model or {}))
    _succeeded("READ", read)
    _compare(trial, "READ", asked, read.resource_model or {})


def _is_idempotent_by_token(trial: Trial) -> None:
    token = trial.token()
    first, asked = trial.create(token), trial.inputs.last
    again = trial.call("CREATE", asked, token=token)
    if again.status == "FAILED" and again.error_code == "AlreadyExists":
        return
    _succeeded("CREATE, called again under the same token,", again)
    schema = trial.type.schema
    made, remade = identifier_of(first, schema), identifier_of(again.resource_model or {}, schema)
    _demand(made == remade, f"CREATE under the same token made {remade} beside {made}.")


def _refuses_a_duplicate(trial: Trial) -> None:
    trial.create()
    _failed("CREATE", trial.call("CREATE", trial.inputs.last), "AlreadyExists")


def _refuses_read_only(trial: Trial) -> None:
    invalid = trial.inputs.invalid()
    answer = trial.call("CREATE", invalid)
    _failed("CREATE with a read-only property", answer, "InvalidRequest")


def _creates_anew(trial: Trial) -> None:
    model = trial.create()
    asked = trial.inputs.last
    _succeeded("DELETE", trial.call("DELETE", trial.key(model)))
    _succeeded("CREATE after DELETE", trial.call("CREATE", asked))


def _answers_by_its_schema(trial: Trial) -> None:
    asked = trial.inputs.create()
    created = trial.call("CREATE", asked)
    _succeeded("CREATE", created)
    made = asked | (created.resource_model or {})
    answers = {"CREATE": created, "READ": trial.call("READ", trial.key(made))}
    if "update" in trial.type.minutes and trial.inputs.has_update:
        answers["UPDATE"] = trial.call("UPDATE", trial.inputs.update(made), previous=made)
    for action, answer in answers.items():
        _succeeded(action, answer)
        _demand_by_schema(trial.type.schema, action, answer.resource_model or {})


def _demand_by_schema(schema: ResourceSchema, action: str, model: Model) -> None:
    hidden = [path for path in schema.write_only if members_at(model, path)]
    _demand(not hidden, f"{action} gave {', '.join(hidden)}, which the schema calls write-only.")
    fault = next(iter(model_faults(schema, as_values(model))), None)
    _demand(fault is None, f"{action} gave a model that the schema does not permit: {fault}.")


def _lists_what_it_created(trial: Trial) -> None:
    made = identifier_of(trial.create(), trial.type.schema)
    _demand(made in trial.listed(), f"LIST was to give {made} and did not.")


def _lists_what_it_updated(trial: Trial) -> None:
    before = trial.create()
    _succeeded("UPDATE", trial.call("UPDATE", trial.inputs.update(before), previous=before))
    made = identifier_of(before, trial.type.schema)
    _demand(made in trial.listed(), f"LIST was to give {made} after its update and did not.")


def _updates(trial: Trial) -> None:
    before = trial.create()
    wanted = trial.inputs.update(before)
    answer = trial.call("UPDATE", wanted, previous=before)
    _succeeded("UPDATE", answer)
    schema = trial.type.schema
    changed, made = identifier_of(answer.resource_model or {}, schema), identifier_of(before, schema)
    _demand(changed == made, f"UPDATE was to keep the primary identifier {made} and gave {changed}.")
    read = trial.call("READ", trial.key(before))
    _succeeded("READ", read)
    _compare(trial, "READ after UPDATE", wanted, read.resource_model or {})


def _keeps_create_only(trial: Trial) -> None:
    before = trial.create()
    wanted = trial.inputs.other_create_only(before)
    answer = trial.call("UPDATE", wanted, previous=before)
    _failed("UPDATE of a create-only property", answer, "NotUpdatable")


def _forgets(action: Action) -> Check:
    def check(trial: Trial) -> None:
        model = trial.create()
        _succeeded("DELETE", trial.call("DELETE", trial.key(model)))
        again = trial.call(action, model if action == "UPDATE" else trial.key(model), previous=model)
        _failed(action, again, "NotFound")

    return check


def _forgets_in_lists(trial: Trial) -> None:
    model = trial.create()
    made = identifier_of(model, trial.type.schema)
    _succeeded("DELETE", trial.call("DELETE", trial.key(model)))
    _demand(made not in trial.listed(), f"LIST still gives {made}, which was deleted.")


def _identifier_is_given(trial: Trial) -> str | None:
    read_only = set(trial.type.schema.read_only)
    is_made = any(path in read_only for path in trial.type.schema.primary_identifier)
    return "the handler makes the primary identifier" if is_made else None


def _has_read_only(trial: Trial) -> str | None:
    return None if trial.inputs.has_invalid else "no read-only property can be set"


def _has_changes(trial: Trial) -> str | None:
    return None if trial.inputs.has_update else "no property can be updated"


def _has_create_only(trial: Trial) -> str | None:
    return None if trial.inputs.has_create_only else "no property is create-only"


_UPDATING = ("create", "read", "update", "delete")
_LISTING = ("create", "delete", "list")

RULES = (
    Rule(name="create_delete", sentence="A resource is created and deleted.", check=_creates_and_deletes),
    Rule(name="create_read", sentence="A read gives what was created.", check=_reads_what_it_created),
    Rule(
        name="create_token",
        sentence="A create is idempotent by its client token.",
        check=_is_idempotent_by_token,
    ),
    Rule(
        name="create_duplicate",
        sentence="A create under an identifier that is taken fails with AlreadyExists.",
        check=_refuses_a_duplicate,
        applies=_identifier_is_given,
    ),
    Rule(
        name="invalid_create",
        sentence="A create that sets a read-only property fails with InvalidRequest.",
        check=_refuses_read_only,
        applies=_has_read_only,
    ),
    Rule(
        name="delete_create",
        sentence="What was deleted can be created again.",
        check=_creates_anew,
        applies=_identifier_is_given,
    ),
    Rule(
        name="models",
        sentence="Answers hold what the schema permits, and nothing that is write-only.",
        check=_answers_by_its_schema,
    ),
    Rule(name="create_list", sentence="A list has what was created.", check=_lists_what_it_created, handlers=_LISTING),
    Rule(
        name="update_read",
        sentence="An update changes the resource, keeps its identifier, and a read gives what was asked for.",
        check=_updates,
        handlers=_UPDATING,
        applies=_has_changes,
    ),
    Rule(
        name="update_list",
        sentence="A list has what was updated.",
        check=_lists_what_it_updated,
        handlers=("create", "update", "delete", "list"),
        applies=_has_changes,
    ),
    Rule(
        name="update_create_only",
        sentence="An update of a create-only property fails with NotUpdatable.",
        check=_keeps_create_only,
        handlers=_UPDATING,
        applies=_has_create_only,
    ),
    Rule(name="delete_read", sentence="A read after a delete fails with NotFound.", check=_forgets("READ")),
    Rule(
        name="delete_update",
        sentence="An update after a delete fails with NotFound.",
        check=_forgets("UPDATE"),
        handlers=_UPDATING,
    ),
    Rule(name="delete_delete", sentence="A delete after a delete fails with NotFound.", check=_forgets("DELETE")),
    Rule(
        name="delete_list",
        sentence="A list has nothing that was deleted.",
        check=_forgets_in_lists,
        handlers=_LISTING,
    ),
)
"""Every rule, in the order in which they are tried."""
