"""Very many wires at once: what lies on each other is painted once, and looks as if all had been."""

from __future__ import annotations

import platform
import subprocess
import sys

import numpy as np
import numpy.typing as npt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from designer.canvas import geometry
from designer.canvas.geometry import Box, Floats
from designer.canvas.painter import wires
from designer.canvas.painter.arrays import draw_lines
from designer.canvas.painter.layer import Layer
from designer.canvas.render import Drawing, render_image
from designer.canvas.scene import Scene
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.theme.theme import light
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, Workflow, edits
from engine.model.bends import set_bends
from engine.model.groups import fold, groups, make_group
from tests.designer.canvas.test_painted_anew import painted, pixels

BOX = (0.0, 0.0, 100.0, 50.0)


def thinned(*lines: tuple[float, float, float, float]) -> list[list[float]]:
    return geometry.thinned(np.array(lines, np.float64).reshape(-1, 4), BOX).tolist()  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("lines", "kept"),
    [
        ([(10, 10, 20, 20)], [[10, 10, 20, 20]]),
        ([(10, 10, 20, 20), (10.2, 9.8, 20.4, 20.1)], [[10, 10, 20, 20]]),
        ([(-50, 25, 150, 25)], [[0, 25, 100, 25]]),
        ([(50, -1e6, 50, 1e6)], [[50, 0, 50, 50]]),
        ([(0, -50, 100, 150)], [[25, 0, 50, 50]]),
        ([(100, 50, -100, -50)], [[100, 50, 0, 0]]),
        ([(-20, 10, -10, 20)], []),
        ([(-60, 20, 40, -60)], []),  # its box touches, it does not
        ([(-20, 10, -20, 40), (10, 60, 90, 60)], []),
        ([(30, 30, 30, 30)], [[30, 30, 30, 30]]),
        ([(0, 0, 100, 0)], [[0, 0, 100, 0]]),
        ([], []),
    ],
)
def test_that_segments_are_cut_at_the_box_and_kept_once(
    lines: list[tuple[float, float, float, float]], kept: list[list[float]]
) -> None:
    assert thinned(*lines) == kept


def test_that_every_segment_that_is_seen_has_one_that_stands_for_it() -> None:
    chance = np.random.default_rng(7)
    lines = chance.uniform(-200, 300, (2_000, 4))
    kept = geometry.thinned(lines, BOX)
    for x1, y1, x2, y2 in lines[:300].tolist():
        share = np.linspace(0, 1, 400)
        x, y = x1 + (x2 - x1) * share, y1 + (y2 - y1) * share
        inside = (x > 1) & (x < 99) & (y > 1) & (y < 49)
        if not inside.any():
            continue
        point = np.array((x[inside][0], y[inside][0]))
        start, way = kept[:, :2], kept[:, 2:] - kept[:, :2]
        length = np.maximum((way**2).sum(axis=1), 1e-9)
        along = np.clip(((point - start) * way).sum(axis=1) / length, 0, 1)
        gaps = np.hypot(*(start + way * along[:, None] - point).T)
        assert gaps.min() < 1.5


