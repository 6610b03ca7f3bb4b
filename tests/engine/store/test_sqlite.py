"""The SQLite store does what every store does, and finds it again."""

import pytest
import pytest_asyncio

from engine.store.sqlite import SqliteStateManager
from tests.support.store_conformance import StoreConformance, TickingTime


class TestSqliteStateManager(StoreConformance):
    @pytest_asyncio.fixture
    async def store(self, tmp_path):
        async with SqliteStateManager(tmp_path / "runs.db", now=TickingTime()) as manager:
            yield manager
