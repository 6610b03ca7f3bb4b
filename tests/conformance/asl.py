"""Executions of the Amazon States Language that were recorded on AWS, as runs of ours.

A state is a node and Next a connection. A state machine has one token, so every node is an `any` join; only
the end of a Parallel waits for all its branches. Choice becomes conditions (each rule only where no earlier
one holds), Catch an error connection, Retry a retry policy without its waits. Data paths become references;
what ResultPath says is done by the replayed action, which is told where its result belongs. Map: a for_each.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.conformance.asl_paths import below, condition, parts_of, payload, reference
from tests.conformance.running import Stage, case_node
from tests.conformance.tally import LeftOut, Tally

AT_LEAST_ONE = "a For each takes one item at a time at least: 0 is no word for all of them"
ASKS = "a value that is not there pauses the run and asks for it, where the recorded one failed"


@dataclass(slots=True)
class Arrival:
    """Where a token comes from: a node (none at the start), what leads on, and where its data is."""

    source: str | None
    base: str
    wire: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Converted:
    """The workflow, which state each node stands for, and the node that ends with the output."""

    nodes: list[dict[str, Any]] = field(default_factory=list)
    wires: list[dict[str, Any]] = field(default_factory=list)
    states: dict[str, str] = field(default_factory=dict)
    last: str = ""
    prefix: str = "s"

    def add(self, action: str, parameters: dict[str, Any], arrivals: list[Arrival], **config: Any) -> str:
        node_id = f"{self.prefix}{len(self.nodes)}"
        self.nodes.append(case_node(node_id, action, parameters, **{"join": "any", **config}))
        for one in arrivals:
            if one.source is not None:
                wire = {"id": f"c{len(self.wires)}", "source": one.source, "target": node_id, **one.wire}
                self.wires.append(wire)
        return node_id


def convert(definition: dict[str, Any]) -> Converted:
    """The state machine as a workflow; raises LeftOut."""
    converted = Converted()
    ends = _machine(converted, definition, [Arrival(None, "input.data")])
    if ends:  # a machine of nothing but Fail has none
        (end,) = _merged(converted, ends)
        converted.last = converted.add("pass", {"effective": f"${{{end.base}}}"}, [end])
    return converted


def _machine(converted: Converted, machine: dict[str, Any], arrivals: list[Arrival]) -> list[Arrival]:
    """Convert the states in an order in which each comes after all that lead to it; returns the ends."""
    waiting: dict[str, list[Arrival]] = {machine["StartAt"]: arrivals}
    ends: list[Arrival] = []
    for name in _order(machine):
        state = machine["States"][name]
        for target, arrival in _state(converted, name, state, _merged(converted, waiting[name])):
            if target is None:
                ends.append(arrival)
            else:
                waiting.setdefault(target, []).append(arrival)
    return ends


def _order(machine: dict[str, Any]) -> list[str]:
    """The reachable states, each behind all that lead to it; raises LeftOut for a circle."""
    order: list[str] = []
    open_states: set[str] = set()

    def visit(name: str) -> None:
        if name in order:
            return
        if name in open_states:
            raise LeftOut("repeats a state")
        open_states.add(name)
        for target in _targets(machine["States"][name]):
            visit(target)
        order.insert(0, name)

    visit(machine["StartAt"])
    return order


def _targets(state: dict[str, Any]) -> list[str]:
    leads = [state, *state.get("Choices", ()), *state.get("Catch", ())]
    return [one["Next"] for one in leads if "Next" in one] + [state[k] for k in ("Default",) if k in state]


def _merged(converted: Converted, arrivals: list[Arrival]) -> list[Arrival]:
    """One arrival for many: a node that takes the data of the one that was used."""
    if len(arrivals) == 1:
        return arrivals
    values = [f"${{{one.base}?}}" for one in arrivals]
    node_id = converted.add("merge", {"values": values}, arrivals)
    return [Arrival(node_id, f"{node_id}.output.data")]


def _state(
    converted: Converted, name: str, state: dict[str, Any], arrivals: list[Arrival]
) -> list[tuple[str | None, Arrival]]:
    """Add the nodes of one state; returns where they lead, None for an end."""
    for word, reason in (("Assign", "variables (Assign)"), ("ResultSelector", "ResultSelector")):
        if word in state:
            raise LeftOut(reason)
    base = arrivals[0].base
    if state["Type"] == "Map":
        node_id = _map(converted, name, state, arrivals)
    elif state["Type"] == "Parallel":
        node_id = _parallel(converted, name, state, arrivals)
    else:
        node_id = converted.add(state["Type"].lower(), _parameters(state, base), arrivals, **_retry(state))
        converted.states[node_id] = name
    data = f"{node_id}.output.data"
    if state["Type"] == "Choice":
        return _choices(state, node_id, data)
    leads = _catches(converted, state, node_id, base)
    if state.get("OutputPath", "$") is None:
        raise LeftOut("an OutputPath of null")
    data = below(data, state.get("OutputPath", "$"))
    if state["Type"] != "Fail":
        leads.append((state.get("Next"), Arrival(node_id, data)))
    return leads


def _parameters(state: dict[str, Any], base: str) -> dict[str, Any]:
    given = below(base, state["InputPath"]) if state.get("InputPath") else base
    effective = {} if state.get("InputPath", "$") is None else f"${{{given}}}"
    if "Parameters" in state:
        effective = payload(state["Parameters"], given)
    if "Result" in state:
        effective = payload_literal(state["Result"])
    made: dict[str, Any] = {"input": f"${{{base}}}", "effective": effective}
    if "ResultPath" in state:
        made["at"] = None if state["ResultPath"] is None else parts_of(state["ResultPath"])
    for word in ("Error", "Cause"):
        made[word] = reference(base, state[f"{word}Path"]) if f"{word}Path" in state else state.get(word)
    if "SecondsPath" in state:
        made["seconds"] = reference(base, state["SecondsPath"])
    return made


def payload_literal(value: Any) -> Any:
    """A Result: keys that end in `.$` are keys like any other."""
    if isinstance(value, dict):
        return {key: payload_literal(item) for key, item in value.items()}
    return [payload_literal(item) for item in value] if isinstance(value, list) else payload(value, "")


def _retry(state: dict[str, Any]) -> dict[str, Any]:
    retriers = state.get("Retry") or []
    if len(retriers) > 1:
        raise LeftOut("several retry policies on one state")
    if not retriers:
        return {}
    names = ["*" if name == "States.ALL" else name for name in retriers[0]["ErrorEquals"]]
    attempts = retriers[0].get("MaxAttempts", 3) + 1
    return {"retry": {"max_attempts": attempts, "initial_interval": 0, "retry_on": names}}


def _choices(state: dict[str, Any], node_id: str, data: str) -> list[tuple[str | None, Arrival]]:
    leads: list[tuple[str | None, Arrival]] = []
    earlier = ""
    for rule in state["Choices"]:
        if "Assign" in rule:
            raise LeftOut("variables (Assign)")
        own = condition(rule, data)
        leads.append((rule["Next"], Arrival(node_id, data, {"condition": f"{earlier}({own})"})))
        earlier += f"not ({own}) and "
    if "Default" in state:
        leads.append((state["Default"], Arrival(node_id, data, {"condition": earlier + "true"})))
    return leads


def _catches(
    converted: Converted, state: dict[str, Any], node_id: str, base: str
) -> list[tuple[str | None, Arrival]]:
    leads: list[tuple[str | None, Arrival]] = []
    for catcher in state.get("Catch") or []:
        if len(state["Catch"]) > 1 or state["Type"] in ("Parallel", "Map"):
            raise LeftOut("several Catch clauses, or one around branches")
        wire: dict[str, Any] = {"on": "error"}
        if "States.ALL" not in catcher["ErrorEquals"]:
            wire["condition"] = f"${{{node_id}.error.type}} in {json.dumps(catcher['ErrorEquals'])}"
        told = {"Error": f"${{{node_id}.error.type}}", "Cause": f"${{{node_id}.error.message}}"}
        parameters: dict[str, Any] = {"input": f"${{{base}}}", "effective": told}
        if "ResultPath" in catcher:
            path = catcher["ResultPath"]
            parameters["at"] = None if path is None else parts_of(path)
        caught = converted.add("pass", parameters, [Arrival(node_id, base, wire)])
        leads.append((catcher["Next"], Arrival(caught, f"{caught}.output.data")))
    return leads


def _parallel(converted: Converted, name: str, state: dict[str, Any], arrivals: list[Arrival]) -> str:
    """Fan out to the branches and wait for all of them; returns the node that holds the list of results."""
    parameters = _parameters({key: state[key] for key in state if key != "ResultPath"}, arrivals[0].base)
    fork = converted.add("pass", parameters, arrivals)
    converted.states[fork] = name
    ends = []
    for branch in state["Branches"]:
        ends += _merged(converted, _machine(converted, branch, [Arrival(fork, f"{fork}.output.data")]))
    results = {**parameters, "effective": [f"${{{end.base}}}" for end in ends]}
    if "ResultPath" in state:
        results["at"] = None if state["ResultPath"] is None else parts_of(state["ResultPath"])
    return converted.add("pass", results, ends, join="all")


_OF_A_MAP = {"Type", "Next", "End", "Comment", "InputPath", "OutputPath", "ResultPath", "ItemsPath",
             "ItemProcessor", "Iterator", "MaxConcurrency", "MaxConcurrencyPath", "Catch", "ItemSelector",
             "Parameters", "Retry", "Label"}  # fmt: skip
_OF_AN_ITEM = {"$$.Map.Item.Value": "${item}", "$$.Map.Item.Index": "${index}"}


def _map(converted: Converted, name: str, state: dict[str, Any], arrivals: list[Arrival]) -> str:
    """A for_each whose body is the machine inside; returns the node that holds the list of results."""
    machine = state.get("ItemProcessor") or state.get("Iterator") or {}
    if set(state) - _OF_A_MAP:
        raise LeftOut("Map with batches, readers, or a tolerance in percent")
    base = arrivals[0].base
    given = below(base, state["InputPath"]) if state.get("InputPath") else base
    items = converted.add("pass", {"effective": reference(given, state.get("ItemsPath", "$"))}, arrivals)
    converted.states[items] = name
    inner = Converted(prefix=f"{converted.prefix}{len(converted.nodes)}_")
    start = Arrival(None, "item")
    if (selector := state.get("ItemSelector") or state.get("Parameters")) is not None:
        own = {
            key.removesuffix(".$"): _OF_AN_ITEM[path]
            for key, path in selector.items()
            if isinstance(path, str) and path in _OF_AN_ITEM
        }
        rest = {key: path for key, path in selector.items() if key.removesuffix(".$") not in own}
        chosen = inner.add("pass", {"effective": {**payload(rest, "input.around"), **own}}, [])
        start = Arrival(chosen, f"{chosen}.output.data")
    ends = _machine(inner, machine, [start])
    body: dict[str, Any] = {"nodes": inner.nodes, "connections": inner.wires}
    if ends:  # a machine of nothing but Fail has none
        (end,) = _merged(inner, ends)
        last = inner.add("pass", {"effective": f"${{{end.base}}}"}, [end])
        body["outputs"] = f"${{{last}.output.data}}"
    if machine.get("ProcessorConfig", {}).get("Mode", "INLINE") == "INLINE":
        converted.states |= inner.states  # else its items are executions of their own, recorded elsewhere
    each_id = f"{converted.prefix}{len(converted.nodes)}"
    most = state.get("MaxConcurrencyPath")
    parameters = {
        "items": f"${{{items}.output.data}}",
        "concurrency": 1 if most is None else reference(given, most),
        "inputs": {"around": f"${{{given}}}"},
    }
    config = {"parameters": parameters, "workflow": body, **_retry(state)}
    converted.nodes.append({"id": each_id, "type": "flow.for_each", "config": config})
    converted.wires.append({"id": f"c{len(converted.wires)}", "source": items, "target": each_id})
    results: dict[str, Any] = {"input": f"${{{base}}}", "effective": f"${{{each_id}.output}}"}
    if "ResultPath" in state:
        results["at"] = None if state["ResultPath"] is None else parts_of(state["ResultPath"])
    return converted.add("pass", results, [Arrival(each_id, base)])


class Replay:
    """The actions: each Task takes the next recorded result."""

    def __init__(self, results: list[list[Any]]) -> None:
        self._results = iter(results)

    def stage(self) -> Stage:
        passing = dict.fromkeys(("pass", "choice", "succeed", "wait"), self._pass)
        return Stage({**passing, "merge": self._merge, "task": self._task, "fail": self._fail})

    def _pass(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"data": _placed(params, params["effective"])}

    def _merge(self, params: dict[str, Any]) -> dict[str, Any]:
        return {"data": next((value for value in params["values"] if value is not None), None)}

    def _task(self, params: dict[str, Any]) -> dict[str, Any]:
        outcome, *rest = next(self._results)
        if outcome != "ok":
            raise _error(rest[0], rest[1])
        return {"data": _placed(params, rest[0])}

    def _fail(self, params: dict[str, Any]) -> None:
        raise _error(params["Error"], params["Cause"])


def _error(name: str | None, cause: Any) -> Exception:
    text = cause if isinstance(cause, str) else json.dumps(cause)
    kind: type[Exception] = type(name or "States.Failed", (Exception,), {})
    return kind(text)


def _placed(params: dict[str, Any], result: Any) -> Any:
    """What ResultPath makes of input and result."""
    if "at" not in params or params["at"] == []:
        return result
    if params["at"] is None:
        return params["input"]
    whole = json.loads(json.dumps(params["input"]))
    *path, last = params["at"]
    target = whole
    for key in path:
        target = target.setdefault(key, {})
    target[last] = result
    return whole


async def _fault(case: dict[str, Any], converted: Converted) -> tuple[str | None, str | None]:
    """How our run differs from the recorded one, and why that is meant."""
    stage = Replay(case["task_results"]).stage()
    workflow = {"id": "case", "nodes": converted.nodes, "connections": converted.wires}
    state = await stage.run(workflow, {"data": case["input"]})
    if state["status"] == "PAUSED":
        missing = case["error"] == "States.Runtime"
        return f"PAUSED for {[one['path'] for one in state['needed']]}", ASKS if missing else None
    done = state["status"] in ("COMPLETED", "COMPLETED_WITH_ERRORS")
    why = {} if done else state["error"].get("cause") or state["error"]
    is_refused = why.get("type") == "SchemaValidationError"  # parameters that the step cannot take
    if is_refused and case["status"] == "SUCCEEDED" and "must be at least 1, not 0" in why["message"]:
        return why["message"], AT_LEAST_ONE
    if done is not (case["status"] == "SUCCEEDED"):
        return f"{state['status']} instead of {case['status']}: {state['error']}", None
    expected = "SchemaValidationError" if is_refused and case["error"] == "States.Runtime" else case["error"]
    if not done and expected and why["type"] != expected:
        return f"failed by {why['type']} instead of {case['error']}", None
    return _difference(case, converted, stage, state), None


def _difference(
    case: dict[str, Any], converted: Converted, stage: Stage, state: dict[str, Any]
) -> str | None:
    """Compare the states entered (in order, where there are no branches) and the output."""
    first = list(dict.fromkeys(stage.entered))  # a retried step enters its state once
    entered = [converted.states[step] for step in first if step in converted.states]
    recorded = [entry[1] for entry in case["trace"] if entry[0] == "enter"]
    if early := _first_too_early(converted, first):
        return f"{early} began before a step that leads to it"
    if "Map" in case["kinds"]:  # a state is entered once for each item
        entered, recorded = sorted(set(entered)), sorted(set(recorded))
    elif "Parallel" in case["kinds"]:
        entered, recorded = sorted(entered), sorted(recorded)
    if entered != recorded:
        return f"entered {entered} instead of {recorded}"
    if case["status"] != "SUCCEEDED":
        return None
    output = state["outputs"][converted.last]["data"]
    return None if output == case["output"] else f"gave {output} instead of {case['output']}"


def _first_too_early(converted: Converted, first: list[str]) -> str | None:
    """A step that began before one that leads to it."""
    place = {step: number for number, step in enumerate(first)}
    for wire in converted.wires:
        if place.get(wire["source"], -1) > place.get(wire["target"], len(first)):
            return str(wire["target"])
    return None


async def tally_asl(folder: Path) -> Tally:
    """Every clean recorded execution that references and connections can say."""
    tally = Tally("asl_aws_recorded")
    for case in json.loads((folder / "cases.json").read_text("utf-8")):
        if not case["clean"]:
            tally.leave_out("not clean: the definition that ran is not certain, or its values vary")
        elif case["jsonata"]:
            tally.leave_out("JSONata: a language of its own for data")
        else:
            await _try(tally, case)
    return tally


async def _try(tally: Tally, case: dict[str, Any]) -> None:
    try:
        converted = convert(case["definition"])
    except LeftOut as reason:
        tally.leave_out(str(reason))
        return
    fault, on_purpose = await _fault(case, converted)
    tally.judge(case["id"].split("::")[-1], fault, on_purpose=on_purpose)
