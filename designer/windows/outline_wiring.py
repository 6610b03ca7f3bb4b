"""Connects the outline: selection both ways, states, and what it asks of the rest of the window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, Qt

from designer.canvas.context import AddContext
from designer.canvas.wording import node_state, wire_state
from designer.theme import icons
from designer.windows.command_palette import Command
from designer.windows.session import Session
from engine.history.step_state import StepState
from engine.model.rewiring import legal_targets
from engine.model.workflow import ConnectionOn

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


class OutlineWiring(QObject):
    """The canvas holds what is selected and what the run left; the outline shows it and may change it."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        outline, canvas = window.outline, window.canvas
        outline.model.lines.state_of = partial(node_state, canvas.canvas_scene)
        outline.model.lines.outcome_of = partial(wire_state, canvas.canvas_scene)
        outline.selection_made.connect(self._on_selection_made)
        outline.opened.connect(self._open)
        outline.add_requested.connect(self._add_after)
        outline.targets_wanted.connect(self._choose_target)
        outline.message.connect(window.status_line.say)
        outline.comment_wanted.connect(self._write_comment)
        canvas.selection_changed.connect(
            lambda nodes, wires: outline.show_selection(nodes, wires, canvas.selection.notes)
        )
        session.shown.statuses_changed.connect(self._on_statuses_changed)
        session.shown.cleared.connect(outline.tree.viewport().update)
        window.commands["view.outline"].triggered.connect(self._on_toggled)

    def _on_toggled(self, is_shown: bool) -> None:
        """Somebody wants to see it, or to have it gone: the keyboard goes along."""
        if is_shown:
            self._window.docks.reveal(self._window.docks.outline)
            self._window.outline.setFocus(Qt.FocusReason.ShortcutFocusReason)
        else:
            self._window.canvas.setFocus()

    def _on_selection_made(self, nodes: Sequence[str], wires: Sequence[str], notes: Sequence[str]) -> None:
        canvas = self._window.canvas
        canvas.selection.set(nodes, wires, notes)
        if nodes:
            canvas.selection.focused = nodes[-1]
            canvas.reveal(nodes[-1])
        elif notes:
            canvas.camera.reveal(canvas.canvas_scene.notes.bounds(notes))

    def _write_comment(self, comment_id: str) -> None:
        """Write where the comment lies on the canvas; the keyboard comes back to the list."""
        canvas = self._window.canvas
        outline = self._window.outline
        back = partial(outline.setFocus, Qt.FocusReason.OtherFocusReason)
        known = canvas.canvas_scene.notes.of([comment_id])
        if known:
            canvas.comments.edit(known[0], back)
        else:
            canvas.comments.add(back)

    def _on_statuses_changed(self, steps: Mapping[str, StepState], connections: Mapping[str, str]) -> None:
        self._window.outline.tell(steps, connections)

    def _open(self) -> None:
        self._window.docks.reveal(self._window.docks.inspector)
        self._window.inspector.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _add_after(self, node_id: str, screen: QPoint) -> None:
        canvas = self._window.canvas
        row = canvas.canvas_scene.row_of[node_id]
        corner, context = canvas.commands.place_after(row), AddContext(source=node_id)

        def add(type_id: str) -> None:
            canvas.commands.add(type_id, corner, context)
            self._window.outline.setFocus(Qt.FocusReason.PopupFocusReason)

        canvas.quick_add.ask(screen, context, "", add)

    def _choose_target(self, source: str, on: ConnectionOn) -> None:
        workflow, catalog = self._session.editor.workflow, self._session.catalog
        theme, outline = self._session.theme.theme, self._window.outline
        numbers = outline.model.contents.numbers
        commands = []
        for node_id in sorted(legal_targets(workflow, catalog, source, on=on), key=numbers.__getitem__):
            node = workflow.nodes[node_id]
            node_type = catalog.get(node.type)
            category = node_type.category if node_type is not None else "code"
            commands.append(
                Command(
                    title=f"{numbers[node_id]}. {node.label}",
                    group=node_type.title if node_type is not None else node.type,
                    run=partial(self._connect, source, node_id, on),
                    icon=icons.icon(
                        node_type.icon if node_type is not None else icons.UNKNOWN,
                        theme.category.get(category, theme.text2),
                    ),
                )
            )
        if not commands:
            self._window.status_line.say(
                f"“{workflow.nodes[source].label}” cannot be connected to any other step."
            )
            return
        start = "On error, connect" if on == "error" else "Connect"
        self._window.choose(commands, f"{start} {workflow.nodes[source].label} to…")

    def _connect(self, source: str, target: str, on: ConnectionOn) -> None:
        self._window.outline.edits.lead_to(source, target, on)
        self._window.outline.setFocus(Qt.FocusReason.PopupFocusReason)
