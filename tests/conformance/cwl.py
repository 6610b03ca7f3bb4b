"""Conformance tests of the Common Workflow Language: steps with `when` or `scatter`, and merged results."""

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
    """pickValue of CWL over what the steps left; a skipped step leaves null, and a scattered one a list."""
    values, how = params["values"], params["how"]
    if params["is_flat"] or (len(values) == 1 and how is not None and isinstance(values[0], list)):
        values = [item for value in values for item in value]
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


def zipped(params: dict[str, Any]) -> Any:
    """dotproduct of CWL: the n-th of each list together."""
    names, lists = params["lists"].keys(), params["lists"].values()
    return {"items": [dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True)]}


def convert(case: dict[str, Any]) -> dict[str, Any]:
    """The main document as a workflow with one more node for each output; raises LeftOut."""
    tool = case["tool"]
    nodes: list[dict[str, Any]] = []
    wires: list[dict[str, Any]] = []
    for step_id, step in tool["steps"].items():
        if "scatter" not in step:
            nodes.append(_step(step_id, step))
            continue
        nodes += _scattered(step_id, step)
        wires.append({"id": f"{step_id}_items", "source": f"{step_id}_items", "target": step_id})
    scattered = {step_id for step_id, step in tool["steps"].items() if "scatter" in step}
    for name, output in tool["outputs"].items():
        sources = output["outputSource"]
        sources = sources if isinstance(sources, list) else [sources]
        values = [
            f"${{{source.split('/')[0]}.output?}}"
            if source.split("/")[0] in scattered
            else _source(source, "?")
            for source in sources
        ]
        is_flat = output.get("linkMerge") == "merge_flattened"
        parameters = {"values": values, "how": output.get("pickValue"), "is_flat": is_flat}
        nodes.append(case_node(f"out_{name}", "pick", parameters, join="always"))
        for number, source in enumerate(sources):
            if "/" in source:
                step_id = source.split("/")[0]
                wires.append({"id": f"{name}{number}", "source": step_id, "target": f"out_{name}"})
    return {"id": case["id"], "nodes": nodes, "connections": wires}


def _scattered(step_id: str, step: dict[str, Any]) -> list[dict[str, Any]]:
    """One node that puts the lists side by side, and a for_each whose body is the step."""
    _tool(step)
    names = step["scatter"] if isinstance(step["scatter"], list) else [step["scatter"]]
    if len(names) > 1 and step.get("scatterMethod") != "dotproduct":
        raise LeftOut("scatter over every combination of several lists")
    values = {name: _value(given) for name, given in step["in"].items()}
    inner = {**step, "in": {name: {"default": f"${{{'item' if name in names else 'input'}.{name}}}"}
                            for name in values}}  # fmt: skip
    body = {"nodes": [_step("each", inner)], "outputs": "${each.output.out1?}"}
    parameters = {
        "items": f"${{{step_id}_items.items}}",
        "inputs": {name: value for name, value in values.items() if name not in names},
    }
    return [
        case_node(f"{step_id}_items", "zip", {"lists": {name: values[name] for name in names}}),
        {"id": step_id, "type": "flow.for_each", "config": {"parameters": parameters, "workflow": body}},
    ]


def _step(step_id: str, step: dict[str, Any]) -> dict[str, Any]:
    tool = _tool(step)
    values = {name: _value(given) for name, given in step["in"].items()}
    config = {}
    if "when" in step:
        inner = re.fullmatch(r"\$\((.*)\)", step["when"])
        if inner is None:
            raise LeftOut("scripts in JavaScript")
        config["condition"] = re.sub(r"inputs\.(\w+)", lambda m: _operand(values[m[1]]), inner[1])
    return case_node(step_id, tool, values, **config)


def _tool(step: dict[str, Any]) -> str:
    tool = TOOLS.get(step["run"]) if isinstance(step["run"], str) else None
    if tool is None:
        raise LeftOut("tools whose text is not part of the material")
    return tool


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
    stage = Stage({**{tool: _foo(tool) for tool in TOOLS.values()}, "pick": pick, "zip": zipped})
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
