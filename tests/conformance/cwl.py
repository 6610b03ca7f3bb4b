"""Conformance tests of the Common Workflow Language: steps with `when`, and the merging of their results."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.conformance.running import Stage, case_node
from tests.conformance.tally import LeftOut, Tally

TOOLS = {"foo.cwl": "foo", "bar.cwl": "bar"}


def _foo(name: str) -> Any:
    return lambda params: {"out1": f"{name} {params['in1']}"}


def pick(params: dict[str, Any]) -> Any:
    """pickValue of CWL over what the steps left; a skipped step leaves null."""
    values, how = params["values"], params["how"]
    there = [value for value in values if value is not None]
    if how == "all_non_null":
        return {"value": there}
    if how == "first_non_null" and there:
        return {"value": there[0]}
    if how == "the_only_non_null" and len(there) == 1:
        return {"value": there[0]}
    if how is None:
        return {"value": values[0] if len(values) == 1 else values}
    raise ValueError(f"{how}: {len(there)} of {len(values)} are not null")


def convert(case: dict[str, Any]) -> dict[str, Any]:
    """The main document as a workflow with one more node for each output; raises LeftOut."""
    if "scatter" in case["tags"]:
        raise LeftOut("scatter: a step run for each item of a list")
    tool = case["tool"]
    nodes = [_step(step_id, step) for step_id, step in tool["steps"].items()]
    wires = []
    for name, output in tool["outputs"].items():
        sources = output["outputSource"]
        sources = sources if isinstance(sources, list) else [sources]
        values = [_source(source, "?") for source in sources]
        parameters = {"values": values, "how": output.get("pickValue")}
        nodes.append(case_node(f"out_{name}", "pick", parameters, join="always"))
        for number, source in enumerate(sources):
            if "/" in source:
                step_id = source.split("/")[0]
                wires.append({"id": f"{name}{number}", "source": step_id, "target": f"out_{name}"})
    return {"id": case["id"], "nodes": nodes, "connections": wires}


def _step(step_id: str, step: dict[str, Any]) -> dict[str, Any]:
    tool = TOOLS.get(step["run"]) if isinstance(step["run"], str) else None
    if tool is None:
        raise LeftOut("tools whose text is not part of the material")
    values = {name: _value(given) for name, given in step["in"].items()}
    config = {}
    if "when" in step:
        inner = re.fullmatch(r"\$\((.*)\)", step["when"])
        if inner is None:
            raise LeftOut("scripts in JavaScript")
        config["condition"] = re.sub(r"inputs\.(\w+)", lambda m: _operand(values[m[1]]), inner[1])
    return case_node(step_id, tool, values, **config)


def _value(given: Any) -> Any:
    if isinstance(given, str):
        return _source(given)
    return given["default"] if "source" not in given else _source(given["source"])


def _operand(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _source(name: str, ending: str = "") -> str:
    step_id, _, field = name.partition("/")
    return f"${{{step_id}.output.{field}{ending}}}" if field else f"${{input.{name}{ending}}}"


def _inputs(case: dict[str, Any]) -> dict[str, Any]:
    described = case["tool"]["inputs"].items()
    defaults = {name: one["default"] for name, one in described if isinstance(one, dict) and "default" in one}
    return {**defaults, **case["job"]}


async def _fault(case: dict[str, Any], workflow: dict[str, Any]) -> str | None:
    stage = Stage({**{tool: _foo(tool) for tool in TOOLS.values()}, "pick": pick})
    state = await stage.run(workflow, _inputs(case))
    if case["should_fail"]:
        return None if state["status"] == "FAILED" else f"{state['status']}, a failure was expected"
    if state["status"] != "COMPLETED":
        return f"{state['status']}: {state['error']}"
    found = {name: state["outputs"][f"out_{name}"]["value"] for name in case["expected_output"]}
    return None if found == case["expected_output"] else f"{found} instead of {case['expected_output']}"


async def tally_cwl(folder: Path) -> Tally:
    """Every conditional test, and every test that merges several sources."""
    tally = Tally("cwl_workflow_conformance")
    for case in json.loads((folder / "tests.json").read_text("utf-8")):
        if not {"conditional", "multiple_input"} & set(case["tags"]):
            tally.leave_out("neither conditions nor merging: tools, files and types of CWL")
            continue
        try:
            workflow = convert(case)
        except LeftOut as reason:
            tally.leave_out(str(reason))
            continue
        tally.judge(case["id"], await _fault(case, workflow))
    return tally
