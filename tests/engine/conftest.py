"""An engine with scripted actions, closed after the test."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from engine import WorkflowEngine
from tests.support.fake_clock import FakeClock, FixedRng
from tests.support.scripted_actions import RecordingAnalytics, RecordingNotifier, ScriptedActions


@pytest.fixture
def actions() -> ScriptedActions:
    return ScriptedActions()


@pytest.fixture
def notifier() -> RecordingNotifier:
    return RecordingNotifier()


@pytest.fixture
def analytics() -> RecordingAnalytics:
    return RecordingAnalytics()


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest_asyncio.fixture
async def engine(
    actions: ScriptedActions, notifier: RecordingNotifier, analytics: RecordingAnalytics, clock: FakeClock
) -> AsyncIterator[WorkflowEngine]:
    made = WorkflowEngine(
        registry=actions.registry,
        notifier=notifier,
        analytics=analytics,
        clock=clock,
        rng=FixedRng(),
    )
    async with made:
        yield made
