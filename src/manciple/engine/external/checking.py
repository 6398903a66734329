"""Can engines be asked? Found out before anyone launches, and without a message."""

from collections.abc import Iterator
from functools import partial
from typing import Any

from manciple.catalog.queues import QUEUES
from manciple.engine.cloudformation.endpoint import Away, Refused, answer_of
from manciple.engine.credentials import Clients
from manciple.engine.finding import Finding
from manciple.engine.place import Place
from manciple.settings.sections import External

_ABSENT = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")


def check(settings: External, clients: Clients, place: Place) -> Iterator[Finding]:
    """The queues of the place's account: ours are always there, elsewhere they are asked for by name."""
    if settings.sqs_endpoint is None:
        yield Finding(where="this server's queues", said="ready; whether an engine reads them is not known here")
        return
    yield _elsewhere(settings.sqs_endpoint, clients, place)


def _elsewhere(endpoint: str, clients: Clients, place: Place) -> Finding:
    where = f"{endpoint} in {place.region}"
    found, refused = [], []
    try:
        for name in QUEUES:
            try:
                answer_of(partial(_find, clients, place, name))
                found.append(name)
            except Refused as error:
                if error.code not in _ABSENT:
                    refused.append(f"{name}: {error.code}: {error.message}")
    except Away as away:
        return Finding(where=where, said="", problem=f"no answer: {away}")
    if not found and not refused:
        refused.append(f"account {place.account} has none of the queues {', '.join(QUEUES)}; the engine makes them")
    return Finding(where=where, said=f"answers; has {', '.join(found)}", problem="; ".join(refused) or None)


def _find(clients: Clients, place: Place, name: str) -> Any:
    return clients.sqs(place).get_queue_url(QueueName=name, QueueOwnerAWSAccountId=place.account)
