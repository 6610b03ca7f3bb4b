"""The person in front of the window: every question goes through here, opened and awaited, never executed."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QFileDialog

from designer.dialogs.base import ask
from designer.dialogs.missing_input import MissingInputAnswer, MissingInputDialog
from designer.dialogs.questions import (
    CloseRunningDialog,
    Closing,
    HappenedDialog,
    RecoveredDialog,
    Unsaved,
    UnsavedDialog,
)
from designer.document.journal import Recovery
from designer.execution.run_view import Question, RunView
from designer.execution.undoable import Undoable
from designer.windows.actions import Actions
from designer.windows.menu_table import MENUS, actions_of
from designer.windows.secret_person import SecretPerson
from designer.windows.titles import find, title_of
from engine.model.edits import Edit, set_input_default
from engine.model.fixes import declare_input
from engine.model.inner_inputs import input_for_inside
from engine.model.json_value import Json
from engine.model.workflow import Workflow

if TYPE_CHECKING:
    from designer.dialogs.export_picture import PictureChoice, Preview
    from designer.dialogs.keymap import Keymap
    from designer.editor import Editor
    from designer.settings import Settings
    from designer.theme.controller import ThemeController

WORKFLOW_FILTER = (
    "Workflows (*.workflow.json *.png);;JSON files (*.json);;Pictures with a workflow (*.png);;All files (*)"
)


class Person(SecretPerson):
    """Asks with the program's own dialogs over `window`, which must be set before the first question.

    An error that nobody expected is shown while no other one is; further ones are in the log.
    """

    def __init__(self) -> None:
        super().__init__()
        self.editor: Editor | None = None
        self._is_showing_error = False

    async def ask_inputs(self, workflow: Workflow) -> Mapping[str, Any] | None:
        """Values for the workflow's inputs; asks nothing where there are none."""
        from designer.dialogs.run_inputs import RunInputsDialog

        if not workflow.input_properties:
            return {}
        return await ask(RunInputsDialog(workflow.inputs, parent=self.window))

    async def ask_missing(self, question: Question, view: RunView, complaint: str) -> MissingInputAnswer:
        """What a paused step waits for."""
        dialog = MissingInputDialog(
            question.needed,
            node_title=self._title(question.step_id),
            done=view.done,
            total=view.total,
            complaint=complaint,
            values=question.typed,
            base_dir=self._folder(),
            undeclared=self._undeclared(
                str(item.get(key, ""))
                for item in question.needed
                for key in ("name", "path")
                if not item.get("form")
            ),
            can_keep_secrets=await self._can_keep_secrets(question),
            parent=self.window,
        )
        return await ask(dialog)

    def keep_as_default(self, values: Mapping[str, Any]) -> None:
        """Makes values of workflow inputs their defaults, as edits that can be undone."""
        assert self.editor is not None
        for key, value in values.items():
            name = key.removeprefix("input.")
            if "." not in name:  # a field inside an input has no default of its own
                self.editor.push(set_input_default(self.editor.root, name, value), place=())

    async def ask_stop(self, view: RunView) -> bool | None:
        """Whether what was done is undone when the run is stopped; None to go on running."""
        from designer.dialogs.undoing import StopDialog

        return await ask(StopDialog(view.workflow_name, self.window))

    async def ask_undo(self, found: Undoable) -> Mapping[str, bool] | None:
        """Whether uncertain steps took effect, if the run is to be undone at all."""
        from designer.dialogs.undoing import UndoDialog

        dialog = UndoDialog(
            [self._title(step_id) for step_id in found.done],
            [(step_id, self._title(step_id)) for step_id in found.uncertain],
            again=found.has_failed,
            parent=self.window,
        )
        return await ask(dialog)

    async def ask_unsaved(self, name: str) -> Unsaved:
        """Whether unsaved edits are kept."""
        return await ask(UnsavedDialog(name, self.window))

    async def ask_running(self, view: RunView) -> Closing:
        """What becomes of a run when the window closes."""
        dialog = CloseRunningDialog(view.workflow_name, done=view.done, total=view.total, parent=self.window)
        return await ask(dialog)

    async def ask_happened(self, title: str) -> bool | None:
        """Whether a step took effect of which nobody knows; None to decide later."""
        return await ask(HappenedDialog(title, self.window))

    async def ask_recovered(self, recovery: Recovery) -> bool | None:
        """True to take recovered edits, False to throw them away, None to decide later."""
        name = recovery.workflow.name or (recovery.path.name if recovery.path else "Untitled workflow")
        dialog = RecoveredDialog(
            name,
            edits=recovery.commands,
            edited_at=recovery.edited_at,
            changed_outside=recovery.changed_outside,
            parent=self.window,
        )
        return await ask(dialog)

    async def ask_open_path(self, folder: Path) -> Path | None:
        """A workflow file to open."""
        dialog = QFileDialog(self.window, "Open a workflow", str(folder), WORKFLOW_FILTER)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        return await _choose(dialog)

    async def ask_save_path(self, suggestion: Path) -> Path | None:
        """Where to save the workflow."""
        return await self._ask_new_path("Save the workflow", suggestion, WORKFLOW_FILTER)

    async def ask_picture(
        self, choice: PictureChoice, preview: Preview, *, has_selection: bool, has_run: bool
    ) -> PictureChoice | None:
        """How the drawing becomes a picture."""
        from designer.dialogs.export_picture import ExportPictureDialog

        dialog = ExportPictureDialog(
            choice, preview, has_selection=has_selection, has_run=has_run, parent=self.window
        )
        return await ask(dialog)

    async def ask_picture_path(self, suggestion: Path, kind: str) -> Path | None:
        """Where to save a picture of the drawing."""
        return await self._ask_new_path("Save the drawing", suggestion, f"{kind.upper()} (*.{kind})")

    async def show_error(self, title: str, message: str, hint: str = "") -> None:
        """Says what went wrong; returns when it has been read."""
        from designer.dialogs.message import MessageDialog

        await ask(MessageDialog(title, message, hint=hint, parent=self.window))

    async def show_unexpected(self, error: BaseException, log_dir: Path) -> None:
        """Shows a fault of the program itself, with what a report needs."""
        from designer.dialogs.message import MessageDialog

        if self._is_showing_error:
            return
        self._is_showing_error = True
        try:
            await ask(
                MessageDialog(
                    "Something went wrong in the program",
                    f"{type(error).__name__}: {error}",
                    hint=f"Your work is kept. The log in {log_dir} has the details.",
                    details="".join(traceback.format_exception(error)),
                    parent=self.window,
                )
            )
        finally:
            self._is_showing_error = False

    async def show_preferences(self, settings: Settings, theme: ThemeController) -> None:
        """Theme, wheel, motion, steps at the same time."""
        from designer.dialogs.preferences import PreferencesDialog

        await ask(PreferencesDialog(settings, theme, self.window))

    def make_inputs(self, values: Mapping[str, Any]) -> None:
        """Makes what was only referred to inputs of the workflow, as edits that can be undone."""
        assert self.editor is not None
        for name in self._undeclared(values):
            declared = declare_input(self.editor.root, name, values[name]) if name.isidentifier() else None
            self.editor.push(declared or self._led(name, values[name]), ())

    def _undeclared(self, names: Iterable[str]) -> list[str]:
        """Those that are no inputs of the workflow yet, and could be: names, and what steps do not give."""
        declared = self.editor.root.input_properties if self.editor is not None else {}
        return [
            name
            for name in names
            if (name not in declared if name.isidentifier() else self._led(name, None).changes)
        ]

    def _led(self, path: str, value: Json) -> Edit:
        """The edit that takes a value from an input instead; without changes when there is none.

        What a step never gives, and inside others also what the steps around it do not hand in.
        """
        nothing = Edit(label="", changes=())
        place = find(self.editor.root, path) if self.editor is not None else None
        if self.editor is None or place is None:
            return nothing
        inside, _, own = place
        if own.startswith("secrets.") or (own.startswith("input.") and not inside):
            return nothing
        return input_for_inside(self.editor.root, inside, own, value) or nothing

    async def show_shortcuts(self, actions: Actions, keymap: Keymap) -> None:
        """Every key on one sheet, where it can be changed."""
        from designer.dialogs.shortcuts import ShortcutsDialog

        groups = {title: [actions[entry] for entry in actions_of(entries)] for title, entries in MENUS}
        await ask(ShortcutsDialog(groups, keymap, parent=self.window))

    async def show_about(self) -> None:
        """Version and licences."""
        from designer.dialogs.about import AboutDialog

        await ask(AboutDialog(self.window))

    async def _ask_new_path(self, title: str, suggestion: Path, filters: str) -> Path | None:
        dialog = QFileDialog(self.window, title, str(suggestion.parent), filters)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.selectFile(suggestion.name)
        return await _choose(dialog)

    def _title(self, step_id: str) -> str:
        return title_of(self.editor.root, step_id) if self.editor is not None else step_id

    def _folder(self) -> Path | None:
        path = self.editor.document.path if self.editor is not None else None
        return path.parent if path is not None else None


async def _choose(dialog: QFileDialog) -> Path | None:
    chosen: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not chosen.done():
            chosen.set_result(result)

    dialog.finished.connect(settle)
    dialog.open()
    try:
        accepted = await chosen
        files = dialog.selectedFiles()
        return Path(files[0]) if accepted and files else None
    finally:
        dialog.deleteLater()
