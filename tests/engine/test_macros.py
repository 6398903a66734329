"""Macros: their functions are endpoints that the operator maps to names; a plan keeps what they answered."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from manciple.engine.macros import Macros
from manciple.engine.providers.endpoint import Unreachable
from manciple.engine.targets.stack import StackTarget
from manciple.template.evaluation import Need
from tests.engine.worlds import World, template, topic

NEED = Need("macro", json.dumps({"transformId": "123456789012::Count", "fragment": {}}))


class Function:
    """A function that counts its calls."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []

    def ask(self, url: str, body: bytes, _headers: Mapping[str, str]) -> bytes:
        event = json.loads(body) | {"url": url}
        self.events.append(event)
        fragment = event["fragment"] | {"DisplayName": f"call {len(self.events)}"}
        return json.dumps({"status": "success", "fragment": fragment}).encode()


@pytest.mark.parametrize("pattern", ["Count", "C*", "*::Count", "123456789012::Count"])
def test_a_function_is_found_by_its_macros_name_with_or_without_account(pattern: str) -> None:
    function = Function()

    (answer,) = Macros({pattern: "http://count"}, function.ask).answers([NEED]).values()

    assert json.loads(str(answer))["status"] == "success"
    assert function.events[0]["url"] == "http://count"
    assert function.events[0]["requestId"]


def test_a_macro_that_nobody_mapped_has_no_function() -> None:
    assert Macros({"Other": "http://other"}, Function().ask).answers([NEED]) == {NEED: None}


def test_a_function_that_cannot_be_reached_has_failed() -> None:
    def ask(*_given: Any) -> bytes:
        raise Unreachable("The endpoint of the macro cannot be reached: TimeoutError.")

    (answer,) = Macros({"*": "http://gone"}, ask).answers([NEED]).values()

    assert json.loads(str(answer))["errorMessage"] == "The endpoint of the macro cannot be reached: TimeoutError."


def test_a_launch_is_carried_out_with_what_the_function_answered(world: World) -> None:
    function = Function()
    world.engine.targets["stack"] = StackTarget(macros=Macros({"*": "http://count"}, function.ask))  # type: ignore[index]
    named = topic("a")
    named["Properties"]["Fn::Transform"] = {"Name": "Count"}

    world.run(world.submit(template({"A": named})))

    assert world.status() == "CREATE_COMPLETE"
    assert [model["DisplayName"] for model in world.models()] == ["call 1"]
    assert len(function.events) == 1
