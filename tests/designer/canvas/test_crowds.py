"""Very many wires at once: what lies on each other is painted once, and looks as if all had been."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from designer.canvas import geometry
from designer.canvas.painter import wires
from designer.canvas.render import Drawing, render_image
from designer.theme.theme import light
from engine.catalog import Catalog
from engine.model import Connection, Node, Workflow

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


def test_that_a_coarser_grid_keeps_fewer_and_moves_none_by_more_than_half_of_it() -> None:
    lines = np.array([(x, 0.0, x, 50.0) for x in np.arange(0.0, 40.0, 0.5)])
    fine, coarse = geometry.thinned(lines, BOX), geometry.thinned(lines, BOX, 2.0)
    assert len(coarse) < len(fine) <= 41
    assert coarse[:, 0].tolist() == [float(x) for x in range(0, 41, 2)]
    apart = np.abs(lines[:, None, 0] - coarse[None, :, 0]).min(axis=1)
    assert apart.max() <= 1.0


def test_that_only_a_crowd_that_fills_half_the_view_is_told_apart_less_finely() -> None:
    down = np.array([(x / 10, 0.0, x / 10, 50.0) for x in range(1000)])
    short = down.copy()
    short[:, 3] = 10.0
    assert len(wires._few_enough(down, BOX)) == 51
    assert len(wires._few_enough(short, BOX)) == 101
    assert len(wires._few_enough(short[:300], BOX)) == 300


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