_FAULTS = """
import resource
import numpy as np
from designer.canvas import strands
if {kept}:
    strands.keep_pages()
def frame():
    held = [np.ones(200_000) for _ in range(4)]
for _ in range(3):
    frame()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    frame()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="Other libraries have ways of their own")
def test_that_the_memory_of_large_arrays_is_kept_for_the_next_frame() -> None:
    def faults(kept: bool) -> int:
        command = [sys.executable, "-c", _FAULTS.format(kept=kept)]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert faults(True) < 200
    assert faults(False) > 5 * faults(True)


def drawn(lines: Floats) -> npt.NDArray[np.bool_]:
    """Which of 400 by 300 pixels are painted."""
    image = QImage(400, 300, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    draw_lines(painter, lines)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(300, 400, 4)[:, :, 0] == 0


def test_that_a_fan_in_pieces_covers_the_same_pixels_and_paints_each_far_less_often() -> None:
    chance = np.random.default_rng(3)
    hub, ends = np.array((200.0, 150.0)), np.round(chance.uniform(0, 1, (3_000, 2)) * (399, 299))
    ends[:20, 0], ends[20:40, 1] = hub[0], hub[1]  # straight up and down, and to both sides
    lines = np.hstack((np.tile(hub, (3_000, 1)), ends))
    lines[::2] = lines[::2, [2, 3, 0, 1]]  # in either direction
    pieces = geometry.diced(lines)
    ways = np.abs(pieces[:, 2:] - pieces[:, :2]).max(axis=1)
    assert ways.max() <= 64
    assert (pieces == np.round(pieces)).all()
    assert len(np.unique(pieces, axis=0)) == len(pieces)
    assert ways.sum() < 0.7 * np.abs(lines[:, 2:] - lines[:, :2]).max(axis=1).sum()
    whole, cut = drawn(lines), drawn(pieces)
    assert (whole ^ cut).mean() < 0.05
    near = whole.copy()
    for across in (-1, 0, 1):
        for down in (-1, 0, 1):
            near |= np.roll(whole, (down, across), (0, 1))
    assert not (cut & ~near).any()
    assert geometry.diced(lines[:0]).shape == (0, 4)
    assert geometry.diced(np.array([[-70.0, 3.0, 10.0, 3.0]])).tolist() == [
        [-70, 3, -64, 3],
        [-64, 3, 0, 3],
        [0, 3, 10, 3],
    ]


def _drawn(lines: Floats, clip: Box, *, vector: bool = False) -> Floats:
    style = wires.WireStyle(zoom=1.0, offset=(0.0, 0.0), clip=clip, vector=vector)
    told, covers = wires._told_apart(lines, style)
    return geometry.diced(told) if covers else told


def test_that_only_a_crowd_that_fills_a_quarter_of_the_view_is_cut_up() -> None:
    down = np.array([(x / 10, 0.0, x / 10, 50.0) for x in range(1000)])
    wide = (0.0, 0.0, 1000.0, 100.0)
    long = np.array([(x, 0.0, x, 100.0) for x in range(500)])
    assert len(_drawn(down, BOX)) == 101
    assert len(_drawn(down, wide)) == 101
    assert len(_drawn(long, wide)) == 1000
    assert len(_drawn(long[:300], wide)) == 300
    assert len(_drawn(down, wide, vector=True)) == len(down)


@pytest.mark.parametrize("zoom", [1.0, 0.3])
@pytest.mark.parametrize("change", ["nothing", "moved", "states", "bent", "folded", "one away"])
def test_that_kept_pieces_are_what_is_drawn_anew(
    canvas: CanvasView, monkeypatch: pytest.MonkeyPatch, change: str, zoom: float
) -> None:
    """Of the wires of a crowd, after an edit: beside one that has kept nothing, and one that never does."""
    editor = canvas.editor
    editor.document.replace(fan(wires.CROWD + 80))
    painted(canvas.layer, zoom)
    states = {name: StepState(status=StepStatus.RUNNING) for name in ("n3", "n4")}
    outcomes = {f"c_n{number}": ("TAKEN", "DEAD")[number % 2] for number in range(100)}
    if change == "moved":
        editor.push(edits.move(editor.workflow, {"n7": (420.0, 300.0), "n8": (500.0, -40.0)}))
    elif change == "states":
        canvas.apply_run(states, outcomes)
    elif change == "bent":
        editor.push(set_bends(editor.workflow, {"c_n9": [(300.0, 120.0)]}, "Bend"))
    elif change == "folded":
        editor.push(make_group(editor.workflow, [f"n{number}" for number in range(5, 40)]))
        editor.push(fold(editor.workflow, {groups(editor.workflow)[0].id: ()}))
    elif change == "one away":
        editor.push(edits.delete(editor.workflow, Catalog.load(), ["n11"]))
    fresh = Scene(Document(editor.workflow), canvas.catalog)
    if change == "states":
        fresh.apply_run(states, outcomes)
    now = painted(canvas.layer, zoom)
    anew = Layer(fresh, canvas.theme.theme)
    anew.moves = False
    assert now == painted(anew, zoom)
    monkeypatch.setattr(wires, "_SHARE", 0)  # nothing is kept
    never = painted(anew, zoom)
    assert (np.abs(pixels(now) - pixels(never)) > 8).mean() < 0.002
    fresh.close()


def fan(count: int) -> Workflow:
    """One node that leads to a column of others."""
    names = [f"n{number}" for number in range(count)]
    return Workflow(
        id="fan",
        nodes={name: Node(id=name, type="flow.set_values") for name in ["hub", *names]},
        connections={f"c_{name}": Connection(id=f"c_{name}", source="hub", target=name) for name in names},
        layout={"hub": (0.0, 0.0), **{name: (400.0, number * 8.0) for number, name in enumerate(names)}},
    )


def ink(image: QImage) -> float:
    """How much of the gap between hub and column is not canvas."""
    ground = image.pixel(2, 2)
    seen = [
        image.pixel(x, y) != ground
        for x in range(48 + 260, 48 + 390, 3)
        for y in range(60, image.height() - 60, 7)
    ]
    return sum(seen) / len(seen)


def test_that_a_crowd_of_wires_looks_like_the_wires_it_is_made_of(
    qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawing = Drawing(workflow=fan(wires.CROWD + 50), catalog=Catalog.load(), theme=light())
    crowd = render_image(drawing)
    monkeypatch.setattr(wires, "CROWD", 10_000)
    each = render_image(drawing)
    assert crowd != each
    assert ink(each) > 0.1
    assert abs(ink(crowd) - ink(each)) < 0.12
