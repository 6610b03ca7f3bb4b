"""When a step ran, as a scope knows it whose records say so, or do not."""

from __future__ import annotations

import pytest

from engine.expression import MISSING, Path, RunScope


@pytest.mark.parametrize("path", ["a.started_at", "steps.a.started_at"])
def test_that_the_record_counts_and_then_the_output(path: str) -> None:
    record = {"output": {"started_at": "mine"}, "status": "COMPLETED"}
    assert RunScope(steps={"a": {**record, "started_at": 5.0}}).reference(Path.parse(path)) == 5.0
    assert RunScope(steps={"a": record}).reference(Path.parse(path)) == "mine"
    assert RunScope(steps={"a": {"output": {}}}).reference(Path.parse(path)) is MISSING
    assert RunScope.of_state({"a": {"output": {"ended_at": 3}}}).name(Path.parse("a.ended_at")) == 3
