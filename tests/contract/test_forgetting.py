"""What is kept for a day is gone after it."""

from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa

from manciple.api import shapes
from manciple.app import make_driver, make_runtime, open_store
from manciple.operations.call import Caller, Operations, Runtime
from manciple.operations.idempotency import KEPT
from manciple.settings import load
from manciple.store.tables.catalog import IDEMPOTENCY

URL = "http://localhost"
ROOT = "arn:aws:iam::111111111111:root"
CALLER = Caller("111111111111", "eu-west-1", ROOT, ROOT)


def create_portfolio(runtime: Runtime, token: str) -> None:
    wanted = shapes.CreatePortfolioInput(display_name="tools", provider_name="it", idempotency_token=token)
    Operations(runtime).call("CreatePortfolio", CALLER, wanted, "request-1")


def test_the_answers_of_yesterdays_tokens_are_forgotten(tmp_path: Path) -> None:
    settings = load({"data": str(tmp_path / "data")}, {}).settings
    with open_store(settings) as store:
        today = make_runtime(settings, store, make_driver(settings, store, URL), URL)
        tomorrow = replace(today, now=lambda: today.now() + KEPT)
        create_portfolio(today, "first")

        create_portfolio(tomorrow, "second")

        with store.database.read() as tx:
            kept = [row.token for row in tx.all(sa.select(IDEMPOTENCY))]
    assert kept == ["second"]
