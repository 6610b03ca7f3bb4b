"""What moves on the canvas moves through one timer, and not at all when movements are reduced."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtTest import QTest

from designer.canvas.looks import Look
from designer.canvas.motion import FRAME_MS, Motion
from designer.canvas.painter import badges
from designer.canvas.painter.cards import BADGE_AT
from designer.canvas.view import CanvasView
from designer.editor import Editor
from designer.settings import Settings
from designer.theme.tokens import BADGE, HOVER_MS, STATE_MS, ZOOM_MS
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from tests.designer.canvas.conftest import Hand, small_workflow

DONE = StepState(status=StepStatus.COMPLETED)


class Hours:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now

    def pass_by(self, canvas: CanvasView, ms: float) -> None:
        self.now += ms / 1000 + 1e-6  # thousandths are no exact fractions
        canvas.motion.frame()


@pytest.fixture
def hours(canvas: CanvasView, settings: Settings) -> Iterator[Hours]:
    """The canvas moves, by a clock of the test's own."""
    hours = Hours()
    canvas.motion.clock = hours
    settings.reduce_motion = False
    yield hours
    settings.reduce_motion = True


def test_that_the_ring_under_the_mouse_comes_and_goes(canvas: CanvasView, hand: Hand, hours: Hours) -> None:
    warm = canvas.layer.attention.warm
    hand.move(hand.centre("read"))
    assert canvas.is_animating
    assert warm == {1: 0.0}
    hours.pass_by(canvas, HOVER_MS / 2)
    assert 0.0 < warm[1] < 1.0
    canvas.grab()
    hours.pass_by(canvas, HOVER_MS / 2)
    assert warm == {1: 1.0}
    assert not canvas.is_animating
    hand.move(hand.centre("keep"))
    hours.pass_by(canvas, HOVER_MS / 2)
    assert 0.0 < warm[1] < 1.0
    assert 0.0 < warm[2] < 1.0
    hours.pass_by(canvas, HOVER_MS)
    assert warm == {2: 1.0}


def test_that_a_wire_grows_broader_under_the_mouse(canvas: CanvasView, hand: Hand, hours: Hours) -> None:
    warm = canvas.layer.attention.warm_wires
    hand.move((640.0, 32.0))
    hours.pass_by(canvas, HOVER_MS / 2)
    assert 0.0 < warm[1] < 1.0
    canvas.grab()
    hand.move((640.0, 300.0))
    hours.pass_by(canvas, HOVER_MS)
    assert warm == {}


def test_that_a_new_state_comes_gently(canvas: CanvasView, hours: Hours) -> None:
    fading = canvas.layer.attention.fading
    canvas.apply_run({"read": DONE}, {})
    assert fading == {1: (Look.IDLE, 0.0)}
    before = canvas.viewport().grab().toImage()
    hours.pass_by(canvas, STATE_MS / 2)
    between = canvas.viewport().grab().toImage()
    canvas.apply_run({"keep": DONE}, {})
    hours.pass_by(canvas, STATE_MS / 2)
    assert list(fading) == [2]  # each in its own time
    hours.pass_by(canvas, STATE_MS)
    assert fading == {}
    assert not canvas.is_animating
    after = canvas.viewport().grab().toImage()
    assert len({bytes(image.constBits()) for image in (before, between, after)}) == 3


def test_that_the_badge_of_a_new_state_is_whole_from_the_start(canvas: CanvasView, hours: Hours) -> None:
    canvas.apply_run({"read": StepState(status=StepStatus.FAILED)}, {})
    hours.pass_by(canvas, STATE_MS * 2)
    canvas.apply_run({"read": DONE}, {})
    assert canvas.layer.attention.fading
    image = canvas.viewport().grab().toImage()
    corner = canvas.canvas_scene.card(canvas.canvas_scene.row_of["read"]).topLeft()
    inside = canvas.mapFromScene(corner + BADGE_AT + QPointF(-6.5, 2.0))  # of the card, beside the tick
    assert image.pixelColor(inside) == canvas.layer.inks.status[Look.COMPLETED]


