"""Time the canvas for 100, 1,000 and 10,000 nodes: ``python -m benchmarks.canvas [nodes ...] [--json]``.

With files of scientific workflows in WfFormat (``*.json.gz``) in place of sizes, their graphs are drawn, laid
out by the canvas's own tidy up, and timed the same.

Offscreen, 1600 x 1000, synchronous repaints, 1.5 wires a node. Times are medians of the milliseconds that
the process itself used. Absolute figures move by a factor of two between runs; the ratios to the floor --
the same pixels filled by one C++ call -- hold within one run. Beside each figure stands whether it meets the
target of its size: 1,000 nodes, 10,000 (and real graphs), 100,000.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import resource
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")  # as designer.app does

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QSettings, Qt  # the platform must be chosen first
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPixmap
from PySide6.QtWidgets import QApplication

from designer.canvas import layout
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, Workflow, edits


def workflow(count: int) -> Workflow:
    """A layered drawing: columns of 25 cards, each fed by one or two of the column before."""
    chance = random.Random(7)
    types = [kind.id for kind in Catalog.load().types]
    nodes, layout, wires = {}, {}, {}
    for number in range(count):
        node_id = f"n{number}"
        title = f"Step {number}"
        nodes[node_id] = Node(id=node_id, type=types[number % len(types)], title=title)
        column, row = divmod(number, 25)
        layout[node_id] = (column * 368.0, row * 96.0)
    for number in range(int(count * 1.5)):
        target = chance.randrange(min(25, count - 1), count)
        source = max(0, target - 25 + chance.randrange(-3, 4))
        if source != target:
            wires[f"c{number}"] = Connection(id=f"c{number}", source=f"n{source}", target=f"n{target}")
    return Workflow(id="bench", nodes=nodes, connections=wires, layout=layout)


def scientific(path: Path) -> Workflow:
    """A workflow in WfFormat as a drawing of steps, tidied up."""
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        document = json.load(stream)
    tasks = document["workflow"]["specification"]["tasks"] if "workflow" in document else document["tasks"]
    wires = {(task["id"], child) for task in tasks for child in task["children"]}
    wires |= {(parent, task["id"]) for task in tasks for parent in task.get("parents", ())}
    number = {task["id"]: place for place, task in enumerate(tasks)}
    flat = np.array([(0.0, place * 96.0) for place in range(len(tasks))])
    ends = [(number[source], number[target], 0.0) for source, target in sorted(wires)]
    places = layout.tidy(flat, ends).tolist()
    return Workflow(
        id=path.name,
        nodes={t["id"]: Node(id=t["id"], type="flow.set_values", title=t["name"]) for t in tasks},
        connections={f"{a}>{b}": Connection(id=f"{a}>{b}", source=a, target=b) for a, b in sorted(wires)},
        layout={task["id"]: (x, y) for task, (x, y) in zip(tasks, places, strict=True)},
    )


LAST = 14
FRAMES = (
    "zoom fit", "fit", "pan 1", "zoom 1", "pan 0.5", "zoom 0.5", "pan 0.1", "zoom 0.1", "move 1", "drag 1",
    "move 1000", "1 state", "edit", "1000 states", "edit ran",
)  # fmt: skip
SIXTY_A_SECOND = 1000 / 60
TARGETS: dict[int, dict[str, float]] = {
    1_000: {"open": 60, **dict.fromkeys(FRAMES, 6)},
    10_000: {
        "open": 150, "zoom fit": 12, "fit": 12, "pan 1": 10, "zoom 1": 10, "pan 0.5": 10, "zoom 0.5": 10,
        "pan 0.1": 10, "zoom 0.1": 10, "p95": 16, "move 1": 2, "drag 1": 16, "move 1000": 16, "1 state": 4,
        "edit": 16, "1000 states": 8, "edit ran": 16, "MB": 180,
    },
    100_000: {"pan 1": SIXTY_A_SECOND, "pan 0.1": SIXTY_A_SECOND, "fit": 48},
}  # fmt: skip
"""Milliseconds, and megabytes, by the number of nodes."""
HUB: dict[str, float] = {**TARGETS[10_000], "pan 1": 16, "zoom 1": 16, "pan 0.5": 16, "zoom 0.5": 16}
"""What is asked for of graphs in which thousands of wires meet in one node."""


def sampled(act: Callable[[int], object], times: int = LAST + 1) -> list[float]:
    """The times of ``act(turn)`` in milliseconds, after one warming turn."""
    act(-1)
    taken = []
    for turn in range(times):
        start = time.process_time()
        act(turn)
        taken.append((time.process_time() - start) * 1000)
    return taken


def median(act: Callable[[int], object]) -> float:
    return statistics.median(sampled(act))


def measure(drawn: Workflow, theme: ThemeController, settings: Settings) -> dict[str, float]:
    """All figures for one drawing."""
    start = time.process_time()
    view = CanvasView(Editor(Document(drawn)), Catalog.load(), theme, settings)
    view.motion.allowed = False
    view.resize(1600, 1000)
    view.show()
    view.frame_all()
    QApplication.processEvents()  # exposes the window; before that nothing is painted
    view.viewport().repaint()
    found = {"open": (time.process_time() - start) * 1000}
    scene, camera = view.canvas_scene, view.camera

    def flush() -> None:
        """Paint what is waiting to be painted, now."""
        QApplication.sendEvent(view, QEvent(QEvent.Type.UpdateRequest))

    def painted(_turn: int = 0) -> None:
        view.viewport().repaint()

    def pan(_turn: int) -> None:
        camera.pan(-7, -3)
        painted()

    def zoom_about(zoom: float) -> Callable[[int], None]:
        def step(turn: int) -> None:
            """Five per cent in and out, and no zoom twice: what is kept of the last ones does not help."""
            camera.zoom_at(zoom * (1 + turn % 5 / 100 + turn / 10_000))
            painted()

        return step

    frames: list[float] = []

    def looked(act: Callable[[int], object]) -> float:
        taken = sampled(act)
        frames.extend(taken)
        return statistics.median(taken)

    found["zoom fit"] = looked(zoom_about(camera.zoom))
    found["fit"] = looked(painted)
    middle = scene.bounds().center()
    for zoom in (1.0, 0.5, 0.1):
        camera.zoom_at(zoom)
        camera.look_at(middle)
        found[f"pan {zoom:g}"] = looked(pan)
        found[f"zoom {zoom:g}"] = looked(zoom_about(zoom))
    found["p95"] = statistics.quantiles(frames, n=20)[-1]
    camera.zoom_at(1.0)
    row = int(np.abs(scene.xy - (middle.x(), middle.y())).sum(axis=1).argmin())
    one = [scene.ids[row]]
    camera.look_at(scene.card(row).center())
    camera.finish()

    def drag(ids: list[str]) -> Callable[[int], None]:
        def step(turn: int) -> None:
            scene.place(ids, scene.xy[scene.rows(ids)] + (16 if turn % 2 else -16))
            flush()

        return step

    def states(ids: list[str]) -> Callable[[int], None]:
        def step(turn: int) -> None:
            view.apply_run(dict.fromkeys(ids, _state(turn)), {})
            flush()

        return step

    def rename(turn: int) -> None:
        view.editor.push(edits.rename(view.editor.workflow, one[0], f"Title {turn}"))
        flush()

    found["move 1"] = median(drag(one))
    found["drag 1"] = median(_hand(view, row, flush))
    found["move 1000"] = median(drag(scene.ids[:1000]))
    found["1 state"] = median(states(one))
    found["edit"] = median(rename)
    view.frame_all()
    found["1000 states"] = median(states(scene.ids[:1000]))
    view.apply_run(dict.fromkeys(scene.ids, _state(0)), {})
    flush()

    def change(turn: int) -> None:
        now = view.editor.workflow
        view.editor.push(edits.set_parameters(now, one[0], {"values": {"turn": turn}}))
        flush()

    found["edit ran"] = median(change)
    found["floor"] = median(lambda _turn: floor(view))
    found["MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    view.close()
    view.deleteLater()
    return found


def _hand(view: CanvasView, row: int, flush: Callable[[], None]) -> Callable[[int], None]:
    """A card that is dragged with the mouse, guides and all."""
    at = QPointF(view.mapFromScene(view.canvas_scene.card(row).center()))

    def send(kind: QEvent.Type, place: QPointF, held: Qt.MouseButton) -> None:
        button = Qt.MouseButton.LeftButton if kind != QEvent.Type.MouseMove else Qt.MouseButton.NoButton
        screen = QPointF(view.viewport().mapToGlobal(place.toPoint()))
        plain = Qt.KeyboardModifier.NoModifier
        QApplication.sendEvent(view.viewport(), QMouseEvent(kind, place, screen, button, held, plain))

    def step(turn: int) -> None:
        if turn < 0:
            send(QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)
        place = at + QPointF(20 + turn % 2 * 16, turn % 7 * 3)
        send(QEvent.Type.MouseMove, place, Qt.MouseButton.LeftButton)
        flush()
        if turn == LAST:
            view.pointing.cancel()

    return step


def _state(turn: int) -> StepState:
    return StepState(status=(StepStatus.COMPLETED, StepStatus.FAILED)[turn % 2])


def targets(title: str) -> dict[str, float]:
    """What is asked for of a drawing: by its size, as of 10,000 nodes if it is a real graph."""
    count = title.replace(",", "")
    return TARGETS.get(int(count), {}) if count.isdigit() else HUB


def said(figure: float, target: float) -> str:
    return f" ok<={target:.3g}" if figure <= target else f" MISSED {target:.3g}"


def floor(view: CanvasView) -> None:
    """Filling the same number of pixels once."""
    pixmap = QPixmap(view.viewport().size())
    painter = QPainter(pixmap)
    painter.fillRect(pixmap.rect(), QColor(view.theme.theme.canvas))
    painter.end()


def main(arguments: list[str]) -> None:
    sizes = [int(text) for text in arguments if text.isdigit()]
    files = [Path(text) for text in arguments if text.endswith(".gz")]
    sizes = sizes or ([] if files else [100, 1000, 10_000])
    application = QApplication.instance() or QApplication([])
    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    theme = ThemeController("light")
    settings = Settings()
    table = {f"{count:,}": measure(workflow(count), theme, settings) for count in sizes}
    for file in files:
        drawn = scientific(file)
        found = {"nodes": float(len(drawn.nodes)), "wires": float(len(drawn.connections))}
        table[file.name[:12]] = {**found, **measure(drawn, theme, settings)}
    if "--json" in arguments:
        print(json.dumps(table, indent=2))
        return
    print(f"{'ms':>14}" + "".join(f"{name:>20}" for name in table))
    for name in next(iter(table.values())):
        row = f"{name:>14}"
        for title, column in table.items():
            target = targets(title).get(name)
            row += f"{column[name]:>10.2f}" + ("" if target is None else said(column[name], target)).ljust(10)
        print(row.rstrip())
    del application


if __name__ == "__main__":
    main(sys.argv[1:])
