"""Waiting for signals: how many a resource wants, how long it waits, and what it has by now (pure).

Messages are CloudFormation's (CloudFormation user guide, "CreationPolicy attribute" and "Using wait conditions").
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from math import ceil
from typing import Any, NamedTuple

import msgspec
import regex  # type: ignore[import-untyped]

from manciple.engine.providers.provider import UNTIL_CALLED, HandlerRequest, ProgressEvent, Signal, failed
from manciple.template.values import Value

_SECOND = 1000
_DURATION = regex.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?")
_FACTORS = (86_400, 3_600, 60, 1)
_MOST_SIMULATED = 100


class Wanted(NamedTuple):
    """What is waited for: `expected` signals of which `needed` must be good, within a time.

    `refuse` words why a signal ends the waiting badly, `expire` why its end does: from what came and what was expected.
    """

    expected: int
    needed: int
    timeout_ms: int
    refuse: Callable[[Sequence[Signal], int], str]
    expire: Callable[[Sequence[Signal], int], str]


def wanted_by_policy(policy: Value | None) -> Wanted | None:
    """What a CreationPolicy wants, None if no signal. Raises ValueError with CloudFormation's word for a bad one."""
    signal = policy.get("ResourceSignal") if isinstance(policy, dict) else None
    if not isinstance(signal, dict):
        return None
    count = _number(signal.get("Count", "1"), "Count")
    group = policy.get("AutoScalingCreationPolicy") if isinstance(policy, dict) else None
    percent = group.get("MinSuccessfulInstancesPercent") if isinstance(group, dict) else None
    timeout = duration_ms(str(signal.get("Timeout", "PT5M")))
    if percent is None:
        return Wanted(count, count, timeout, _refused, _expired) if count else None
    share = min(_number(percent, "MinSuccessfulInstancesPercent"), 100)
    needed = ceil(Fraction(count * share, 100))
    refuse = _percent_refused(share)
    return Wanted(count, needed, timeout, refuse, _expired) if count else None


def wanted_by_condition(model: dict[str, Any]) -> Wanted | None:
    """What a wait condition wants, None for one without a handle. Raises ValueError for a number that is none."""
    if "Handle" not in model:
        return None
    count = _number(model.get("Count", "1"), "Count")
    timeout = _number(model.get("Timeout", "0"), "Timeout") * _SECOND
    return Wanted(count, count, timeout, _condition_refused, _condition_expired) if count else None


def duration_ms(text: str) -> int:
    """An ISO 8601 duration (`PT1H30M`) in milliseconds. Raises ValueError."""
    found = _DURATION.fullmatch(text)
    if found is None or not any(found.groups()):
        raise ValueError(f"Invalid Timeout: {text[:100]}; it is an ISO 8601 duration, such as PT15M.")
    return sum(int(part or 0) * factor for part, factor in zip(found.groups(), _FACTORS, strict=True)) * _SECOND


def begun(wanted: Wanted, request: HandlerRequest, made: ProgressEvent) -> ProgressEvent:
    """What was made starts to wait, but for signals that are here; its answer is kept in the callback context."""
    delay = 0 if request.signals else UNTIL_CALLED
    context = {"made": msgspec.to_builtins(made), "heard": 0}
    return msgspec.structs.replace(
        made, status="IN_PROGRESS", callback_context=context, delay_ms=delay, timeout_ms=wanted.timeout_ms
    )


def made_before(request: HandlerRequest) -> ProgressEvent | None:
    """The answer of what was made, if the request's resource waits for signals already."""
    kept = (request.callback_context or {}).get("made")
    return None if kept is None else msgspec.convert(kept, ProgressEvent)


def judged(wanted: Wanted, request: HandlerRequest, made: ProgressEvent, *, telling: bool) -> ProgressEvent:
    """How a waiting resource stands: `made` once it has its signals, failed once it cannot, else in progress."""
    signals = request.signals
    bad = [signal for signal in signals if signal.status != "SUCCESS"]
    heard = (request.callback_context or {}).get("heard", 0)
    notes = tuple(_note(signal) for signal in signals[heard:]) if telling else ()
    if len(bad) > wanted.expected - wanted.needed:
        answer = failed("GeneralServiceException", wanted.refuse(signals, wanted.expected), verbatim=True)
    elif len(signals) - len(bad) >= wanted.needed and (len(signals) >= wanted.expected or request.is_overdue):
        answer = made
    elif request.is_overdue:
        answer = failed("GeneralServiceException", wanted.expire(signals, wanted.expected), verbatim=True)
    else:
        context = {"made": msgspec.to_builtins(made), "heard": len(signals)}
        answer = ProgressEvent(status="IN_PROGRESS", callback_context=context, delay_ms=UNTIL_CALLED)
    return msgspec.structs.replace(answer, notes=_without(notes, answer.message))


def simulated(wanted: Wanted, made: ProgressEvent) -> ProgressEvent:
    """The signals of a machine that nobody runs."""
    sender = made.reference or made.physical_id or ""
    senders = [sender, *(f"{sender}-{number}" for number in range(2, min(wanted.expected, _MOST_SIMULATED) + 1))]
    notes = tuple(f"Received SUCCESS signal with UniqueId {one} (simulated)" for one in senders)
    return msgspec.structs.replace(made, notes=notes)


def _note(signal: Signal) -> str:
    status = "SUCCESS" if signal.status == "SUCCESS" else "FAILURE"
    return f"Received {status} signal with UniqueId {signal.unique_id}"


def _without(notes: tuple[str, ...], message: str | None) -> tuple[str, ...]:
    """The signal that is told as the failure's reason is not told twice."""
    return tuple(note for note in notes if note != message)


def _refused(signals: Sequence[Signal], _count: int) -> str:
    return next(_note(signal) for signal in signals if signal.status != "SUCCESS")


def _percent_refused(share: int) -> Callable[[Sequence[Signal], int], str]:
    def refuse(signals: Sequence[Signal], count: int) -> str:
        good = sum(signal.status == "SUCCESS" for signal in signals)
        return (
            f"Received {good} SUCCESS signal(s) out of {count}.  "
            f"Unable to satisfy {share}% MinSuccessfulInstancesPercent requirement"
        )

    return refuse


def _expired(signals: Sequence[Signal], count: int) -> str:
    return f"Failed to receive {count - len(signals)} resource signal(s) within the specified duration"


def _condition_refused(signals: Sequence[Signal], _count: int) -> str:
    bad = next(signal for signal in signals if signal.status != "SUCCESS")
    reason = bad.body.get("Reason", "")
    return f"WaitCondition received failed message: '{reason}' for uniqueId: {bad.unique_id}"


def _condition_expired(signals: Sequence[Signal], count: int) -> str:
    return f"WaitCondition timed out. Received {len(signals)} conditions when expecting {count}"


def _number(value: Value, name: str) -> int:
    text = str(value)
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise ValueError(f"{name} is {text[:100]!r} but must be a whole number.")
    return int(text)
