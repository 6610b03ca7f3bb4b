"""A canvas in a script that ends without taking leave: Qt is taken apart while the view has the keyboard."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import os
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pathlib import Path
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController
from engine.catalog import Catalog
from tests.designer.canvas.conftest import small_workflow

app = QApplication([])
view = CanvasView(
    Editor(Document(small_workflow())), Catalog.load(), ThemeController("light"), Settings(Path("{ini}"))
)
view.show()
view.setFocus()
QTest.qWait(0)
assert view.hasFocus()
print("drawn" if not view.grab().isNull() else "")
"""


def test_that_a_script_may_end_with_a_view_alive(tmp_path: Path) -> None:
    script = SCRIPT.replace("{ini}", (tmp_path / "settings.ini").as_posix())
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd=root, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stdout.strip()) == (0, "drawn"), done.stderr
