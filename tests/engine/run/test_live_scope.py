"""What a running execution's scope says of the times of steps whose end is not recorded."""

from __future__ import annotations

import pytest

from engine.expression import MISSING
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.run.live_state import SuppliedScope

RUNNING = StepState(status=StepStatus.RUNNING, started_at=5.0)


@pytest.mark.parametrize(
    ("known", "left", "field", "expected"),
    [
        (None, "", "started_at", MISSING),
        (None, "a", "ended_at", MISSING),
        (RUNNING, "", "started_at", 5.0),
        (RUNNING, "", "ended_at", MISSING),
        (RUNNING, "b", "duration_ms", MISSING),
        (RUNNING, "a", "duration_ms", 0.0),
    ],
)
def test_that_only_the_step_that_ends_now_has_an_end(
    known: StepState | None, left: str, field: str, expected: object
) -> None:
    scope = SuppliedScope(input_data={}, known=lambda _step_id: known, left=left)
    assert scope._time_of("a", field) == expected
