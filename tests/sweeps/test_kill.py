"""A run outlives kill -9: a sample of the sweep, and proof that the sweep would see what is wrong.

The whole sweep: `python -m tests.sweeps.kill`, or `pytest -m slow -s tests/sweeps/test_kill.py`.
"""

from __future__ import annotations

import json
import pickle
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from tests.sweeps.kill.evidence import look
from tests.sweeps.kill.life import effects_path, store_path
from tests.sweeps.kill.rules import Biography
from tests.sweeps.kill.scenarios import SCENARIOS
from tests.sweeps.running import ROOT, figures_of

EVERY_NAME = {
    "after a large result is in its place",
    "after a request is acknowledged",
    "after an append",
    "after commit",
    "after recovery",
    "after the action",
    "as an event is told",
    "before a checkpoint",
    "before a large result is in its place",
    "before a run is acknowledged",
    "before a timer fires",
    "before a transaction",
    "before an append",
    "before commit",
    "before dispatch",
    "before recovery",
    "before the action",
    "before the store is closed",
    "in the action, after its effect",
    "in the action, before its effect",
    "inside a transaction",
    "opening, syncing or closing the store",
}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="SIGKILL is POSIX, and /proc is Linux")


def test_that_runs_outlive_a_death_at_every_named_point() -> None:
    figures = figures_of("kill", "--sample")
    assert figures["violations"] == []
    assert set(figures["by_workflow"]) == {scenario.name for scenario in SCENARIOS}
    assert set(figures["by_point"]) == EVERY_NAME
    assert figures["double"] > 0


@pytest.mark.slow
def test_that_runs_outlive_more_than_a_thousand_deaths(capsys: pytest.CaptureFixture[str]) -> None:
    figures = figures_of("kill")
    with capsys.disabled():
        print(json.dumps(figures, indent=2))
    assert figures["violations"] == []
    assert figures["kills"] >= 1_000


DIE_ONCE = """
import pickle, sys
from pathlib import Path
from tests.sweeps.kill.life import live
from tests.sweeps.kill.points import Reaper, Target
from tests.sweeps.kill.rules import Biography
from tests.sweeps.kill.scenarios import rollback
biography = Biography(rollback(), Path(sys.argv[1]))
for number, target in enumerate([Target("in the action, after its effect", 1), None]):
    biography.add(live(biography.scenario, biography.folder, number, Reaper(target)))
sys.stdout.buffer.write(pickle.dumps(biography))
"""


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Biography:
    """A run that died once, after an effect, and then went to its end."""
    command = [sys.executable, "-c", DIE_ONCE, str(tmp_path_factory.mktemp("lived"))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    biography: Biography = pickle.loads(done.stdout)
    biography.check_end(biography.outcome())
    return biography


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE step_rows SET status = 5 WHERE step_id = 'book'",
        "UPDATE step_rows SET duration_ms = 1 WHERE step_id = 'ship'",
        "DELETE FROM step_rows WHERE step_id = 'never'",
        "UPDATE reached SET seq = seq - 1",
        "DELETE FROM reached",
        "UPDATE executions SET reason = 'another'",
        "UPDATE executions SET ended_at = NULL",
        "INSERT INTO timers SELECT key, 'book', 1 FROM executions",
        "INSERT INTO step_rows SELECT key + 1, 'book', 4, '', 1, 1, 1, 1, 1 FROM executions",
        "DELETE FROM entries WHERE seq = 4",
        "UPDATE entries SET ts = 0 WHERE seq = 4",
        "UPDATE entries SET type = 17 WHERE type = 18",
        "DELETE FROM definitions",
    ],
)
def test_that_a_store_that_lies_is_found_out(lived: Biography, tmp_path: Path, damage: str) -> None:
    database = tmp_path / "runs.db"
    shutil.copyfile(store_path(lived.folder), database)
    assert look(database)
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(damage)
    with pytest.raises(AssertionError):
        look(database)


def test_that_a_fact_told_and_lost_is_found_out(lived: Biography) -> None:
    ahead = replace(lived.lives[-1], told=[*lived.lives[-1].told, (99, "STEP_COMPLETED", "book")])
    with pytest.raises(AssertionError, match="told, and not durable"):
        Biography(lived.scenario, lived.folder).add(ahead)


def test_that_a_run_that_is_gone_is_found_out(lived: Biography) -> None:
    with pytest.raises(AssertionError, match="acknowledged is gone"):
        Biography(lived.scenario, lived.folder).add(replace(lived.lives[-1], runs=["another"]))


def test_that_a_promise_without_a_fact_is_found_out(lived: Biography) -> None:
    with pytest.raises(AssertionError, match="promised"):
        Biography(lived.scenario, lived.folder).add(replace(lived.lives[-1], promised=[["EXECUTION_PAUSED"]]))


@pytest.mark.parametrize("leak", ["tasks", "threads", "files"])
def test_that_a_leak_is_found_out(lived: Biography, leak: str) -> None:
    end = {**(lived.lives[-1].end or {}), leak: ["something"]}
    leaky = replace(lived, lives=[lived.lives[0], replace(lived.lives[-1], end=end)])
    with pytest.raises(AssertionError, match=leak):
        leaky.check_end(lived.outcome())


@pytest.mark.parametrize(
    ("step", "what", "life", "message"),
    [
        ("book", "effect", 1, "took effect 3 times"),
        ("pay", "effect", 1, "took effect 2 times"),
        ("pay", "begin", 2, None),
    ],
)
def test_that_an_effect_too_many_is_found_out(
    lived: Biography, tmp_path: Path, step: str, what: str, life: int, message: str | None
) -> None:
    shutil.copytree(lived.folder, tmp_path, dirs_exist_ok=True)
    run_id = lived.run().state.id
    line = {"what": what, "run": run_id, "step": step, "key": f"{run_id}:{step}", "attempt": 1, "life": life}
    with effects_path(tmp_path).open("a") as stream:
        stream.write(json.dumps(line) + "\n")
    told = replace(lived, folder=tmp_path)
    with pytest.raises(AssertionError, match=message or "had ended, and began again"):
        told.check_end(lived.outcome())


def test_that_an_effect_too_few_is_found_out(lived: Biography, tmp_path: Path) -> None:
    shutil.copytree(lived.folder, tmp_path, dirs_exist_ok=True)
    traces = effects_path(tmp_path)
    kept = [line for line in traces.read_text().splitlines() if json.loads(line)["step"] != "pay"]
    traces.write_text("\n".join(kept))
    with pytest.raises(AssertionError, match="pay"):
        replace(lived, folder=tmp_path).check_end(lived.outcome())
