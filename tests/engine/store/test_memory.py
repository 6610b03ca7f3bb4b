"""The memory store does what every store does, and leaves nothing behind."""

import pytest
import pytest_asyncio

from engine.store.memory import MemoryStateManager
from tests.support.store_conformance import LARGE, StoreConformance, TickingTime


class TestMemoryStateManager(StoreConformance):
    @pytest_asyncio.fixture
    async def store(self):
        async with MemoryStateManager(now=TickingTime()) as manager:
            yield manager

    @pytest.mark.asyncio
    async def test_that_closing_removes_the_temporary_folder(self):
        async with MemoryStateManager() as store:
            execution_id = await store.create_execution("w", {})
            await store.update_step_status(execution_id, "a", "RUNNING")
            await store.update_step_status(execution_id, "a", "COMPLETED", output=LARGE)
            folder = store.artifacts.root
            assert folder.is_dir()
        assert not folder.exists()
