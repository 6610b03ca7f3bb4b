"""How a run ended: for people in a few lines, for programs as one JSON document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from engine.cli.exit_codes import ExitCode
from engine.cli.words import error_words, output_words, say, seconds, shorten
from engine.history.state import INCIDENT, NOT_ROLLED_BACK
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.queries import successors
from engine.model.workflow import Workflow


def finish(
    state: Mapping[str, Any],
    workflow: Workflow,
    *,
    as_json: bool,
    store: Path | None,
    interrupted: bool,
    goals: Collection[ExecutionStatus] = (),
) -> ExitCode:
    """Print the outcome and return its exit code, 0 for any of the `goals` too.

    `store` is named only where the user named it.
    """
    code = ExitCode.COMPLETED if state["status"] in goals else ExitCode.of_status(state["status"])
    unfinished = not ExecutionStatus(state["status"]).is_terminal
    if interrupted and unfinished:
        code = ExitCode.INTERRUPTED
    go_on = resume_command(state, store) if unfinished else ""
    if as_json:
        say(
            json.dumps(
                {**state, "resume": go_on or None, "exit_code": int(code)}, ensure_ascii=False, default=str
            )
        )
        return code
    say(_headline(state, workflow))
    if not unfinished:
        for line in (*_outputs(state, workflow), *_left(state, workflow, store), *_again(state, store)):
            say(line)
    else:
        for line in (*_needed(state, workflow), *_held(state, workflow)):
            say(line)
        say(f"Go on with:\n  {go_on}")
    return code


def resume_command(state: Mapping[str, Any], store: Path | None) -> str:
    """The command that goes on with the run, with an example for every value that is needed."""
    words = ["workflow-designer", "resume", str(state["execution_id"])]
    for name, schema in _questions(state):
        words += ["--input", f"{name}={example(schema)}"]
    for item in state.get("needed") or ():
        if item.get(INCIDENT):
            words += ["--condition", f"{item['connection_id'] or item['connections'][0]}=CONDITION"]
    if store is not None:
        words += ["--store", str(store)]
    return shlex.join(words)


def _again(state: Mapping[str, Any], store: Path | None) -> list[str]:
    """How a run that failed can be taken up again."""
    if state["status"] not in (ExecutionStatus.FAILED, ExecutionStatus.QUARANTINED):
        return []
    ending = ["--store", str(store)] if store is not None else []
    retry = ["workflow-designer", "retry", str(state["execution_id"])]
    doubtful = [name for name, step in state["steps"].items() if step["status"] == StepStatus.UNCERTAIN]
    if doubtful:
        return [
            "If it did happen, go on after it with:",
            f"  {shlex.join([*retry, '--happened', doubtful[0], *ending])}",
            "If it did not, run it again with:",
            f"  {shlex.join([*retry, '--from', doubtful[0], *ending])}",
        ]
    return ["Run it again from where it failed with:", f"  {shlex.join([*retry, *ending])}"]


def example(schema: Mapping[str, Any]) -> str:
    """A value that would fit the schema, to be replaced by the user's own."""
    choices = schema.get("enum") or [
        option["const"]
        for option in schema.get("oneOf", ())
        if isinstance(option, Mapping) and "const" in option
    ]
    for value in (schema.get("default"), *(schema.get("examples") or ()), *choices):
        if value is not None:
            return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    kind = schema.get("type")
    minimum = schema.get("minimum", 0)
    return {
        "integer": str(minimum),
        "number": str(minimum),
        "boolean": "true",
        "array": "[]",
        "object": "{}",
    }.get(kind if isinstance(kind, str) else "", "VALUE")


