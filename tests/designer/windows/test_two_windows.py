"""Several windows of one program: each with its document and its run, one engine behind them."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, QProcess, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas.view import CanvasView
from designer.dialogs.message import MessageDialog
from designer.dialogs.questions import UnsavedDialog
from designer.windows.handover import Handover, hand_over, name_of
from designer.windows.main_window import MainWindow
from engine.files import workflow_file
from engine.history.status import ExecutionStatus
from engine.model.changes import NodeAdded
from engine.model.edits import Edit
from engine.model.workflow import Node, Workflow
from tests.designer.canvas.conftest import small_workflow
from tests.support.desk import Desk
from tests.support.qt_loop import spin

ADD = Edit(label="Add", changes=(NodeAdded(node=Node(id="a", type="flow.manual"), position=(0.0, 0.0)),))
LEFT = Qt.MouseButton.LeftButton
PLAIN = Qt.KeyboardModifier.NoModifier


def values_workflow(name: str) -> Workflow:
    """Start, then a value that takes no time."""
    return Workflow(
        id=name,
        name=name.title(),
        nodes={
            "set": Node(
                id="set",
                type="flow.set_values",
                config={"parameters": {"values": {"name": name}}},
            )
        },
        layout={"set": (0.0, 0.0)},
    )


@pytest.fixture
def second(desk: Desk, qtbot: QtBot) -> Callable[[], MainWindow]:
    """Opens another window with its command."""

    def open_another() -> MainWindow:
        count = len(desk.program.workplaces)
        desk.window.commands["file.new_window"].trigger()
        qtbot.waitUntil(lambda: len(desk.program.workplaces) == count + 1)
        window = desk.program.workplaces[-1].window
        qtbot.waitUntil(window.isVisible)
        return window

    return open_another


def save(desk: Desk, name: str) -> Path:
    path = desk.folder / f"{name}.workflow.json"
    workflow_file.save(path, values_workflow(name))
    return path


def test_that_an_edit_and_its_undo_stay_in_their_window(desk: Desk, second: Callable[[], MainWindow]) -> None:
    desk.open()
    other = second()
    desk.window.session.editor.push(ADD)
    assert "a" not in other.session.editor.workflow.nodes
    assert not other.session.editor.is_edited
    other.commands["edit.undo"].trigger()
    assert "a" in desk.window.session.editor.workflow.nodes


def test_that_each_window_runs_its_own_workflow_at_the_same_time(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> None:
    desk.open(save(desk, "first"))
    other = second()
    assert spin(other.session.files.load(save(desk, "second")))
    windows = desk.window, other
    for window in windows:
        window.commands["run.run"].trigger()
    for window, name in zip(windows, ("first", "second"), strict=True):
        controller = window.session.controller
        qtbot.waitUntil(lambda c=controller: c.view.status is ExecutionStatus.COMPLETED)  # type: ignore[misc]
        assert controller.steps["set"].output == {"name": name}


def test_that_a_file_that_is_open_comes_to_the_front_instead_of_opening_twice(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> None:
    path = save(desk, "orders")
    desk.open(path)
    other = second()
    assert not spin(other.session.files.open(path))
    assert not other.session.editor.workflow.nodes
    desk.program.open_window(path)
    assert len(desk.program.workplaces) == 2
    other.session.editor.push(ADD)
    person = other.session.person
    assert type(person) is type(desk.person)
    person.save_path = path  # type: ignore[attr-defined]  # the one that answers file dialogs in tests
    other.commands["file.save_as"].trigger()
    qtbot.waitUntil(lambda: any(one.isVisible() for one in other.findChildren(MessageDialog)))
    assert "a" not in workflow_file.load(path).nodes
    next(one for one in other.findChildren(MessageDialog) if one.isVisible()).reject()


def test_that_a_window_closes_alone_and_the_program_ends_with_the_last(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> None:
    desk.open()
    other = second()
    other.commands["file.close"].trigger()
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 1)
    assert not desk.program.ended.is_set()
    assert spin(desk.window.session.files.load(save(desk, "orders")))
    desk.window.commands["run.run"].trigger()  # the engine is still there
    controller = desk.window.session.controller
    qtbot.waitUntil(lambda: controller.view.status is ExecutionStatus.COMPLETED)
    desk.window.commands["file.close"].trigger()
    qtbot.waitUntil(desk.program.ended.is_set)


def test_that_quitting_asks_every_window_and_stays_if_one_would_rather(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> None:
    desk.open()
    other = second()
    other.session.editor.push(ADD)

    def asked() -> list[UnsavedDialog]:
        return [one for one in other.findChildren(UnsavedDialog) if one.isVisible()]

    desk.window.commands["file.quit"].trigger()
    qtbot.waitUntil(lambda: bool(asked()))
    qtbot.mouseClick(asked()[0].cancel_button, LEFT)
    qtbot.waitUntil(lambda: desk.program.tasks.is_idle)
    assert not desk.program.ended.is_set()
    assert other.isVisible()
    other.commands["file.quit"].trigger()
    qtbot.waitUntil(lambda: bool(asked()))
    qtbot.mouseClick(asked()[0].discard_button, LEFT)
    qtbot.waitUntil(desk.program.ended.is_set)


def test_that_the_next_window_comes_to_the_front_and_the_round_ends_where_it_began(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> None:
    desk.open()
    other = second()
    for front, behind in ((desk.window, other), (other, desk.window)):
        behind.commands["file.next_window"].trigger()
        qtbot.waitUntil(front.isActiveWindow)


class Drag:
    """A hand that carries cards from one canvas over the windows of the screen."""

    def __init__(self, source: CanvasView) -> None:
        self.source = source

    def press(self, node_id: str) -> None:
        self.row = self.source.canvas_scene.row_of[node_id]
        self.grip = self.source.mapFromScene(self.source.canvas_scene.card(self.row).center())
        QTest.mousePress(self.source.viewport(), LEFT, PLAIN, self.grip)

    def carry_to(self, screen: QPoint) -> None:
        for share in (0.3, 0.7, 1.0):
            start = self.source.viewport().mapToGlobal(self.grip)
            at = start + (screen - start) * share
            place = QPointF(self.source.viewport().mapFromGlobal(at))
            event = QMouseEvent(QEvent.Type.MouseMove, place, QPointF(at), LEFT, LEFT, PLAIN)
            QApplication.sendEvent(self.source.viewport(), event)

    def release_at(self, screen: QPoint) -> None:
        place = self.source.viewport().mapFromGlobal(screen)
        QTest.mouseRelease(self.source.viewport(), LEFT, PLAIN, place)


@pytest.fixture
def side_by_side(
    desk: Desk, qtbot: QtBot, second: Callable[[], MainWindow]
) -> tuple[MainWindow, MainWindow, QPoint]:
    """Two windows, and the middle of the right one's canvas on the screen."""
    desk.open()
    desk.window.session.editor.replace(small_workflow())
    other = second()
    for window, left in ((desk.window, -900), (other, 0)):  # the screen of the tests is 800 pixels wide
        window.resize(880, 700)
        window.move(left, 0)
    desk.window.canvas.frame_all()
    view = other.canvas.viewport()
    qtbot.waitUntil(lambda: QApplication.topLevelAt(view.mapToGlobal(view.rect().center())) is other)
    return desk.window, other, view.mapToGlobal(view.rect().center())


