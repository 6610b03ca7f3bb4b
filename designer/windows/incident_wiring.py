"""Conditions that a run could not evaluate: the card, wire and banner, and the dialog that repairs them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from designer.canvas.incidents import show_incidents
from designer.dialogs.fix_condition import ConditionFix, FixConditionDialog, Way
from designer.document.document import Place
from designer.execution.run_view import RunView
from designer.windows.banner import Notice
from designer.windows.session import Session
from designer.windows.titles import find, step_in
from engine.model.edits import set_condition, set_config
from engine.model.workflow import Connection, Node, Workflow

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow

BROKEN = "broken condition"
_WHERE = re.compile(r"^.*? at character \d+: ", re.DOTALL)


class IncidentWiring(QObject):
    """One dialog at a time; it goes when what it is about is repaired, or the run has ended."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._item: Mapping[str, Any] = {}
        self._shown: list[tuple[str, str, str]] | None = None
        self.dialog: FixConditionDialog | None = None
        session.controller.run_changed.connect(self._on_run_changed)
        session.shown.statuses_changed.connect(lambda *_: self._on_run_changed(session.controller.view))
        window.canvas.answer_requested.connect(self._answer)
        window.commands["run.answer"].triggered.connect(lambda *_: self._answer())
        self._on_run_changed(session.controller.view)

    def fix(self, node_id: str = "") -> None:
        """Open the dialog for what is broken at this step, or for the first that is."""
        found = [item for item in self._incidents() if not node_id or self._node_of(item) == node_id]
        if not found:
            return
        if self.dialog is not None:
            if self._item == found[0]:
                self.dialog.raise_()
                self.dialog.activateWindow()
                return
            self._close()
        self._item = item = found[0]
        ways = self._ways(item)
        if not ways:
            return
        own = all(
            self._drawn(way.connection_id) is not None or self._guarded(way.connection_id) is not None
            for way in ways
        )
        step = self._session.shown.steps.get(self._node_of(item))
        self.dialog = dialog = FixConditionDialog(
            source=str(item.get("source", "")),
            problem=problem_words(item),
            ways=ways,
            output=step.output if step is not None else None,
            context=self._window.inspector.context_for_condition,
            can_change_workflow=own,
            of_step=bool(item.get("of_step")),
            parent=self._window,
        )
        dialog.try_wanted.connect(self._try)
        dialog.decided.connect(self._on_decided)
        dialog.start()

    def _incidents(self) -> list[Mapping[str, Any]]:
        return list(self._session.controller.view.incidents)

    def _answer(self, node_id: str = "") -> None:
        if node_id:
            self.fix(node_id)
        elif not self._session.controller.view.questions:
            self.fix()

    def _on_run_changed(self, view: RunView) -> None:
        incidents = list(view.incidents)
        way = self._session.shown.way
        keys = [(way, str(item.get("path")), str(item.get("text"))) for item in incidents]
        if keys == self._shown:
            return
        self._shown = keys
        cards = {self._node_of(item): card_words(item) for item in reversed(incidents)}
        cards.pop("", None)
        start = f"{way}/" if way else ""
        wires = {
            name.removeprefix(start)
            for item in incidents
            for name in map(str, _wires_of(item))
            if name.startswith(start)
        }
        show_incidents(self._window.canvas.canvas_scene, cards, wires)
        if self.dialog is not None and self._item not in incidents:
            self._close()
        banner = self._window.stage.banner
        if not incidents:
            banner.withdraw(BROKEN)
        else:
            others = f" ({len(incidents)} conditions in all)" if len(incidents) > 1 else ""
            banner.post(
                Notice(
                    key=BROKEN,
                    text=f"{banner_words(incidents[0])}{others}",
                    button="Fix the condition…",
                    act=self.fix,
                    icon="triangle-alert",
                )
            )
        self._window.stage.arrange_banner()

    def _node_of(self, item: Mapping[str, Any]) -> str:
        """The step on screen: the one that holds the part, when it is in a part; "" when it is elsewhere."""
        way, step_id = self._session.shown.way, str(item.get("step_id", ""))
        start = f"{way}/" if way else ""
        if not step_id.startswith(start):
            return ""
        return step_in(self._session.editor.workflow, step_id.removeprefix(start).partition("/")[0])

    def _ways(self, item: Mapping[str, Any]) -> list[Way]:
        """The connections whose conditions a person can change for this incident."""
        connection = item.get("connection_id")
        if connection is not None:
            target, text = str(item.get("target", "")), str(item.get("condition") or "")
            return [Way(connection_id=str(connection), target=target, condition=text)]
        ways = []
        for name in map(str, item.get("connections", ())):
            found = self._drawn(name)
            target = found[1].nodes[found[2].target].label if found is not None else name
            text = (found[2].condition or "") if found is not None else ""
            ways.append(Way(connection_id=name, target=target, condition=text))
        return ways

    def _drawn(self, way: str) -> tuple[Place, Workflow, Connection] | None:
        """The connection of this name, which may be in a part of the run, in the drawing; and where."""
        found = find(self._session.editor.root, way)
        if found is None or found[2] not in found[1].connections:
            return None
        return found[0], found[1], found[1].connections[found[2]]

    def _guarded(self, name: str) -> tuple[Place, Workflow, Node] | None:
        """The step in the drawing whose own condition has this name; and where."""
        found = find(self._session.editor.root, name)
        node_id = found[2].removesuffix(".condition") if found is not None else ""
        if found is None or node_id == found[2] or node_id not in found[1].nodes:
            return None
        return found[0], found[1], found[1].nodes[node_id]

    def _try(self, connection_id: str, text: str) -> None:
        self._session.tasks.start(self._tried(connection_id, text))

    async def _tried(self, connection_id: str, text: str) -> None:
        holds, fault = await self._window.hold_wiring.holding.try_condition(connection_id, text)
        dialog = self.dialog
        if dialog is not None and (dialog.connection_id, dialog.condition) == (connection_id, text):
            dialog.show_verdict(verdict_words(self._item or {}, holds=holds), plain(fault))

    def _on_decided(self, answer: ConditionFix) -> None:
        if answer.decision == "repair":
            self._session.tasks.start(self._repair(answer))
        elif answer.decision == "stop":
            self._window.commands["run.stop"].trigger()
        if answer.decision != "repair" and self.sender() is self.dialog:
            self.dialog = None

    async def _repair(self, answer: ConditionFix) -> None:
        fault = await self._window.hold_wiring.holding.repair({answer.connection_id: answer.condition})
        if fault:
            if self.dialog is not None:
                self.dialog.show_verdict("", plain(fault))
            return
        self._close()
        if answer.change_workflow:
            self._change_drawing(answer.connection_id, answer.condition)

    def _change_drawing(self, name: str, condition: str) -> None:
        found, guarded = self._drawn(name), self._guarded(name)
        if found is not None and found[2].condition != condition:
            place, workflow, drawn = found
            self._session.editor.push(set_condition(workflow, drawn.id, condition=condition), place)
        elif guarded is not None and guarded[2].config.get("condition") != condition:
            place, workflow, node = guarded
            self._session.editor.push(set_config(workflow, node.id, condition=condition or None), place)

    def _close(self) -> None:
        dialog, self.dialog = self.dialog, None
        if dialog is not None:
            dialog.accept()
            dialog.deleteLater()


