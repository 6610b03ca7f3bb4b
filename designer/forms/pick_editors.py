"""Editors where a person picks: yes or no, one of several, a date, a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

from PySide6.QtCore import QDate, QPoint, Qt
from PySide6.QtGui import QColor, QPaintEvent, QTextCharFormat, QWheelEvent
from PySide6.QtWidgets import (
    QCalendarWidget,
    QCheckBox,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from designer.forms.editor import FieldEditor, FormScope
from designer.forms.schema import ABSENT, FieldKind, Schema, Value, default_of, enum_options, title_of
from designer.forms.text_editors import TextEditor
from designer.theme import icons
from designer.theme import theme as themes


class CalmComboBox(QComboBox):
    """A combo box that leaves the wheel to the scroll area around it, and cuts long text with an ellipsis."""

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        field = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox, option, QStyle.SubControl.SC_ComboBoxEditField, self
        )
        full = self.currentText() or self.placeholderText()
        shown = self.fontMetrics().elidedText(full, Qt.TextElideMode.ElideRight, field.width() - 6)
        option.currentText = shown
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        if shown != full and self.toolTip() != full:
            self.setToolTip(full)

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.ignore()


class BooleanEditor(FieldEditor):
    """A tick box that carries its own label. Absent shows the default."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, name: str = ""
    ) -> None:
        super().__init__(schema, scope, parent)
        self.box = QCheckBox(title_of(name, schema), self)
        self.box.clicked.connect(self.change)
        self.box.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
        self.fill(self.box)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.addStretch(1)

    def accepts(self, value: Value) -> bool:
        return isinstance(value, bool) or value is ABSENT

    def show_value(self, value: Value) -> None:
        shown = default_of(self.schema) if value is ABSENT else value
        self.box.setChecked(shown is True)


class EnumEditor(FieldEditor):
    """One of the values that the schema lists. Absent shows the default, or an empty choice."""

    def __init__(self, schema: Schema, scope: FormScope, parent: QWidget | None = None) -> None:
        super().__init__(schema, scope, parent)
        self._options = enum_options(schema)
        self.combo = CalmComboBox(self)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.combo.setMinimumContentsLength(4)
        self.combo.addItems([text for text, _ in self._options])
        self.combo.activated.connect(self._on_activated)
        self.fill(self.combo)

    def accepts(self, value: Value) -> bool:
        return value is ABSENT or self._index_of(value) >= 0

    def show_value(self, value: Value) -> None:
        self.combo.setCurrentIndex(self._index_of(default_of(self.schema) if value is ABSENT else value))
        if value is ABSENT and self.combo.currentIndex() < 0:
            self.combo.setPlaceholderText("Choose…")

    def _index_of(self, value: Value) -> int:
        for index, (_, option) in enumerate(self._options):
            # 1, 1.0 and true are one in Python, but not in a file.
            if type(option) is type(value) and option == value:
                return index
        return -1

    def _on_activated(self, index: int) -> None:
        self.change(self._options[index][1])


def quiet_tool(icon: str, tip: str, parent: QWidget, *, size: int = 16) -> QToolButton:
    """A small icon button that stays out of the Tab order's way only where told to by its owner."""
    theme = themes.current()
    button = QToolButton(parent)
    button.setIcon(icons.icon(icon, theme.text2, theme.disabled, size))
    button.setToolTip(tip)
    button.setAccessibleName(tip)
    return button


