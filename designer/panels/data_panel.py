"""What the selected node produced: a table, a tree, a value, a picture, a file or an error."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from designer.panels import texts
from designer.panels.empty_state import EmptyState
from designer.panels.json_model import value_text
from designer.panels.json_view import JsonView
from designer.panels.output_views import OutputView, views_of
from designer.panels.table_source import TableSource
from designer.panels.table_view import TableView
from designer.panels.tables import Table
from designer.panels.value_views import ErrorView, FileBar, PictureView, ValueView
from engine.errors import WorkflowError
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model.json_value import Json

Locate = Callable[[Mapping[str, Any]], Path]

# Reading JSON keeps the interpreter to itself, in whichever thread: 5 MB take about 40 ms.
_MAX_JSON_BYTES = 5_000_000
_NOTHING = ("table-2", "No data yet", "Run the workflow, then select a node to see its data.")
_NOTHING_SELECTED = ("table-2", "No node selected", "Select a node to see its data.")
_SKIPPED_HINTS = {
    "condition": "Its condition was not met, so no data reached it.",
    "upstream_failed": "A step before it failed. Mend that one and run again.",
    "disabled": "The node is disabled.",
    "cancelled": "The run was stopped before it.",
    "not_selected": "It is no part of this run. Run to it (F7) to see its data.",
}


class DataPanel(QWidget):
    """Shows one step at a time. `locate` gives the file of a table reference or of stored JSON."""

    summary_changed = Signal(str)
    message = Signal(str)  # short news for the status bar
    fix_wanted = Signal(str, str, str)  # node id, what is not there, what was meant
    _expanded = Signal(int, object)

    def __init__(self, locate: Locate, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("dataPanel")
        self._locate = locate
        self._source = TableSource(self)
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="json-output")
        self._node_id = ""
        self._title = ""
        self._shown: tuple[str, StepState | None] | None = None
        self._views: list[OutputView] = []
        self._chosen: dict[str, str] = {}  # node id -> title of the view somebody picked
        self._request = 0
        self._is_closed = False
        self._has_run = False
        self._summary = ""
        self.selector = QComboBox(self)
        self.selector.setObjectName("outputSelector")
        self.selector.setAccessibleName("What to show of the output")
        self.selector.hide()  # whoever places it shows it while there is a choice
        self._build()
        self.show_nothing()

    def _build(self) -> None:
        self.table = TableView(self._source, self)
        self.tree = JsonView(self)
        self.value = ValueView(self)
        self.picture = PictureView(self)
        self.error = ErrorView(self)
        self.empty = EmptyState(*_NOTHING, self)
        self.file = EmptyState("file-text", "", "", self)
        self.file_bar = FileBar(self)
        self.stack = QStackedWidget(self)
        for widget in (
            self.table,
            self.tree,
            self.value,
            self.picture,
            self.error,
            self.empty,
            self.file,
        ):
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.file_bar)
        self.selector.activated.connect(self._on_view_chosen)
        self.table.message.connect(self.message)
        self.error.fix_wanted.connect(lambda wrong, right: self.fix_wanted.emit(self._node_id, wrong, right))
        self.tree.message.connect(self.message)
        self.table.table_model.failed.connect(self._on_table_failed)
        self.table.table_model.sort_changed.connect(self._on_sort_changed)
        self._expanded.connect(self._on_expanded, Qt.ConnectionType.QueuedConnection)

    @property
    def summary(self) -> str:
        """What is shown, for the right of the tab bar: `Join · table · 336,776 rows × 20 columns`."""
        return self._summary

    @property
    def node_id(self) -> str:
        """The node whose step is shown; "" for none."""
        return self._node_id

    @property
    def has_choice(self) -> bool:
        """True when the output can be looked at in more than one way."""
        return len(self._views) > 1

    def set_has_run(self, has_run: bool) -> None:
        """Whether there is anything to see, for the hint shown while no node is selected."""
        if has_run != self._has_run:
            self._has_run = has_run
            if not self._node_id:
                self.show_nothing()

    def show_nothing(self) -> None:
        """No node is selected."""
        self._node_id, self._shown = "", None
        self._show_empty(*(_NOTHING_SELECTED if self._has_run else _NOTHING))
        self._set_summary("")

    def show_step(self, node_id: str, title: str, step: StepState | None) -> None:
        """Show a node's step as it is now; calling it again with nothing new costs nothing."""
        if self._is_closed or (self._shown == (node_id, step) and title == self._title):
            return
        before, self._shown = self._shown, (node_id, step)
        is_same_node = node_id == self._node_id
        is_renamed = title != self._title
        self._node_id, self._title = node_id, title
        if before is not None and is_same_node and not is_renamed and _same_result(before[1], step):
            return
        if step is None or step.status is StepStatus.PENDING:
            self._show_not_run(is_queued=step is not None and step.queued)
        elif step.status is StepStatus.FAILED:
            self._show_error(step.error or {"message": "The step failed."})
        elif step.status is StepStatus.COMPLETED:
            self._show_output(step.output)
        else:
            self._show_status(step)

    def show_output(self, node_id: str, title: str, output: Json) -> None:
        """Show an output by itself, as of a step that completed."""
        self.show_step(node_id, title, StepState(status=StepStatus.COMPLETED, output=output))

    def close_source(self) -> None:
        """Join the threads that read for this panel; nothing can be shown afterwards."""
        self._is_closed = True
        self._request += 1
        self._source.close()
        self.picture.close_source()
        self._loader.shutdown(wait=True, cancel_futures=True)

    def _show_not_run(self, *, is_queued: bool) -> None:
        if is_queued:
            self._show_empty("clock", f"{self._title} is queued", "It starts as soon as a place is free.")
        else:
            self._show_empty("table-2", f"{self._title} has not run yet", "Run the workflow to see its data.")
        self._set_summary(self._title)

    def _show_status(self, step: StepState) -> None:
        """A step without an output to show."""
        word = texts.status_word(step.status, step.reason)
        hint = step.progress_text
        icon = "hourglass"
        match step.status:
            case StepStatus.PAUSED if step.reason == "breakpoint":
                icon, hint = "pause", "Resume the run (F5) or let it take one step (F10) to see its data."
            case StepStatus.PAUSED if step.reason == "incident":
                icon, hint = (
                    "triangle-alert",
                    "Fix its condition on the canvas (F8), and its data appears here.",
                )
            case StepStatus.PAUSED:
                icon = "circle-question-mark"
                hint = "Answer it on the canvas, and its data appears here."
            case StepStatus.SKIPPED:
                icon = "skip-forward"
                hint = _SKIPPED_HINTS.get(step.reason, "")
            case StepStatus.CANCELLED:
                icon, hint = "ban", "The run was stopped. Run it again to see its data."
            case StepStatus.RUNNING:
                hint = hint or "Its data appears here when it is done."
        self._show_empty(icon, f"{self._title}: {word[:1].lower()}{word[1:]}", hint)
        self._set_summary(f"{self._title} · {word.lower()}")

    def _show_empty(self, icon: str, title: str, hint: str) -> None:
        self._request += 1
        self._views = []
        self.file_bar.hide()
        self.empty.set_text(icon, title, hint)
        self.stack.setCurrentWidget(self.empty)
        self.table.table_model.set_table(None)

    def _show_error(self, error: Mapping[str, Any]) -> None:
        self._show_empty(*_NOTHING)
        self.error.set_error(error)
        self.stack.setCurrentWidget(self.error)
        self._set_summary(f"{self._title} · failed")

    def _show_output(self, output: Json) -> None:
        self._request += 1
        if _has_stored_json(output):
            self._loader.submit(self._expand, self._request, output)
            return
        self._views = views_of(output)
        if not self._views:
            self._show_empty("circle-check", f"{self._title} completed", "It produced no data.")
            self._set_summary(f"{self._title} · no data")
            return
        names = [view.title for view in self._views]
        self.selector.clear()
        self.selector.addItems(names)
        chosen = self._chosen.get(self._node_id, "")
        position = names.index(chosen) if chosen in names else 0
        self.selector.setCurrentIndex(position)
        self._show_view(position)

    def _show_view(self, position: int) -> None:
        view = self._views[position]
        self.file_bar.hide()
        match view.kind:
            case "table":
                self._show_table(view)
            case "picture":
                self.picture.set_path(Path(str(view.value)))
                self._show_file_bar(view, self.picture)
            case "file":
                self.file.set_text("file-text", Path(str(view.value)).name, str(view.value))
                self._show_file_bar(view, self.file)
            case "value":
                self.value.setPlainText(value_text(view.value))
                self.stack.setCurrentWidget(self.value)
                self._set_summary(f"{self._title} · {_kind_of(view.value)}")
            case "tree":
                self.tree.set_value(self._node_id, view.value)
                self.stack.setCurrentWidget(self.tree)
                size = len(view.value) if isinstance(view.value, dict | list) else 1
                self._set_summary(f"{self._title} · {texts.count(size, 'value')}")

    def _show_table(self, view: OutputView) -> None:
        assert isinstance(view.value, dict)
        try:
            path = self._locate(view.value)
        except WorkflowError as error:
            self._show_error({"message": error.message, "hint": error.hint})
            return
        self.table.table_model.set_table(Table.from_reference(view.value, path))
        self.stack.setCurrentWidget(self.table)
        self._summarise_table(view)

    def _summarise_table(self, view: OutputView) -> None:
        table = self.table.table_model.table
        if table is None:
            return
        text = (
            f"{self._title} · {view.title.lower()} · "
            f"{texts.count(table.rows, 'row')} × {texts.count(len(table.columns), 'column')}"
        )
        model = self.table.table_model
        if model.sort_column >= 0:
            name = table.columns[model.sort_column].name
            text += f" · sorting by {name}…" if model.is_sorting else f" · sorted by {name}"
        if table.rows > model.rowCount():
            text += f" · first {model.rowCount():,} shown"
        self._set_summary(text)

    def _show_file_bar(self, view: OutputView, widget: QWidget) -> None:
        path = Path(str(view.value))
        self.file_bar.set_path(path)
        self.file_bar.show()
        self.stack.setCurrentWidget(widget)
        self._set_summary(f"{self._title} · {path.name}")

    def _set_summary(self, text: str) -> None:
        self._summary = text
        self.summary_changed.emit(text)

    def _on_view_chosen(self, position: int) -> None:
        self._chosen[self._node_id] = self._views[position].title
        self._show_view(position)

    def _on_sort_changed(self) -> None:
        position = self.selector.currentIndex()
        if 0 <= position < len(self._views) and self._views[position].kind == "table":
            self._summarise_table(self._views[position])

    def _on_table_failed(self, message: str) -> None:
        self._show_error(
            {"message": "The table cannot be read.", "hint": "Run the node again.", "details": message}
        )

    def _expand(self, request: int, output: Json) -> None:
        """In a thread: load what was stored beside the journal because of its size."""
        try:
            self._expanded.emit(request, _loaded(output, self._locate))
        except (OSError, ValueError, WorkflowError) as error:
            self._expanded.emit(request, error)

    def _on_expanded(self, request: int, output: Any) -> None:
        if request != self._request:
            return
        if isinstance(output, Exception):
            hint = output.hint if isinstance(output, WorkflowError) else "Run the node again."
            self._show_error({"message": f"The stored result cannot be read: {output}", "hint": hint})
        else:
            self._show_output(output)


