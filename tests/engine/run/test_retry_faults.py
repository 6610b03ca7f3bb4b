"""Which faults are worth another attempt when the policy names none."""

from typing import Any

import pytest

from engine import StepContext, WorkflowEngine
from engine.backends.process import ProcessFailed
from engine.errors import ActionError, ExternalServiceError, StepTimeoutError
from engine.model.policy import RetryPolicy
from engine.run.retry import is_retried
from tests.support.builders import make_workflow, node
from tests.support.scripted_actions import ScriptedActions


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (ActionError("No column 'Mounth'"), False),
        (ProcessFailed("KeyError: 'x'", error_type="KeyError"), False),
        (ProcessFailed("SyntaxError", error_type="SyntaxError"), False),
        (ProcessFailed("ConnectionError", error_type="ConnectionError"), True),
        (ExternalServiceError("busy", status=503), True),
        (ExternalServiceError("gone", status=404), False),
        (StepTimeoutError("a", 1.0), True),
        (OSError("disk"), True),
    ],
)
def test_that_only_what_may_pass_is_tried_again(error: Exception, expected: bool) -> None:
    assert is_retried(RetryPolicy.from_json({"max_attempts": 3}), error) is expected


def test_that_a_policy_may_name_what_a_person_would_have_to_mend() -> None:
    policy = RetryPolicy.from_json({"max_attempts": 3, "retry_on": ["ActionError"]})
    assert is_retried(policy, ActionError("the file is open in Excel"))


@pytest.mark.asyncio
@pytest.mark.parametrize(("delivery", "tries"), [("at_least_once", 3), ("at_most_once", 1)])
async def test_that_a_step_that_may_run_once_is_not_tried_again_unasked(
    actions: ScriptedActions, delivery: str, tries: int
) -> None:
    """Not even one whose action may be repeated as such."""
    calls: list[int] = []

    async def busy(params: dict[str, Any], context: StepContext) -> None:
        calls.append(context.attempt)
        raise ConnectionError("busy")

    actions.registry.action("test", "busy", effects="none", idempotent=True, pure=False)(busy)
    step = node("a", "busy", delivery=delivery, retry={"initial_interval": 0})
    async with WorkflowEngine(registry=actions.registry) as engine:
        state = await engine.wait(await engine.start_workflow(make_workflow([step])))
    assert (state["status"], len(calls)) == ("FAILED", tries)
