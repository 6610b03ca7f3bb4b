"""Connects the run to everything that shows it: canvas, toolbar, banner, status line and bottom panel."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject

from designer.execution.run_view import RunView
from designer.execution.undoable import Undoable
from designer.windows.banner import Notice
from designer.windows.session import Session
from designer.windows.titles import title_of
from engine.history.events import Event
from engine.history.status import ExecutionStatus, StepStatus
from engine.history.step_state import StepState
from engine.problem import Problem
from engine.run.options import RunOptions

if TYPE_CHECKING:
    from designer.windows.main_window import MainWindow

QUESTION = "question"
WAITING_RUN = "waiting run"
UNDO = "undo"
_WENT_WRONG = (
    ExecutionStatus.FAILED,
    ExecutionStatus.CANCELLED,
    ExecutionStatus.ROLLBACK_FAILED,
    ExecutionStatus.QUARANTINED,
)
_FAILED = (ExecutionStatus.FAILED, ExecutionStatus.COMPLETED_WITH_ERRORS)


class RunWiring(QObject):
    """Each view is told what changed and nothing else; none of them knows another."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._window = window
        self._session = session
        self._running: str | None = None
        self._problems: Sequence[Problem] = ()
        self._ended: tuple[str | None, ExecutionStatus | None] = (None, None)
        controller = session.controller
        controller.run_changed.connect(self._on_run_changed)
        session.shown.cleared.connect(self._on_run_cleared)
        session.shown.statuses_changed.connect(self._on_statuses_changed)
        session.shown.events_arrived.connect(self._on_events)
        controller.problems_found.connect(self._on_problems_before_run)
        controller.call_failed.connect(self._on_call_failed)
        said = window.status_line.say
        controller.start_given_up.connect(lambda: said("The run was not started."))
        session.checker.checked.connect(self._show_problems)
        session.editor.place_changed.connect(self._mark_problems)
        window.canvas.answer_requested.connect(self._answer)
        bottom = window.bottom
        bottom.set_titles(self._title)
        bottom.tab_changed.connect(self._on_tab_changed)
        bottom.history.execution_activated.connect(self._show_execution)
        window.commands.connect_all(
            {
                "run.run": self._run,
                "run.run_with": lambda: self._start(controller.run(ask_inputs=True, options=self._options())),
                "run.pause": lambda: self._start(controller.pause()),
                "run.stop": lambda: self._start(controller.stop()),
                "run.answer": lambda: self._start(controller.answer()),
                "run.undo": lambda: self._start(controller.undo()),
                "run.clear": controller.detach,
            }
        )
        self._on_run_changed(controller.view)

    def _start(self, work: Coroutine[Any, Any, Any]) -> None:
        self._session.tasks.start(work)

    def _options(self) -> RunOptions:
        return RunOptions(reuse=self._session.settings.reuse_results)

    def _run(self) -> None:
        """Run, or go on; a run that waits for a condition asks for it instead."""
        view = self._session.controller.view
        if view.incidents and not view.questions:
            self._window.commands["run.answer"].trigger()
        else:
            self._start(self._session.controller.run(options=self._options()))

    def _answer(self, node_id: str) -> None:
        way = self._session.shown.way
        self._start(self._session.controller.answer(f"{way}/{node_id}" if way else node_id))

    def _on_run_changed(self, view: RunView) -> None:
        window = self._window
        window.top_bar.show_run(view)
        window.status_line.show_run(view)
        actions = window.commands
        actions["run.run"].setEnabled(view.can_run or view.needs_person)
        actions["run.run"].setText("Resume" if view.is_paused or view.needs_person else "Run")
        actions["run.run_with"].setEnabled(not view.is_active)
        actions["run.pause"].setEnabled(view.can_pause)
        actions["run.stop"].setEnabled(view.is_active)
        actions["run.answer"].setEnabled(view.needs_person)
        only_incidents = bool(view.incidents) and not view.questions
        actions["run.answer"].setText("Fix the condition…" if only_incidents else "Answer the run…")
        actions["run.undo"].setEnabled(bool(self._session.controller.undoable))
        actions["run.clear"].setEnabled(not view.is_active and view.status is not None)
        self._show_question(view)
        self._offer_to_undo(view)
        has_failed = view.status in _FAILED and self._running == view.execution_id
        self._running = view.execution_id if view.is_active else None
        if has_failed:
            self._show_failure()

    def _show_failure(self) -> None:
        """Says where the run failed and why; goes there unless the person is looking at something."""
        steps = self._session.controller.steps
        failed = next((i for i, step in steps.items() if step.status is StepStatus.FAILED), None)
        if failed is None:
            return
        reason = str((steps[failed].error or {}).get("message") or "the step failed")
        window = self._window
        window.status_line.say(f"{self._title(failed)}: {reason}")
        if not window.canvas.selected_nodes() and not self._session.editor.document.place:
            window.canvas.select([failed])
            window.canvas.reveal(failed)
            window.bottom.show_tab("Data")

    def _show_question(self, view: RunView) -> None:
        banner = self._window.stage.banner
        if view.questions:
            banner.withdraw(WAITING_RUN)
            text, button = question_text(view, self._title)
            banner.post(
                Notice(
                    key=QUESTION,
                    text=text,
                    button=button,
                    act=self._window.commands["run.answer"].trigger,
                )
            )
        else:
            banner.withdraw(QUESTION)
        self._window.stage.arrange_banner()

    def _offer_to_undo(self, view: RunView) -> None:
        """What a run did that went wrong, once for each time it ended; the menu has it whatever happened."""
        end = (view.execution_id, view.status)
        if end == self._ended:
            return
        self._ended = end
        banner, found = self._window.stage.banner, self._session.controller.undoable
        banner.withdraw(UNDO)
        if found and view.status in _WENT_WRONG:
            act = self._window.commands["run.undo"].trigger
            button = "Try again…" if found.has_failed else "Undo…"
            text = undo_text(found)
            banner.post(Notice(key=UNDO, text=text, button=button, act=act, icon="undo-2", can_dismiss=True))
        self._window.stage.arrange_banner()

    def _title(self, node_id: str) -> str:
        editor = self._session.editor
        node = editor.workflow.nodes.get(node_id)
        return node.label if node is not None else title_of(editor.root, node_id)

    def _on_run_cleared(self) -> None:
        self._window.canvas.clear_run()
        self._window.inspector.clear_run()
        self._window.bottom.clear_run()

    def _on_statuses_changed(self, steps: Mapping[str, StepState], connections: Mapping[str, str]) -> None:
        self._window.canvas.apply_run(steps, connections)
        self._window.inspector.apply_run(steps, connections)

    def _on_events(self, events: Sequence[Event]) -> None:
        self._window.bottom.add_events(events)

    def _on_tab_changed(self, title: str) -> None:
        if title == "History":
            self._start(self._list_history())

    async def _list_history(self) -> None:
        bridge, panel = self._session.bridge, self._window.bottom.history
        runs = await bridge.history()
        ids = [run.id for run in runs]
        statistics, waiting = await bridge.figures(self._session.editor.workflow.id, ids)
        panel.set_executions(runs, waiting)
        panel.statistics.show_figures(statistics)

    def _show_execution(self, execution_id: str) -> None:
        self._start(self._session.controller.attach(execution_id))

    def _on_problems_before_run(self, problems: list[Problem]) -> None:
        self._show_problems(problems)
        if any(problem.severity == "error" for problem in problems):
            self._window.docks.reveal(self._window.docks.bottom)
            self._window.bottom.show_tab("Problems")
            errors = sum(problem.severity == "error" for problem in problems)
            word = "problem keeps" if errors == 1 else "problems keep"
            self._window.status_line.say(f"{errors} {word} this workflow from running")

    def _show_problems(self, problems: list[Problem]) -> None:
        self._problems = problems
        self._window.bottom.problems.set_problems(problems)
        self._mark_problems()

    def _mark_problems(self) -> None:
        """On each card the worst of its problems and of those inside it, and how many there are."""
        worst: dict[str, Problem] = {}
        counts: Counter[str] = Counter()
        for problem in self._problems:
            if problem.severity == "info":
                continue  # nothing to mend; what it tells has a sign of its own on the card
            node_id = shown_node(problem, self._session.editor.document.place)
            if node_id is None:
                continue
            counts[node_id] += 1
            if node_id not in worst or (problem.severity == "error" and worst[node_id].severity != "error"):
                worst[node_id] = problem
        self._window.canvas.set_problems(worst, counts)

    def _on_call_failed(self, message: str, hint: str) -> None:
        self._start(self._session.person.show_error("That did not work", message, hint))


