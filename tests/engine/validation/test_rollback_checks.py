"""What undoes a step is checked before there is anything to undo."""

from typing import Any

import pytest

from engine.model.workflow import Node, Workflow
from engine.validation import check
from tests.engine.validation.drawings import CATALOG, PLAIN, found, problems, with_parameters


@pytest.mark.parametrize(
    ("described", "expected"),
    [
        ({"service": "s", "action": "undo", "parameters": {}, "retry": 3, "timeout": 5}, []),
        ({}, [("rollback-bad", "/action")]),
        ({"action": ""}, [("rollback-bad", "/action")]),
        ({"action": "undo", "retry": 0}, [("rollback-bad", "/retry")]),
        ({"action": "undo", "timeout": -1}, [("rollback-bad", "/timeout")]),
        ({"action": "undo", "parameters": [1]}, [("rollback-bad", "/parameters")]),
    ],
)
def test_that_a_rollback_can_be_read(described: Any, expected: list[tuple[str, str]]) -> None:
    nodes = [with_parameters("a", {}, rollback=described)]
    at = "/nodes/0/config/rollback"
    assert found({"nodes": nodes}) == [(code, at + pointer) for code, pointer in expected]


def test_that_a_rollback_is_an_object_also_where_no_file_was_read() -> None:
    workflow = Workflow(id="w", nodes={"a": Node(id="a", type="plain", config={"rollback": "undo"})})
    assert [(p.code, p.pointer) for p in check(workflow, PLAIN)] == [
        ("rollback-bad", "/nodes/0/config/rollback")
    ]


def test_that_a_misspelt_key_suggests_the_right_one_and_a_fallback_has_no_retries() -> None:
    nodes = [
        with_parameters(
            "a",
            {},
            rollback={"action": "undo", "paramters": {}},
            fallback={"action": "other", "retry": 2},
        )
    ]
    assert [(p.severity, p.pointer, p.suggestion) for p in problems({"nodes": nodes})] == [
        ("warning", "/nodes/0/config/rollback/paramters", "parameters"),
        ("warning", "/nodes/0/config/fallback/retry", ""),
    ]


def test_that_a_rollback_by_a_known_action_gives_it_what_it_needs() -> None:
    def undo(**parameters: Any) -> dict[str, Any]:
        described = {"service": "http", "action": "request", "parameters": parameters}
        return {"nodes": [{"id": "a", "type": "trigger", "config": {"rollback": described}}]}

    assert found(undo(), CATALOG) == [("rollback-bad", "/nodes/0/config/rollback/parameters/url")]
    assert found(undo(url="${self.output.url}", method="NO"), CATALOG) == [
        ("rollback-bad", "/nodes/0/config/rollback/parameters/method")
    ]
    assert found(undo(url="${self.output.url}", method="DELETE", timeout="${vars.t}"), CATALOG) == []
