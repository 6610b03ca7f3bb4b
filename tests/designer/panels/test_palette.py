"""Finding and adding node types."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QDrag
from PySide6.QtTest import QAbstractItemModelTester

from designer.panels.palette_match import ranked
from designer.panels.palette_model import MIME_TYPE, PaletteModel
from designer.panels.palette_panel import PalettePanel, drag_picture
from engine.model.node_type import NodeType

TYPES = [
    NodeType(
        id="flow.manual", title="Manual start", category="trigger", icon="play", summary="Starts by hand"
    ),
    NodeType(
        id="file.read_csv", title="Read CSV", category="input", icon="file-text", keywords=("import", "load")
    ),
    NodeType(
        id="table.filter",
        title="Filter rows",
        category="transform",
        icon="funnel",
        summary="Keep rows that match <a condition>",
        help="Rows for which it is false are left out.",
        keywords=("where", "select"),
    ),
    NodeType(
        id="table.summarise",
        title="Group and summarise",
        category="transform",
        icon="sigma",
        keywords=("pivot",),
    ),
    NodeType(id="person.ask", title="Ask a person", category="human", icon="user"),
]


@pytest.fixture
def panel(qtbot) -> PalettePanel:
    made = PalettePanel(TYPES)
    qtbot.addWidget(made)
    made.resize(230, 400)
    made.show()
    return made


def _rows(panel: PalettePanel) -> list[str]:
    model = panel.list.model()
    return [model.index(row, 0).data() for row in range(model.rowCount())]


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("filt", "Filter rows"),
        ("rows", "Filter rows"),
        ("where", "Filter rows"),
        ("fulter", "Filter rows"),
        ("grpsum", "Group and summarise"),
        ("summarize", "Group and summarise"),
        ("pivot", "Group and summarise"),
        ("csv", "Read CSV"),
        ("load", "Read CSV"),
        ("by hand", "Manual start"),
        ("a person", "Ask a person"),
    ],
)
def test_that_a_search_finds_the_type_that_is_meant(query: str, best: str) -> None:
    assert ranked(TYPES, query)[0].title == best


def test_that_nonsense_finds_nothing() -> None:
    assert ranked(TYPES, "qqqq") == []


def test_that_the_model_keeps_the_rules_of_qt(qtbot) -> None:
    model = PaletteModel(TYPES)
    QAbstractItemModelTester(model, QAbstractItemModelTester.FailureReportingMode.Warning, model)
    model.set_query("fil")
    model.set_query("")
    assert model.rowCount() == 9


def test_that_types_stand_under_their_categories(panel) -> None:
    assert _rows(panel) == [
        "Triggers",
        "Manual start",
        "Data in",
        "Read CSV",
        "Transform",
        "Filter rows",
        "Group and summarise",
        "People",
        "Ask a person",
    ]


def test_that_typing_narrows_and_enter_adds_the_best_match(qtbot, panel) -> None:
    qtbot.keyClicks(panel.search, "filt")
    assert _rows(panel) == ["Filter rows"]
    with qtbot.waitSignal(panel.node_chosen) as got:
        qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    assert got.args == ["table.filter"]


def test_that_arrows_in_the_search_box_walk_over_headings(qtbot, panel) -> None:
    qtbot.keyClick(panel.search, Qt.Key.Key_Down)
    qtbot.keyClick(panel.search, Qt.Key.Key_Down)
    assert panel.list.currentIndex().data() == "Read CSV"
    qtbot.keyClick(panel.search, Qt.Key.Key_Up)
    with qtbot.waitSignal(panel.node_chosen) as got:
        qtbot.keyClick(panel.list, Qt.Key.Key_Enter)
    assert got.args == ["flow.manual"]


def test_that_a_search_without_a_match_says_so_and_escape_clears_it(qtbot, panel) -> None:
    qtbot.keyClicks(panel.search, "qqqq")
    assert panel._no_match.isVisible()
    assert "qqqq" in panel._no_match.text()
    with qtbot.assertNotEmitted(panel.node_chosen):
        qtbot.keyClick(panel.search, Qt.Key.Key_Return)
    qtbot.keyClick(panel.search, Qt.Key.Key_Escape)
    assert panel._no_match.isHidden()
    assert len(_rows(panel)) == 9


def test_that_a_double_click_adds(qtbot, panel) -> None:
    index = panel.list.model().index(5, 0)
    place = panel.list.visualRect(index).center()
    qtbot.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    with qtbot.waitSignal(panel.node_chosen) as got:
        qtbot.mouseDClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert got.args == ["table.filter"]


def test_that_a_heading_can_neither_be_chosen_nor_dragged(qtbot, panel) -> None:
    model = panel.list.model()
    assert model.flags(model.index(0, 0)) == Qt.ItemFlag.NoItemFlags
    with qtbot.assertNotEmitted(panel.node_chosen):
        panel.list.doubleClicked.emit(model.index(0, 0))
    assert not model.mimeData([model.index(0, 0)]).hasFormat(MIME_TYPE)


def test_that_a_drag_carries_the_type_id_and_a_picture(panel) -> None:
    model = panel.list.model()
    index = model.index(5, 0)
    assert model.flags(index) & Qt.ItemFlag.ItemIsDragEnabled
    assert bytes(model.mimeData([index]).data(MIME_TYPE).data()) == b"table.filter"
    assert model.mimeTypes() == [MIME_TYPE]
    assert drag_picture(TYPES[2], 2.0).width() == 380


def test_that_dragging_starts_with_the_type_under_the_pointer(panel, monkeypatch) -> None:
    dragged: list[bytes] = []

    def take(drag: QDrag, _action: Qt.DropAction) -> Qt.DropAction:
        dragged.append(bytes(drag.mimeData().data(MIME_TYPE).data()))
        return Qt.DropAction.CopyAction

    monkeypatch.setattr(QDrag, "exec", take)
    panel.list.startDrag(Qt.DropAction.CopyAction)
    panel.list.setCurrentIndex(panel.list.model().index(3, 0))
    panel.list.startDrag(Qt.DropAction.CopyAction)
    assert dragged == [b"file.read_csv"]


def test_that_the_tooltip_holds_the_help_as_plain_text(panel) -> None:
    tip = panel.list.model().index(5, 0).data(Qt.ItemDataRole.ToolTipRole)
    assert "&lt;a condition&gt;" in tip
    assert "left out" in tip


def test_that_focus_search_selects_the_old_text(qtbot, panel) -> None:
    panel.search.setText("csv")
    panel.focus_search()
    assert panel.search.selectedText() == "csv"
