"""Time the start of the program: ``python -m benchmarks.start [times] [--json]``.

Each figure comes from a process of its own, offscreen, with settings and data folders of its own. *painted*
is when the window has been painted for the first time, *ready* when everything that the start does has been
done, the engine opened too, and the window is free; both count from before Python starts. The baseline is a
bare PySide6 window with menus and three docks. ``cpu`` is the processor time of the process until then: on a
machine that others use, it is what the program itself is answerable for.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PAINTED_MS, READY_MS = 600.0, 800.0
"""The targets."""
TIMES = 5

OURS = """
import asyncio, json, os, sys, time
started = float(os.environ["STARTED"])
said = {}
def note(name):
    if name not in said:
        said[name] = (time.monotonic() - started) * 1000
        said[name + " cpu"] = time.process_time() * 1000
from designer import app
load = app._load_qt
def watched():
    load()
    from PySide6.QtCore import QEvent, QObject, QTimer
    from designer import program
    class Watch(QObject):
        def eventFilter(self, watched, event):
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, lambda: note("painted"))
            return False
    opening = program.Program.open
    async def opened(self, file):
        watch = Watch()
        self.window.installEventFilter(watch)
        await opening(self, file)
        while "painted" not in said:
            await asyncio.sleep(0)
        await asyncio.sleep(0)
        note("ready")
        said["modules"] = len(sys.modules)
        self.ended.set()
    program.Program.open = opened
app._load_qt = watched
sys.exit(app.main(["--store", os.environ["STORE"]]) or print(json.dumps(said)))
"""

BARE = """
import json, os, sys, time
started = float(os.environ["STARTED"])
from PySide6.QtCore import QTimer, Qt
from PySide6.QtWidgets import QApplication, QDockWidget, QMainWindow, QTextEdit
application = QApplication([])
window = QMainWindow()
for name in ("File", "Edit", "View", "Help"):
    menu = window.menuBar().addMenu(name)
    for number in range(8):
        menu.addAction(f"Action {number}")
for area in (Qt.LeftDockWidgetArea, Qt.RightDockWidgetArea, Qt.BottomDockWidgetArea):
    dock = QDockWidget("Dock", window)
    dock.setWidget(QTextEdit())
    window.addDockWidget(area, dock)
window.setCentralWidget(QTextEdit())
window.resize(1600, 1000)
window.show()
said = {}
def note():
    said.update(painted=(time.monotonic() - started) * 1000, ready=(time.monotonic() - started) * 1000)
    said["painted cpu"] = said["ready cpu"] = time.process_time() * 1000
    said["modules"] = len(sys.modules)
    application.quit()
QTimer.singleShot(0, note)
application.exec()
print(json.dumps(said))
"""


def once(script: str, folder: Path) -> dict[str, float]:
    """One start, from before the process is made."""
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_STATE_HOME": str(folder / "state"),
        "STORE": str(folder / "runs.sqlite"),
        "STARTED": repr(time.monotonic()),
        "PYTHONPYCACHEPREFIX": str(folder / "compiled"),  # compiled as by an installer, by the first start
    }
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    ended = subprocess.run(
        [sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def measure(script: str, times: int) -> dict[str, float]:
    """Medians over so many starts, after one that fills the caches of files."""
    with tempfile.TemporaryDirectory() as folder:
        taken = [once(script, Path(folder)) for _ in range(times + 1)][1:]
    return {name: statistics.median(each[name] for each in taken) for name in taken[0]}


def main(arguments: list[str]) -> None:
    times = next((int(text) for text in arguments if text.isdigit()), TIMES)
    found = {"ours": measure(OURS, times), "bare window": measure(BARE, times)}
    if "--json" in arguments:
        print(json.dumps(found, indent=2))
        return
    print(f"{'ms':>14}{'painted':>10}{'cpu':>8}{'ready':>10}{'cpu':>8}{'modules':>10}")
    for name, figures in found.items():
        columns = zip(
            ("painted", "painted cpu", "ready", "ready cpu", "modules"), (10, 8, 10, 8, 10), strict=True
        )
        print(f"{name:>14}" + "".join(f"{figures[column]:>{width}.0f}" for column, width in columns))
    ours = found["ours"]
    for name, target in (("painted", PAINTED_MS), ("ready", READY_MS)):
        own = "" if ours[name] <= target else f" (cpu {'ok' if ours[name + ' cpu'] <= target else 'missed'})"
        print(f"{name} <= {target:.0f} ms: {'ok' if ours[name] <= target else 'missed'}{own}")


if __name__ == "__main__":
    main(sys.argv[1:])
