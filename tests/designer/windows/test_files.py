"""New, open, save, examples, and what a crash left behind."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from PySide6.QtWidgets import QApplication

from designer import long_work
from designer.document import journal as journals
from designer.document.document import Document
from designer.document.journal import Journal, Recovery
from designer.editor import Editor
from designer.settings import Settings
from designer.windows import examples as examples_module
from designer.windows import file_commands
from designer.windows.examples import copy_example, documents_folder, examples
from designer.windows.file_commands import FileCommands, empty_workflow
from designer.windows.start import find_file
from engine.files import codec, workflow_file
from engine.model.changes import NodeAdded
from engine.model.edits import Edit, rename
from engine.model.workflow import Node, Workflow
from tests.support.qt_loop import qt_loop, spin

ADD = Edit(label="Add", changes=(NodeAdded(node=Node(id="a", type="flow.manual")),))


class Person:
    """Answers the questions of opening and saving from attributes, and remembers complaints."""

    def __init__(self) -> None:
        self.unsaved: Literal["save", "discard", "cancel"] = "cancel"
        self.open_path: Path | None = None
        self.save_path: Path | None = None
        self.recovered: bool | None = None
        self.offered: list[Recovery] = []
        self.errors: list[tuple[str, str]] = []

    async def ask_unsaved(self, name: str) -> Literal["save", "discard", "cancel"]:
        return self.unsaved

    async def ask_open_path(self, folder: Path) -> Path | None:
        return self.open_path

    async def ask_save_path(self, suggestion: Path) -> Path | None:
        self.suggestion = suggestion
        return self.save_path

    async def ask_recovered(self, recovery: Recovery) -> bool | None:
        self.offered.append(recovery)
        return self.recovered

    async def show_error(self, title: str, message: str, hint: str = "") -> None:
        self.errors.append((title, message))


class Desk:
    """File commands with a person at them, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.person = Person()
        self.editor = Editor(Document(empty_workflow()))
        self.settings = Settings(folder / "settings.ini")
        self.journal = Journal(self.editor.document, folder / "data")
        self.files = FileCommands(self.editor, self.journal, self.settings, self.person, folder / "data")

    def file(self, name: str = "orders", **values: Any) -> Path:
        path = self.folder / f"{name}.workflow.json"
        workflow_file.save(path, Workflow(id=name, name=name.title(), **values))
        return path

    def crash(self) -> None:
        assert self.journal._stream is not None
        self.journal._stream.close()
        self.journal._stream = None
        self.journal._path = None


@pytest.fixture
def desk(qapp: QApplication, tmp_path: Path) -> Iterator[Desk]:
    with qt_loop(qapp):
        desk = Desk(tmp_path)
        yield desk
        desk.journal.close()


def test_that_a_file_that_was_chosen_opens_and_is_recent(desk: Desk) -> None:
    desk.person.open_path = desk.file()
    assert spin(desk.files.open())
    assert desk.editor.workflow.id == "orders"
    assert not desk.editor.is_edited
    assert desk.settings.recent_files == [desk.person.open_path]
    assert desk.files.name == "Orders"


def test_that_what_is_to_be_shown_is_made_ready_beside_the_window(desk: Desk) -> None:
    path, ready = desk.file(), list[tuple[Workflow, str]]()
    desk.files.look_ahead = lambda of: ready.append((of, threading.current_thread().name))
    assert spin(desk.files.load(path))
    ((workflow, thread),) = ready
    assert workflow is desk.editor.root
    assert thread != threading.main_thread().name


def test_that_a_file_that_is_no_workflow_is_explained_and_nothing_changes(desk: Desk) -> None:
    broken = desk.folder / "broken.workflow.json"
    broken.write_text("{")
    before = desk.editor.workflow
    assert not spin(desk.files.load(broken))
    assert not spin(desk.files.load(desk.folder / "gone.workflow.json"))
    assert desk.editor.workflow is before
    assert [title for title, _ in desk.person.errors] == [
        "broken.workflow.json cannot be opened",
        "gone.workflow.json cannot be opened",
    ]


def test_that_reading_and_writing_are_said_once_they_take_long(desk: Desk, monkeypatch) -> None:
    said: list[str] = []
    shown: list[str] = []
    works = desk.files._works
    gate = threading.Event()

    def note() -> None:
        if works.shown is not None:
            shown.append(works.shown.words)
            gate.set()

    desk.files.said.connect(said.append)
    works.changed.connect(note)
    path = desk.file()
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 3_600_000)
    assert spin(desk.files.load(path))
    desk.editor.push(ADD)
    assert spin(desk.files.save())
    assert said == ["Saved orders.workflow.json"]
    assert not shown
    monkeypatch.setattr(long_work, "SHOW_AFTER_MS", 0)
    read, encode = file_commands._read, codec.encode
    monkeypatch.setattr(file_commands, "_read", lambda *of: read(*of) if gate.wait(10) else None)
    assert spin(desk.files.load(path))
    assert set(shown) == {"Opening orders.workflow.json…"}
    gate.clear()
    shown.clear()
    monkeypatch.setattr(codec, "encode", lambda of: encode(of) if gate.wait(10) else None)
    desk.editor.push(rename(desk.editor.workflow, "a", "Begin"))
    assert spin(desk.files.save())
    assert set(shown) == {"Saving orders.workflow.json…"}
    assert works.shown is None


