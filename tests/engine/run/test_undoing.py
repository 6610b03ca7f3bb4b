"""What is left to undo, by the journal alone; and in which words it is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.catalog import Catalog
from engine.history.events import Event, EventDraft, EventType
from engine.plan.compiler import Compiler
from engine.plan.step import Plan
from engine.run.undoing import undoing, words_of
from tests.engine.run.undoable import engine_on, undo
from tests.support.builders import chain, decoded, make_workflow, node
from tests.support.events import completed, running, started
from tests.support.scripted_actions import ScriptedActions


def plan_of(*nodes: dict[str, Any]) -> Plan:
    return Compiler(Catalog([])).compile(decoded(make_workflow(list(nodes))))


def journal(*drafts: EventDraft) -> list[Event]:
    return [Event("run", "w", seq, 0.0, *draft[:4]) for seq, draft in enumerate(drafts, 1)]


def test_that_an_undo_of_what_was_not_done_is_passed_over() -> None:
    """A program of another age may have undone a step that only passed something on."""
    plan = plan_of(node("a", rollback=undo()), node("b", rollback=undo()))
    passed = completed("a", 1)._replace(data={"output": 1, "via": "passthrough"})
    rolling = EventDraft(EventType.STEP_ROLLING_BACK, "a", data={"rollback_attempt": 1})
    failed = EventDraft(EventType.STEP_ROLLBACK_FAILED, "a", data={"error": {}})
    done = [started(), running("a"), passed, running("b"), completed("b", 2)]
    left = undoing(plan, journal(*done, rolling, failed))
    assert [one.step.id for one in left.undos] == ["b"]
    assert left.failed == []


@pytest.mark.parametrize(
    ("result", "words"),
    [
        ("Refunded 3 orders", "Refunded 3 orders"),
        ({"result": " Taken back "}, "Taken back"),
        ({"rows": 1}, "Rolled back 1 row"),
        ({"rows": 12_000}, "Rolled back 12,000 rows"),
        ({"rows": True}, "Undone by undo orders"),
        (None, "Undone by undo orders"),
    ],
)
def test_that_it_is_told_what_was_undone(result: Any, words: str) -> None:
    (step,) = plan_of(node("a", rollback=undo("undo_orders"))).steps
    assert words_of(step, result) == words


def test_that_a_step_undone_through_its_parts_says_so() -> None:
    (step,) = plan_of(node("a")).steps
    assert words_of(step, None) == "Rolled back"


@pytest.mark.asyncio
async def test_that_a_doubtful_step_that_did_not_happen_is_left_out_and_the_others_are_undone(
    actions: ScriptedActions, tmp_path: Path
) -> None:
    path = tmp_path / "runs.db"
    workflow = chain(
        node("a", rollback=undo()), node("pay", "gate", delivery="at_most_once", rollback=undo())
    )
    async with engine_on(actions, path) as engine:
        execution_id = await engine.start_workflow(workflow)
        await actions.reached["pay"].wait()
    async with engine_on(actions, path) as engine:
        await engine.recover()
        await engine.wait(execution_id)
        await engine.rollback_workflow(execution_id, uncertain={"pay": False})
        state = await engine.wait(execution_id)
    assert (state["status"], actions.calls) == ("ROLLED_BACK", ["a", "pay", "undo a"])
    assert state["steps"]["pay"]["status"] == "CANCELLED"
