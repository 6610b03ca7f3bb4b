"""What is wrong with the workflow; a click goes to the place."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from designer.panels import paint, texts
from designer.panels.empty_state import EmptyState
from designer.panels.models import ROOT, Index, header_text
from designer.panels.panel_table import PanelTable
from engine.problem import Fix, Problem

_COLUMNS = ("Problem", "Node", "What to do", "")
_FIX_COLUMN = 3
# Further ones are mended when these are.
_MOST_FIXES = 100
_ICONS = {"error": "octagon-x", "warning": "triangle-alert", "info": "info"}
_GRAVITY = {"error": 0, "warning": 1, "info": 2}


def by_gravity(problems: Sequence[Problem]) -> list[Problem]:
    """Errors, then warnings, then what is only worth knowing."""
    return sorted(problems, key=lambda problem: _GRAVITY[problem.severity])


class ProblemsModel(QAbstractTableModel):
    """Problems, errors first, else in the order in which they were found."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._problems: list[Problem] = []
        self._title_of: Callable[[str], str] = lambda node_id: node_id

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        self._title_of = title_of

    def set_problems(self, problems: Sequence[Problem]) -> None:
        self.beginResetModel()
        self._problems = by_gravity(problems)
        self.endResetModel()

    @property
    def problems(self) -> Sequence[Problem]:
        return self._problems

    def rowCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(self._problems)

    def columnCount(self, parent: Index = ROOT) -> int:
        return 0 if parent.isValid() else len(_COLUMNS)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        problem = self._problems[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return (*self._texts(problem), "")[index.column()]
            case Qt.ItemDataRole.ToolTipRole:
                return "\n".join(filter(None, (problem.message, problem.suggestion)))
            case Qt.ItemDataRole.AccessibleTextRole if index.column() == 0:
                return f"{problem.severity.capitalize()}: {problem.message}"
            case Qt.ItemDataRole.DecorationRole if index.column() == 0:
                color = paint.severity_color(problem.severity)
                return paint.icon(_ICONS[problem.severity], 16, color, 2.0)
            case Qt.ItemDataRole.ForegroundRole if index.column() > 0:
                return paint.palette().text2
            case _:
                return None

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:
        return header_text(_COLUMNS, section, orientation, role)

    def _texts(self, problem: Problem) -> tuple[str, str, str]:
        place = self._title_of(problem.node_id) if problem.node_id else ""
        if not place:
            place = "Connection" if problem.connection_id else "Workflow"
        # The place has a column of its own; a long title would hide what is wrong there.
        named = f'"{place}": '
        message = problem.message.removeprefix(named)
        if problem.message.startswith(named):
            message = message[:1].upper() + message[1:]
        # Where a button does it, the button says it.
        return message, place, "" if problem.fixes else problem.suggestion


class ProblemsPanel(QWidget):
    """The list; errors stop a run, warnings do not, and notes are not even wrong."""

    problem_activated = Signal(object)  # Problem
    fix_requested = Signal(object, object)  # Problem, Fix
    count_changed = Signal(int, str)  # how many, and the gravest severity ("" for none)
    summary_changed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("problemsPanel")
        self.model = ProblemsModel(self)
        self.table = PanelTable("Problems", self.model, self)
        self._lay_out(with_fixes=False)
        self.table.setSelectionMode(PanelTable.SelectionMode.SingleSelection)
        self.empty = EmptyState(
            "circle-check", "No problems", "The workflow can run. Problems are listed here as you draw.", self
        )
        self.stack = QStackedWidget(self)
        self.stack.addWidget(self.empty)
        self.stack.addWidget(self.table)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.stack)
        self.summary = "No problems"
        self.table.clicked.connect(self._on_chosen)
        self.table.activated.connect(self._on_chosen)

    def set_titles(self, title_of: Callable[[str], str]) -> None:
        """How a node id is written in the Node column."""
        self.model.set_titles(title_of)

    def set_problems(self, problems: Sequence[Problem]) -> None:
        """Replace the list; nothing happens when it is the same."""
        if list(self.model.problems) == by_gravity(problems):
            return
        self.model.set_problems(problems)
        self._offer_fixes()
        self.stack.setCurrentWidget(self.table if problems else self.empty)
        errors = sum(problem.severity == "error" for problem in problems)
        warnings = sum(problem.severity == "warning" for problem in problems)
        notes = len(problems) - errors - warnings
        parts = [texts.count(errors, "error")] if errors else []
        parts += [texts.count(warnings, "warning")] if warnings else []
        parts += [texts.count(notes, "note")] if notes else []
        self.summary = " · ".join(parts) or "No problems"
        self.count_changed.emit(errors + warnings, "error" if errors else "warning" if warnings else "")
        self.summary_changed.emit(self.summary)

    def _offer_fixes(self) -> None:
        """A button for every fix, at the end of its row; resetting the model has taken the old ones away."""
        with_fixes = [row for row, problem in enumerate(self.model.problems) if problem.fixes]
        self._lay_out(with_fixes=bool(with_fixes))
        for row in with_fixes[:_MOST_FIXES]:
            problem = self.model.problems[row]
            cell = QWidget()
            line = QHBoxLayout(cell)
            line.setContentsMargins(4, 0, 4, 0)
            line.setSpacing(10)
            for fix in problem.fixes:
                button = QPushButton(fix.label, cell)
                button.setProperty("variant", "link")
                what = f"Add the input {fix.right}" if fix.kind == "input" else fix.label
                button.setToolTip(f"{what}. It can be undone.")
                button.clicked.connect(partial(self._on_fix, problem, fix))
                line.addWidget(button)
            line.addStretch(1)
            self.table.setIndexWidget(self.model.index(row, _FIX_COLUMN), cell)

    def _lay_out(self, *, with_fixes: bool) -> None:
        self.table.setColumnHidden(_FIX_COLUMN, not with_fixes)
        widths = [(160, 5), (80, 2), (60, 1), (200, 3)] if with_fixes else [(220, 5), (90, 2), (160, 4)]
        self.table.share_width(widths)

    def _on_fix(self, problem: Problem, fix: Fix, _checked: bool = False) -> None:
        self.fix_requested.emit(problem, fix)

    def _on_chosen(self, index: QModelIndex) -> None:
        if index.isValid():
            self.problem_activated.emit(self.model.problems[index.row()])
