"""The Output page: where a result came from, and the pinned one."""

from __future__ import annotations

from PySide6.QtWidgets import QLabel

from designer.editor import Editor
from designer.panels.inspector_panel import InspectorPanel
from engine.model.pins import is_pinned, pinned_output
from tests.designer.inspector.conftest import ran

OUTPUT = 2


def texts(panel: InspectorPanel) -> list[str]:
    return [label.text() for label in panel._page.output._content.findChildren(QLabel)]


def shown(panel: InspectorPanel, **step: object) -> InspectorPanel:
    panel.show_selection(["late"], [])
    panel.show_tab(OUTPUT)
    panel.apply_run({"late": ran({"rows": 3}, **step)})
    return panel


def test_that_a_result_says_where_it_came_from(panel: InspectorPanel) -> None:
    made = {"execution_id": "before", "at": 1_000_000.0}
    assert "Took" in texts(shown(panel))
    assert "Result of" in texts(shown(panel, via="reused", reused_from=made))
    unchanged = texts(shown(panel, via="reused", reused_from={**made, "unchanged": True}))
    assert "Unchanged since" in unchanged
    assert "Took" not in unchanged
    assert "pinned" in texts(shown(panel, via="pinned"))


def test_that_the_last_result_can_be_pinned_edited_and_unpinned(
    panel: InspectorPanel, editor: Editor
) -> None:
    panel.show_selection(["late"], [])
    panel.show_tab(OUTPUT)
    card = panel._page.output.pin
    assert card.isHidden()
    shown(panel)
    assert not card.isHidden()
    card.toggle_button.click()
    assert pinned_output(editor.workflow.nodes["late"]) == {"rows": 3}
    assert (card.title.text(), card.toggle_button.text()) == ("Pinned", "Unpin")
    card.edit_button.click()
    assert card.form is not None
    card.form.value_changed.emit({"output": {"rows": 4}})
    card.form.value_changed.emit({"output": {"rows": 5}})
    assert pinned_output(editor.workflow.nodes["late"]) == {"rows": 5}
    editor.undo_stack.undo()
    assert pinned_output(editor.workflow.nodes["late"]) == {"rows": 3}
    card.edit_button.click()
    assert card.form is None
    card.toggle_button.click()
    assert not is_pinned(editor.workflow.nodes["late"])
    assert card.title.text() == "Not pinned"