def _same_result(before: StepState | None, now: StepState | None) -> bool:
    """True when a step completed both times, with the same output."""
    return (
        before is not None
        and now is not None
        and before.status is now.status is StepStatus.COMPLETED
        and before.output == now.output
    )


def _is_stored_json(value: Json) -> bool:
    return isinstance(value, dict) and value.keys() == {"$artifact", "bytes", "preview"}


def _has_stored_json(value: Json) -> bool:
    if isinstance(value, dict):
        return _is_stored_json(value) or any(map(_has_stored_json, value.values()))
    return isinstance(value, list) and any(map(_has_stored_json, value))


def _loaded(value: Json, locate: Locate) -> Json:
    """The value with stored JSON in place of its references."""
    if isinstance(value, dict):
        if _is_stored_json(value):
            path = locate(value)
            size = path.stat().st_size
            if size > _MAX_JSON_BYTES:
                return f"{value['preview']}… ({size / 1e6:,.0f} MB, too large to show)"
            content = path.read_bytes()
            if hashlib.sha256(content).hexdigest() != path.name:
                raise OSError("its file is not what was written")
            loaded: Json = json.loads(content)
            return loaded
        return {key: _loaded(item, locate) for key, item in value.items()}
    return [_loaded(item, locate) for item in value] if isinstance(value, list) else value


def _kind_of(value: Json) -> str:
    if isinstance(value, bool):
        return "yes or no"
    return "number" if isinstance(value, int | float) else "text"
