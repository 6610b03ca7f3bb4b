"""What earlier runs were given for the values that a run asks for: a hint beside the fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from designer.execution.bridge import EngineBridge
from designer.execution.run_view import Question
from engine.errors import WorkflowError

RUNS_REMEMBERED = 20


async def with_last_values(
    bridge: EngineBridge, question: Question, workflow_id: str
) -> list[Mapping[str, Any]]:
    """The needed values, each with what an earlier run of the workflow was given for it."""
    given: dict[str, Any] = {}
    try:
        for summary in await bridge.history(RUNS_REMEMBERED):
            if summary.workflow_id == workflow_id and summary.id != question.execution_id:
                given = {**(await bridge.load(summary.id)).input_data, **given}
    except WorkflowError:
        pass  # a hint is missing, the question is not
    names = [str(item.get("path", "")).removeprefix("input.") for item in question.needed]
    return [
        {**item, "last_value": given[name]} if name in given else item
        for name, item in zip(names, question.needed, strict=True)
    ]
