"""Blocking functions in threads."""

from __future__ import annotations

import asyncio
import contextvars
import threading

import pytest

from engine.backends.threads import ThreadPool

pytestmark = pytest.mark.asyncio


async def test_that_results_and_errors_come_back() -> None:
    pool = ThreadPool()

    def fail() -> None:
        raise LookupError("gone")

    assert await pool.run(lambda a, b: a + b, 1, 2) == 3
    with pytest.raises(LookupError, match="gone"):
        await pool.run(fail)
    pool.close()


async def test_that_a_stop_iteration_does_not_hang_the_caller() -> None:
    pool = ThreadPool()
    with pytest.raises(RuntimeError, match="StopIteration"):
        await asyncio.wait_for(pool.run(next, iter(())), 5)
    pool.close()


async def test_that_many_run_at_once_and_threads_are_reused() -> None:
    pool = ThreadPool()
    barrier = threading.Barrier(4)
    idents = set(await asyncio.gather(*(pool.run(_meet, barrier) for _ in range(4))))
    assert len(idents) == 4
    for _ in range(20):
        assert await pool.run(threading.get_ident) in idents
    pool.close()


def _meet(barrier: threading.Barrier) -> int:
    barrier.wait(5)
    return threading.get_ident()


async def test_that_a_late_result_is_discarded() -> None:
    pool = ThreadPool()
    release = threading.Event()
    waiting = asyncio.ensure_future(pool.run(release.wait, 5))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    release.set()
    assert await pool.run(lambda: "next") == "next"
    pool.close()


async def test_that_context_variables_are_seen_in_the_thread() -> None:
    pool = ThreadPool()
    variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
    variable.set(7)
    assert await pool.run(variable.get) == 7
    pool.close()


async def test_that_a_closed_pool_takes_nothing_and_its_threads_end() -> None:
    pool = ThreadPool()
    thread = await pool.run(threading.current_thread)
    pool.close()
    await asyncio.to_thread(thread.join, 5)
    assert not thread.is_alive()
    with pytest.raises(RuntimeError, match="closed"):
        await pool.run(len, "")
