"""The painted canvas for those who cannot see it: a tree of pieces, actions, and news of what changes."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAccessibleInterface
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.canvas import speaker
from designer.canvas.accessible import interface_of
from designer.canvas.view import CanvasView
from designer.document.document import Document
from designer.editor import Editor
from designer.settings import Settings
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.history.status import StepStatus
from engine.history.step_state import StepState
from engine.model import Connection, Node, Workflow, edits
from engine.model.comments import Comment, set_comments
from engine.model.groups import fold, make_group
from engine.problem import Problem
from tests.designer.canvas.conftest import small_workflow

_Text, _Role, _Event = QAccessible.Text, QAccessible.Role, QAccessible.Event


@pytest.fixture(autouse=True)
def _somebody_listens(qapp: QApplication) -> Iterator[None]:
    QAccessible.setActive(True)
    yield
    QAccessible.setActive(False)


@pytest.fixture
def news(monkeypatch: pytest.MonkeyPatch) -> list[tuple[QAccessible.Event, str]]:
    """What accessibility was told: the event, and the name of what it is about."""
    told: list[tuple[QAccessible.Event, str]] = []

    def hear(event: QAccessibleEvent) -> None:
        told.append((event.type(), event.accessibleInterface().text(_Text.Name)))
        QAccessible.updateAccessibility(event)

    monkeypatch.setattr(speaker, "_send", hear)
    return told


def _read(canvas: CanvasView) -> QAccessibleInterface:
    return QAccessible.queryAccessibleInterface(canvas)


def _names(canvas: CanvasView, role: QAccessible.Role = _Role.ListItem) -> list[str]:
    root = _read(canvas)
    children = [root.child(place) for place in range(root.childCount())]
    return [child.text(_Text.Name) for child in children if child.role() == role]


def _piece(canvas: CanvasView, start: str) -> QAccessibleInterface:
    root = _read(canvas)
    children = [root.child(place) for place in range(root.childCount())]
    return next(child for child in children if child.text(_Text.Name).startswith(start))


def test_that_steps_come_in_the_order_of_reading_and_then_the_wires(canvas: CanvasView) -> None:
    assert _names(canvas) == [
        "Start, Manual start, Starts when you press Run, step 1 of 4",
        "Read orders, Read CSV, orders.csv, step 2 of 4",
        "Keep large, Filter rows, Keeps the rows that meet a condition, step 3 of 4",
        "Write report, Write CSV, Writes a table to a CSV file, step 4 of 4",
        "Connection from Start to Read orders",
        "Connection from Read orders to Keep large",
    ]


def test_that_groups_and_comments_are_read_too(canvas: CanvasView, editor: Editor) -> None:
    editor.push(make_group(editor.workflow, ["read", "keep"]))
    note = Comment(id="c", text="Ask Ann\n**soon**", x=0, y=300, width=200, height=80)
    editor.push(set_comments(editor.workflow, [note], "Add comment"))
    assert _names(canvas, _Role.Grouping) == ["Group 1, 2 nodes"]
    assert _names(canvas, _Role.Note) == ["Comment: Ask Ann **soon**"]
    assert _piece(canvas, "Keep large").text(_Text.Description) == "In the group Group 1"


def test_that_a_folded_group_stands_for_what_is_in_it(canvas: CanvasView, editor: Editor) -> None:
    editor.push(make_group(editor.workflow, ["read", "keep"]))
    editor.push(fold(editor.workflow, {"group_1": ()}))
    assert _names(canvas, _Role.Grouping) == ["Group 1, folded, 2 nodes"]
    assert _names(canvas) == [
        "Start, Manual start, Starts when you press Run, step 1 of 4",
        "Write report, Write CSV, Writes a table to a CSV file, step 4 of 4",
        "Connection from Start to Read orders",
    ]
    _piece(canvas, "Group 1").actionInterface().doAction("SetFocus")
    assert canvas.selection.nodes == ["read", "keep"]
    assert _piece(canvas, "Group 1").state().selected


def test_that_a_step_says_its_state_its_problem_and_that_it_is_switched_off(
    canvas: CanvasView, editor: Editor
) -> None:
    table = {"$table": "t", "rows": 11902, "columns": [{"name": "a"}]}
    done = StepState(status=StepStatus.COMPLETED, output={"table": table})
    left = StepState(status=StepStatus.SKIPPED, reason="condition")
    canvas.apply_run({"read": done, "keep": left}, {"read_to_keep": "DEAD"})
    editor.push(edits.set_disabled(editor.workflow, ["write"], True))
    canvas.set_problems({"write": Problem(severity="error", code="x", message="no file", node_id="write")})
    names = _names(canvas)
    assert "Read orders, Read CSV, orders.csv, completed, 11,902 rows, step 2 of 4" in names
    assert names[2].endswith("skipped by a condition, step 3 of 4")
    assert names[3].endswith("switched off, error: no file, step 4 of 4")
    assert "Connection from Read orders to Keep large, not taken" in names


def test_that_conditions_are_read_with_their_wires(canvas: CanvasView, editor: Editor) -> None:
    editor.push(edits.set_condition(editor.workflow, "read_to_keep", on="error", condition="rows >\n 5"))
    assert "Connection from Read orders to Keep large, on error, if rows > 5" in _names(canvas)


def test_that_a_piece_is_where_it_is_painted_and_found_there(canvas: CanvasView) -> None:
    keep = _piece(canvas, "Keep large")
    card = canvas.canvas_scene.card(canvas.canvas_scene.row_of["keep"])
    middle = canvas.viewport().mapToGlobal(canvas.mapFromScene(card.center()))
    assert keep.rect().contains(middle)
    assert _read(canvas).childAt(middle.x(), middle.y()).text(_Text.Name) == keep.text(_Text.Name)
    wire = _piece(canvas, "Connection from Start").rect().center()
    assert _read(canvas).childAt(wire.x(), wire.y()).text(_Text.Name).startswith("Connection from Start")
    zoom = canvas.overlays.zoom_bar
    corner = zoom.mapToGlobal(QPoint(3, 3))
    assert _read(canvas).childAt(corner.x(), corner.y()).object() is zoom


def test_that_every_child_knows_its_place(canvas: CanvasView) -> None:
    root = _read(canvas)
    for place in range(root.childCount()):
        child = root.child(place)
        assert root.indexOfChild(child) == place
        assert child.parent() is not None
    assert root.child(root.childCount()) is None


def test_that_a_client_can_focus_open_and_ask_for_the_menu(canvas: CanvasView, qtbot: QtBot) -> None:
    canvas.activateWindow()
    acts = _piece(canvas, "Keep large").actionInterface()
    assert acts.actionNames() == ["SetFocus", "Press", "ShowMenu"]
    acts.doAction(acts.setFocusAction())
    assert canvas.selection.nodes == ["keep"]
    qtbot.waitUntil(canvas.hasFocus)
    state = _piece(canvas, "Keep large").state()
    assert (state.focused, state.selected, state.focusable) == (1, 1, 1)
    assert _read(canvas).focusChild().text(_Text.Name).startswith("Keep large")
    with qtbot.waitSignal(canvas.node_activated) as opened:
        acts.doAction(acts.pressAction())
    assert opened.args == ["keep"]
    acts.doAction(acts.showMenuAction())
    assert canvas.menus.current is not None
    assert canvas.menus.current.isVisible()
    canvas.menus.current.hide()


def test_that_a_wire_can_be_selected_and_says_its_ends(canvas: CanvasView) -> None:
    wire = _piece(canvas, "Connection from Read")
    wire.actionInterface().doAction("SetFocus")
    assert canvas.selection.wires == ["read_to_keep"]
    ends = [(end.text(_Text.Name).split(",")[0], flag) for end, flag in wire.relations()]
    flags = QAccessible.RelationFlag
    assert ends == [("Read orders", flags.FlowsFrom), ("Keep large", flags.FlowsTo)]


def test_that_qt_gets_the_action_interface_and_no_wild_pointer(canvas: CanvasView) -> None:
    """PySide makes a wild pointer of None and of numbers; these calls go through C++ and would crash."""
    piece = _piece(canvas, "Keep large")
    assert QAccessibleInterface.actionInterface(piece).actionNames()[0] == "SetFocus"
    for ask in ("valueInterface", "textInterface", "tableCellInterface", "selectionInterface"):
        assert getattr(QAccessibleInterface, ask)(piece) is None


def test_that_walking_says_where_the_keyboard_is(canvas: CanvasView, qtbot: QtBot, news: list) -> None:
    canvas.activateWindow()
    canvas.setFocus()
    qtbot.waitUntil(canvas.hasFocus)
    canvas.select(["start"])
    canvas.selection.focused = "start"
    _names(canvas)
    news.clear()
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    focused = [name.split(",")[0] for event, name in news if event == _Event.Focus]
    turned = sorted(name.split(",")[0] for event, name in news if event == _Event.StateChanged)
    assert focused == ["Read orders"]
    assert turned == ["Read orders", "Start"]


def test_that_a_new_state_is_said_of_steps_that_were_looked_at(canvas: CanvasView, news: list) -> None:
    root = _read(canvas)
    root.child(1)
    canvas.apply_run({each: StepState(status=StepStatus.RUNNING) for each in ("read", "keep")}, {})
    assert [(event, name.split(",")[3].strip()) for event, name in news] == [(_Event.NameChanged, "running")]
    assert root.child(1).state().busy


def test_that_a_piece_that_goes_is_taken_out_of_the_tree(
    canvas: CanvasView, editor: Editor, news: list
) -> None:
    assert len(_names(canvas)) == 6
    editor.push(edits.delete(editor.workflow, canvas.catalog, ["keep"]))
    gc.collect()
    assert (_Event.ObjectReorder, "Canvas") in news
    assert len(_names(canvas)) == 4
    editor.undo_stack.undo()
    assert len(_names(canvas)) == 6


def test_that_nothing_is_made_while_nobody_listens(
    qtbot: QtBot, settings: Settings, theme: ThemeController
) -> None:
    QAccessible.setActive(False)
    view = CanvasView(Editor(Document(small_workflow())), Catalog.load(), theme, settings)
    qtbot.addWidget(view)
    view.show()
    view.setFocus()
    view.select(["keep"])
    view.apply_run({"keep": StepState(status=StepStatus.RUNNING)}, {})
    assert interface_of(view) is None


def test_that_of_ten_thousand_pieces_only_those_asked_for_are_made(
    qtbot: QtBot, settings: Settings, theme: ThemeController
) -> None:
    nodes = {f"n{i}": Node(id=f"n{i}", type="table.sort", title=f"Step {i}") for i in range(10_000)}
    wires = {f"w{i}": Connection(id=f"w{i}", source=f"n{i}", target=f"n{i + 1}") for i in range(9_999)}
    view = CanvasView(
        Editor(Document(Workflow(id="w", nodes=nodes, connections=wires))), Catalog.load(), theme, settings
    )
    qtbot.addWidget(view)
    view.show()
    root = _read(view)
    assert root.childCount() >= 19_999
    assert root.child(9_999).text(_Text.Name).endswith("step 10000 of 10000")
    view.select_all()
    view.apply_run({i: StepState(status=StepStatus.RUNNING) for i in nodes}, {})
    held = interface_of(view)
    assert held is not None
    assert len(held.known(held.reading.pieces)) == 1


def test_that_a_canvas_that_is_taken_down_leaves_nothing_behind(
    settings: Settings, theme: ThemeController, qtbot: QtBot
) -> None:
    view = CanvasView(Editor(Document(small_workflow())), Catalog.load(), theme, settings)
    view.show()
    ids = [QAccessible.uniqueId(_read(view).child(place)) for place in range(6)]
    assert all(QAccessible.accessibleInterface(each) is not None for each in ids)
    view.hide()
    view.deleteLater()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    gc.collect()
    assert all(QAccessible.accessibleInterface(each) is None for each in ids)
