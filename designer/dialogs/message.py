"""Says what happened and what to do; the technical part unfolds on request."""

from __future__ import annotations

from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from designer.dialogs.base import Dialog, Tone
from designer.theme import fonts, icons
from designer.theme import theme as themes
from designer.theme.text_size import keep


def _chevron(opened: bool) -> QIcon:
    return icons.icon("chevron-down" if opened else "chevron-right", themes.current().accent)


class MessageDialog(Dialog[bool]):
    """A message with one button, or two where `action` names something that can be done about it.

    Its answer is True when the action was chosen.
    """

    def __init__(
        self,
        title: str,
        message: str,
        *,
        hint: str = "",
        details: str = "",
        action: str = "",
        tone: Tone = "failed",
        parent: QWidget | None = None,
    ) -> None:
        icon = "octagon-x" if tone == "failed" else "info"
        text = f"{message}\n{hint}" if hint else message
        super().__init__(title, text, closed=False, icon=icon, tone=tone, parent=parent)
        self.details = QPlainTextEdit(details, self)
        self.details.setReadOnly(True)
        self.details.setProperty("variant", "mono")
        keep(self.details, lambda it: it.setFont(fonts.mono()))
        self.details.setFixedHeight(160)
        self.details.hide()
        self.more_button = QPushButton(_chevron(False), "Details", self)
        self.more_button.setProperty("variant", "link")
        self.more_button.setCheckable(True)
        self.more_button.setVisible(bool(details))
        self.more_button.toggled.connect(self._on_more_toggled)
        self.body.addWidget(self.more_button)
        self.body.addWidget(self.details)
        self.close_button = self.add_button(
            "Close", self.reject, variant="" if action else "primary", default=not action
        )
        self.action_button: QPushButton | None = None
        if action:
            self.action_button = self.add_button(
                action, lambda: self.close_with(True), variant="primary", default=True
            )
        (self.action_button or self.close_button).setFocus()

    def _on_more_toggled(self, opened: bool) -> None:
        self.more_button.setIcon(_chevron(opened))
        self.details.setVisible(opened)
