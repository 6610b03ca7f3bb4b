"""Whatever legal or illegal things are appended, both stores say the same, live and read back."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import IllegalTransition
from engine.history.events import NO_DATA, EventDraft, EventType
from engine.history.state import ExecutionState, apply
from engine.store.memory import MemoryStateManager
from engine.store.sqlite import SqliteStateManager
from tests.support.events import ran
from tests.support.store_conformance import TickingTime

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)
steps = st.sampled_from(["a", "b"])


def draft(event_type, step_id=None, attempt=0, data=NO_DATA):
    return EventDraft(event_type, step_id, attempt, data)


drafts = st.one_of(
    st.builds(draft, st.just(EventType.STEP_RUNNING), steps, st.integers(1, 3)),
    st.builds(
        draft,
        st.just(EventType.STEP_COMPLETED),
        steps,
        st.integers(1, 3),
        st.fixed_dictionaries({"output": json_values}),
    ),
    st.builds(
        draft,
        st.just(EventType.STEP_WAITING),
        steps,
        st.integers(1, 3),
        st.just({"reason": "retry", "until": 1_763_860_500.25}),
    ),
    st.builds(
        draft,
        st.sampled_from([EventType.STEP_PAUSED, EventType.STEP_SKIPPED, EventType.STEP_CANCELLED]),
        steps,
        st.just(0),
        st.fixed_dictionaries({"reason": st.text(max_size=5)}),
    ),
    st.builds(
        draft,
        st.sampled_from(
            [EventType.EXECUTION_STARTED, EventType.EXECUTION_PAUSED, EventType.EXECUTION_COMPLETED]
        ),
    ),
    st.builds(
        draft,
        st.just(EventType.INPUTS_SUPPLIED),
        data=st.fixed_dictionaries({"inputs": st.dictionaries(st.text(), json_values, max_size=2)}),
    ),
)

ran_steps = st.builds(
    lambda step_id, output, taken, attempt: ran(
        step_id, output, *taken, attempt=attempt, begun_at=1_763_860_400.25
    ),
    steps,
    json_values,
    st.lists(st.text(), max_size=3),
    st.integers(1, 3),
)


async def play(store, groups):
    """The events that were accepted and the refusals, in order; and the state folded live."""
    execution_id = await store.create_execution("w", {}, execution_id="run")
    live = ExecutionState.fold(await store.read_events(execution_id))
    log = []
    for group, full_sync in groups:
        try:
            events = store.append(execution_id, group)
        except IllegalTransition as error:
            log.append(str(error))
            continue
        log.extend(events)
        for event in events:
            apply(live, event)
        await store.commit(full_sync=full_sync)
    assert await store.load_state(execution_id) == live
    return log, live


async def play_both(groups):
    async with MemoryStateManager(now=TickingTime()) as memory:
        expected = await play(memory, groups)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "runs.db"
        async with SqliteStateManager(path, now=TickingTime()) as store:
            assert await play(store, groups) == expected
        async with SqliteStateManager(path) as store:
            assert await store.load_state("run") == expected[1]
            events = await store.read_events("run")
            for after in range(len(events) + 1):
                assert await store.read_events("run", after) == events[after:]


@given(st.lists(st.tuples(st.lists(drafts, min_size=1, max_size=4) | ran_steps, st.booleans()), max_size=8))
@settings(max_examples=50, deadline=None)
def test_that_both_stores_agree_and_read_back_what_they_published(groups):
    asyncio.run(play_both(groups))
