"""What the Data panel shows for a step in any state."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QColor, QDesktopServices, QGuiApplication, QImage

from designer.panels.data_panel import DataPanel
from designer.panels.output_views import views_of
from engine.errors import StoreCorrupt
from engine.history.status import StepStatus
from engine.history.step_state import StepState


class Store:
    """Files by the sha of a reference, as the artifact store keeps them."""

    def __init__(self) -> None:
        self.files: dict[str, Path] = {}

    def locate(self, reference) -> Path:
        sha = reference.get("$table") or reference.get("$artifact")
        if sha not in self.files:
            raise StoreCorrupt("A stored result is missing", hint="Run the step again.")
        return self.files[sha]

    def table(self, made) -> dict[str, object]:
        self.files[made.key] = made.path
        columns = [{"name": column.name, "type": column.kind} for column in made.columns]
        return {"$table": made.key, "rows": made.rows, "columns": columns, "bytes": 1}

    def json(self, folder: Path, text: str) -> dict[str, object]:
        sha = hashlib.sha256(text.encode()).hexdigest()
        self.files[sha] = folder / sha
        self.files[sha].write_text(text)
        return {"$artifact": sha, "bytes": len(text), "preview": text[:1]}


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def panel(qtbot, store: Store) -> Iterator[DataPanel]:
    made = DataPanel(store.locate)
    qtbot.addWidget(made)
    made.resize(900, 300)
    made.show()
    yield made
    made.close_source()


@pytest.fixture
def opened(monkeypatch) -> list[str]:
    """Paths that were handed to the desktop."""
    paths: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: paths.append(QUrl(url).toLocalFile()) or True
    )
    return paths


def _completed(output) -> StepState:
    return StepState(status=StepStatus.COMPLETED, output=output)


def test_that_nothing_selected_says_how_to_see_data(panel) -> None:
    assert panel.empty.text == "No data yet Run the workflow, then select a node to see its data."
    assert panel.stack.currentWidget() is panel.empty
    panel.grab()


def test_that_a_table_is_shown_with_its_size(qtbot, panel, store, make_table) -> None:
    output = {"table": store.table(make_table(500)), "rows": 500}
    panel.show_step("join", "Join airlines", _completed(output))
    assert panel.stack.currentWidget() is panel.table
    assert panel.summary == "Join airlines · table · 500 rows × 7 columns"
    assert not panel.has_choice
    qtbot.waitUntil(lambda: panel.table.table_model.cell(0, 0).is_loaded)


def test_that_other_views_of_an_output_can_be_chosen(qtbot, panel, store, make_table) -> None:
    output = {
        "kept": store.table(make_table(5, name="kept")),
        "left_out": store.table(make_table(3, name="rest")),
    }
    panel.show_step("split", "Split", _completed(output))
    assert [panel.selector.itemText(row) for row in range(panel.selector.count())] == [
        "Kept",
        "Left out",
        "All values",
    ]
    panel.selector.setCurrentIndex(1)
    panel.selector.activated.emit(1)
    assert panel.summary == "Split · left out · 3 rows × 7 columns"
    panel.selector.setCurrentIndex(2)
    panel.selector.activated.emit(2)
    assert panel.stack.currentWidget() is panel.tree
    assert panel.summary == "Split · 2 values"


def test_that_each_node_keeps_the_view_that_was_picked_through_further_runs(panel) -> None:
    panel.show_step("a", "A", _completed({"path": "/nowhere/x.csv", "rows": 1}))
    panel.selector.setCurrentIndex(1)
    panel.selector.activated.emit(1)
    panel.show_step("a", "A", StepState(status=StepStatus.RUNNING))
    panel.show_step("a", "A", _completed({"path": "/nowhere/x.csv", "rows": 2}))
    assert panel.selector.currentText() == "All values"
    panel.show_step("b", "B", _completed({"path": "/nowhere/x.csv", "rows": 2}))
    assert panel.selector.currentText() == "File"
    panel.show_step("a", "A", _completed({"path": "/nowhere/x.csv", "rows": 2}))
    assert panel.selector.currentText() == "All values"


def test_that_a_closed_panel_takes_no_more_steps(panel) -> None:
    panel.close_source()
    panel.show_output("n", "Chart", {"path": "/nowhere/chart.png"})
    assert panel.stack.currentWidget() is panel.empty


def test_that_sorting_is_told_in_the_summary(qtbot, panel, store, make_table) -> None:
    panel.show_step("a", "A", _completed({"table": store.table(make_table(50))}))
    panel.table.table_model.sort_by(1)
    assert panel.summary.endswith("sorting by delay…")
    qtbot.waitUntil(lambda: panel.summary.endswith("sorted by delay"))


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [(42, "number", "42"), ("hello", "text", "hello"), (True, "yes or no", "true")],
)
def test_that_one_plain_value_is_shown_as_itself(panel, value, kind: str, text: str) -> None:
    panel.show_output("n", "Node", value)
    assert panel.stack.currentWidget() is panel.value
    assert panel.value.toPlainText() == text
    assert panel.summary == f"Node · {kind}"
    assert not panel.has_choice


def test_that_other_json_is_a_tree(panel) -> None:
    panel.show_output("n", "Node", {"a": 1, "b": [1, 2]})
    assert panel.stack.currentWidget() is panel.tree
    assert panel.summary == "Node · 2 values"


def test_that_an_output_of_nothing_says_so(panel) -> None:
    panel.show_output("n", "Node", None)
    assert "It produced no data." in panel.empty.text
    assert panel.summary == "Node · no data"


def test_that_a_chart_is_shown_as_a_picture_with_its_file(qtbot, panel, tmp_path, opened) -> None:
    path = tmp_path / "chart.png"
    image = QImage(300, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#336699"))
    image.save(str(path))
    panel.show_output("n", "Chart", {"path": str(path)})
    assert panel.stack.currentWidget() is panel.picture
    qtbot.waitUntil(lambda: not panel.picture.image.isNull())
    panel.grab()
    assert panel.file_bar.label.text() == "chart.png"
    qtbot.mouseClick(panel.file_bar.open_folder, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(panel.file_bar.open_file, Qt.MouseButton.LeftButton)
    assert opened == [str(tmp_path), str(path)]


def test_that_a_vector_chart_is_drawn_larger_than_its_nominal_size(qtbot, panel, tmp_path) -> None:
    path = tmp_path / "chart.svg"
    path.write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="50"><rect width="9" height="9"/></svg>'
    )
    panel.show_output("n", "Chart", {"path": str(path)})
    qtbot.waitUntil(lambda: not panel.picture.image.isNull())
    assert panel.picture.image.width() == 200


def test_that_a_file_that_is_gone_cannot_be_opened(panel, tmp_path) -> None:
    panel.show_output("n", "Write", {"path": str(tmp_path / "gone.xlsx")})
    assert panel.stack.currentWidget() is panel.file
    assert panel.file_bar.size_label.text() == f"No longer in {tmp_path}"
    assert not panel.file_bar.open_file.isEnabled()
    assert panel.file_bar.open_folder.isEnabled()


def test_that_a_tree_is_offered_only_when_it_says_more_than_the_table() -> None:
    table = {"$table": "a", "rows": 3, "columns": []}
    assert [view.kind for view in views_of(table)] == ["table"]
    assert [view.kind for view in views_of({"table": table, "rows": 3})] == ["table"]
    assert [view.kind for view in views_of({"table": table, "sheet": "May"})] == ["table", "tree"]


def test_that_a_relative_path_is_just_a_value() -> None:
    assert [view.kind for view in views_of({"path": "orders.csv"})] == ["tree"]


def test_that_a_failed_step_shows_what_happened_and_what_to_do(qtbot, panel) -> None:
    error = {"type": "ActionError", "message": "column 'Mounth' not found", "hint": "Use 'Month'."}
    panel.show_step("n", "Group", StepState(status=StepStatus.FAILED, error=error))
    view = panel.error
    assert panel.stack.currentWidget() is view
    assert (view.message.text(), view.hint.text()) == ("column 'Mounth' not found", "Use 'Month'.")
    assert view.details.isHidden()
    qtbot.mouseClick(view.toggle, Qt.MouseButton.LeftButton)
    assert view.details.isVisible()
    qtbot.mouseClick(view.copy, Qt.MouseButton.LeftButton)
    assert "type: ActionError" in QGuiApplication.clipboard().text()
    assert panel.summary == "Group · failed"


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (None, "Node has not run yet"),
        (StepState(), "Node has not run yet"),
        (StepState(queued=True), "Node is queued"),
        (StepState(status=StepStatus.RUNNING), "Node: running"),
        (StepState(status=StepStatus.RUNNING, progress_text="7 of 9"), "7 of 9"),
        (StepState(status=StepStatus.WAITING, reason="retry"), "Node: will try again"),
        (StepState(status=StepStatus.PAUSED, reason="missing_input"), "Node: needs input"),
        (StepState(status=StepStatus.SKIPPED, reason="condition"), "condition was not met"),
        (StepState(status=StepStatus.SKIPPED, reason="upstream_failed"), "A step before it failed"),
        (StepState(status=StepStatus.CANCELLED), "The run was stopped"),
    ],
)
def test_that_a_step_without_output_says_why(panel, step, text: str) -> None:
    panel.show_step("n", "Node", step)
    assert text in panel.empty.text
    panel.grab()


def test_that_showing_the_same_step_again_does_nothing(qtbot, panel) -> None:
    panel.show_step("n", "Node", _completed({"a": 1}))
    with qtbot.assertNotEmitted(panel.summary_changed):
        panel.show_step("n", "Node", _completed({"a": 1}))


def test_that_a_missing_table_is_an_error_with_a_hint(panel) -> None:
    panel.show_output("n", "Node", {"table": {"$table": "gone", "rows": 1, "columns": []}})
    assert panel.stack.currentWidget() is panel.error
    assert panel.error.hint.text() == "Run the step again."


def test_that_a_broken_table_file_is_an_error_with_details(qtbot, panel, store, tmp_path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"not parquet")
    store.files["broken"] = tmp_path / "broken.parquet"
    reference = {"$table": "broken", "rows": 9, "columns": [{"name": "a", "type": "int"}]}
    panel.show_output("n", "Node", {"table": reference})
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.error)
    assert panel.error.message.text() == "The table cannot be read."
    assert "broken.parquet" in panel.error.details.toPlainText()


def test_that_json_stored_for_its_size_is_loaded_behind_the_scenes(qtbot, panel, store, tmp_path) -> None:
    panel.show_output("n", "Node", {"result": store.json(tmp_path, '{"answer":42}')})
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.tree)
    assert panel.summary == "Node · 1 value"


def test_that_stored_json_that_changed_is_an_error_and_not_shown(qtbot, panel, store, tmp_path) -> None:
    reference = store.json(tmp_path, '{"answer":42}')
    store.locate(reference).write_text('{"answer":43}')
    panel.show_output("n", "Node", {"result": reference})
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.error)
    assert "not what was written" in panel.error.message.text()
    assert panel.error.hint.text() == "Run the node again."


def test_that_a_stored_table_that_changed_is_an_error_and_not_shown(
    qtbot, panel, store, make_table, tmp_path
) -> None:
    made = make_table(10)
    content = made.path.read_bytes()
    sha = hashlib.sha256(content).hexdigest()
    path = tmp_path / sha
    path.write_bytes(content)
    reference = store.table(replace(made, key=sha, path=path))
    panel.show_output("n", "Node", {"table": reference})
    model = panel.table.table_model
    qtbot.waitUntil(lambda: model.data(model.index(0, 0)) not in (None, ""))
    path.write_bytes(content[:40] + b"!" + content[41:])
    panel.show_output("n", "Node", None)
    panel.close_source()
    changed = DataPanel(store.locate)
    qtbot.addWidget(changed)
    changed.resize(900, 300)
    changed.show()
    changed.show_output("n", "Node", {"table": reference})
    qtbot.waitUntil(lambda: changed.stack.currentWidget() is changed.error)
    assert "damaged" in changed.error.details.toPlainText()
    changed.close_source()


def test_that_json_too_large_to_read_without_a_pause_shows_its_beginning(
    qtbot, panel, store, tmp_path
) -> None:
    path = tmp_path / "huge.json"
    path.write_text("[" + "1," * 3_000_000 + "1]")
    store.files["huge"] = path
    panel.show_output("n", "Node", {"$artifact": "huge", "bytes": 1, "preview": "[1,1"})
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.value)
    assert panel.value.toPlainText() == "[1,1… (6 MB, too large to show)"


def test_that_stored_json_that_is_gone_is_an_error(qtbot, panel) -> None:
    panel.show_output("n", "Node", {"$artifact": "gone", "bytes": 1, "preview": "{"})
    qtbot.waitUntil(lambda: panel.stack.currentWidget() is panel.error)
    assert "missing" in panel.error.message.text()
    assert panel.error.hint.text() == "Run the step again."


def test_that_a_late_result_of_another_node_is_dropped(qtbot, panel, store, tmp_path) -> None:
    panel.show_output("slow", "Slow", store.json(tmp_path, "[1, 2, 3]"))
    panel.show_output("fast", "Fast", 7)
    panel.close_source()
    qtbot.wait(0)
    assert panel.summary == "Fast · number"
