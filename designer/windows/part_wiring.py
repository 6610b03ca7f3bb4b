"""Connects run to here, from here and only this, pins, and running again from the step that failed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from PySide6.QtCore import QObject

from designer.execution.parts import (
    PART_KINDS,
    PartKind,
    explain,
    explain_inside,
    failed_step,
    is_possible,
    is_possible_inside,
    options_for,
    options_inside,
)
from designer.execution.run_view import RunView
from designer.windows.banner import Notice
from designer.windows.session import Session
from engine.errors import WorkflowError
from engine.history.status import ExecutionStatus, StepStatus
from engine.model.changes import Change, NodeAdded, NodeChanged
from engine.model.pins import stored_names
from engine.model.workflow import Workflow
from engine.run.options import RunOptions

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow

log = logging.getLogger(__name__)
T = TypeVar("T")
FAILED_RUN = "failed run"
_RETRIED = (ExecutionStatus.FAILED, ExecutionStatus.QUARANTINED)


class PartWiring(QObject):
    """Says of each way to run a part what it would do now, or why it cannot, and does it."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._ran: Workflow | None = None
        controller = session.controller
        controller.run_begun.connect(self._on_run_begun)
        controller.run_changed.connect(self._on_run_changed)
        controller.statuses_changed.connect(self.explain)
        window.canvas.selection_changed.connect(self.explain)
        window.canvas.part_requested.connect(self.run_part)
        window.canvas.menus.explain_part = self._explain
        window.canvas.menus.can_run_part = self._is_possible
        session.editor.document.subscribe(lambda *_: self.explain())
        session.editor.document.subscribe_edits(self._on_edit)
        self._held: set[str] = set()
        window.commands.connect_all(
            {
                **{f"run.{kind}": partial(self._run_selected, kind) for kind in PART_KINDS},
                "run.retry": self.retry,
                "run.anew": lambda: self._start(controller.run(options=RunOptions(reuse=False))),
                "node.pin": window.canvas.pinning.toggle,
            }
        )
        self._tips = {kind: window.commands[f"run.{kind}"].toolTip() for kind in PART_KINDS}
        for kind in PART_KINDS:
            # What it says takes reading the whole drawing, which nobody waits for at every click.
            window.commands[f"run.{kind}"].hovered.connect(partial(self._say, kind))
        self.explain()
        self._on_run_changed(controller.view)

    def run_part(self, kind: PartKind, node_id: str) -> None:
        """Run this part, or say why that cannot be done."""
        possible, words = self._explain(kind, [node_id])
        if not possible:
            self._window.status_line.say(words)
            return
        reuse = self._session.settings.reuse_results
        place, based_on = (
            self._session.editor.document.place,
            self._session.controller.view.execution_id or "",
        )
        if place:
            root = self._session.editor.root
            options = options_inside(kind, place, node_id, root, based_on, reuse=reuse)
        else:
            options = options_for(kind, node_id, based_on, reuse=reuse)
        self._start(self._run(options))

    async def _run(self, options: RunOptions) -> None:
        """Run a part; a run that has come as far as it was to run to makes room for it."""
        controller, view = self._session.controller, self._session.controller.view
        if self._has_arrived() and view.execution_id is not None:
            ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def on_changed(now: RunView) -> None:
                if not now.is_active and not ended.done():
                    ended.set_result(None)

            controller.run_changed.connect(on_changed)
            try:
                await self._session.bridge.cancel(view.execution_id)
                await ended
            finally:
                controller.run_changed.disconnect(on_changed)
        await controller.run(options=options)

    def _has_arrived(self) -> bool:
        """Whether the run on screen stands where it was to run to, inside a step."""
        controller = self._session.controller
        return bool(controller.part_holds) and controller.view.reason == "breakpoint"

    def retry(self) -> None:
        """Run again from the step that failed: the same run, or the drawing if it was edited since."""
        controller = self._session.controller
        failed, execution_id = failed_step(controller.steps, controller.view), controller.view.execution_id
        if execution_id is None or controller.view.is_active:
            return
        step = controller.steps.get(failed or "")
        if failed is not None and self._is_edited() and failed in self._session.editor.root.nodes:
            options = options_for("from", failed, execution_id)
            self._start(controller.run(options=options))
        elif step is not None and step.status is StepStatus.UNCERTAIN:
            self._start(self._resolve(execution_id, str(failed)))
        else:
            self._start(controller.take_up(execution_id, self._session.bridge.retry(execution_id)))

    def explain(self, *_: object) -> None:
        """Enable what can be done with the selection now; each says what it does when it is pointed at."""
        commands, chosen = self._window.commands, self._window.canvas.selected_nodes()
        is_busy = self._session.controller.view.is_active and not self._has_arrived()
        for kind in PART_KINDS:
            action = commands[f"run.{kind}"]
            action.setEnabled(len(chosen) == 1 and not is_busy)
            action.setToolTip(self._tips[kind] if action.isEnabled() else self._explain(kind, chosen)[1])
        all_pinned = bool(chosen) and self._window.canvas.pinning.all_pinned(chosen)
        commands["node.pin"].setText("Unpin result" if all_pinned else "Pin result")

    def _say(self, kind: PartKind) -> None:
        words = self._explain(kind, self._window.canvas.selected_nodes())[1]
        self._window.commands[f"run.{kind}"].setToolTip(words)

    def _is_possible(self, kind: PartKind, chosen: list[str]) -> bool:
        return self._asked(is_possible, is_possible_inside, kind, chosen)

    def _explain(self, kind: PartKind, chosen: list[str]) -> tuple[bool, str]:
        return self._asked(explain, explain_inside, kind, chosen)

    def _asked(
        self, ask: Callable[..., T], ask_inside: Callable[..., T], kind: PartKind, chosen: list[str]
    ) -> T:
        """What is said of the chosen steps: by `ask`, or by `ask_inside` where a step's inside is shown."""
        controller, editor = self._session.controller, self._session.editor
        view = RunView() if self._has_arrived() else controller.view
        if editor.document.place:
            place, inner = editor.document.place, editor.workflow
            return ask_inside(kind, place, chosen, editor.root, inner, controller.steps, view)
        return ask(kind, chosen, editor.workflow, controller.steps, view)

    def _run_selected(self, kind: PartKind) -> None:
        for node_id in self._window.canvas.selected_nodes()[:1]:
            self.run_part(kind, node_id)

    def _is_edited(self) -> bool:
        """Whether the drawing differs from the one that the run on show was started with."""
        now, ran = self._session.editor.root, self._ran
        return ran is not None and not (ran.nodes == now.nodes and ran.connections == now.connections)

    def _on_run_begun(self, workflow: Workflow) -> None:
        self._ran = workflow
        if not self._session.editor.document.place:
            self._window.canvas.canvas_scene.marks.begin_run(workflow)

    def _on_run_changed(self, view: RunView) -> None:
        self.explain()
        self._window.commands["run.anew"].setEnabled(not view.is_active)
        banner, action = self._window.stage.banner, self._window.commands["run.retry"]
        can_retry = view.status in _RETRIED
        action.setEnabled(can_retry)
        if not can_retry:
            banner.withdraw(FAILED_RUN)
            return
        steps = self._session.controller.steps
        failed = failed_step(steps, view)
        nodes = self._session.editor.root.nodes
        label = nodes[failed].label if failed is not None and failed in nodes else "The run"
        doubtful = failed is not None and steps[failed].status is StepStatus.UNCERTAIN
        text = f"{label} may or may not have run" if doubtful else f"{label} failed"
        banner.post(
            Notice(
                key=FAILED_RUN,
                text=text,
                button="Decide…" if doubtful else "Run again from here",
                act=action.trigger,
                icon="rotate-ccw",
                can_dismiss=True,
            )
        )
        self._window.stage.arrange_banner()

    def _on_edit(self, _place: tuple[str, ...], changes: Sequence[Change]) -> None:
        """Keep what pins refer to from being pruned; what undo may bring back stays as long as the window."""
        touched = (NodeChanged, NodeAdded)
        if changes and not any(isinstance(one, touched) and "pin" in one.node.config for one in changes):
            return
        document = self._session.editor.document
        names = stored_names(document.root)
        if changes:
            names |= self._held
        if names != self._held or (not changes and document.path is not None):
            self._held = names
            self._start(self._hold(f"{document.root.id} {document.path or ''}", names))

    async def _hold(self, owner: str, names: set[str]) -> None:
        try:
            await self._session.bridge.hold(owner, names)
        except WorkflowError as error:
            # Nothing is lost by it yet, and running something says what is wrong with the store.
            log.warning("Pinned results may be pruned: %s", error)

    async def _resolve(self, execution_id: str, step_id: str) -> None:
        node = self._session.editor.root.nodes.get(step_id)
        happened = await self._session.person.ask_happened(node.label if node is not None else step_id)
        if happened is not None:
            work = self._session.bridge.resolve_uncertain(execution_id, step_id, happened=happened)
            await self._session.controller.take_up(execution_id, work)

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        self._session.tasks.start(work)
