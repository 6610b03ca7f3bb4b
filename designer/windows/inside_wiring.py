"""Connects what is inside a node: the way in and out, the breadcrumb, and its commands."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from designer.windows.session import Session
from engine.model.embedded import FOR_EACH, LOOP, SUBWORKFLOW

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow


_START = "Nothing inside yet: double-click, or drag a node here, to add the first step.\n"
_HINTS = {
    SUBWORKFLOW: _START + "What it is given it uses as ${input.name}.",
    FOR_EACH: _START + "${item} is the item, ${index} its number.",
    LOOP: _START + "${index} is the number of the round, ${item} what the round before gave.",
}


class InsideWiring(QObject):
    """The document says where one is; canvas and breadcrumb follow."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        inside = window.canvas.inside
        window.commands.connect_all(
            {
                "node.enter": inside.enter_selected,
                "node.leave": inside.leave,
                "node.extract": inside.extract,
                "node.inline": inside.inline,
            }
        )
        inside.file_wanted.connect(self._open_file)
        window.stage.breadcrumb.chosen.connect(inside.go_to)
        window.stage.breadcrumb.part_chosen.connect(session.shown.choose)
        session.shown.parts_changed.connect(window.stage.breadcrumb.show_parts)
        session.editor.place_changed.connect(self._show_place)
        session.editor.document.subscribe_edits(lambda *_: self._show_place())
        self._show_place()

    def go_to_step(self, way: str) -> None:
        """Show the step at the end of this way ("each/check"), wherever inside it stands, and select it."""
        *place, node_id = way.split("/")
        try:
            self._session.editor.document.go_to(tuple(place))
        except ValueError:
            return  # the drawing is another by now
        self._window.canvas.select([node_id])
        self._window.canvas.center_on(node_id)

    def _show_place(self) -> None:
        document = self._session.editor.document
        self._window.stage.breadcrumb.show_place((self._session.files.name, *document.titles))
        self._window.commands["node.leave"].setEnabled(bool(document.place))
        holder = document.holder
        is_blank = holder is not None and not document.workflow.nodes
        self._window.stage.show_inside_hint(_HINTS[holder.type] if holder is not None and is_blank else "")
        if document.place:
            self._window.stage.set_empty(False)

    def _open_file(self, name: str) -> None:
        path = self._session.files.path
        file = Path(name) if path is None else path.parent / name
        if file.exists():
            self._session.desktop.open_window(file)
        else:
            self._window.status_line.say(f"There is no file {file}")
