"""The traps that cost others days stay shut on the machine that runs these tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

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


AT_FIRST_PAINT = """
import os, sys, threading
from designer import app
load = app._load_numpy
def watched():
    load()
    from PySide6.QtCore import QEvent, QObject
    from designer import program
    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                print(*sys.modules, "|", *(thread.name.replace(" ", "_") for thread in threading.enumerate()))
                sys.stdout.flush()
                os._exit(0)
            return False
    opening = program.Program.open
    async def opened(self, file):
        self.window.installEventFilter(self.watch)
        await opening(self, file)
    making = program.Program.__init__
    def made(self, *given):
        making(self, *given)
        self.watch = Watch()
    program.Program.__init__, program.Program.open = made, opened
app._load_numpy = watched
app.main(["--store", sys.argv[1]])
"""


def test_that_the_first_paint_waits_for_nothing_that_it_does_not_show(tmp_path: Path) -> None:
    folders = {name: str(tmp_path) for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    environment = {**os.environ, **folders, "QT_QPA_PLATFORM": "offscreen"}
    run = subprocess.run(
        [sys.executable, "-c", AT_FIRST_PAINT, str(tmp_path / "runs.sqlite")],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    modules, threads = run.stdout.split("|")
    loaded = set(modules.split())
    assert "designer.windows.main_window" in loaded
    assert not loaded & {
        "jsonschema",
        "attr",
        "referencing",
        "idna",
        "sqlite3",
        "keyring",
        "networkx",
        "duckdb",
    }
    assert not loaded & {"aiohttp", "rich", "xlsxwriter", "fastexcel", "PySide6.QtNetwork"}
    assert not loaded & {"PySide6.QtPrintSupport", "engine.history.statistics"}
    assert not [name for name in loaded if name.startswith(("engine.actions", "engine.validation"))]
    assert not loaded & {"engine.run.workflow_engine", "engine.store.sqlite", "engine.cli"}
    assert threads.split() == ["MainThread"]


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