def test_that_cards_dragged_to_another_window_are_copied_there_as_one_edit(
    side_by_side: tuple[MainWindow, MainWindow, QPoint],
) -> None:
    here, there, middle = side_by_side
    before = here.session.editor.workflow
    here.canvas.select(["read", "keep"])
    drag = Drag(here.canvas)
    drag.press("read")
    drag.carry_to(middle)
    assert there.canvas.pointing.visit is not None
    drag.release_at(middle)
    brought = there.session.editor.workflow
    assert [node.title for node in brought.nodes.values()] == ["Read orders", "Keep large"]
    assert [(c.source, c.target) for c in brought.connections.values()] == [("read", "keep")]
    card = there.canvas.mapFromScene(QPointF(*brought.layout["read"]) + QPointF(120, 32))
    hit = there.canvas.viewport().mapToGlobal(card) - middle
    assert hit.manhattanLength() < 40  # it lies where the pointer was
    assert there.canvas.selected_nodes() == ["read", "keep"]
    assert here.session.editor.workflow is before
    assert here.canvas.canvas_scene.xy[1].tolist() == list(before.layout["read"])
    there.commands["edit.undo"].trigger()
    assert not there.session.editor.workflow.nodes


def test_that_cards_from_another_window_line_up_with_what_is_there(
    side_by_side: tuple[MainWindow, MainWindow, QPoint],
) -> None:
    here, there, _ = side_by_side
    lone = Node(id="lone", type="table.sort", title="Lone")
    drawn = Workflow(id="there", nodes={"lone": lone}, layout={"lone": (3.0, 0.0)})  # beside the grid
    there.session.editor.replace(drawn)
    canvas = there.canvas
    canvas.camera.zoom_at(1.0)
    canvas.camera.look_at(QPointF(123.0, 150.0))
    canvas.camera.finish()
    below = canvas.viewport().mapToGlobal(canvas.mapFromScene(QPointF(125.0, 200.0)))
    drag = Drag(here.canvas)
    drag.press("read")
    drag.carry_to(below)
    visit = canvas.pointing.visit
    assert visit is not None
    assert visit.guides.lines
    canvas.grab()
    drag.release_at(below)
    assert there.session.editor.workflow.layout["read"][0] == 3.0
    assert there.session.editor.undo_stack.count() == 1


