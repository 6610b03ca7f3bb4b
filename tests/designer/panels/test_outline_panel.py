"""The outline under a person's hands: walking, searching, editing by keys."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit
from pytestqt.qtbot import QtBot

from designer.document.document import Document
from designer.editor import Editor
from designer.panels.outline_lines import DETAIL, TITLE
from designer.panels.outline_panel import OutlinePanel
from designer.panels.outline_sentences import plain_lines
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.model import Connection, Node, Workflow, apply, edits
from engine.model.comments import Comment, comments, remove_comments, set_comments
from engine.model.groups import make_group
from tests.designer.canvas.conftest import small_workflow

CATALOG = Catalog.load()
_Key = Qt.Key
_Alt = Qt.KeyboardModifier.AltModifier


@pytest.fixture
def editor(qapp) -> Editor:
    return Editor(Document(small_workflow()))


@pytest.fixture
def panel(qtbot: QtBot, editor: Editor) -> OutlinePanel:
    ThemeController("light")
    made = OutlinePanel(editor, CATALOG)
    qtbot.addWidget(made)
    made.resize(320, 500)
    made.show()
    made.activateWindow()
    made.setFocus()
    return made


def _go_to(panel: OutlinePanel, kind: str, row_id: str) -> None:
    panel.tree.setCurrentIndex(panel.model.index_of((kind, row_id)))  # type: ignore[arg-type]  # a kind of row


def _key(
    panel: OutlinePanel, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.keyClick(panel.tree, key, modifier)


def _lines(panel: OutlinePanel) -> list[str]:
    return [panel.model.row_at(panel.model.index(row, 0)).id for row in range(panel.model.rowCount())]


def test_that_walking_with_the_arrows_says_what_is_chosen(panel: OutlinePanel, qtbot: QtBot) -> None:
    chosen: list[tuple[list[str], list[str]]] = []
    panel.selection_made.connect(lambda nodes, wires, _notes: chosen.append((nodes, wires)))
    _go_to(panel, "node", "start")
    _key(panel, _Key.Key_Down)
    _key(panel, _Key.Key_Right)  # opens the step
    _key(panel, _Key.Key_Down)
    assert chosen == [(["start"], []), (["read"], []), ([], ["read_to_keep"])]


def test_that_what_is_selected_elsewhere_is_selected_here_without_an_echo(
    panel: OutlinePanel, qtbot: QtBot
) -> None:
    with qtbot.assertNotEmitted(panel.selection_made):
        panel.show_selection(["keep", "read"], ["start_to_read"])
    picked = {panel.model.row_at(index).id for index in panel.tree.selectedIndexes()}
    assert picked == {"keep", "read", "start_to_read"}
    assert panel.current.id == "start_to_read"


def test_that_a_group_stands_for_its_steps(panel: OutlinePanel, editor: Editor, qtbot: QtBot) -> None:
    editor.push(make_group(editor.workflow, ["read", "keep"]))
    with qtbot.waitSignal(panel.selection_made) as made:
        _go_to(panel, "group", "group_1")
    assert made.args == [["read", "keep"], [], []]
    assert panel.tree.isExpanded(panel.model.index_of(("group", "group_1")))


def test_that_f2_renames_in_place(panel: OutlinePanel, editor: Editor, qtbot: QtBot) -> None:
    _go_to(panel, "node", "keep")
    _key(panel, _Key.Key_F2)
    field = panel.tree.findChild(QLineEdit, "outlineField")
    assert field is not None
    assert (field.text(), field.accessibleName()) == ("Keep large", "Title")
    QTest.keyClicks(field, "Only big")
    with qtbot.assertNotEmitted(panel.opened):
        QTest.keyClick(field, _Key.Key_Return)
    qtbot.waitUntil(lambda: editor.workflow.nodes["keep"].title == "Only big")
    assert editor.undo_stack.undoText() == "Rename to Only big"
    qtbot.waitUntil(panel.tree.hasFocus)


def test_that_f2_on_a_way_on_edits_its_condition(panel: OutlinePanel, editor: Editor, qtbot: QtBot) -> None:
    _go_to(panel, "wire", "read_to_keep")
    _key(panel, _Key.Key_F2)
    field = panel.tree.findChild(QLineEdit, "outlineField")
    assert field is not None
    assert field.accessibleName() == "Condition"
    QTest.keyClicks(field, "rows > 0")
    QTest.keyClick(field, _Key.Key_Return)
    qtbot.waitUntil(lambda: editor.workflow.connections["read_to_keep"].condition == "rows > 0")


def test_that_delete_takes_the_step_away_and_chooses_the_one_in_its_place(
    panel: OutlinePanel, editor: Editor, qtbot: QtBot
) -> None:
    _go_to(panel, "node", "read")
    _key(panel, _Key.Key_Delete)
    assert "read" not in editor.workflow.nodes
    assert panel.current.kind == "node"
    assert panel.choice.nodes == [panel.current.id]
    editor.undo_stack.undo()
    assert editor.workflow == small_workflow()


def test_that_the_last_step_leaves_a_hint(panel: OutlinePanel, editor: Editor) -> None:
    panel.tree.selectAll()
    _key(panel, _Key.Key_Delete)
    assert not editor.workflow.nodes
    assert panel.stack.currentWidget() is panel.empty
    editor.undo_stack.undo()
    assert panel.stack.currentWidget() is panel.tree


def test_that_delete_on_a_way_on_disconnects(panel: OutlinePanel, editor: Editor) -> None:
    _go_to(panel, "wire", "read_to_keep")
    _key(panel, _Key.Key_Delete)
    assert list(editor.workflow.connections) == ["start_to_read"]
    assert set(editor.workflow.nodes) == set(small_workflow().nodes)


def test_that_space_switches_off_and_on(panel: OutlinePanel, editor: Editor) -> None:
    _go_to(panel, "node", "keep")
    _key(panel, _Key.Key_Space)
    assert editor.workflow.nodes["keep"].disabled
    assert "switched off" in panel.tree.currentIndex().data(Qt.ItemDataRole.AccessibleTextRole)
    _key(panel, _Key.Key_Space)
    assert not editor.workflow.nodes["keep"].disabled


def test_that_alt_and_an_arrow_move_a_step_past_its_neighbour(panel: OutlinePanel, editor: Editor) -> None:
    editor.push(edits.connect(editor.workflow, CATALOG, "keep", "write"))
    _go_to(panel, "node", "keep")
    _key(panel, _Key.Key_Up, _Alt)
    assert _lines(panel) == ["start", "keep", "read", "write"]
    assert panel.current.id == "keep"
    _key(panel, _Key.Key_Down, _Alt)
    assert _lines(panel) == ["start", "read", "keep", "write"]


def test_that_a_step_that_cannot_move_says_why(panel: OutlinePanel, qtbot: QtBot) -> None:
    _go_to(panel, "node", "write")
    with qtbot.waitSignal(panel.message) as said:
        _key(panel, _Key.Key_Up, _Alt)
    assert said.args == ["“Write report” does not follow exactly one step."]
    _go_to(panel, "wire", "read_to_keep")
    with qtbot.waitSignal(panel.message) as said:
        _key(panel, _Key.Key_Down, _Alt)
    assert said.args == ["Only the ways out of a switch have an order."]


def test_that_letters_find_a_step_by_what_it_says(panel: OutlinePanel, qtbot: QtBot) -> None:
    _go_to(panel, "node", "start")
    QTest.keyClicks(panel.tree, "o")
    QTest.keyClicks(panel.search, "rders")
    assert panel.search.hasFocus()
    assert panel.current.id == "read"
    panel.search.setText("table csv")
    assert panel.current.id == "write"
    QTest.keyClick(panel.search, _Key.Key_Escape)
    assert panel.tree.hasFocus()
    assert panel.search.text() == ""


def test_that_enter_goes_to_the_next_and_shift_enter_to_the_one_before(panel: OutlinePanel) -> None:
    _go_to(panel, "node", "start")
    QTest.keyClicks(panel.search, "r")
    found = [panel.current.id]
    for modifier in (Qt.KeyboardModifier.NoModifier,) * 3 + (Qt.KeyboardModifier.ShiftModifier,) * 3:
        QTest.keyClick(panel.search, _Key.Key_Return, modifier)
        found.append(panel.current.id)
    assert found == ["start", "read", "keep", "write", "keep", "read", "start"]


def test_that_a_search_without_a_hit_says_so(panel: OutlinePanel) -> None:
    QTest.keyClicks(panel.search, "zebra")
    assert panel.nothing.isVisible()
    assert panel.nothing.text() == "No step says “zebra”."
    panel.search.clear()
    assert not panel.nothing.isVisible()


def test_that_the_hidden_panel_catches_up_when_it_is_shown(panel: OutlinePanel, editor: Editor) -> None:
    panel.tree.expand(panel.model.index_of(("node", "read")))
    panel.hide()
    editor.push(edits.delete(editor.workflow, CATALOG, ["start"]))
    panel.show_selection(["write"], [])
    panel.show()
    assert _lines(panel) == ["read", "keep", "write"]
    assert panel.current.id == "write"
    assert panel.tree.isExpanded(panel.model.index_of(("node", "read")))


def test_that_the_menu_of_each_kind_of_line_does_what_it_says(panel: OutlinePanel, editor: Editor) -> None:
    def choose(kind: str, row_id: str, text: str) -> None:
        _go_to(panel, kind, row_id)
        panel.tree.menu_requested.emit(panel.mapToGlobal(panel.rect().center()))
        assert panel.menu is not None
        entries = [*panel.menu.actions()]
        for entry in panel.menu.actions():
            if entry.menu() is not None:
                entries += entry.menu().actions()
        next(each for each in entries if each.text().split("\t")[0] == text).trigger()
        panel.menu.hide()

    choose("wire", "read_to_keep", "When the step fails")
    assert editor.workflow.connections["read_to_keep"].on == "error"
    choose("node", "keep", "Switch off")
    assert editor.workflow.nodes["keep"].disabled
    choose("node", "read", "Disconnect")
    assert not editor.workflow.connections
    editor.push(make_group(editor.workflow, ["read"]))
    choose("group", "group_1", "Ungroup")
    assert not editor.workflow.layout_extra.get("groups")


def test_that_ten_thousand_steps_are_worded_only_where_they_are_seen(qtbot: QtBot, monkeypatch) -> None:
    nodes = {f"n{i}": Node(id=f"n{i}", type="table.sort", title=f"Step {i}") for i in range(10_000)}
    wires = {f"w{i}": Connection(id=f"w{i}", source=f"n{i}", target=f"n{i + 1}") for i in range(9_999)}
    editor = Editor(Document(Workflow(id="w", nodes=nodes, connections=wires)))
    panel = OutlinePanel(editor, CATALOG)
    qtbot.addWidget(panel)
    panel.resize(320, 500)
    asked: list[str] = []

    def state_of(node_id: str) -> tuple[str, str, str]:
        asked.append(node_id)
        return "running", "running", "running"

    panel.model.lines.state_of = state_of
    panel.show()
    qtbot.waitUntil(lambda: bool(asked))
    panel.grab()
    assert len(set(asked)) < 40
    asked.clear()
    told = []
    panel.model.dataChanged.connect(lambda first, last, *_: told.append((first.row(), last.row())))
    panel.tell(nodes, wires)
    assert told[0][0] == 0
    assert told[0][1] < 40
    told.clear()
    editor.push(edits.rename(editor.workflow, "n2", "Second"))
    assert told[0][0] == 0
    assert told[0][1] < 40
    assert panel.model.data(panel.model.index(1, 0), TITLE) == "2. Step 1"
    assert "Second" in str(panel.model.data(panel.model.index(2, 0), TITLE))


def test_that_a_selection_of_thousands_is_one_selection(
    qtbot: QtBot, panel: OutlinePanel, editor: Editor
) -> None:
    nodes = {f"n{i}": Node(id=f"n{i}", type="table.sort", title=f"Step {i}") for i in range(3_000)}
    editor.replace(Workflow(id="w", nodes=nodes))
    panel.show_selection(list(nodes), [])
    assert len(panel.tree.selectionModel().selectedIndexes()) == 3_000
    editor.push(edits.delete(apply(editor.workflow, ()), CATALOG, list(nodes)[:10]))
    assert panel.model.rowCount() == 2_990


# -- comments --------------------------------------------------------------------------------

NOTE = Comment(
    id="note",
    text="## Only **large** ones\nsee [the rules](http://x)",
    x=704.0,
    y=-160.0,
    width=240.0,
    height=96.0,
)


@pytest.fixture
def noted(panel: OutlinePanel, editor: Editor) -> OutlinePanel:
    editor.push(set_comments(editor.workflow, [NOTE], "Add comment"))
    return panel


def test_that_a_comment_is_read_before_the_step_it_lies_at(noted: OutlinePanel) -> None:
    assert _lines(noted) == ["start", "read", "note", "keep", "write"]
    index = noted.model.index_of(("note", "note"))
    assert index.data() == "Comment: Only large ones see the rules"
    assert index.data(TITLE) == "Only large ones"
    assert index.data(DETAIL) == "Comment. see the rules"


def test_that_a_comment_is_in_the_group_of_its_step_and_follows_it(
    noted: OutlinePanel, editor: Editor
) -> None:
    editor.push(make_group(editor.workflow, ["read", "keep"]))
    group = noted.model.index_of(("group", "group_1"))
    inside = [noted.model.row_at(noted.model.index(row, 0, group)).id for row in range(3)]
    assert inside == ["read", "note", "keep"]
    editor.push(set_comments(editor.workflow, [replace(NOTE, x=0.0)], "Move comment"))
    assert _lines(noted) == ["note", "start", "group_1", "write"]
    editor.undo_stack.undo()
    editor.push(remove_comments(editor.workflow, ["note"]))
    assert not noted.model.index_of(("note", "note")).isValid()


def test_that_a_comment_is_chosen_and_deleted_by_keys(
    noted: OutlinePanel, editor: Editor, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(noted.selection_made) as made:
        _go_to(noted, "note", "note")
    assert made.args == [[], [], ["note"]]
    _key(noted, _Key.Key_Delete)
    assert comments(editor.workflow) == ()
    assert _lines(noted) == ["start", "read", "keep", "write"]
    assert noted.current.id == "read"
    editor.undo_stack.undo()
    assert comments(editor.workflow) == (NOTE,)


@pytest.mark.parametrize("key", [_Key.Key_F2, _Key.Key_Return])
def test_that_a_comment_is_written_where_it_lies(noted: OutlinePanel, qtbot: QtBot, key: Qt.Key) -> None:
    _go_to(noted, "note", "note")
    with qtbot.waitSignal(noted.comment_wanted) as wanted:
        _key(noted, key)
    assert wanted.args == ["note"]
    noted.open_menu(noted.mapToGlobal(noted.rect().center()))
    assert noted.menu is not None
    texts = [action.text().split("\t")[0] for action in noted.menu.actions()]
    noted.menu.hide()
    assert texts == ["Edit comment", "Delete"]


def test_that_a_drawing_of_comments_alone_is_read_too(noted: OutlinePanel, editor: Editor) -> None:
    editor.replace(Workflow(id="w", name="W", layout_extra={"comments": [NOTE.to_json()]}))
    assert _lines(noted) == ["note"]
    assert noted.stack.currentWidget() is noted.tree


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("**Bold** and _slanted_", ["Bold and slanted"]),
        ("- one\n- two\n\n> said", ["one", "two", "said"]),
        ("`code`, 2 * 3 * 4, snake_case", ["code, 2 * 3 * 4, snake_case"]),
        ("![picture](a.png) [link](b)", ["picture link"]),
        ("   \n", []),
    ],
)
def test_that_marks_are_not_read_out(text: str, lines: list[str]) -> None:
    assert plain_lines(text) == lines
