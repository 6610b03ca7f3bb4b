"""Lines of the outline that move keep what a person did to them."""

from __future__ import annotations

import random

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from designer.document.document import Document
from designer.editor import Editor
from designer.panels.outline_panel import OutlinePanel
from designer.theme import ThemeController
from engine.catalog import Catalog
from engine.model import Node, Workflow, edits
from engine.model.groups import make_group
from tests.designer.canvas.conftest import small_workflow

CATALOG = Catalog.load()


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
    return made


def _lines(panel: OutlinePanel) -> list[str]:
    return [panel.model.row_at(panel.model.index(row, 0)).id for row in range(panel.model.rowCount())]


def test_that_a_line_that_moves_stays_chosen_and_open_and_keeps_the_keyboard(
    panel: OutlinePanel, editor: Editor, qtbot: QtBot
) -> None:
    editor.push(edits.connect(editor.workflow, CATALOG, "write", "read"))
    assert _lines(panel) == ["start", "write", "read", "keep"]
    panel.tree.setCurrentIndex(panel.model.index_of(("node", "write")))
    QTest.keyClick(panel.tree, Qt.Key.Key_Right)
    assert panel.tree.isExpanded(panel.model.index_of(("node", "write")))
    with qtbot.assertNotEmitted(panel.selection_made):
        editor.undo_stack.undo()
    assert _lines(panel) == ["start", "read", "keep", "write"]
    assert panel.current.id == "write"
    assert [panel.model.row_at(index).id for index in panel.tree.selectedIndexes()] == ["write"]
    editor.undo_stack.redo()
    assert _lines(panel) == ["start", "write", "read", "keep"]
    assert panel.current.id == "write"
    assert panel.tree.isExpanded(panel.model.index_of(("node", "write")))


@pytest.mark.parametrize("seed", range(4))
def test_that_random_edits_in_sight_leave_what_is_chosen_and_open(
    panel: OutlinePanel, editor: Editor, seed: int
) -> None:
    rng = random.Random(seed)
    nodes = {f"n{i}": Node(id=f"n{i}", type="table.sort", title=f"Step {i}") for i in range(30)}
    editor.replace(Workflow(id="w", nodes=nodes))
    editor.push(make_group(editor.workflow, ["n3", "n20"]))
    panel.show_selection(["n7", "n20"], [])
    for _ in range(40):
        source, target = rng.sample(list(nodes), 2)
        if rng.random() < 0.3:
            editor.undo_stack.undo()
        elif edits.refusal(editor.workflow, CATALOG, source, target) is None:
            editor.push(edits.connect(editor.workflow, CATALOG, source, target))
        QApplication.processEvents()
        picked = {panel.model.row_at(index).id for index in panel.tree.selectedIndexes()}
        assert picked == {"n7", "n20"}
        assert panel.current.id in picked
        if editor.workflow.layout_extra.get("groups"):
            assert panel.tree.isExpanded(panel.model.index_of(("group", "group_1")))
