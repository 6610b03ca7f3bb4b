"""The secrets of this computer by name: add one, replace its value, forget it. Values are never shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QLineEdit, QScrollArea, QWidget

from designer.dialogs.base import Dialog
from designer.forms.pick_editors import quiet_tool

_HEIGHT = 260


class SecretsDialog(Dialog[None]):
    """Shows names and asks its owner to keep or forget; `show_names` brings it up to date."""

    keep_requested = Signal(str, str)
    forget_requested = Signal(str)

    def __init__(self, used_by: Mapping[str, Sequence[str]], parent: QWidget | None = None) -> None:
        """used_by: titles of the steps of this workflow that refer to a secret, by its name."""
        super().__init__(
            "Secrets",
            "Passwords and tokens that steps refer to as ${secrets.name}. Their values are never shown, "
            "and stand in no workflow file.",
            closed=None,
            icon="lock",
            parent=parent,
            width=560,
        )
        self._used_by = used_by
        self._content = QWidget()
        self._grid = QGridLayout(self._content)
        self._grid.setContentsMargins(0, 0, 10, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self._area = QScrollArea(self)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self._content)
        self.body.addWidget(self._area)
        self.where = QLabel(self)
        self.where.setProperty("role", "hint")
        self.where.setWordWrap(True)
        self.body.addWidget(self.where)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.name = QLineEdit(self)
        self.name.setPlaceholderText("Name, such as api_token")
        self.name.setAccessibleName("Name of the secret")
        self.value = QLineEdit(self)
        self.value.setPlaceholderText("Value")
        self.value.setAccessibleName("Value of the secret")
        self.value.setEchoMode(QLineEdit.EchoMode.Password)
        for field in (self.name, self.value):
            field.textChanged.connect(self._on_typed)
            row.addWidget(field, 1)
        self.body.addLayout(row)
        self.complaint = QLabel(self)
        self.complaint.setProperty("role", "error")
        self.complaint.setWordWrap(True)
        self.complaint.hide()
        self.body.addWidget(self.complaint)
        self.keep_button = self.add_button("Keep", self._on_keep, default=True, left=True)
        self.close_button = self.add_button("Close", self.reject, variant="primary")
        self._names: tuple[str, ...] = ()
        self._on_typed()

    def show_names(self, kept: Sequence[str], environment: Sequence[str], where: str, trouble: str) -> None:
        """The secrets there are, where they are kept, or why none can be."""
        self._names = tuple(kept)
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for name in kept:
            self._add_row(name, is_kept=True)
        for name in environment:
            self._add_row(name, is_kept=False)
        wanted = [name for name in self._used_by if name not in (*kept, *environment)]
        for name in wanted:
            self._add_row(name, is_kept=None)
        self._area.setVisible(bool(kept or environment or wanted))
        self._content.adjustSize()
        self._area.setFixedHeight(min(_HEIGHT, self._content.sizeHint().height()))
        self.where.setText(trouble or f"Kept by this computer: {where}.")
        for field in (self.name, self.value):
            field.setEnabled(not trouble)
        self.name.clear()
        self.value.clear()
        self.complain("")
        if not trouble:
            self.name.setFocus()

    def complain(self, why: str) -> None:
        """Says why the last wish was refused; "" says nothing."""
        self.complaint.setText(why)
        self.complaint.setVisible(bool(why))

    def _add_row(self, name: str, *, is_kept: bool | None) -> None:
        """is_kept: False for one of the environment, None for one that is missing."""
        row = self._grid.rowCount()
        label = QLabel(name)
        label.setProperty("role", "mono")
        self._grid.addWidget(label, row, 0)
        users = self._used_by.get(name, ())
        used = f"used by {', '.join(users)}" if users else "not used in this workflow"
        origin = {True: used, False: f"from the environment, {used}", None: f"missing, {used}"}[is_kept]
        about = QLabel(origin)
        about.setProperty("role", "error" if is_kept is None else "subtitle")
        about.setWordWrap(True)
        self._grid.addWidget(about, row, 1)
        if is_kept is False:
            return
        change = quiet_tool(
            "pencil", f"Give {name} {'a value' if is_kept is None else 'another value'}", self
        )
        change.clicked.connect(partial(self._on_change, name))
        self._grid.addWidget(change, row, 2)
        if is_kept:
            forget = quiet_tool("trash-2", f"Forget {name}", self)
            forget.clicked.connect(partial(self._on_forget, name))
            self._grid.addWidget(forget, row, 3)

    def _on_change(self, name: str, _checked: bool = False) -> None:
        self.name.setText(name)
        self.value.setFocus()

    def _on_forget(self, name: str, _checked: bool = False) -> None:
        self.forget_requested.emit(name)

    def _on_typed(self) -> None:
        is_ready = bool(self.name.text().strip() and self.value.text())
        self.keep_button.setEnabled(is_ready)
        self.keep_button.setText("Replace" if self.name.text().strip() in self._names else "Keep")

    def _on_keep(self) -> None:
        self.keep_requested.emit(self.name.text().strip(), self.value.text())
