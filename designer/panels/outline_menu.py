"""The menu of a line of the outline."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QMenu

from designer.panels.outline_rows import Row
from designer.panels.paint import palette
from designer.theme import icons
from engine.model.switches import is_switch_case
from engine.model.workflow import ConnectionOn, Workflow

if TYPE_CHECKING:
    from designer.panels.outline_panel import OutlinePanel

OUTCOMES: tuple[tuple[ConnectionOn, str], ...] = (
    ("success", "When the step succeeds"),
    ("error", "When the step fails"),
    ("always", "When the step has ended, either way"),
)


def fill_menu(menu: QMenu, panel: OutlinePanel, row: Row, workflow: Workflow) -> None:
    """Everything that can be done with this line."""
    if row.kind == "node":
        _fill_node(menu, panel, row, workflow)
    elif row.kind == "wire":
        _fill_wire(menu, panel, row, workflow)
    elif row.kind == "group":
        _add(menu, "Rename", panel.rename, "F2", "pencil")
        _add(menu, "Ungroup", lambda: panel.edits.dissolve(row.id))
    elif row.kind == "note":
        _add(menu, "Edit comment", panel.rename, "F2", "pencil")
        _add(menu, "Delete", panel.delete_selected, "Del", "trash-2")


def _add(menu: QMenu, text: str, act: Callable[[], object], key: str = "", icon: str = "") -> None:
    if key:
        # Shown only: the list's own keys do the work.
        text = f"{text}\t{QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)}"
    action = menu.addAction(text)
    if icon:
        action.setIcon(icons.icon(icon, palette().text2.name()))
    action.triggered.connect(lambda *_checked: act())


def _fill_node(menu: QMenu, panel: OutlinePanel, row: Row, workflow: Workflow) -> None:
    node = workflow.nodes[row.id]
    _add(menu, "Open", panel.open_current, "Return", "sliders-horizontal")
    _add(menu, "Rename", panel.rename, "F2", "pencil")
    _add(menu, "Switch on" if node.disabled else "Switch off", panel.switch, "Space", "power")
    menu.addSeparator()
    _add(menu, "Add a step after this one…", panel.add_after, "Ins", "plus")
    _add(menu, "Comment on it…", panel.comment, "", "sticky-note")
    _add(menu, "Connect to…", partial(panel.ask_target, "success"), "Ctrl+L", "workflow")
    _add(menu, "On error, connect to…", partial(panel.ask_target, "error"))
    _add(menu, "Disconnect", lambda: panel.edits.disconnect_node(row.id), "", "unlink")
    menu.addSeparator()
    _add(menu, "Move earlier", partial(panel.move_step, -1), "Alt+Up")
    _add(menu, "Move later", partial(panel.move_step, 1), "Alt+Down")
    menu.addSeparator()
    _add(menu, "Delete", panel.delete_selected, "Del", "trash-2")


def _fill_wire(menu: QMenu, panel: OutlinePanel, row: Row, workflow: Workflow) -> None:
    wire = workflow.connections[row.id]
    _add(menu, "Open", panel.open_current, "Return", "sliders-horizontal")
    _add(menu, "Edit condition", panel.rename, "F2", "pencil")
    outcomes = menu.addMenu("Is taken")
    for on, words in OUTCOMES:
        action = outcomes.addAction(words)
        action.setCheckable(True)
        action.setChecked(wire.on == on)
        action.triggered.connect(lambda _checked, on=on: panel.edits.take_when(row.id, on))
    if is_switch_case(workflow, wire):
        _add(menu, "Try earlier", partial(panel.move_step, -1), "Alt+Up")
        _add(menu, "Try later", partial(panel.move_step, 1), "Alt+Down")
    menu.addSeparator()
    _add(menu, "Disconnect", panel.delete_selected, "Del", "unlink")
