"""Tells topics of stack events: at least once, in order, again and again while an address does not answer.

It works beside the slices and outside every transaction. Only addresses that the operator has mapped topics to are
contacted. On several processes a claim keeps two from telling the same topic at once.
"""

import logging
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from manciple.engine import rows, topics
from manciple.engine.events import Event
from manciple.engine.providers.endpoint import Refused, Unreachable, address_of
from manciple.engine.rows import Stack
from manciple.engine.topics import Telling
from manciple.store.database import Database

Post = Callable[[str, bytes, Mapping[str, str]], None]

_LOG = logging.getLogger(__name__)

_TOPICS, _EVENTS = 20, 500
"""Topics that are looked at in one round, and events that one of them is told in it."""
_AT_ONCE = 8
"""Topics that are told side by side, so that an address which does not answer keeps none of the others waiting."""
_CLAIMED = 300_000
"""Milliseconds that a claim holds: longer than a round can take."""
_LONGEST_PAUSE = 60_000
_MOST_ATTEMPTS = 50
"""After so many failures one after the other, about three quarters of an hour, a topic is given up."""


class Courier:
    """Delivers in a thread of its own; `endpoints` are addresses by a pattern of topics' ARNs, `poll` milliseconds."""

    def __init__(self, database: Database, endpoints: Mapping[str, str], post: Post, poll: int) -> None:
        self._database = database
        self._endpoints = endpoints
        self._post = post
        self._poll = poll
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to deliver."""
        self._stopping.clear()
        self._thread = threading.Thread(target=self._run, name="manciple-courier", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let the message under way arrive and stop; the rest is delivered after the next start."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def deliver(self) -> None:
        """Tell everything that there is to tell now."""
        with self._database.read() as tx:
            found = topics.due(tx, tx.now(), _TOPICS)
        if found:
            with ThreadPoolExecutor(_AT_ONCE, "manciple-courier") as pool:
                list(pool.map(self._deliver, found))

    def _run(self) -> None:
        while not self._stopping.wait(self._poll / 1000):
            try:
                self.deliver()
            except Exception:  # noqa: BLE001 (whatever it is, what is left is told in the next round)
                _LOG.exception("Notifications could not be delivered.")

    def _deliver(self, telling: Telling) -> None:
        if self._stopping.is_set():
            return
        with self._database.write() as tx:
            if not topics.claim(tx, telling, tx.now() + _CLAIMED):
                return
        with self._database.read() as tx:
            found, is_end = topics.untold(tx, telling, _EVENTS)
            stacks = rows.rows_of(Stack, tx.all(rows.SELECT_STACK, id=telling.stack_id))
        left = self._tell(telling, found, stacks[0]) if found and stacks else []
        with self._database.write() as tx:
            if telling.attempts >= _MOST_ATTEMPTS or (is_end and not left):
                topics.forget(tx, telling)
            else:
                telling.not_before = tx.now() + self._pause(telling)
                topics.put_back(tx, telling)

    def _tell(self, telling: Telling, found: list[Event], stack: Stack) -> list[Event]:
        """Tell events one after the other; returns those that are left because one did not arrive, or time was up."""
        address = address_of(self._endpoints, telling.topic_arn)
        if address is None:
            _LOG.info(
                "Events of operation %s are not deliverable to %s: the setting notifications maps it to no address.",
                telling.operation_id,
                telling.topic_arn,
            )
            telling.told = found[-1].number
            return []
        deadline = time.monotonic() + _CLAIMED / 2000
        for index, event in enumerate(found):
            is_late = self._stopping.is_set() or time.monotonic() > deadline
            if is_late or not self._send(address, telling, event, stack):
                return found[index:]
            telling.told, telling.attempts = event.number, 0
        return []

    def _send(self, address: str, telling: Telling, event: Event, stack: Stack) -> bool:
        """Send one message; one that the address refuses is not sent again, as SNS does not either."""
        topic = telling.topic_arn
        try:
            self._post(address, topics.document(topic, event, stack), topics.headers(topic, event))
        except Refused as refused:
            _LOG.warning("Event %s was not taken for %s: %s", event.id, topic, refused)
        except Unreachable as unreachable:
            telling.attempts += 1
            if telling.attempts in (1, _MOST_ATTEMPTS):
                _LOG.warning("Event %s did not arrive for %s: %s", event.id, topic, unreachable)
            return False
        return True

    def _pause(self, telling: Telling) -> int:
        """Until when nothing is told: a moment, or after failures twice as long each time."""
        return min(self._poll << min(telling.attempts, 16), _LONGEST_PAUSE)
