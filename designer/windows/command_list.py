"""What the command palette offers: every enabled action, every step and node type, recent files, examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QIcon, QKeySequence

from designer.canvas.view import CanvasView
from designer.theme import icons
from designer.theme.theme import Theme
from designer.windows.actions import Actions
from designer.windows.command_palette import Command
from designer.windows.examples import Example
from designer.windows.file_commands import SUFFIX
from designer.windows.menu_table import MENUS, actions_of
from engine.model.node_type import NodeType


def action_commands(actions: Actions) -> Iterable[Command]:
    """The enabled actions in menu order, but for the one that opened the palette."""
    for menu, ids in MENUS:
        for action_id in actions_of(ids):
            action = actions[action_id]
            if action.isEnabled() and action_id != "view.commands":
                yield Command(
                    title=action.text().rstrip("…"),
                    group=menu,
                    run=action.trigger,
                    icon=None if action.icon().isNull() else action.icon(),
                    keys=action.shortcut().toString(QKeySequence.SequenceFormat.NativeText),
                    words=actions.spec(action_id).tip,
                )


def node_commands(types: Iterable[NodeType], theme: Theme, add: Callable[[str], object]) -> Iterable[Command]:
    """One command for each type of node: adds it."""
    for node_type in types:
        yield Command(
            title=f"Add {node_type.title}",
            group="Node",
            run=lambda t=node_type.id: add(t),  # type: ignore[misc] # the default binds this loop's value
            icon=icons.icon(node_type.icon, theme.category.get(node_type.category, theme.text2)),
            words=f"{node_type.summary} {' '.join(node_type.keywords)}",
        )


def step_commands(canvas: CanvasView, theme: Theme) -> Iterable[Command]:
    """One command for each step of the drawing: shows it, selected."""
    known: dict[str, tuple[str, QIcon]] = {}
    for node in canvas.editor.workflow.nodes.values():
        if node.type not in known:
            node_type = canvas.catalog.get(node.type)
            colour = theme.category.get(node_type.category, theme.text2) if node_type else theme.text2
            icon = icons.icon(node_type.icon if node_type else icons.UNKNOWN, colour)
            known[node.type] = (node_type.title if node_type else node.type, icon)
        group, icon = known[node.type]
        yield Command(
            title=f"Go to {node.label}", group=group, run=partial(_go_to, canvas, node.id), icon=icon
        )


def _go_to(canvas: CanvasView, node_id: str) -> None:
    canvas.select([node_id])
    canvas.center_on(node_id)
    canvas.setFocus(Qt.FocusReason.OtherFocusReason)


def file_commands(
    recent: Iterable[Path], open_file: Callable[[Path], None], theme: Theme
) -> Iterable[Command]:
    """One command for each recent file: opens it."""
    for path in recent:
        yield Command(
            title=f"Open {path.name.removesuffix(SUFFIX)}",
            group=str(path.parent),
            run=lambda p=path: open_file(p),  # type: ignore[misc] # the default binds this loop's value
            icon=icons.icon("history", theme.text2),
        )


def example_commands(
    examples: Iterable[Example], open_example: Callable[[str], None], theme: Theme
) -> Iterable[Command]:
    """One command for each example: opens a copy."""
    for example in examples:
        yield Command(
            title=f"Open example {example.title}",
            group="Example",
            run=lambda e=example: open_example(e.folder),  # type: ignore[misc] # the default binds this loop's value
            icon=icons.icon("book-open", theme.text2),
            words=example.summary,
        )
