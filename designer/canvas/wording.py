"""States in words, for those who read or hear the canvas instead of seeing it."""

from __future__ import annotations

from designer.canvas.looks import STYLES, Flow, Look, attempt_text
from designer.canvas.scene import Scene
from engine.catalog import subtitle
from engine.model.comments import Comment

State = tuple[str, str, str]
"""In full, in short, and the theme's key for it; ("", "", "") where nothing has happened."""

_WORDS = {
    Look.QUEUED: "queued",
    Look.RUNNING: "running",
    Look.COMPLETED: "completed",
    Look.FAILED: "failed",
    Look.NEEDS_INPUT: "needs input",
    Look.PAUSED: "paused",
    Look.SKIPPED: "skipped",
    Look.CANCELLED: "cancelled",
    Look.ROLLED_BACK: "rolled back",
    Look.STALE: "out of date",
    Look.REUSED: "result reused",
}
_FLOWS: dict[Flow, State] = {
    Flow.TAKEN: ("taken", "taken", "success"),
    Flow.DEAD: ("not taken", "not taken", "skipped"),
    Flow.POISONED: ("its condition could not be decided", "undecided", "failed"),
    Flow.BROKEN: ("its condition has to be repaired", "to be repaired", "paused"),
}


def node_state(scene: Scene, node_id: str) -> State:
    """ "completed, 11,902 rows", "11,902 rows", "success"."""
    marks = scene.marks
    look, step = marks.look(node_id), marks.steps.get(node_id)
    if look is Look.IDLE or step is None:
        return "", "", ""
    key, words, said = STYLES[look].status, _WORDS.get(look, ""), marks.text(node_id)
    if look is Look.COMPLETED:
        size = marks.row_label(node_id).split(" ×")[0]
        rows = "" if not size else "1 row" if size == "1" else f"{size} rows"
        return ", ".join(filter(None, (words, rows))), rows or "completed", key
    if look is Look.RETRYING:
        return f"{said}, attempt {attempt_text(step).replace('/', ' of ')}".lower(), said, key
    if look in (Look.STALE, Look.QUEUED, Look.PAUSED, Look.CANCELLED, Look.SKIPPED):
        text = (said or words).lower()
        return text, text, key
    return ", ".join(filter(None, (words, said))), said or words, key


def wire_state(scene: Scene, wire_id: str) -> State:
    """What the run has decided about a connection."""
    return _FLOWS.get(scene.marks.flow(wire_id), ("", "", ""))


def node_name(scene: Scene, node_id: str, number: int, total: int) -> str:
    """ "Keep large, Filter rows, amount > 100, completed, 11,902 rows, step 2 of 5"."""
    row = scene.row_of[node_id]
    node, node_type = scene.node(row), scene.type_of(row)
    says = " ".join(subtitle(node_type, node.parameters).split()).rstrip(".")
    kind = "" if node.label.startswith(node_type.title) else node_type.title
    parts = (
        node.label,
        kind,
        "" if says == kind else says,
        "switched off" if node.disabled else "",
        "pinned" if node.config.get("pin") else "",
        "breakpoint" if node.config.get("breakpoint") else "",
        node_state(scene, node_id)[0],
        _problem(scene, node_id),
        f"step {number} of {total}",
    )
    return ", ".join(filter(None, parts))


def _problem(scene: Scene, node_id: str) -> str:
    problem = scene.marks.problems.get(node_id)
    if problem is None:
        return ""
    more = more_problems(scene, node_id)
    return f"{problem.severity}: {problem.message}" + (f", {more}" if more else "")


def more_problems(scene: Scene, node_id: str) -> str:
    """ "and 2 more problems": besides the worst, which is shown."""
    more = scene.marks.problem_counts.get(node_id, 1) - 1
    return f"and {more} more problem{'s' if more > 1 else ''}" if more else ""


def wire_name(scene: Scene, wire_id: str) -> str:
    """ "Connection from Read to Keep, if rows > 5, taken"."""
    wire = scene.workflow.connections[wire_id]
    nodes = scene.workflow.nodes
    condition = " ".join((wire.condition or "").split())
    parts = (
        f"Connection from {nodes[wire.source].label} to {nodes[wire.target].label}",
        {"error": "on error", "always": "in any case"}.get(wire.on, ""),
        f"from {wire.source_port}" if wire.source_port and wire.source_port != "out" else "",
        f"if {condition}" if condition else "",
        wire_state(scene, wire_id)[0],
    )
    return ", ".join(filter(None, parts))


def comment_name(comment: Comment) -> str:
    """ "Comment: ask Ann about the prices"."""
    return f"Comment: {' '.join(comment.text.split()) or 'empty'}"
