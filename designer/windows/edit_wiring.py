"""Connects what is drawn: canvas, palette, inspector, undo, counts, theme and the panels' commands."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from designer.canvas.align import Edge, Way
from designer.canvas.group_state import COLOUR_NAMES
from designer.canvas.wire_walk import next_wire
from designer.execution.secret_keeper import KnownSecrets
from designer.theme.theme import Theme
from designer.theme.tokens import SNAP
from designer.windows.first_paint import after_first_paint
from designer.windows.session import Session
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.changes import NodeChanged
from engine.model.fixes import fix_edit, fix_word
from engine.model.pins import is_pinned, pinned_output
from engine.model.workflow import Workflow
from engine.problem import Fix, Problem

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


class EditWiring(QObject):
    """Selection goes from the canvas to the inspector and the data panel; edits to counts and undo."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._connect_commands()
        self._connect_undo()
        canvas = window.canvas
        canvas.selection_changed.connect(self._on_selection_changed)
        canvas.node_activated.connect(self._on_node_activated)
        canvas.message.connect(window.status_line.say)
        window.bottom.message.connect(window.status_line.say)
        window.bottom.node_activated.connect(self._go_to)
        window.palette_panel.node_chosen.connect(self._on_node_chosen)
        window.bottom.problems.problem_activated.connect(self._on_problem_activated)
        window.bottom.problems.fix_requested.connect(self._on_fix_requested)
        window.bottom.data.fix_wanted.connect(self._on_word_fix_wanted)
        session.editor.edit_refused.connect(window.status_line.say)
        session.editor.document.subscribe(self._on_document_changed)
        window.inspector.set_upstream_columns(session.columns.columns_of)
        session.secrets.changed.connect(self._on_secrets_changed)  # a lambda would keep a closed window
        self._on_secrets_changed(session.secrets.known)
        session.columns.found.connect(self._on_columns_found)
        session.theme.theme_changed.connect(self._on_theme_changed)
        session.shown.statuses_changed.connect(self._on_statuses_changed)
        session.shown.cleared.connect(self._show_data)
        self._recolour(session.theme.theme)
        after_first_paint(window, self._recolour_commands)  # menus are not open yet
        self._count()

    def _on_secrets_changed(self, known: KnownSecrets) -> None:
        self._window.inspector.set_secrets(known.names)

    def _connect_commands(self) -> None:
        canvas, docks = self._window.canvas, self._window.docks
        self._window.commands.place_on_canvas(canvas)
        self._window.commands.connect_all(
            {
                "edit.cut": canvas.cut,
                "edit.copy": canvas.copy,
                "edit.paste": canvas.paste,
                "edit.duplicate": canvas.duplicate_selection,
                "edit.delete": canvas.delete_selection,
                "edit.paste_wired": lambda: canvas.commands.paste(keep_incoming=True),
                "edit.heal": canvas.commands.heal,
                "edit.select_before": partial(canvas.commands.select_along, forward=False),
                "edit.select_after": partial(canvas.commands.select_along, forward=True),
                "edit.next_wire": partial(next_wire, canvas),
                "node.open": canvas.commands.open_selected,
                "node.rename": canvas.grouping.rename_selected,
                "node.disable": canvas.commands.set_disabled,
                "node.connect": canvas.commands.connect_selected,
                "node.disconnect": canvas.commands.disconnect_selected,
                "node.left": lambda: canvas.commands.nudge(-SNAP, 0),
                "node.right": lambda: canvas.commands.nudge(SNAP, 0),
                "node.up": lambda: canvas.commands.nudge(0, -SNAP),
                "node.down": lambda: canvas.commands.nudge(0, SNAP),
                "edit.select_all": canvas.select_all,
                "edit.add_node": canvas.open_quick_add,
                "edit.find": canvas.open_find,
                "view.zoom_in": canvas.zoom_in,
                "view.zoom_out": canvas.zoom_out,
                "view.zoom_100": lambda: canvas.set_zoom(1.0),
                "view.frame_all": canvas.frame_all,
                "view.frame_selection": canvas.frame_selection,
                "view.float": docks.toggle_floating,
                "view.theme": self._toggle_theme,
                "view.theme_system": self._follow_system,
            }
        )
        arrange, actions = canvas.arrange, self._window.commands
        edges: tuple[Edge, ...] = ("left", "right", "top", "bottom", "middle", "centre")
        ways: tuple[Way, ...] = ("horizontally", "vertically")
        actions.connect_all({"arrange.tidy": arrange.tidy, "edit.comment": canvas.comments.add})
        bending, grouping = canvas.bending, canvas.grouping
        actions.connect_all({"node.bend": bending.add, "node.straighten": bending.straighten})
        actions.connect_all(
            {
                "arrange.group": grouping.group,
                "arrange.ungroup": grouping.ungroup,
                "group.fold": grouping.toggle,
                "group.fold_all": grouping.fold_all,
                "group.unfold_all": grouping.unfold_all,
                "group.delete": grouping.delete_chosen,
                **{f"group.{colour}": partial(grouping.recolour_chosen, colour) for colour in COLOUR_NAMES},
            }
        )
        actions.connect_all({f"arrange.{edge}": partial(arrange.align, edge) for edge in edges})
        actions.connect_all({f"arrange.{way}": partial(arrange.distribute, way) for way in ways})
        actions.follow_selection((), ())
        self._window.keymap.changed.connect(self._show_keys)
        self._show_keys()
        panels = ("palette", "inspector", "bottom", "outline")
        docks.bind(*(actions[f"view.{name}"] for name in panels))

    def _show_keys(self) -> None:
        self._window.canvas.menus.shown_keys = self._window.keymap.renamed()

    def _connect_undo(self) -> None:
        stack, actions = self._session.editor.undo_stack, self._window.commands
        actions.connect_all({"edit.undo": stack.undo, "edit.redo": stack.redo})
        for action, changed, text_changed, verb in (
            (actions["edit.undo"], stack.canUndoChanged, stack.undoTextChanged, "Undo"),
            (actions["edit.redo"], stack.canRedoChanged, stack.redoTextChanged, "Redo"),
        ):
            action.setEnabled(False)
            changed.connect(action.setEnabled)
            text_changed.connect(
                lambda text, a=action, v=verb: a.setText(f"{v} {text[:1].lower()}{text[1:]}".strip())
            )

    def _on_selection_changed(self, nodes: Sequence[str], connections: Sequence[str]) -> None:
        self._offer()
        self._window.inspector.show_selection(list(nodes), list(connections))
        self._show_data()

    def _offer(self) -> None:
        """Enable what can be done with what is selected."""
        canvas = self._window.canvas
        chosen, groups = canvas.selection, len(canvas.grouping.chosen())
        self._window.commands.follow_selection(
            chosen.nodes, chosen.wires, chosen.notes, chosen.bends, groups=groups
        )

    def _on_node_activated(self, node_id: str) -> None:
        if self._window.canvas.inside.can_enter(node_id):
            self._window.canvas.inside.enter(node_id)
            return
        self._window.docks.reveal(self._window.docks.inspector)
        self._window.inspector.setFocus()

    def _on_node_chosen(self, type_id: str) -> None:
        self._window.canvas.add_node_at_centre(type_id)
        self._window.canvas.setFocus()

    def _on_columns_found(self) -> None:
        self._window.inspector.set_upstream_columns(self._session.columns.columns_of)

    def _go_to(self, node_id: str) -> None:
        self._window.canvas.select([node_id])
        self._window.canvas.center_on(node_id)

    def _on_problem_activated(self, problem: Problem) -> None:
        connection = self._session.editor.workflow.connections.get(problem.connection_id or "")
        if problem.node_id is not None:
            self._window.inside_wiring.go_to_step(problem.path or problem.node_id)
        elif connection is not None:
            self._window.canvas.select([connection.id])
            self._window.canvas.center_on(connection.source)
        self._window.docks.reveal(self._window.docks.inspector)

    def _on_fix_requested(self, problem: Problem, fix: Fix) -> None:
        editor = self._session.editor
        edit = fix_edit(editor.root, problem, fix)
        if edit is not None and editor.push(edit, ()):
            self._window.status_line.say(f"{edit.label}: done")
        else:
            self._window.status_line.say("That has changed since")

    def _on_word_fix_wanted(self, node_id: str, wrong: str, right: str) -> None:
        editor = self._session.editor
        edit = fix_word(editor.workflow, node_id, wrong, right)
        if edit is not None and editor.push(edit):
            self._window.status_line.say(f"{edit.label}: done. Run it again.")
        else:
            self._window.status_line.say(f"The step names no “{wrong}” any more")

    def _on_document_changed(self, before: Workflow, after: Workflow, changes: Sequence[object]) -> None:
        if before.layout_extra is not after.layout_extra:
            self._offer()  # the selected nodes are in another group by now, or in none
        if any(isinstance(change, NodeChanged) and is_pinned(change.node) for change in changes):
            self._show_data()
        if len(before.nodes) != len(after.nodes) or len(before.connections) != len(after.connections):
            self._count()

    def _on_statuses_changed(self, steps: object, _connections: object) -> None:
        selected = self._window.canvas.selected_nodes()
        if len(selected) == 1 and isinstance(steps, dict) and selected[0] in steps:
            self._show_data()

    def _show_data(self) -> None:
        selected = self._window.canvas.selected_nodes()
        nodes = self._session.editor.workflow.nodes
        if len(selected) == 1 and selected[0] in nodes:
            node = nodes[selected[0]]
            step = self._session.shown.steps.get(node.id)
            if step is None and is_pinned(node):
                step = StepState(status=StepStatus.COMPLETED, output=pinned_output(node), via="pinned")
            self._window.bottom.data.show_step(node.id, node.label, step)
        elif self._window.bottom.data.node_id not in nodes:
            self._window.bottom.data.show_nothing()

    def _count(self) -> None:
        workflow = self._session.editor.workflow
        self._window.status_line.show_counts(len(workflow.nodes), len(workflow.connections))
        is_outside = not self._session.editor.document.place
        self._window.stage.set_empty(is_outside and not workflow.nodes)

    def _toggle_theme(self) -> None:
        self._session.settings.theme_mode = self._session.theme.toggle()

    def _follow_system(self) -> None:
        self._session.theme.set_mode("system")
        self._session.settings.theme_mode = "system"

    def _on_theme_changed(self, theme: Theme) -> None:
        self._recolour_commands()
        self._recolour(theme)

    def _recolour_commands(self) -> None:
        self._window.commands.recolour(self._session.theme.theme)

    def _recolour(self, theme: Theme) -> None:
        window = self._window
        window.top_bar.recolour(theme)
        window.status_line.recolour(theme)
        window.stage.recolour(theme)
