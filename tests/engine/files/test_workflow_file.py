"""Files on disk: hostile content, and saving that never loses what was there."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DefinitionError, WorkflowFileError
from engine.files import codec, json_text, workflow_file
from engine.model.workflow import Node, Workflow
from tests.support.corpora import corpus


def test_that_a_saved_workflow_loads_again(tmp_path: Path) -> None:
    path = tmp_path / "a.workflow.json"
    workflow = Workflow(id="w", name="Grüße", nodes={"a": Node(id="a", type="x")})
    workflow_file.save(path, workflow)
    assert workflow_file.load(path) == workflow
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.workflow.json"]


def test_that_saving_keeps_permissions_and_follows_links(tmp_path: Path) -> None:
    real, link = tmp_path / "real.json", tmp_path / "link.json"
    real.write_text("{}")
    real.chmod(0o640)
    link.symlink_to(real)
    workflow_file.save(link, Workflow(id="w"))
    assert link.is_symlink()
    assert stat.S_IMODE(real.stat().st_mode) == 0o640
    assert workflow_file.load(real).id == "w"


def test_that_a_new_file_gets_the_usual_permissions(tmp_path: Path) -> None:
    mask = os.umask(0o027)
    try:
        workflow_file.save(tmp_path / "new.json", Workflow(id="w"))
    finally:
        os.umask(mask)
    assert stat.S_IMODE((tmp_path / "new.json").stat().st_mode) == 0o640


def test_that_a_failed_save_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_text("old")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(WorkflowFileError, match="No space left on device") as caught:
        workflow_file.save(path, Workflow(id="w"))
    assert "Nothing was changed" in caught.value.hint
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.json"]


def test_that_saving_into_a_missing_folder_says_so(tmp_path: Path) -> None:
    with pytest.raises(WorkflowFileError, match="cannot be saved"):
        workflow_file.save(tmp_path / "absent" / "a.json", Workflow(id="w"))


def test_that_folders_that_cannot_be_synced_do_not_fail_the_save(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real_fsync, real_open = os.fsync, os.open

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(22, "Invalid argument")
        real_fsync(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    workflow_file.save(tmp_path / "a.json", Workflow(id="w"))

    def no_folders(path: Any, flags: int, *rest: Any, **named: Any) -> int:
        if Path(path).is_dir():
            raise PermissionError(13, "Permission denied")
        return real_open(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", no_folders)
    workflow_file.save(tmp_path / "b.json", Workflow(id="w"))
    assert workflow_file.load(tmp_path / "b.json").id == "w"


@pytest.mark.parametrize(
    ("raw", "line", "words"),
    [
        (b"{\n\xff}", 2, "not written in UTF-8"),
        ("{}".encode("utf-16"), 1, "UTF-16"),
        (b"", 1, "empty"),
        (b"\xef\xbb\xbf", 1, "empty"),
    ],
)
def test_that_other_encodings_are_refused_with_the_line(
    tmp_path: Path, raw: bytes, line: int, words: str
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(raw)
    with pytest.raises(WorkflowFileError, match=words) as caught:
        workflow_file.load(path)
    assert (caught.value.line, caught.value.path) == (line, path)


def test_that_a_byte_order_mark_is_accepted(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b'\xef\xbb\xbf{"id": "w"}')
    assert workflow_file.load(path).id == "w"
    assert codec.decode('\ufeff{"id": "w"}').id == "w"


def test_that_unreadable_paths_are_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WorkflowFileError, match="There is no file"):
        workflow_file.load(tmp_path / "absent.json")
    with pytest.raises(WorkflowFileError, match="is a folder"):
        workflow_file.load(tmp_path)
    with pytest.raises(WorkflowFileError, match="cannot be read: "):
        workflow_file.load("a\0b")
    monkeypatch.setattr(json_text, "MAX_BYTES", 10)
    (tmp_path / "big.json").write_text(" " * 11)
    with pytest.raises(WorkflowFileError, match="too many for a workflow"):
        workflow_file.load(tmp_path / "big.json")


def test_that_lines_of_pointers_are_found_in_any_layout() -> None:
    text = '{"a~/b": [10,\n {"c": "x,]\\"", "d":\n {"e": []}}],\n"f": true}'
    assert json_text.line_of(text, "") == 1
    assert json_text.line_of(text, "/a~0~1b/1/d/e") == 3
    assert json_text.line_of(text, "/f") == 4
    assert json_text.line_of(text, "/g") is None


def test_that_hostile_json_is_read_or_refused_as_its_authors_say(tmp_path: Path) -> None:
    folder = corpus("json_hostile")
    read = {"y": 0, "i": 0}
    for file in sorted((folder / "test_parsing").iterdir()):
        kind = file.name[0]
        if _is_refused(file):
            # One key twice is legal JSON with an undefined meaning: we refuse it.
            assert kind in "ni" or "duplicated_key" in file.name, file.name
        else:
            assert kind in "yi", file.name
            read[kind] += 1
    assert read["y"] > 40
    for file in (folder / "test_transform").iterdir():
        try:
            codec.decode(json_text.read_text(file.read_bytes()))
        except (WorkflowFileError, DefinitionError):
            continue


def test_that_naughty_strings_survive_in_every_place(tmp_path: Path) -> None:
    for text in json.loads((corpus("naughty_strings") / "blns.json").read_text("utf-8")):
        node_id = text[:200] or "empty"
        node = Node(
            id=node_id,
            type="x",
            title=text,
            notes=text,
            config={"parameters": {text: text}},
            extra={"k" + text: 1},
        )
        workflow = Workflow(
            id="w", name=text, nodes={node_id: node}, layout={node_id: (1.0, 2.0)}, description=text
        )
        path = tmp_path / "a.json"
        workflow_file.save(path, workflow)
        assert workflow_file.load(path) == workflow if text else True


def _is_refused(file: Path) -> bool:
    try:
        json_text.parse(json_text.read_text(file.read_bytes()))
    except WorkflowFileError:
        return True
    return False
