"""Faults that take their time: a handler in progress that ends in a failure, or never."""

from manciple.engine.providers.faults import Fault
from tests.engine.worlds import World, topic


def test_a_handler_that_fails_after_a_while_is_in_progress_first(world: World) -> None:
    world.fault(Fault(selector="A", action="create", error_code="AccessDenied", message="no", delay_ms=1))

    status = world.provision({"A": topic("a")})

    assert status == "ROLLBACK_COMPLETE"
    assert [found for name, found in world.told() if name == "A"][:3] == [
        "CREATE_IN_PROGRESS",
        "CREATE_IN_PROGRESS",
        "CREATE_FAILED",
    ]
    assert world.things() == {}


def test_a_handler_that_times_out_is_tried_again_and_fails_in_cloudformations_words(world: World) -> None:
    fault = Fault(selector="A", action="create", error_code="NotStabilized", message="Exceeded attempts to wait")
    fault.delay_ms = 1
    world.fault(fault)

    status = world.provision({"A": topic("a")})

    reasons = [str(event.reason) for event in world.events() if event.status == "CREATE_FAILED"]
    assert status == "ROLLBACK_COMPLETE"
    assert reasons[0].startswith('Resource handler returned message: "Exceeded attempts to wait" (RequestToken: ')
    assert reasons[0].endswith("HandlerErrorCode: NotStabilized)")


def test_a_passing_fault_without_a_delay_is_got_over(world: World) -> None:
    world.fault(Fault(selector="AWS::SNS::Topic", action="create", error_code="Throttling", remaining=1))

    status = world.provision({"A": topic("a")})

    assert (status, world.names()) == ("CREATE_COMPLETE", {"a": ""})
