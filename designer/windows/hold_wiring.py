"""Connects breakpoints and single steps to the window: F9, F10, the banner, and where the run stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from designer.execution.holding import RunHolding
from designer.execution.run_view import RunView
from designer.windows.banner import Notice
from designer.windows.session import Session
from engine.history.status import ExecutionStatus, StepStatus

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow

STOPPED = "stopped at a step"


class HoldWiring(QObject):
    """Goes where the run has stopped, unless the person is looking at something else."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._went_to: list[str] = []
        self.holding = RunHolding(session.controller, session.bridge, session.editor.document, session.tasks)
        session.controller.run_changed.connect(self._on_run_changed)
        session.controller.statuses_changed.connect(lambda *_: self._show_stop())
        window.canvas.selection_changed.connect(self._on_selected)
        session.editor.document.subscribe(lambda *_: self._on_selected())
        window.commands.connect_all(
            {
                "run.step": self._step,
                "node.breakpoint": window.canvas.breakpoints.toggle,
            }
        )
        self._on_run_changed(session.controller.view)
        self._on_selected()

    def _step(self) -> None:
        reuse = self._session.settings.reuse_results
        self._session.tasks.start(self.holding.step(reuse=reuse))

    def held(self) -> list[str]:
        """The steps that are held before they begin, in the order of the file."""
        steps = self._session.controller.steps
        return [
            node_id
            for node_id in self._session.editor.root.nodes
            if (step := steps.get(node_id)) is not None
            and step.status is StepStatus.PAUSED
            and step.reason == "breakpoint"
        ]

    def _on_run_changed(self, view: RunView) -> None:
        action = self._window.commands["run.step"]
        action.setEnabled(view.can_step)
        self._show_stop()

    def _on_selected(self, *_: object) -> None:
        chosen = self._window.canvas.selected_nodes()
        nodes = self._session.editor.workflow.nodes
        known = [node_id for node_id in chosen if node_id in nodes]
        all_set = bool(known) and self._window.canvas.breakpoints.all_set(known)
        action = self._window.commands["node.breakpoint"]
        action.setText("Clear breakpoint" if all_set else "Stop here (breakpoint)")

    def _show_stop(self) -> None:
        view, banner = self._session.controller.view, self._window.stage.banner
        is_stopped = view.status is ExecutionStatus.PAUSED and view.reason == "breakpoint"
        held = self.held() if is_stopped else []
        inside = self._held_inside() if is_stopped and not held else ""
        if inside:
            self._post(f"Stopped inside {inside}")
        elif not held:
            banner.withdraw(STOPPED)
            self._window.stage.arrange_banner()
        if not held:
            return
        labels = [self._session.editor.root.nodes[node_id].label for node_id in held]
        others = f" and {len(held) - 1} more" if len(held) > 1 else ""
        self._post(f"Stopped before {labels[0]}{others}")
        self._go_to(held[0])

    def _held_inside(self) -> str:
        """The step of the drawing in whose parts the run has stopped."""
        steps = self._session.controller.steps
        nodes = self._session.editor.root.nodes.values()
        waits = (node for node in nodes if (step := steps.get(node.id)) and step.reason == "child")
        return next((node.label for node in waits), "")

    def _post(self, text: str) -> None:
        act = self._window.commands["run.run"].trigger
        self._window.stage.banner.post(Notice(key=STOPPED, text=text, button="Resume", act=act))
        self._window.stage.arrange_banner()

    def _go_to(self, node_id: str) -> None:
        canvas = self._window.canvas
        if self._went_to == [node_id] or self._session.editor.document.place:
            return
        if canvas.selected_nodes() in ([], self._went_to):
            self._went_to = [node_id]
            canvas.select([node_id])
            canvas.reveal(node_id)
