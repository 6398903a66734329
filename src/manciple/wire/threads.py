"""Plain functions on a pool's threads, awaited."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextvars import copy_context
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


async def in_thread(pool: Executor, run: Callable[..., T], *arguments: Any) -> T:
    """Run a function in a thread of `pool`; it sees the caller's context variables (the log's)."""
    loop = asyncio.get_running_loop()
    return await loop.run_in_executor(pool, copy_context().run, partial(run, *arguments))
