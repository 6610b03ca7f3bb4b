"""Time edits of a large workflow in sight of the outline: ``python -m benchmarks.outline [nodes] [--json]``.

Offscreen, in a panel of its own. For each kind of edit the median milliseconds of processor time, from the
push of the edit until the panel is painted again; the same edit without the panel is the baseline.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")  # as designer.app does

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from benchmarks.canvas import workflow
from designer.collecting import spare_collecting
from designer.document.document import Document
from designer.editor import Editor
from designer.panels.outline_panel import OutlinePanel
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.model import Workflow, edits

TARGET_MS = 16.0
TIMES = 9


def rename(now: Workflow, turn: int) -> edits.Edit:
    return edits.rename(now, _middle(now), f"Title {turn}")


def parameters(now: Workflow, turn: int) -> edits.Edit:
    return edits.set_parameters(now, _middle(now), {"path": f"file {turn}.csv"})


def condition(now: Workflow, turn: int) -> edits.Edit:
    wires = list(now.connections)
    return edits.set_condition(now, wires[len(wires) // 2], condition=f"output.n > {turn}")


def move(now: Workflow, turn: int) -> edits.Edit:
    x, y = now.layout[_middle(now)]
    return edits.move(now, {_middle(now): (x + 16.0, y + turn)})


def connect(now: Workflow, turn: int) -> edits.Edit:
    ends = [node.id for node in now.nodes.values() if node.type == "table.filter"]
    return edits.connect(now, CATALOG, ends[turn], ends[-turn - 1])


def disconnect(now: Workflow, turn: int) -> edits.Edit:
    wires = list(now.connections)
    return edits.disconnect(now, CATALOG, [wires[len(wires) // 2 + turn]])


def add(now: Workflow, turn: int) -> edits.Edit:
    kind = CATALOG.get("flow.set_values")
    assert kind is not None
    return edits.add_node(now, kind, (turn * 300.0, -200.0))[0]


def delete(now: Workflow, turn: int) -> edits.Edit:
    return edits.delete(now, CATALOG, [list(now.nodes)[len(now.nodes) // 2 + turn]])


def _middle(now: Workflow) -> str:
    return f"n{len(now.nodes) // 2}"


CATALOG = Catalog.load()
EDITS: dict[str, Callable[[Workflow, int], edits.Edit]] = {
    "rename": rename,
    "parameters": parameters,
    "condition": condition,
    "move": move,
    "connect": connect,
    "disconnect": disconnect,
    "add": add,
    "delete": delete,
}


def timed(editor: Editor, make: Callable[[Workflow, int], edits.Edit], after: Callable[[], None]) -> float:
    """The median milliseconds that pushing such an edit takes, after one that warms up."""
    taken = []
    for turn in range(TIMES + 1):
        edit = make(editor.workflow, turn)
        start = time.process_time()
        editor.push(edit)
        after()
        taken.append((time.process_time() - start) * 1000)
    return statistics.median(taken[1:])


def measure(count: int) -> dict[str, dict[str, float]]:
    """Each kind of edit: with the panel and without."""
    found: dict[str, dict[str, float]] = {name: {} for name in EDITS}
    bare = Editor(Document(workflow(count)))
    for name, make in EDITS.items():
        found[name]["without"] = timed(bare, make, lambda: None)
    editor = Editor(Document(workflow(count)))
    panel = OutlinePanel(editor, CATALOG)
    panel.resize(340, 900)
    panel.show()
    QApplication.processEvents()
    panel.tree.setCurrentIndex(panel.model.index(count // 2, 0))

    def paint() -> None:
        QApplication.sendPostedEvents()
        QApplication.sendEvent(panel, QEvent(QEvent.Type.UpdateRequest))

    for name, make in EDITS.items():
        found[name]["with"] = timed(editor, make, paint)
    panel.close()
    panel.deleteLater()
    return found


def main(arguments: list[str]) -> None:
    count = next((int(text) for text in arguments if text.isdigit()), 10_000)
    spare_collecting()
    application = QApplication.instance() or QApplication([])
    ThemeController("light")
    found = measure(count)
    if "--json" in arguments:
        print(json.dumps(found, indent=2))
        return
    print(f"{f'{count:,} nodes, ms':>18}  without  with the outline  target")
    for name, figures in found.items():
        meets = "ok" if figures["with"] <= TARGET_MS else "missed"
        print(f"{name:>18}{figures['without']:>9.1f}{figures['with']:>18.1f}    <= {TARGET_MS:.0f} {meets}")
    del application


if __name__ == "__main__":
    main(sys.argv[1:])