def card_words(item: Mapping[str, Any]) -> str:
    """The second line of the card."""
    if item.get("of_step"):
        return "Its condition needs a fix"
    if item.get("connection_id") is None:
        return "No way on from here"
    return "Condition needs a fix"


def banner_words(item: Mapping[str, Any]) -> str:
    """What the banner says."""
    if item.get("of_step"):
        return f"{item.get('source')}: its condition cannot be checked"
    if item.get("connection_id") is None:
        return f"{item.get('source')}: no condition holds, and nothing is for everything else"
    return f"{item.get('source')} → {item.get('target')}: the condition cannot be checked"


def verdict_words(item: Mapping[str, Any], *, holds: bool) -> str:
    """What a condition would mean that can be checked."""
    if item.get("of_step"):
        return "It holds: the step runs." if holds else "It does not hold: the step is skipped."
    return "It holds: the run goes on this way." if holds else "It does not hold: not this way."


def problem_words(item: Mapping[str, Any]) -> str:
    """What is wrong, as a sentence."""
    error = item.get("error")
    hint = error.get("hint", "") if isinstance(error, Mapping) else ""
    text = plain(str(item.get("text", "")))
    if item.get("of_step"):
        text = f"The condition of {item.get('source')} cannot be checked: {text}"
    elif item.get("connection_id") is not None:
        text = f"The condition to {item.get('target')} cannot be checked: {text}"
    return f"{text if text.endswith('.') else f'{text}.'} {hint}".strip()


def plain(fault: str) -> str:
    """What is wrong, without saying again where: the text itself is in view."""
    return _WHERE.sub("", fault).strip()


def _wires_of(item: Mapping[str, Any]) -> list[Any]:
    if item.get("of_step"):
        return []
    connection = item.get("connection_id")
    return [connection] if connection is not None else list(item.get("connections", ()))