def shown_node(problem: Problem, place: Sequence[str]) -> str | None:
    """The node on screen that a problem is of, or is inside of; None for one that is elsewhere."""
    way = (problem.path or problem.node_id or "").split("/")
    is_here = way[: len(place)] == list(place) and len(way) > len(place)
    return way[len(place)] or None if is_here else None


def undo_text(found: Undoable) -> str:
    """What the banner says about a run that went wrong and can be undone."""
    count = len(found.done) + len(found.uncertain)
    steps = "One step" if count == 1 else f"{count} steps"
    if found.has_failed:
        return f"{steps} could not be undone"
    if not found.done:
        return f"{steps} may or may not have taken effect"
    return f"{steps} did something that can be undone"


def question_text(view: RunView, title: Callable[[str], str]) -> tuple[str, str]:
    """What the banner says about a run that waits, and what its button says."""
    steps = list(dict.fromkeys(str(item.get("step_id", "")) for item in view.questions))
    first = view.questions[0]
    place = title(steps[0])
    if len(steps) > 1:
        return f"{len(steps)} steps wait for an answer, the first is {place}", "Answer…"
    if first.get("form"):
        return f"{place} asks: {first.get('title') or 'please answer'}", "Answer…"
    names = ", ".join(str(item.get("name") or item.get("path")) for item in view.questions)
    verb = "has" if len(view.questions) == 1 else "have"
    paused = "Paused at" if view.is_paused else "Waiting at"
    return f"{paused} {place}: {names} {verb} no value", "Provide…"
