"""New, open, save and their questions: how a document comes to the window, and how it leaves without loss."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from PySide6.QtCore import QObject, Signal

from designer.document import journal as journals
from designer.document import picture_file
from designer.document.journal import Journal, Recovery
from designer.editor import Editor
from designer.long_work import GivenUp, LongWork, LongWorks
from designer.settings import Settings
from designer.windows.examples import copy_example, documents_folder, examples
from engine.errors import WorkflowFileError
from engine.files import codec, workflow_file
from engine.model.edits import set_workflow
from engine.model.workflow import Workflow

SUFFIX = ".workflow.json"
PICTURE_SUFFIX = ".png"
UNTITLED = "Untitled workflow"
Result = TypeVar("Result")


class FileDialogs(Protocol):
    """What opening and saving ask a person."""

    async def ask_unsaved(self, name: str) -> Literal["save", "discard", "cancel"]:
        """Whether unsaved edits are kept."""

    async def ask_open_path(self, folder: Path) -> Path | None:
        """A file to open."""

    async def ask_save_path(self, suggestion: Path) -> Path | None:
        """Where to save."""

    async def ask_recovered(self, recovery: Recovery) -> bool | None:
        """True to take recovered edits, False to throw them away, None to decide later."""

    async def show_error(self, title: str, message: str, hint: str = "") -> None:
        """Says what went wrong; returns when it has been read."""


class FileCommands(QObject):
    """Keeps editor, journal and recent files in step with what is opened and saved.

    `may_leave` is asked before the document on screen is replaced and can refuse. `is_open_elsewhere` says
    whether another window shows a file, and brings that to the front: no file is open twice.
    """

    document_opened = Signal()
    document_saved = Signal()
    said = Signal(str)

    def __init__(
        self,
        editor: Editor,
        journal: Journal,
        settings: Settings,
        dialogs: FileDialogs,
        data_dir: Path,
        parent: QObject | None = None,
        *,
        works: LongWorks | None = None,
    ) -> None:
        super().__init__(parent)
        self._works = works if works is not None else LongWorks(self)
        self._opening: LongWork | None = None
        self.was_given_up = False
        """Whether the file that was to be opened last was not, because a person gave it up."""
        self._editor = editor
        self._journal = journal
        self._settings = settings
        self._dialogs = dialogs
        self._data_dir = data_dir
        self.may_leave: Callable[[], Awaitable[bool]] = self.may_lose_edits
        self.is_open_elsewhere: Callable[[Path], bool] = lambda _path: False
        self.look_ahead: Callable[[Workflow], None] = lambda _workflow: None
        """Told, in the thread that has read it, what is to be shown next."""

    @property
    def path(self) -> Path | None:
        return self._editor.document.path

    @property
    def name(self) -> str:
        """What the window calls the document."""
        return self._editor.root.name or (self.path.name.removesuffix(SUFFIX) if self.path else UNTITLED)

    async def new(self) -> None:
        """An empty canvas, after asking about unsaved edits."""
        if await self.may_leave():
            self._show(empty_workflow(), None)

    async def open(self, path: Path | None = None) -> bool:
        """Opens a file, asking for one if none is given; False if the person changed their mind or it
        failed.
        """
        if path is not None and self.is_open_elsewhere(_absolute(path)):
            return False
        if not await self.may_leave():
            return False
        if path is None:
            path = await self._dialogs.ask_open_path(self._folder())
        return path is not None and await self.load(path)

    async def ask_path(self) -> Path | None:
        """A file that the person chooses, for another window."""
        return await self._dialogs.ask_open_path(self._folder())

    async def load(self, path: Path) -> bool:
        """Opens a file without asking about what is on screen; offers edits that a crash left behind.

        False if it failed, or a person gave it up: then what is on screen stays.
        """
        path = _absolute(path)
        if self.is_open_elsewhere(path):
            return False
        if self._opening is not None:
            self._opening.give_up()  # who opens another file does not want that one any more
        self.was_given_up, root = False, self._editor.root

        def read(work: LongWork) -> Coroutine[Any, Any, Workflow]:
            self._opening = work
            return asyncio.to_thread(self._read_ahead, path, work.reached)

        try:
            workflow = await self._works.wait(f"Opening {path.name}…", read)
            if self._editor.root is not root and not await self.may_leave():  # edited meanwhile
                raise GivenUp
        except GivenUp:
            self.was_given_up = True
            self.said.emit(f"Opening {path.name} was given up; nothing has changed.")
            return False
        except (WorkflowFileError, OSError) as error:
            self._settings.forget_file(path)
            hint = error.hint if isinstance(error, WorkflowFileError) else ""
            await self._dialogs.show_error(f"{path.name} cannot be opened", str(error), hint)
            return False
        if path.suffix.lower() == PICTURE_SUFFIX:
            self._show(workflow, None, edited=True)
            self.said.emit(f"Opened the workflow that {path.name} carries; save it to keep it")
            return True
        self._settings.remember_file(path)
        self._show(workflow, path)
        recovery = await asyncio.to_thread(journals.find, journals.journal_of(path))
        if recovery is not None:
            await self._offer(recovery)
        else:
            await asyncio.to_thread(self._journal.prepare)
        return True

    async def save(self) -> bool:
        """Writes to the document's file, asking where if it has none."""
        if self.path is None:
            return await self.save_as()
        return await self._write(self.path)

    async def save_as(self) -> bool:
        """Writes to a file the person chooses."""
        stem = "".join(c if c.isalnum() or c in " -_" else "_" for c in self.name).strip() or "workflow"
        path = await self._dialogs.ask_save_path(self._folder() / f"{stem}{SUFFIX}")
        if path is None:
            return False
        path = _absolute(path if path.suffix == ".json" else path.with_name(path.name + SUFFIX))
        if self.is_open_elsewhere(path):
            await self._dialogs.show_error(
                f"{path.name} is open in another window", "It would be overwritten.", "Choose another name."
            )
            return False
        return await self._write(path)

    async def open_example(self, folder: str, into: Path | None = None) -> bool:
        """Opens a copy of an example, made in the user's documents."""
        if not await self.may_leave():
            return False
        chosen = next((example for example in examples() if example.folder == folder), None)
        if chosen is None:
            return False
        try:
            path = copy_example(chosen, into or documents_folder())
        except OSError as error:
            await self._dialogs.show_error("The example cannot be copied", str(error))
            return False
        self.said.emit(f"A copy of the example is in {path.parent}")
        return await self.load(path)

    async def recover_unsaved(self) -> bool:
        """Offers what a crash left behind of documents without a file; True if one was taken."""
        for recovery in journals.find_unsaved(self._data_dir):
            if await self._offer(recovery):
                return True
        return False

    async def may_lose_edits(self) -> bool:
        """Whether the document may be left: saved, without edits, or given up by the person."""
        if not self._editor.is_edited:
            return True
        match await self._dialogs.ask_unsaved(self.name):
            case "save":
                return await self.save()
            case "discard":
                return True
            case _:
                return False

    async def _offer(self, recovery: Recovery) -> bool:
        taken = await self._dialogs.ask_recovered(recovery)
        if taken:
            self._editor.replace(recovery.workflow, recovery.path, edited=True)
            self._journal.adopt(recovery)
            self.document_opened.emit()
        elif taken is False:
            journals.discard(recovery)
        return bool(taken)

    async def _write(self, path: Path) -> bool:
        if self._editor.root.name == UNTITLED:
            named = set_workflow(self._editor.root, name=path.name.removesuffix(SUFFIX))
            self._editor.push(named, place=())
        workflow = None
        while workflow is not self._editor.root:  # who edits while a large file is written has that saved too
            workflow = self._editor.root
            saving = f"Saving {path.name}…"
            text = await self._carry_out(saving, codec.encode, workflow)
            self._journal.about_to_save(text)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                await self._carry_out(saving, workflow_file.write_text, path, text)
            except (OSError, WorkflowFileError) as error:
                hint = error.hint if isinstance(error, WorkflowFileError) else ""
                await self._dialogs.show_error(f"{path.name} cannot be saved", str(error), hint)
                return False
        self._editor.mark_saved(path)
        self._journal.saved()
        self._settings.remember_file(path)
        self.document_saved.emit()
        self.said.emit(f"Saved {path.name}")
        await asyncio.to_thread(self._journal.prepare)
        return True

    async def _carry_out(self, words: str, work: Callable[..., Result], *given: Any) -> Result:
        """What another thread does that is not to be left half done."""
        return await self._works.wait(words, lambda _: asyncio.to_thread(work, *given), can_give_up=False)

    def _show(self, workflow: Workflow, path: Path | None, *, edited: bool = False) -> None:
        self._editor.replace(workflow, path, edited=edited)
        self._journal.saved()
        self.document_opened.emit()

    def _read_ahead(self, path: Path, reached: Callable[[float], object]) -> Workflow:
        """In a thread: what is in the file, and all of it that can be made ready to be shown."""
        workflow = _read(path, reached)
        self.look_ahead(workflow)
        return workflow

    def _folder(self) -> Path:
        return self.path.parent if self.path is not None else documents_folder()


def _read(path: Path, reached: Callable[[float], object]) -> Workflow:
    """The workflow in a file, or in a picture that carries one. Raises WorkflowFileError or OSError."""
    if path.suffix.lower() == PICTURE_SUFFIX:
        return codec.decode(picture_file.read(path), reached=reached)
    return workflow_file.load(path, reached)


def _absolute(path: Path) -> Path:
    return path.resolve()


def empty_workflow() -> Workflow:
    """A workflow with nothing in it yet and an id of its own."""
    return Workflow(id=uuid.uuid4().hex, name=UNTITLED)
