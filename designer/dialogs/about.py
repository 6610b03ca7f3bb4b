"""What this program is, its version, and what it is made of."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

import PySide6
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget

from designer.dialogs.base import Dialog


def program_version() -> str:
    """The installed version; a checkout that was never installed says so."""
    try:
        return version("workflow-designer")
    except PackageNotFoundError:
        return "from source"


class AboutDialog(Dialog[None]):
    """Name, version, licences, and a button that copies what a fault report needs."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(
            "Workflow Designer",
            "Draw a workflow on a canvas, run it on your own data, and answer it when it asks.",
            closed=None,
            icon="git-branch",
            parent=parent,
        )
        self.facts = (
            f"Version {program_version()}\n"
            f"Python {platform.python_version()}, Qt for Python {PySide6.__version__}\n"
            f"{platform.system()} {platform.release()}"
        )
        facts = QLabel(self.facts, self)
        facts.setProperty("role", "mono")
        self.body.addWidget(facts)
        licences = QLabel(
            "MIT licence. Icons by Lucide (ISC). Inter and JetBrains Mono under the SIL Open Font License.",
            self,
        )
        licences.setProperty("role", "hint")
        licences.setWordWrap(True)
        self.body.addWidget(licences)
        self.copy_button = self.add_button("Copy", self._on_copy, left=True)
        self.close_button = self.add_button("Close", self.reject, variant="primary", default=True)
        self.close_button.setFocus()

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.facts)
        self.copy_button.setText("Copied")
