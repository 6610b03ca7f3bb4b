"""What a folded group says about the run: the state of all its steps in one."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from designer.canvas.looks import Look

if TYPE_CHECKING:
    from designer.canvas.frames import Frame
    from designer.canvas.scene import Scene

COLOUR_NAMES = {
    "input": "Blue",
    "transform": "Violet",
    "combine": "Purple",
    "trigger": "Teal",
    "output": "Green",
    "logic": "Orange",
    "human": "Pink",
    "code": "Grey",
}
"""The colours of groups, by their names in the theme."""

# What a person should know first; a group is what the first of these is that any of its steps is.
_URGENT = (
    Look.FAILED,
    Look.NEEDS_INPUT,
    Look.PAUSED,
    Look.RETRYING,
    Look.RUNNING,
    Look.QUEUED,
    Look.CANCELLED,
    Look.ROLLED_BACK,
    Look.STALE,
)
_DONE = (Look.COMPLETED, Look.REUSED, Look.SKIPPED)
_WORDS = {
    Look.QUEUED: "queued",
    Look.RUNNING: "running",
    Look.RETRYING: "trying again",
    Look.FAILED: "failed",
    Look.NEEDS_INPUT: "needs input",
    Look.PAUSED: "paused",
    Look.CANCELLED: "cancelled",
    Look.ROLLED_BACK: "rolled back",
    Look.STALE: "out of date",
}


def look_of(scene: Scene, frame: Frame) -> Look:
    """The state of all steps in one: what is urgent first, completed when all are."""
    return _aggregate(_counted(scene, frame))


def words(scene: Scene, frame: Frame) -> str:
    """ "5 nodes", "1 failed · 2 of 5 done"."""
    counted, total = _counted(scene, frame), len(frame.rows)
    look = _aggregate(counted)
    done = counted[Look.COMPLETED] + counted[Look.REUSED]
    nodes = "1 node" if total == 1 else f"{total} nodes"
    if look is Look.COMPLETED and done == total:
        return f"{nodes} · all completed"
    if look is Look.SKIPPED:
        return f"{nodes} · skipped"
    parts = [f"{counted[look]} {_WORDS[look]}"] if look in _URGENT else []
    if done or look is Look.COMPLETED:
        return " · ".join([*parts, f"{done} of {total} done"])
    return " · ".join([nodes, *parts])


def _counted(scene: Scene, frame: Frame) -> Counter[Look]:
    return Counter(Look(kind) for kind in scene.look[frame.rows].tolist())


def _aggregate(counted: Counter[Look]) -> Look:
    for kind in _URGENT:
        if counted[kind]:
            return kind
    if counted[Look.IDLE]:
        return Look.IDLE
    return Look.COMPLETED if counted[Look.COMPLETED] or counted[Look.REUSED] else Look.SKIPPED
