"""Control-flow patterns (van der Aalst) as drawings.

The patterns count tokens: a task runs once for each branch that reaches it. The engine joins instead, so
what repeats a step or lets two tokens through differs, and is listed as such.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

from engine import DefinitionError
from tests.conformance.running import Stage, case_node
from tests.conformance.tally import LeftOut, Tally

# What the tests of the patterns put into every task.
SURROUNDINGS = {"test_attribute1": "false", "test_attribute2": "true", "two": 2, "three": 3}
CIRCLE = "a drawing has no circles: the engine refuses it and names the nodes in order"
JOINS = "several branches that meet are joined: the step behind them runs once, not once a branch"
UNKNOWN = {
    "multi-instance": "several instances of a step within one drawing",
    "thread-split": "several instances of a step within one drawing",
    "cancel-task": "a step that cancels another",
    "acquire-mutex": "critical sections between branches",
    "choose": "a choice that another step makes",
    "sub-workflow": "a sub-workflow whose file is another case",
}


def convert(pattern: dict[str, Any]) -> dict[str, Any]:
    """The pattern as a workflow; raises LeftOut."""
    for kind, reason in UNKNOWN.items():
        if kind in pattern["kinds"]:
            raise LeftOut(reason)
    if not pattern["expected_path"]:
        raise LeftOut("a part of another pattern, without an expectation of its own")
    kinds = {node["id"]: node["kind"] for node in pattern["nodes"]}
    nodes = [case_node(node["id"], "task", **_join(node)) for node in pattern["nodes"]]
    nodes.append(case_node("end", "task"))
    earlier: dict[str, list[str]] = {}
    wires = []
    for edge in sorted(pattern["edges"], key=lambda edge: bool(edge.get("default"))):
        source = edge["source"]
        wire = {"id": f"{source}>{edge['target']}", "source": source, "target": edge["target"]}
        condition = _condition(edge)
        others = " or ".join(f"({one})" for one in earlier.get(source, ()))
        if kinds[source] == "exclusive-choice" and others:
            condition = f"not ({others})" + (f" and ({condition})" if condition else "")
        if condition:
            wire["condition"] = condition
            earlier.setdefault(source, []).append(_condition(edge) or "false")
        wires.append(wire)
    return {"id": pattern["pattern"], "nodes": nodes, "connections": wires}


def _join(node: dict[str, Any]) -> dict[str, Any]:
    threshold = node["attrs"].get("threshold")
    return {"join": {"mode": "n_of", "k": int(threshold)}} if threshold else {}


def _condition(edge: dict[str, Any]) -> str:
    parts = [
        f"{_side(one, 'left')} {'==' if one['op'] == 'equals' else '!='} {_side(one, 'right')}"
        for one in edge.get("condition", ())
    ]
    return " and ".join(parts)


def _side(operand: dict[str, Any], side: str) -> str:
    field = operand.get(f"{side}-field")
    return f"${{input.{field}}}" if field else json.dumps(operand[f"{side}-value"])


async def _fault(pattern: dict[str, Any], workflow: dict[str, Any]) -> tuple[str | None, str | None]:
    """How the run differs from the expected one, and why that is meant."""
    stage = Stage({"task": lambda params: {}})
    try:
        state = await stage.run(workflow, SURROUNDINGS)
    except DefinitionError as error:
        return error.message, CIRCLE if "wait for each other" in error.message else None
    expected = {task.replace("End", "end"): count for task, count in pattern["executions_per_task"].items()}
    ran = Counter(stage.entered)
    if state["status"] == "COMPLETED" and ran == expected:
        return None, None
    repeated = {task for task, count in expected.items() if count > 1}
    once = ran == dict.fromkeys(expected, 1) and repeated <= {"last", "end"}
    return f"ran {dict(ran)}, expected {expected}", JOINS if once else None


async def tally_patterns(folder: Path) -> Tally:
    """Every pattern: the same tasks, each as often as expected."""
    tally = Tally("workflow_patterns")
    for pattern in json.loads((folder / "patterns.json").read_text("utf-8")):
        try:
            workflow = convert(pattern)
        except LeftOut as reason:
            tally.leave_out(str(reason))
            continue
        fault, on_purpose = await _fault(pattern, workflow)
        tally.judge(pattern["pattern"], fault, on_purpose=on_purpose)
    return tally
