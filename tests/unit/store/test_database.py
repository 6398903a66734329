"""Transactions, the same on both databases."""

import threading
import time

import pytest
import sqlalchemy as sa

from manciple.store.database import Database, FairLock
from manciple.store.tables.catalog import KEY_CHECK

ADD = sa.insert(KEY_CHECK)
COUNT = sa.select(sa.func.count()).select_from(KEY_CHECK)


def row(id: int) -> dict[str, object]:
    return {"id": id, "sealed": b""}


def count(database: Database) -> int:
    with database.read() as tx:
        return int(tx.scalar(COUNT))


def test_a_block_that_ends_is_committed_and_then_acted_upon(made: Database) -> None:
    seen: list[int] = []

    with made.write() as tx:
        tx.execute(ADD, row(1))
        tx.after_commit.append(lambda: seen.append(count(made)))
        assert seen == []

    assert seen == [1]


def test_a_block_that_raises_leaves_nothing_and_acts_on_nothing(made: Database) -> None:
    seen: list[int] = []

    def fail() -> None:
        with made.write() as tx:
            tx.execute(ADD, row(1))
            tx.after_commit.append(lambda: seen.append(1))
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        fail()
    assert (count(made), seen) == (0, [])


def test_a_reader_sees_what_is_committed_alone(made: Database) -> None:
    with made.write() as tx:
        tx.execute(ADD, row(1))

        assert count(made) == 0
    assert count(made) == 1


def test_writers_wait_for_each_other(made: Database) -> None:
    def write(start: int) -> None:
        for number in range(start, start + 10):
            with made.write() as tx:
                tx.execute(ADD, row(number))

    writers = [threading.Thread(target=write, args=(start,)) for start in (0, 100, 200, 300)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert count(made) == 40


def test_the_databases_clock_tells_milliseconds_since_the_epoch(made: Database) -> None:
    with made.read() as tx:
        told = tx.now()

    assert abs(told - time.time() * 1000) < 60_000


def test_how_many_rows_a_statement_touched_is_known(made: Database) -> None:
    with made.write() as tx:
        added = tx.execute(ADD, row(1)).rowcount
        gone = tx.execute(sa.delete(KEY_CHECK).where(KEY_CHECK.c.id == 2)).rowcount

    assert (added, gone) == (1, 0)


def test_a_fair_lock_is_handed_over_in_the_order_of_asking() -> None:
    lock, order, asked = FairLock(), list[int](), threading.Semaphore(0)
    lock.acquire()

    def take(number: int) -> None:
        asked.release()
        lock.acquire()
        order.append(number)
        lock.release()

    takers = []
    for number in range(5):
        taker = threading.Thread(target=take, args=(number,))
        taker.start()
        asked.acquire()
        while len(lock._waiting) <= number:
            time.sleep(0.001)
        takers.append(taker)
    lock.release()
    for taker in takers:
        taker.join()

    assert order == [0, 1, 2, 3, 4]
