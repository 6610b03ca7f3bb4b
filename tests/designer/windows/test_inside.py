"""Into a node that holds a workflow and back out, with the mouse and the keyboard."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from designer.panels.inspector_others import WorkflowPage
from designer.windows.main_window import MainWindow
from engine.files import workflow_file
from engine.model import edits
from engine.model.subworkflows import get, outputs_of
from engine.model.workflow import Workflow
from tests.designer.canvas.conftest import small_workflow
from tests.designer.document.test_places import nested
from tests.support.desk import Desk

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def window(desk: Desk) -> MainWindow:
    desk.open()
    desk.window.session.editor.replace(nested())
    desk.window.canvas.frame_all()
    desk.window.canvas.camera.finish()
    return desk.window


def place_of(window: MainWindow, node_id: str) -> QPoint:
    scene = window.canvas.canvas_scene
    return window.canvas.mapFromScene(scene.card(scene.row_of[node_id]).center())


def titles(window: MainWindow) -> list[str]:
    """What the breadcrumb names, but for the last, which is no button."""
    shown = window.stage.breadcrumb.findChildren(QPushButton)
    return [button.text() for button in shown if button.isVisible()]


def test_that_a_double_click_goes_inside_and_the_breadcrumb_leads_back(
    window: MainWindow, qtbot: QtBot
) -> None:
    assert not window.stage.breadcrumb.isVisible()
    QTest.mouseDClick(window.canvas.viewport(), LEFT, pos=place_of(window, "each"))
    assert window.session.editor.document.place == ("each",)
    assert window.canvas.canvas_scene.ids == ["x", "deep"]
    window.canvas.frame_all()
    window.canvas.camera.finish()
    QTest.mouseDClick(window.canvas.viewport(), LEFT, pos=place_of(window, "deep"))
    assert window.session.editor.document.place == ("each", "deep")
    qtbot.waitUntil(lambda: titles(window) == ["Outer", "Each"])
    first = window.stage.breadcrumb.findChildren(QPushButton)
    qtbot.mouseClick(next(one for one in first if one.text() == "Outer" and one.isVisible()), LEFT)
    assert window.session.editor.document.place == ()
    assert window.canvas.selected_nodes() == ["each"]
    assert not window.stage.breadcrumb.isVisible()


def test_that_the_keyboard_goes_inside_and_back_out(window: MainWindow, qtbot: QtBot) -> None:
    canvas = window.canvas
    canvas.setFocus()
    canvas.select(["each"])
    qtbot.keyClick(canvas, Qt.Key.Key_Down, Qt.KeyboardModifier.AltModifier)
    assert window.session.editor.document.place == ("each",)
    canvas.select(["deep"])
    qtbot.keyClick(canvas, Qt.Key.Key_Return)
    assert window.session.editor.document.place == ("each", "deep")
    for place in (("each",), ()):
        qtbot.keyClick(canvas, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
        assert window.session.editor.document.place == place
    assert not window.commands["node.leave"].isEnabled()


def test_that_one_finds_the_view_again_as_one_left_it(window: MainWindow) -> None:
    camera = window.canvas.camera
    camera.zoom_at(0.5)
    camera.pan(100, 60)
    before = camera.zoom, camera.centre
    window.canvas.inside.enter("each")
    assert camera.zoom != before[0] or camera.centre != before[1]
    window.canvas.inside.leave()
    camera.finish()
    assert camera.zoom == before[0]
    assert (camera.centre - before[1]).manhattanLength() < 3


def test_that_a_selection_becomes_a_sub_workflow_and_comes_apart_again(desk: Desk, qtbot: QtBot) -> None:
    desk.open()
    window, canvas = desk.window, desk.window.canvas
    window.session.editor.replace(small_workflow())
    before = window.session.editor.workflow
    canvas.setFocus()
    canvas.select(["read", "keep"])
    qtbot.keyClick(canvas, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    (made,) = canvas.selected_nodes()
    inner = get(window.session.editor.workflow.nodes[made])
    assert len(window.canvas.canvas_scene.cards_in(_card(window, made))) == 1  # on none of the others
    assert inner is not None
    assert list(inner.nodes) == ["read", "keep"]
    keys = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(canvas, Qt.Key.Key_J, keys)
    assert set(window.session.editor.workflow.nodes) == set(before.nodes)
    window.commands["edit.undo"].trigger()
    window.commands["edit.undo"].trigger()
    assert window.session.editor.workflow == before


def test_that_what_cannot_be_done_is_said(window: MainWindow) -> None:
    canvas = window.canvas
    for select, command, said in (
        ([], "node.extract", "Select the steps"),
        (["a"], "node.enter", "holds others"),
        (["a", "each"], "node.inline", "Select one sub-workflow"),
        (["a"], "node.inline", ""),
    ):
        canvas.select(select)
        words: list[str] = []
        canvas.message.connect(words.append)
        {
            "node.extract": canvas.inside.extract,
            "node.enter": canvas.inside.enter_selected,
            "node.inline": canvas.inside.inline,
        }[command]()
        assert said in words[-1]
    assert window.session.editor.workflow == nested()


def test_that_an_edit_inside_is_saved_and_marks_the_document_as_edited(
    desk: Desk, window: MainWindow, qtbot: QtBot
) -> None:
    path = desk.folder / "outer.workflow.json"
    workflow_file.save(path, nested())
    window.session.editor.replace(workflow_file.load(path), path)
    window.canvas.inside.enter("each")
    window.canvas.add_node_at_centre("flow.wait")
    assert window.isWindowModified()
    window.commands["file.save"].trigger()
    qtbot.waitUntil(lambda: not window.isWindowModified())
    inner = get(workflow_file.load(path).nodes["each"])
    assert inner is not None
    assert len(inner.nodes) == 3
    assert window.session.editor.document.place == ("each",)


def test_that_a_workflow_in_a_file_of_its_own_opens_in_a_window_of_its_own(
    desk: Desk, window: MainWindow, qtbot: QtBot
) -> None:
    path = desk.folder / "outer.workflow.json"
    workflow_file.save(path, nested())
    window.session.editor.replace(nested(), path)
    window.canvas.inside.enter("file")
    assert "no file" in window.status_line._message.text()
    other = desk.folder / "x.json"
    workflow_file.save(other, Workflow(id="x", name="Other"))
    window.canvas.inside.enter("file")
    qtbot.waitUntil(lambda: len(desk.program.workplaces) == 2)
    session = desk.program.workplaces[-1].session
    qtbot.waitUntil(lambda: session.editor.document.path == Path(other))
    assert window.session.editor.document.place == ()


def test_that_what_a_sub_workflow_gives_is_said_in_its_own_inspector(window: MainWindow) -> None:
    assert "outputs" not in _rows(window)
    window.canvas.inside.enter("each")
    assert "outputs" in _rows(window)
    page = window.inspector.page
    assert isinstance(page, WorkflowPage)
    page.form.value_changed.emit({"name": "Inner", "outputs": {"value": "${x.value}"}})
    inner = get(window.session.editor.root.nodes["each"])
    assert inner is not None
    assert outputs_of(inner) == {"value": "${x.value}"}
    page.form.value_changed.emit({"name": "Inner"})
    assert outputs_of(window.session.editor.workflow) is None


def _rows(window: MainWindow) -> set[str]:
    page = window.inspector.page
    assert isinstance(page, WorkflowPage)
    return {name for name in ("name", "inputs", "outputs") if page.form.row(name) is not None}


def test_that_a_problem_inside_marks_the_cards_on_the_way_and_leads_there(
    window: MainWindow, qtbot: QtBot
) -> None:
    window.canvas.inside.enter("each")
    window.canvas.inside.enter("deep")
    window.canvas.add_node_at_centre("table.filter")
    (added,) = window.canvas.selected_nodes()
    window.canvas.inside.go_to(0)
    qtbot.waitUntil(lambda: "each" in window.canvas.canvas_scene.marks.problems, timeout=20_000)
    found = window.bottom.problems.model.problems
    wrong = next(one for one in found if one.path == f"each/deep/{added}")
    window.bottom.problems.problem_activated.emit(wrong)
    assert window.session.editor.document.place == ("each", "deep")
    assert window.canvas.selected_nodes() == [added]
    assert added in window.canvas.canvas_scene.marks.problems


def test_that_a_step_inside_a_for_each_is_offered_the_item(window: MainWindow) -> None:
    editor = window.session.editor
    editor.push(edits.set_parameters(editor.workflow, "each", {"items": [{"region": "north", "rows": 3}]}))
    window.canvas.select(["a"])
    surroundings = window.inspector._surroundings
    assert "item" not in [one.text for one in surroundings.references("a")]
    window.canvas.inside.enter("each")
    window.canvas.select(["x"])
    offered = {one.text: one.detail for one in surroundings.references("x")}
    assert offered["item.region"] == "text"
    assert offered["item.rows"] == "integer"
    assert {"item", "index"} <= offered.keys()
    window.canvas.inside.enter("deep")
    assert "item" not in [one.text for one in surroundings.references("z")]


def test_that_an_empty_inside_says_what_to_do(window: MainWindow) -> None:
    hint = window.stage._inside_hint
    assert not hint.isVisible()
    window.canvas.select(["empty"])
    window.commands["node.enter"].trigger()
    assert hint.isVisible()
    assert "number of the round" in hint.text()
    window.canvas.add_node_at_centre("flow.wait")
    assert not hint.isVisible()
    window.commands["edit.undo"].trigger()
    assert hint.isVisible()
    window.canvas.inside.leave()
    assert not hint.isVisible()


def test_that_what_is_made_of_a_selection_lies_where_the_selection_lay(window: MainWindow) -> None:
    editor = window.session.editor
    layout = {name: (n * 352.0, 400.0) for n, name in enumerate(editor.workflow.nodes)}
    first, second, *_ = editor.workflow.nodes
    layout |= {first: (0.0, 0.0), second: (704.0, 0.0)}
    taken = next(name for name in layout if name not in (first, second))
    layout[taken] = (352.0, 0.0)  # where the middle of the two is
    editor.push(edits.move(editor.workflow, layout))
    window.canvas.select([first, second])
    window.canvas.inside.extract()
    (made,) = window.canvas.selected_nodes()
    assert editor.workflow.layout[made] == (0.0, 0.0)


def _card(window: MainWindow, node_id: str) -> tuple[float, float, float, float]:
    scene = window.canvas.canvas_scene
    card = scene.card(scene.row_of[node_id])
    return card.left(), card.top(), card.right(), card.bottom()
