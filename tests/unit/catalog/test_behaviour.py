from manciple.catalog.behaviour import INSTANT, Behaviour, Rate

SLOW = Behaviour({"creating": 2000})


def test_a_step_is_under_way_until_its_time_is_over() -> None:
    statuses = [SLOW.status("creating", since=1000, now=now) for now in (1000, 2999, 3000)]

    assert statuses == ["CREATING", "CREATING", "AVAILABLE"]


def test_in_instant_behaviour_every_step_is_over_when_it_begins() -> None:
    assert INSTANT.status("creating", 5, 5) == "AVAILABLE"
    assert INSTANT.status("sharing", 5, 5) == "COMPLETED"
    assert INSTANT.status("copying", 5, 5) == "SUCCEEDED"


def test_a_rate_admits_a_burst_and_then_its_calls_a_second() -> None:
    rate, due = Rate(per_second=2, burst=3), 0.0
    admitted = []
    for now in (1000, 1000, 1000, 1000, 1499, 1500, 1501):
        answer = rate.admit(due, now)
        admitted.append(answer is not None)
        due = due if answer is None else answer

    assert admitted == [True, True, True, False, False, True, False]
