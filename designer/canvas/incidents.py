"""Shows where a run waits for a condition to be repaired: on the card it cannot leave, and on the wires."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from designer.canvas.scene import Scene


def show_incidents(scene: Scene, cards: Mapping[str, str], broken: Collection[str]) -> None:
    """These steps say this, and these connections wait to be decided; no others do."""
    marks = scene.marks
    touched = marks.incidents.keys() | cards.keys()
    wires = marks.broken | set(broken)
    marks.incidents, marks.broken = dict(cards), frozenset(broken)
    scene.apply_run(
        {node_id: marks.steps[node_id] for node_id in touched if node_id in marks.steps},
        {wire_id: marks.outcomes.get(wire_id, "") for wire_id in wires},
    )