def test_that_a_drag_that_comes_back_moves_the_cards_at_home(
    side_by_side: tuple[MainWindow, MainWindow, QPoint],
) -> None:
    here, there, middle = side_by_side
    drag = Drag(here.canvas)
    drag.press("write")
    drag.carry_to(middle)
    home = here.canvas.viewport().mapToGlobal(drag.grip + QPoint(0, 80))
    drag.carry_to(home)
    assert there.canvas.pointing.visit is None
    drag.release_at(home)
    assert not there.session.editor.workflow.nodes
    assert here.session.editor.workflow.layout["write"] != small_workflow().layout["write"]


def test_that_escape_ends_a_drag_over_another_window_without_a_trace(
    side_by_side: tuple[MainWindow, MainWindow, QPoint],
) -> None:
    here, there, middle = side_by_side
    before = here.session.editor.workflow
    drag = Drag(here.canvas)
    drag.press("write")
    drag.carry_to(middle)
    QTest.keyClick(here.canvas, Qt.Key.Key_Escape)
    drag.release_at(middle)
    assert there.canvas.pointing.visit is None
    assert not there.session.editor.workflow.nodes
    assert here.session.editor.workflow is before


def start_again(desk: Desk, qtbot: QtBot, file: Path | None) -> str:
    """Start the program a second time, as a process of its own; what it says."""
    arguments = ["-m", "designer", "open", *([str(file)] if file else [])]
    process = QProcess()
    process.start(sys.executable, [*arguments, "--store", str(desk.program.places.store)])
    qtbot.waitUntil(lambda: process.state() == QProcess.ProcessState.NotRunning, timeout=20_000)
    assert process.exitCode() == 0
    return bytes(process.readAllStandardOutput().data()).decode()


def test_that_a_later_start_hands_its_file_to_the_running_program(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    assert not hand_over(desk.program.places.store, None)  # nobody listens yet
    desk.program.take_from_later_starts()
    path = save(desk, "orders")
    assert "running already" in start_again(desk, qtbot, path)
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 2)
    other = desk.program.workplaces[-1].session
    qtbot.waitUntil(lambda: other.editor.document.path == path)
    start_again(desk, qtbot, path)  # open already: it only comes to the front
    start_again(desk, qtbot, None)
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 3)


@pytest.mark.parametrize("wish", [b"nonsense\n", b'{"shut": 1}\n', b"[]\n", b"x" * 100_000])
def test_that_a_stranger_at_the_door_is_sent_away(qtbot: QtBot, tmp_path: Path, wish: bytes) -> None:
    wanted: list[Path | None] = []
    door = Handover(tmp_path / "runs.sqlite", wanted.append)
    door.listen()
    socket = QLocalSocket()
    socket.connectToServer(name_of(tmp_path / "runs.sqlite"))
    assert socket.waitForConnected(1000)
    socket.write(wish)
    qtbot.waitUntil(lambda: socket.state() == QLocalSocket.LocalSocketState.UnconnectedState)
    assert wanted == []
    door.close()
