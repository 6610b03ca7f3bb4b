"""States in words, for those who read or hear the canvas instead of seeing it."""

from __future__ import annotations

from designer.canvas.looks import STYLES, Flow, Look, attempt_text
from designer.canvas.scene import Scene

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
