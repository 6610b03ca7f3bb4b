"""The autosave journal: what it keeps, when it goes, and what a crash leaves behind."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from designer.document import journal as journals
from designer.document.change_codec import decode_change, encode_change
from designer.document.document import Document
from designer.document.journal import Journal
from engine.files import codec, workflow_file
from engine.model import changes as model
from engine.model.workflow import Connection, Node, Workflow

READ = Node(id="read", type="file.read_csv", title="Read", config={"parameters": {"path": "a.csv"}})
KEEP = Node(id="keep", type="table.filter", notes="why")


def small() -> Workflow:
    return Workflow(id="w1", name="Orders", nodes={"read": READ}, layout={"read": (0.0, 16.0)})


def saved(tmp_path: Path) -> Document:
    path = tmp_path / "orders.workflow.json"
    workflow_file.save(path, small())
    return Document(workflow_file.load(path), path)


def crash(journal: Journal) -> None:
    """Lets go of the file as a killed process would: the lock ends, the file stays."""
    assert journal._stream is not None
    journal._stream.close()
    journal._stream = None
    journal._path = None


@pytest.mark.parametrize(
    "change",
    [
        model.NodeAdded(node=KEEP, position=(1.5, 2.0), index=0),
        model.NodeRemoved(node_id="read"),
        model.NodeChanged(node=READ),
        model.NodesMoved(positions={"read": (3.0, 4.0), "keep": None}),
        model.ConnectionAdded(connection=Connection(id="c", source="read", target="keep", condition="x > 1")),
        model.ConnectionRemoved(connection_id="c"),
        model.ConnectionChanged(connection=Connection(id="c", source="read", target="keep", on="error")),
        model.WorkflowChanged(values={"name": "New", "inputs": {"type": "object"}}),
    ],
    ids=lambda change: type(change).__name__,
)
def test_that_every_kind_of_change_survives_the_way_through_json(change: model.Change) -> None:
    assert decode_change(encode_change(change)) == change


@pytest.mark.parametrize(
    "damaged",
    [{"Unknown": {}}, {"NodeRemoved": 3}, {"NodeRemoved": {"nope": 1}}, {"NodeAdded": {"node": {"x": 1}}}],
)
def test_that_a_damaged_change_is_refused(damaged: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        decode_change(damaged)


def test_that_nothing_is_written_before_the_first_edit(tmp_path: Path) -> None:
    document = saved(tmp_path)
    journal = Journal(document, tmp_path / "data")
    assert journal.path is None
    assert not journals.journal_of(document.path or tmp_path).exists()
    journal.close()


def test_that_edits_are_recovered_after_a_crash(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP, position=(10.0, 20.0))])
    document.apply([model.WorkflowChanged(values={"name": "Orders 2"})])
    crash(journal)
    recovery = journals.find(journals.journal_of(document.path))
    assert recovery is not None
    assert recovery.workflow == document.workflow
    assert (recovery.path, recovery.commands, recovery.changed_outside) == (document.path, 2, False)


def first_lines(document: Document, tmp_path: Path, meanwhile: Callable[[Path], object]) -> list[bytes]:
    """The first line of a journal that was worded before the edit, and of one that was not."""
    assert document.path is not None
    found = []
    for prepared in (True, False):
        journal = Journal(document, tmp_path / "data")
        if prepared:
            journal.prepare()
            meanwhile(document.path)
        document.apply([model.WorkflowChanged(values={"name": f"Edited, prepared: {prepared}"})])
        assert journal.path is not None
        found.append(journal.path.read_bytes().split(b"\n")[0])
        document.apply([model.WorkflowChanged(values={"name": "Orders"})])
        journal.close()
    return found


def test_that_a_line_that_was_worded_ahead_says_the_same(tmp_path: Path) -> None:
    document = saved(tmp_path)
    ahead, late = first_lines(document, tmp_path, lambda path: None)
    assert ahead == late
    assert b"orders.workflow.json" in ahead


def test_that_a_line_that_was_worded_ahead_of_another_file_is_not_used(tmp_path: Path) -> None:
    document = saved(tmp_path)
    other = replace(document.workflow, description="Somebody else wrote this")
    ahead, _ = first_lines(document, tmp_path, lambda path: workflow_file.save(path, other))
    header = json.loads(ahead)
    assert "Somebody else" not in header["base"]
    assert document.path is not None
    assert header["hash"] == hashlib.sha256(document.path.read_bytes()).hexdigest()


def test_that_a_journal_in_use_is_left_alone(tmp_path: Path) -> None:
    document = saved(tmp_path)
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    assert journal.path is not None
    assert journals.find(journal.path) is None
    journal.close()


def test_that_a_second_program_on_the_same_file_journals_elsewhere(tmp_path: Path) -> None:
    first, second = saved(tmp_path), saved(tmp_path)
    one, two = Journal(first, tmp_path / "data"), Journal(second, tmp_path / "data")
    first.apply([model.NodeAdded(node=KEEP)])
    second.apply([model.NodeAdded(node=KEEP)])
    assert one.path == journals.journal_of(first.path or tmp_path)
    assert two.path is not None
    assert two.path.parent == tmp_path / "data" / "unsaved"
    one.close()
    two.close()


def test_that_saving_removes_the_journal_and_the_next_edit_begins_another(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    journal.about_to_save(codec.encode(document.workflow))
    workflow_file.save(document.path, document.workflow)
    journal.saved()
    assert not journals.journal_of(document.path).exists()
    document.apply([model.NodeRemoved(node_id="keep")])
    crash(journal)
    recovery = journals.find(journals.journal_of(document.path))
    assert recovery is not None
    assert recovery.commands == 1


def test_that_a_crash_between_saving_and_forgetting_the_journal_is_no_false_alarm(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    journal.about_to_save(codec.encode(document.workflow))
    workflow_file.save(document.path, document.workflow)
    crash(journal)
    assert journals.find(journals.journal_of(document.path)) is None


def test_that_edits_that_cancel_out_are_not_offered(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    document.apply([model.NodeRemoved(node_id="keep")])
    crash(journal)
    assert journals.find(journals.journal_of(document.path)) is None


def test_that_a_line_cut_off_by_the_crash_ends_the_journal_without_harm(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    kept = document.workflow
    document.apply([model.NodesMoved(positions={"keep": (64.0, 64.0)})])
    crash(journal)
    place = journals.journal_of(document.path)
    place.write_bytes(place.read_bytes()[:-12])
    recovery = journals.find(place)
    assert recovery is not None
    assert recovery.workflow == kept


@pytest.mark.parametrize("text", ["a\u2028b", "a\x85b", "a\x1cb\x1d", "\ud800", "\U000d6ce7\x19Þ"])
def test_that_no_text_ends_a_line_of_the_journal(tmp_path: Path, text: str) -> None:
    document = saved(tmp_path)
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=replace(KEEP, title=text))])
    document.apply([model.WorkflowChanged(values={"name": "Orders 2"})])
    crash(journal)
    recovery = journals.find(journals.journal_of(document.path or tmp_path))
    assert recovery is not None
    assert recovery.workflow == document.workflow


def test_that_a_journal_that_was_cut_within_a_letter_gives_the_lines_before_it(tmp_path: Path) -> None:
    document = saved(tmp_path)
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    crash(journal)
    place = journals.journal_of(document.path or tmp_path)
    half = '{"changes":[{"WorkflowChanged":{"values":{"name":"ß'.encode()[:-1]
    place.write_bytes(place.read_bytes() + half)
    recovery = journals.find(place)
    assert recovery is not None
    assert recovery.workflow == document.workflow


def test_that_a_file_changed_outside_is_noticed_and_the_edits_are_still_whole(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    crash(journal)
    workflow_file.save(document.path, Workflow(id="w1", name="Somebody else's"))
    recovery = journals.find(journals.journal_of(document.path))
    assert recovery is not None
    assert recovery.changed_outside
    assert recovery.workflow == document.workflow


def test_that_a_file_changed_outside_before_the_first_edit_is_not_taken_for_the_one_on_screen(
    tmp_path: Path,
) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    workflow_file.save(document.path, Workflow(id="w1", name="Somebody else's, and longer"))
    document.apply([model.NodeAdded(node=KEEP)])
    crash(journal)
    recovery = journals.find(journals.journal_of(document.path))
    assert recovery is not None
    assert recovery.workflow == document.workflow


def test_that_an_unsaved_document_is_found_in_the_data_folder(tmp_path: Path) -> None:
    document = Document(Workflow(id="new"))
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    crash(journal)
    (recovery,) = journals.find_unsaved(tmp_path / "data")
    assert recovery.path is None
    assert recovery.workflow == document.workflow
    journals.discard(recovery)
    assert journals.find_unsaved(tmp_path / "data") == []


def test_that_recovered_edits_survive_a_second_crash(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    crash(journal)
    place = journals.journal_of(document.path)
    recovery = journals.find(place)
    assert recovery is not None
    again = Document(recovery.workflow, recovery.path)
    adopting = Journal(again, tmp_path / "data")
    adopting.adopt(recovery)
    crash(adopting)
    second = journals.find(place)
    assert second is not None
    assert second.workflow == document.workflow


def test_that_opening_another_workflow_forgets_the_journal(tmp_path: Path) -> None:
    document = saved(tmp_path)
    assert document.path is not None
    journal = Journal(document, tmp_path / "data")
    document.apply([model.NodeAdded(node=KEEP)])
    document.replace(Workflow(id="other"), None)
    assert not journals.journal_of(tmp_path / "orders.workflow.json").exists()
    journal.close()


def test_that_a_journal_which_cannot_be_written_is_said_once_and_editing_goes_on(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    document = Document(Workflow(id="new"))
    said: list[str] = []
    journal = Journal(document, blocked, said.append)
    document.apply([model.NodeAdded(node=KEEP)])
    document.apply([model.NodeAdded(node=READ)])
    assert len(said) == 1
    assert list(document.workflow.nodes) == ["keep", "read"]
    journal.close()


@pytest.mark.parametrize("content", ["", "no json\n", '{"journal": 99}\n', '{"journal": 1, "base": "{"}\n'])
def test_that_a_journal_that_says_nothing_is_not_offered(tmp_path: Path, content: str) -> None:
    place = tmp_path / ("x" + journals.SUFFIX)
    place.write_text(content)
    assert journals.find(place) is None


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is POSIX")
def test_that_a_killed_process_loses_no_edit(tmp_path: Path) -> None:
    document = saved(tmp_path)
    script = textwrap.dedent(
        """
        import sys, time
        from pathlib import Path
        from designer.document.document import Document
        from designer.document.journal import Journal
        from engine.files import workflow_file
        from engine.model.changes import NodesMoved
        path = Path(sys.argv[1])
        document = Document(workflow_file.load(path), path)
        journal = Journal(document, path.parent / "data")
        for step in range(50):
            document.apply([NodesMoved(positions={"read": (float(step), 0.0)})])
        print("ready", flush=True)
        sys.stdin.read()
        """
    )
    process = subprocess.Popen(
        [sys.executable, "-c", script, str(document.path)],
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline().strip() == "ready"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.stdout.close()
    process.stdin.close()
    recovery = journals.find(journals.journal_of(document.path or tmp_path))
    assert recovery is not None
    assert recovery.commands == 50
    assert recovery.workflow.layout["read"] == (49.0, 0.0)
