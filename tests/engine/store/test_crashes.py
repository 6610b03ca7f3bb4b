"""What was acknowledged is there after kill -9, whichever statement the process died at."""

import json
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.errors import ExecutionNotFound, StoreBusy
from engine.history.events import EventType
from engine.store.sqlite import SqliteStateManager
from tests.support.crashing_store import LARGE, STEPS

ROOT = Path(__file__).resolve().parents[3]
HOLDER = (
    "import asyncio, sys\n"
    "from engine.store.sqlite import SqliteStateManager\n"
    "async def main():\n"
    "    store = SqliteStateManager(sys.argv[1])\n"
    "    await store.create_execution('w', {}, execution_id='mine')\n"
    "    print('ready', flush=True)\n"
    "    await asyncio.Event().wait()\n"
    "asyncio.run(main())\n"
)


def start(path, dies_at):
    command = [sys.executable, "-m", "tests.support.crashing_store", str(path), str(dies_at)]
    return subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL
    )


@pytest.mark.asyncio
@pytest.mark.parametrize("dies_at", [1, 3, 5, 6, 9, 12, 14, 17, 21, 24, 27])
async def test_that_a_killed_process_loses_nothing_it_was_promised(tmp_path, dies_at):
    path = tmp_path / "runs.db"
    process = start(path, dies_at)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL, errors
    promised = [int(line) for line in output.split()]
    async with SqliteStateManager(path) as store:
        if not promised:
            with pytest.raises(ExecutionNotFound):
                await store.load_state("run")
            return
        state = await store.load_state("run")
        events = await store.read_events("run")
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        found = len(state.outputs)
        # The transaction under way may have reached the disk although nobody was told.
        assert found in (promised[-1], promised[-1] + 1)
        assert list(state.connections) == [f"c{number}" for number in range(1, found + 1)]
        assert await store.load_definition("hash") == {"name": "survivor"}
        assert state.input_data == {"x": 1}
        assert [summary.id for summary in await store.unfinished()] == ["run"]
        if found >= 2:
            assert await store.get_step_output("run", "s2") == LARGE
        # And it goes on from there.
        await store.update_step_status("run", "next", "RUNNING")
        assert (await store.read_events("run"))[-1].seq == len(events) + 1


@pytest.mark.asyncio
async def test_that_a_process_that_lives_says_so(tmp_path):
    process = start(tmp_path / "runs.db", 10_000)
    output, errors = process.communicate(timeout=60)
    assert (process.returncode, output.split()[-1]) == (0, "end"), errors
    async with SqliteStateManager(tmp_path / "runs.db") as store:
        state = await store.load_state("run")
        assert len(state.outputs) == STEPS
    with sqlite3.connect(tmp_path / "runs.db") as connection:
        clean = connection.execute("SELECT value FROM meta WHERE name = 'closed_cleanly'").fetchone()
    connection.close()
    assert clean == (1,)


def start_holder(path):
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.asyncio
async def test_that_the_lock_of_a_killed_process_is_free(tmp_path):
    path = tmp_path / "runs.db"
    process = start_holder(path)
    with process:
        assert process.stdout.readline() == "ready\n"
        with pytest.raises(StoreBusy, match=str(process.pid)):
            await SqliteStateManager(path).open()
        process.kill()
        process.wait(timeout=30)
    async with SqliteStateManager(path) as store:
        (event,) = await store.read_events("mine")
        assert event.type is EventType.EXECUTION_CREATED
        json.dumps(event.to_json())