def test_that_a_crowd_of_states_comes_at_once(
    canvas: CanvasView, hours: Hours, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("designer.canvas.fades.MOST", 1)
    canvas.apply_run({"read": DONE, "keep": DONE}, {})
    assert canvas.layer.attention.fading == {}
    assert not canvas.is_animating


def test_that_new_rows_forget_what_was_on_its_way(canvas: CanvasView, editor: Editor, hours: Hours) -> None:
    canvas.apply_run({"write": DONE}, {})
    editor.replace(small_workflow())
    assert canvas.layer.attention.fading == {}
    assert not canvas.is_animating


def test_that_zooming_is_gentle_and_can_be_cut_short(canvas: CanvasView, hours: Hours) -> None:
    first = canvas.camera.zoom
    canvas.set_zoom(2.0)
    hours.pass_by(canvas, ZOOM_MS / 2)
    assert first < canvas.camera.zoom < 2.0
    hours.pass_by(canvas, ZOOM_MS / 2)
    assert canvas.camera.zoom == pytest.approx(2.0)
    canvas.set_zoom(1.0)
    canvas.camera.finish()
    assert canvas.camera.zoom == pytest.approx(1.0)
    assert not canvas.is_animating


def test_that_keys_pressed_quickly_zoom_as_far_as_keys_pressed_slowly(
    canvas: CanvasView, hours: Hours
) -> None:
    canvas.set_zoom(1.0)
    canvas.camera.finish()
    for key in (Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Plus, Qt.Key.Key_Minus):
        QTest.keyClick(canvas, key, Qt.KeyboardModifier.ControlModifier)
        hours.pass_by(canvas, ZOOM_MS / 4)
    canvas.camera.finish()
    assert canvas.camera.zoom == pytest.approx(1.25**2)


def test_that_looking_elsewhere_on_the_way_ends_at_both_goals(canvas: CanvasView, hours: Hours) -> None:
    canvas.set_zoom(2.0)
    hours.pass_by(canvas, ZOOM_MS / 4)
    canvas.center_on("write")
    hours.pass_by(canvas, ZOOM_MS / 4)
    canvas.reveal("write")
    canvas.camera.finish()
    assert canvas.camera.zoom == pytest.approx(2.0)
    card = canvas.canvas_scene.card(canvas.canvas_scene.row_of["write"])
    assert (canvas.camera.centre - card.center()).manhattanLength() < 4


def test_that_reduced_motion_is_there_at_once(canvas: CanvasView, hand: Hand) -> None:
    hand.move(hand.centre("read"))
    canvas.apply_run({"read": DONE}, {})
    canvas.set_zoom(2.0)
    seen = canvas.layer.attention
    assert (seen.warm, seen.fading, canvas.camera.zoom) == ({1: 1.0}, {}, pytest.approx(2.0))
    assert not canvas.is_animating


def test_that_reducing_motion_ends_what_is_under_way(
    canvas: CanvasView, settings: Settings, hours: Hours
) -> None:
    canvas.set_zoom(2.0)
    settings.reduce_motion = True
    assert canvas.camera.zoom == pytest.approx(2.0)
    assert not canvas.is_animating


def test_that_one_timer_serves_all_and_stops(qapp: QObject) -> None:
    now = [0.0]
    motion = Motion(qapp, lambda: now[0])
    told: list[tuple[str, float]] = []
    pulses: list[int] = []
    motion.pulsed.connect(lambda: pulses.append(1))
    motion.run("a", 100, lambda share: told.append(("a", share)))
    motion.pulse(1000)
    assert motion._timer.interval() == FRAME_MS
    now[0] = 0.1
    motion.frame()
    assert told == [("a", 1.0)]
    assert (motion._timer.interval(), len(pulses)) == (1000, 1)
    motion.run("a", 100, lambda share: told.append(("b", share)))
    assert motion.is_running("a")
    motion.stop("a")
    motion.pulse(0)
    assert not motion.is_active
    motion.finish("a")
    assert len(told) == 1


def test_that_a_spinner_is_seen_from_afar() -> None:
    assert badges.spinner_size(1.0) == BADGE
    assert badges.spinner_size(0.66) * 0.66 >= 17.0
    assert badges.spinner_size(0.45) * 0.45 >= 13.0


def test_that_a_running_step_shows_its_spinner_at_66_percent(canvas: CanvasView) -> None:
    canvas.apply_run({"read": StepState(status=StepStatus.RUNNING)}, {})
    canvas.camera.zoom_at(0.66)
    corner = canvas.mapFromScene(canvas.canvas_scene.card(1).topRight() + QPointF(-4, 2))
    image = canvas.viewport().grab().toImage()
    bright = canvas.layer.inks.running.rgb()
    ring = [
        image.pixelColor(corner.x() + x, corner.y() + y).rgb() == bright
        for x in range(-9, 10)
        for y in range(-9, 10)
    ]
    assert sum(ring) >= 12