def test_that_a_first_save_asks_where_names_the_workflow_and_is_clean(desk: Desk) -> None:
    desk.editor.push(ADD)
    desk.person.save_path = desk.folder / "deep" / "flights.workflow.json"
    assert spin(desk.files.save())
    assert workflow_file.load(desk.person.save_path).name == "flights"
    assert not desk.editor.is_edited
    assert not journals.journal_of(desk.person.save_path).exists()
    desk.editor.undo_stack.undo()
    assert desk.editor.is_edited


def test_that_a_name_without_a_suffix_gets_one_and_changing_ones_mind_saves_nothing(desk: Desk) -> None:
    assert not spin(desk.files.save_as())
    desk.person.save_path = desk.folder / "plain"
    assert spin(desk.files.save_as())
    assert desk.files.path == desk.folder / "plain.workflow.json"


def test_that_a_save_that_fails_is_explained_and_the_edits_stay(desk: Desk) -> None:
    blocked = desk.folder / "file"
    blocked.write_text("no folder")
    desk.editor.push(ADD)
    desk.person.save_path = blocked / "x.workflow.json"
    assert not spin(desk.files.save())
    assert desk.editor.is_edited
    assert desk.person.errors[0][0] == "x.workflow.json cannot be saved"
    (desk.folder / "y.workflow.json").mkdir()
    desk.person.save_path = desk.folder / "y.workflow.json"
    assert not spin(desk.files.save())
    assert desk.person.errors[1][0] == "y.workflow.json cannot be saved"


def test_that_unsaved_edits_are_asked_about_before_another_document_comes(desk: Desk) -> None:
    desk.editor.push(ADD)
    kept = desk.editor.workflow
    spin(desk.files.new())
    assert desk.editor.workflow is kept
    desk.person.unsaved = "save"
    desk.person.save_path = desk.folder / "kept.workflow.json"
    spin(desk.files.new())
    assert desk.editor.workflow.nodes == {}
    assert list(workflow_file.load(desk.person.save_path).nodes) == ["a"]
    desk.editor.push(ADD)
    desk.person.unsaved = "discard"
    spin(desk.files.new())
    assert desk.editor.workflow.nodes == {}
    assert not list((desk.folder / "data" / "unsaved").glob("*"))


def test_that_crashed_edits_of_a_file_are_offered_when_it_is_opened(desk: Desk) -> None:
    path = desk.file()
    spin(desk.files.load(path))
    desk.editor.push(ADD)
    edited = desk.editor.workflow
    desk.crash()
    again = Desk(desk.folder)
    again.person.recovered = True
    spin(again.files.load(path))
    assert again.editor.workflow == edited
    assert again.editor.is_edited
    assert again.files.path == path
    again.journal.close()


def test_that_crashed_edits_that_are_refused_are_forgotten_and_undecided_ones_are_kept(desk: Desk) -> None:
    path = desk.file()
    spin(desk.files.load(path))
    desk.editor.push(ADD)
    desk.crash()
    again = Desk(desk.folder)
    for decision, offers in ((None, 1), (False, 2), (True, 2)):
        again.person.recovered = decision
        spin(again.files.load(path))
        assert len(again.person.offered) == offers
    assert again.editor.workflow.nodes == {}
    again.journal.close()


def test_that_a_crashed_document_without_a_file_is_offered_at_the_next_start(desk: Desk) -> None:
    desk.editor.push(ADD)
    desk.crash()
    again = Desk(desk.folder)
    again.person.recovered = True
    assert spin(again.files.recover_unsaved())
    assert list(again.editor.workflow.nodes) == ["a"]
    assert again.files.path is None
    again.journal.close()


def test_that_an_example_opens_as_a_copy_and_the_copy_keeps_its_edits(desk: Desk) -> None:
    listed = examples()
    assert listed
    assert spin(desk.files.open_example(listed[0].folder, desk.folder / "copies"))
    path = desk.files.path
    assert path is not None
    assert path.parent == desk.folder / "copies" / listed[0].folder
    path.write_text(path.read_text() + "\n")
    copied = path.read_bytes()
    copy_example(listed[0], desk.folder / "copies")
    assert path.read_bytes() == copied
    assert not spin(desk.files.open_example("no such example"))


def test_that_an_example_that_cannot_be_copied_is_explained(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    example = examples_module.Example(folder="gone", file="x.workflow.json", title="Gone", summary="")
    monkeypatch.setattr("designer.windows.file_commands.examples", lambda: [example])
    assert not spin(desk.files.open_example("gone", desk.folder / "copies"))
    assert desk.person.errors[0][0] == "The example cannot be copied"


def test_that_copies_go_to_the_documents_folder() -> None:
    assert documents_folder().name == "Workflow Designer"


def test_that_the_file_of_a_waiting_run_is_found_among_recent_files_and_beside_the_run(desk: Desk) -> None:
    orders, flights = desk.file("orders"), desk.file("flights")
    broken = desk.folder / "broken.workflow.json"
    broken.write_text("{")
    assert find_file("orders", [broken, orders], Path("")) == orders
    assert find_file("flights", [], desk.folder) == flights
    assert find_file("nobody", [orders], desk.folder) is None
