"""Steps that ask for earlier results find out without the database that there are none."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import StoreError
from engine.history.events import EventDraft, EventType
from engine.store import lookups as module
from engine.store.lookups import Lookups
from engine.store.sqlite import SqliteStateManager
from engine.store.upkeep import ALL_KEYS
from tests.support.events import running, started

pytestmark = pytest.mark.asyncio


class Database:
    """Has results under these keys, and remembers what it was asked for."""

    def __init__(self, *keys: str) -> None:
        self.keys = list(keys)
        self.asked: list[list[str]] = []
        self.listed = 0
        self.refuses = False

    async def read(self, query: str, parameters: tuple[Any, ...]) -> list[Any]:
        await asyncio.sleep(0)
        if self.refuses:
            raise StoreError("It cannot be read")
        if query == ALL_KEYS:
            self.listed += 1
            return self.keys[: parameters[0]]
        self.asked.append(json.loads(parameters[0]))
        return [[key, f"run of {key}"] for key in self.asked[-1] if key in self.keys]


async def ask(lookups: Lookups, *keys: str) -> list[list[Any]]:
    return [list(row) for row in await asyncio.gather(*(lookups.find(key) for key in keys))]


async def test_that_the_database_is_not_asked_for_what_it_has_not_got() -> None:
    database = Database("a")
    lookups = Lookups(database.read)
    assert await ask(lookups, "x", "y") == [[], []]
    assert await ask(lookups, "z") == [[]]
    assert (database.listed, database.asked) == (1, [])


async def test_that_those_who_ask_in_one_turn_are_answered_by_one_reading() -> None:
    database = Database("a", "b")
    lookups = Lookups(database.read)
    assert await ask(lookups, "a", "b", "none", "a") == [["run of a"], ["run of b"], [], ["run of a"]]
    assert await ask(lookups, "b") == [["run of b"]]
    assert database.asked == [["a", "b", "a"], ["b"]]


async def test_that_a_result_is_found_that_was_told_while_the_keys_were_read_or_later() -> None:
    database = Database()
    lookups = Lookups(database.read)
    asking = asyncio.create_task(ask(lookups, "a"))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    database.keys = ["a", "b"]
    lookups.told(["a"])
    assert await asking == [["run of a"]]
    lookups.told(["b"])
    assert await ask(lookups, "b") == [["run of b"]]


async def test_that_keys_too_many_to_keep_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_KEYS", 2)
    database = Database("a", "b", "c")
    lookups = Lookups(database.read)
    assert await ask(lookups, "c", "none") == [["run of c"], []]
    lookups.told(["d"])
    assert (database.listed, database.asked) == (1, [["c", "none"]])


async def test_that_all_who_asked_hear_what_went_wrong_and_the_next_are_answered() -> None:
    database = Database("a")
    lookups = Lookups(database.read)
    for known in (False, True):
        database.refuses = True
        heard = await asyncio.gather(lookups.find("a"), lookups.find("a"), return_exceptions=True)
        assert [type(each) for each in heard] == [StoreError, StoreError]
        database.refuses = False
        assert await ask(lookups, "a") == [["run of a"]]
        assert database.listed == 1, known


async def test_that_one_who_is_cancelled_does_not_take_the_answer_from_the_others() -> None:
    lookups = Lookups(Database("a", "b").read)
    given_up, waiting = (asyncio.create_task(lookups.find(key)) for key in "ab")
    await asyncio.sleep(0)
    given_up.cancel()
    assert list(await waiting) == ["run of b"]
    assert given_up.cancelled()


async def test_that_a_store_finds_what_it_was_told_since_somebody_asked(tmp_path: Path) -> None:
    told = {"output": {"n": 1}, "key": "mine", "duration_ms": 1.0}
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        assert await store.find_result("mine") is None
        execution_id = await store.create_execution("w", {})
        store.append(execution_id, [started(), running("a")])
        store.append(execution_id, [EventDraft(EventType.STEP_COMPLETED, "a", 1, told)])
        assert await store.find_result("mine") is None  # not durable yet
        await store.commit()
        found = await store.find_result("mine")
        assert found is not None
        assert found.data == told
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        assert await store.find_result("mine") == found
        assert await store.find_result("other") is None