def _questions(state: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(name for --input, schema) of everything the run waits for; a form asks for each of its fields."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for item in state.get("needed") or ():
        if item.get("secret"):
            continue  # on a command line it would stand in the shell's history
        schema = item.get("schema") or {}
        properties = schema.get("properties")
        if item.get(INCIDENT):
            continue
        if item.get("form") and isinstance(properties, Mapping) and properties:
            required = schema.get("required") or list(properties)
            found += [(f"{item['path']}.{name}", properties.get(name, {})) for name in required]
        else:
            found.append((str(item.get("name") or item.get("path")), schema))
    return list(dict(found).items())


def _headline(state: Mapping[str, Any], workflow: Workflow) -> str:
    steps = state["steps"].values()
    completed = sum(step["status"] == StepStatus.COMPLETED for step in steps)
    failed = sum(step["status"] == StepStatus.FAILED for step in steps)
    left_out = sum(step["reason"] == "not_selected" for step in steps)
    skipped = sum(step["status"] == StepStatus.SKIPPED for step in steps) - left_out
    undone = sum(step["status"] == StepStatus.ROLLED_BACK for step in steps)
    counts = ((failed, "failed"), (skipped, "skipped"), (left_out, "no part of this run"), (undone, "undone"))
    parts = [f"{completed} of {len(workflow.nodes)} steps"]
    parts += [f"{count} {word}" for count, word in counts if count]
    took = (state.get("timings") or {}).get("duration_ms")
    if took is not None:
        parts.append(seconds(took / 1000))
    status = str(state["status"]).capitalize().replace("_", " ")
    if state["status"] == ExecutionStatus.PAUSED:
        status = "Waiting for input" if state.get("needed") else "Paused"
        status = "Waiting for a condition to be repaired" if state["reason"] == INCIDENT else status
    lines = [f"{status}: {', '.join(parts)} (run {state['execution_id']})"]
    if state.get("error"):
        lines.append(f"  {error_words(state['error'])}")
    return "\n".join(lines)


def _outputs(state: Mapping[str, Any], workflow: Workflow) -> list[str]:
    """What the last steps of each branch gave."""
    outputs = state.get("outputs") or {}
    after = successors(workflow)
    lines = []
    for node in workflow.nodes.values():
        follows = [target for target in after[node.id] if target in outputs]
        if node.id in outputs and not follows and (words := output_words(outputs[node.id])):
            lines.append(f"  {node.label}: {words}")
    return ["Outputs:", *lines] if lines else []


def _left(state: Mapping[str, Any], workflow: Workflow, store: Path | None) -> list[str]:
    """What a rollback could not undo, why, and how to try again."""
    if state["status"] != ExecutionStatus.ROLLBACK_FAILED:
        return []
    lines = ["Not undone:"]
    words = ["workflow-designer", "rollback", str(state["execution_id"])]
    for step_id in (state.get("error") or {}).get(NOT_ROLLED_BACK, ()):
        node, step = workflow.nodes.get(step_id), state["steps"].get(step_id) or {}
        lines.append(f"  {node.label if node is not None else step_id}: {error_words(step.get('error'))}")
        if step.get("status") == StepStatus.UNCERTAIN:
            words += ["--happened", step_id]
    words += [] if store is None else ["--store", str(store)]
    return [*lines, f"Try again with:\n  {shlex.join(words)}"]


def _held(state: Mapping[str, Any], workflow: Workflow) -> list[str]:
    """The steps that are held before they begin, with what they would get."""
    lines = []
    for step_id, step in state["steps"].items():
        if (step["status"], step["reason"]) == (StepStatus.PAUSED, "breakpoint"):
            node = workflow.nodes.get(step_id)
            lines.append(f'Stopped before "{node.label if node is not None else step_id}"')
            lines += [
                f"  {name}: {shorten(value if isinstance(value, str) else _json(value))}"
                for name, value in (step.get("parameters") or {}).items()
            ]
    return lines


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _needed(state: Mapping[str, Any], workflow: Workflow) -> list[str]:
    lines = []
    for item in state.get("needed") or ():
        # What a part of a step asks is asked for that step.
        node = workflow.nodes.get(str(item.get("step_id")).partition("/")[0])
        if item.get(INCIDENT):
            lines += [f"  {item['text']}"] + ([f"    {item['condition']}"] if item["condition"] else [])
            continue
        title, name = str(item.get("title") or ""), str(item.get("name") or item.get("path"))
        what = f"{name} ({title})" if title and title != name else name
        asks = f', for "{node.label}"' if node is not None else ""
        text = str(item.get("text") or (item.get("schema") or {}).get("description") or "").strip()
        lines.append(f"  {what}{asks}" + (f": {text}" if text else ""))
        if secret := item.get("secret"):
            lines.append(f"    keep it with: workflow-designer secrets set {secret}")
    return ["It needs:", *dict.fromkeys(lines)] if lines else []