class _Calendar(QCalendarWidget):
    """The month that drops down from a date field; it closes with the choice."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowFlag(Qt.WindowType.Popup)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.setHorizontalHeaderFormat(QCalendarWidget.HorizontalHeaderFormat.SingleLetterDayNames)
        self.setGridVisible(False)
        self.setMinimumSize(280, 240)
        theme = themes.current()
        for name, icon in (("prevmonth", "chevron-left"), ("nextmonth", "chevron-right")):
            button = self.findChild(QToolButton, f"qt_calendar_{name}")
            if isinstance(button, QToolButton):
                button.setIcon(icons.icon(icon, theme.text2))
        shape = QTextCharFormat()
        shape.setForeground(QColor(theme.text2))
        for day in (Qt.DayOfWeek.Saturday, Qt.DayOfWeek.Sunday):
            self.setWeekdayTextFormat(day, shape)
        self.setHeaderTextFormat(shape)


_SHAPES = {
    FieldKind.DATE: "2026-01-31",
    FieldKind.DATE_TIME: "2026-01-31T08:30:00Z",
    FieldKind.TIME: "08:30:00Z",
}


class DateEditor(TextEditor):
    """An ISO date, time, or both, as text, with a calendar for the day."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, kind: FieldKind
    ) -> None:
        super().__init__(schema, scope, parent)
        self._kind = kind
        self.line.setPlaceholderText(self.line.placeholderText() or f"e.g. {_SHAPES[kind]}")
        if kind is not FieldKind.TIME:
            button = quiet_tool("calendar", "Choose a day", self)
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            button.clicked.connect(self._open_calendar)
            layout = self.layout()
            assert layout is not None
            layout.setSpacing(4)
            layout.addWidget(button)

    def _open_calendar(self) -> None:
        calendar = _Calendar(self)
        day = self._day()
        if day is not None:
            calendar.setSelectedDate(QDate(day.year, day.month, day.day))
        calendar.clicked.connect(self._on_day_chosen)
        calendar.clicked.connect(calendar.close)
        calendar.move(self.mapToGlobal(QPoint(0, self.height() + 2)))
        calendar.show()

    def _day(self) -> date | None:
        try:
            return datetime.fromisoformat(self.line.text()).date()
        except ValueError:
            return None

    def _on_day_chosen(self, chosen: QDate) -> None:
        day = f"{chosen.year():04}-{chosen.month():02}-{chosen.day():02}"
        if self._kind is FieldKind.DATE_TIME:
            rest = self.line.text()[10:] if self._day() is not None else ""
            day += rest or "T00:00:00Z"
        self.line.setText(day)
        self.change(day)


class PathEditor(TextEditor):
    """A path, kept relative to the workflow's folder where it lies inside, with a button to browse."""

    def __init__(
        self, schema: Schema, scope: FormScope, parent: QWidget | None = None, *, saves: bool
    ) -> None:
        super().__init__(schema, scope, parent)
        self._saves = saves
        self.browse = QPushButton("Browse…", self)
        self.browse.setProperty("variant", "quiet")
        self.browse.setAccessibleName(f"Browse for {title_of('file', schema)}")
        self.browse.clicked.connect(self.open_dialog)
        layout = self.layout()
        assert isinstance(layout, QHBoxLayout)
        layout.setSpacing(4)
        layout.addWidget(self.browse)

    def open_dialog(self) -> QFileDialog:
        """Show the file dialog, without waiting for it; it deletes itself when it is closed."""
        dialog = QFileDialog(self.window(), "Save as" if self._saves else "Choose a file")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        mode = QFileDialog.AcceptMode.AcceptSave if self._saves else QFileDialog.AcceptMode.AcceptOpen
        dialog.setAcceptMode(mode)
        dialog.setFileMode(QFileDialog.FileMode.AnyFile if self._saves else QFileDialog.FileMode.ExistingFile)
        named = self.schema.get("x-file-filter")
        dialog.setNameFilters([named, "All files (*)"] if isinstance(named, str) else ["All files (*)"])
        folder, name = self._start()
        dialog.setDirectory(str(folder))
        if name:
            dialog.selectFile(name)
        dialog.filesSelected.connect(self._on_files_selected)
        dialog.open()
        return dialog

    def _start(self) -> tuple[Path, str]:
        base = self.scope.context.base_dir or Path.cwd()
        text = self.line.text()
        if not text or "${" in text:
            return base, ""
        path = base / text
        return (path.parent, path.name) if path.parent.is_dir() else (base, path.name)

    def _on_files_selected(self, files: Sequence[str]) -> None:
        if files:
            text = relative_path(Path(files[0]), self.scope.context.base_dir)
            self.line.setText(text)
            self.change(text)


def relative_path(path: Path, base: Path | None) -> str:
    """The path as a workflow file keeps it: relative if it lies beside or below the file, with `/`."""
    if base is not None:
        try:
            relative = os.path.relpath(path, base)
        except ValueError:  # another drive on Windows
            return path.as_posix()
        if relative.count("..") <= 2 and not os.path.isabs(relative):
            return Path(relative).as_posix()
    return path.as_posix()


def column_layout(parent: QWidget, spacing: int = 4) -> QVBoxLayout:
    """A vertical layout without margins."""
    layout = QVBoxLayout(parent)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    return layout
