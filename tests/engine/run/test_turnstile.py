"""One at a time, in order."""

from __future__ import annotations

import asyncio

import pytest

from engine.run.turnstile import Turnstile
from tests.support.fake_clock import settle

pytestmark = pytest.mark.asyncio


async def test_that_those_who_wait_go_through_one_at_a_time_in_order() -> None:
    gate, seen = Turnstile(), []

    async def go(name: str) -> None:
        await gate.enter()
        seen.append(f"{name} in")
        await asyncio.sleep(0)
        seen.append(f"{name} out")
        gate.leave()

    await asyncio.gather(*(go(name) for name in "abc"))
    assert seen == ["a in", "a out", "b in", "b out", "c in", "c out"]
    assert not gate.is_taken


async def test_that_nobody_slips_in_before_those_who_wait() -> None:
    gate = Turnstile()
    assert gate.try_enter()
    waiting = asyncio.create_task(gate.enter())
    await settle()
    gate.leave()
    assert not gate.try_enter()
    await waiting
    gate.leave()
    assert gate.try_enter()


@pytest.mark.parametrize("had_its_turn", [False, True])
async def test_that_one_who_gives_up_waiting_holds_nobody_up(had_its_turn: bool) -> None:
    gate = Turnstile()
    gate.try_enter()
    gives_up = asyncio.create_task(gate.enter())
    next_one = asyncio.create_task(gate.enter())
    await settle()
    if had_its_turn:
        gate.leave()
        gives_up.cancel()
    else:
        gives_up.cancel()
        await settle()
        gate.leave()
    await next_one
    gate.leave()
    assert gives_up.cancelled()
    assert not gate.is_taken
