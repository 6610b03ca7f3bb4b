"""The traps that cost others days stay shut on the machine that runs these tests."""

from __future__ import annotations

import subprocess
import sys

import PySide6
from PySide6.QtGui import QPixmap
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot


class Painted(QWidget):
    """Overrides a virtual that returns nothing: the call that PySide6 6.12.0 counts wrong."""

    paints = 0

    def paintEvent(self, _event: object) -> None:
        self.paints += 1


def test_that_qt_does_not_lose_references_to_none(qtbot: QtBot) -> None:
    assert not (sys.version_info < (3, 12) and PySide6.__version__ == "6.12.0")
    widget = Painted()
    qtbot.addWidget(widget)
    widget.resize(20, 20)
    target = QPixmap(20, 20)
    widget.render(target)
    before = sys.getrefcount(None)
    for _ in range(1000):
        widget.render(target)
    assert widget.paints >= 1000
    # From 3.12 on None is immortal and its count never moves.
    assert abs(sys.getrefcount(None) - before) < 200


def _loaded_by(statement: str) -> set[str]:
    script = f"import sys; {statement}; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


def test_that_importing_the_engine_stays_cheap_and_without_qt() -> None:
    loaded = _loaded_by("import engine; engine.WorkflowEngine")
    heavy = {"PySide6", "networkx", "duckdb", "aiohttp", "numpy", "rich", "xlsxwriter", "fastexcel", "qasync"}
    assert not loaded & heavy


def test_that_the_window_opens_without_what_only_runs_need() -> None:
    loaded = _loaded_by("import designer.app")
    assert not loaded & {"duckdb", "aiohttp", "xlsxwriter", "fastexcel", "networkx"}
