"""Cases of a switch that can never be taken are pointed out."""

from typing import Any

from tests.engine.validation.drawings import CATALOG, problems


def switch(*cases: tuple[str, str | None, int], **more: Any) -> list[Any]:
    """What is found in a switch whose connections have these targets, conditions and priorities."""
    nodes = [{"id": "start", "type": "flow.manual"}, {"id": "s", "type": "flow.switch", "title": "Late?"}]
    nodes += [{"id": target, "type": "flow.set_values", "title": target.upper(),
               "config": {"parameters": {"values": {"x": 1}}}} for target, _, _ in cases]  # fmt: skip
    wires: list[dict[str, Any]] = [{"source": "start", "target": "s"}]
    for target, condition, priority in cases:
        described = {"id": target, "source": "s", "target": target, "priority": priority, **more}
        wires.append({**described, "condition": condition} if condition else described)
    return problems({"nodes": nodes, "connections": wires}, CATALOG)


def test_that_a_switch_with_a_default_has_no_problems() -> None:
    assert switch(("a", None, 0), ("b", "rows > 3", 0), ("c", "rows > 2", 0)) == []


def test_that_a_case_after_one_without_a_condition_is_pointed_out() -> None:
    (problem,) = switch(("a", "rows > 1", 2), ("b", None, 1))
    assert (problem.severity, problem.code) == ("warning", "switch-case-unreachable")
    assert (problem.connection_id, problem.pointer) == ("a", "/connections/1")
    assert problem.message == (
        '"Late?": the connection to "A" is never taken, '
        'because the one to "B" has no condition and comes before it'
    )
    assert "highest number" in problem.suggestion


def test_that_a_second_default_is_pointed_out() -> None:
    (problem,) = switch(("a", None, 0), ("b", None, 0))
    assert problem.connection_id == "b"
    assert problem.suggestion == "Give all connections but the last a condition."


def test_that_a_condition_that_has_been_tried_already_is_pointed_out() -> None:
    (problem,) = switch(("a", "rows > 1", 1), ("b", " rows > 1", 2), ("c", None, 3))
    assert problem.connection_id == "b"
    assert "has the same condition" in problem.message


def test_that_connections_on_error_are_not_cases() -> None:
    assert switch(("a", None, 0), ("b", None, 1), on="error") == []


def test_that_other_nodes_may_lead_everywhere_at_once() -> None:
    document = {
        "nodes": [{"id": name, "type": "flow.manual" if name == "s" else "flow.switch"} for name in "sab"],
        "connections": [{"source": "s", "target": name} for name in "ab"],
    }
    assert problems(document, CATALOG) == []
