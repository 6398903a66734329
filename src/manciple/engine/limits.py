"""The engine's times and counts."""

import msgspec


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Times are milliseconds.

    `lease` is how long a silent worker keeps an operation; `poll` how often the database is asked for what nobody was
    woken for; `threads` how many provider calls run at once, `slices` how many operations. A call is tried `attempts`
    times with `backoff`, doubled each time; a step must be through after `deadline`; an operation whose slices die
    `claims` times in a row, without one step getting further, is given up.
    """

    lease: int = 30_000
    poll: int = 1_000
    threads: int = 64
    slices: int = 8
    attempts: int = 6
    backoff: int = 500
    deadline: int = 7_200_000
    claims: int = 50
