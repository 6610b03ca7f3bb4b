"""Zoomed far out a card is a block of a few pixels: each state still looks different without its colour."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtGui import QImage, QPainter

from designer.canvas.looks import Look
from designer.canvas.painter.inks import Inks
from designer.canvas.painter.tiny import LEAST_H, cuts, paint_blocks
from designer.canvas.view import CanvasView
from designer.theme.theme import Theme, dark, light
from engine.history.state import StepState
from engine.history.status import StepStatus


def block(theme: Theme, look: Look, size: tuple[int, int]) -> QImage:
    image = QImage(*size, QImage.Format.Format_RGB32)
    inks = Inks(theme)
    image.fill(inks.canvas)
    painter = QPainter(image)
    paint_blocks(painter, inks, np.zeros((1, 2)), np.array([int(look)], np.uint8), size)
    painter.end()
    return image


def shape(theme: Theme, look: Look, size: tuple[int, int]) -> tuple[bool, ...]:
    """Which pixels are painted, whatever their colour."""
    image, ground = block(theme, look, size), Inks(theme).canvas.rgb()
    return tuple(image.pixel(x, y) != ground for y in range(size[1]) for x in range(size[0]))


@pytest.mark.parametrize("theme", [light(), dark()], ids=["light", "dark"])
@pytest.mark.parametrize("size", [(19, 5), (24, 6), (29, 8), (36, 10)])
def test_that_no_two_states_have_the_same_shape(theme: Theme, size: tuple[int, int]) -> None:
    shapes = {look: shape(theme, look, size) for look in Look}
    assert [(one, two) for one, two in combinations(Look, 2) if shapes[one] == shapes[two]] == []
    assert all(any(found) for found in shapes.values())


def test_that_the_cuts_stay_inside_the_block() -> None:
    for look in Look:
        for width, height in ((19, 5), (24, 6), (38, 10)):
            for x, y, wide, high in cuts(look, width, height):
                assert 0 <= x <= x + wide <= width
                assert 0 <= y <= y + high <= height


def test_that_smaller_blocks_are_whole() -> None:
    assert all(shape(light(), Look.FAILED, (8, LEAST_H - 1)))


def test_that_the_canvas_shows_them_at_ten_per_cent(canvas: CanvasView) -> None:
    canvas.apply_run({"read": StepState(status=StepStatus.FAILED)}, {})
    canvas.camera.zoom_at(0.1)
    canvas.camera.look_at(canvas.canvas_scene.bounds().center())
    card = canvas.mapFromScene(canvas.canvas_scene.card(canvas.canvas_scene.row_of["read"])).boundingRect()
    image = canvas.viewport().grab().toImage()
    inks = canvas.layer.inks
    row = [image.pixelColor(x, card.center().y()) for x in range(card.left() + 1, card.right() - 1)]
    assert inks.status[Look.FAILED] in row[:6]
    assert inks.canvas in row[6:-6]  # broken in the middle
