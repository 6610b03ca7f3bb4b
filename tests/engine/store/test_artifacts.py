"""Large results are kept once, whole, and found by what they contain."""

import errno
import hashlib
import json
import os
from pathlib import Path

import pytest

from engine.errors import StorageFull, StoreCorrupt, StoreError
from engine.store.artifacts import ArtifactStore, has_reference, is_reference
from engine.store.json_text import INLINE_LIMIT, encode, preview

LARGE = [{"n": number, "text": "some words"} for number in range(5_000)]


@pytest.fixture
def artifacts(tmp_path):
    store = ArtifactStore(tmp_path / "artifacts")
    yield store
    store.close()


def finished_file(artifacts, content):
    path = artifacts.temporary(".bin")
    path.write_bytes(content)
    return path


def test_that_a_file_is_moved_in_under_its_hash(artifacts):
    path = finished_file(artifacts, b"content")
    sha = artifacts.adopt(path)
    assert sha == hashlib.sha256(b"content").hexdigest()
    assert not path.exists()
    place = artifacts.path(sha)
    assert place.read_bytes() == b"content"
    assert place.parent.name == sha[:2]
    assert artifacts.path({"$table": sha, "rows": 1}) == place


def test_that_the_same_content_is_kept_once(artifacts):
    first = artifacts.adopt(finished_file(artifacts, b"same"))
    place = artifacts.path(first)
    before = place.stat().st_ino
    assert artifacts.adopt(finished_file(artifacts, b"same")) == first
    assert place.stat().st_ino == before
    assert list((artifacts.root / "unfinished").iterdir()) == []


def test_that_half_a_file_left_by_a_crash_is_replaced(artifacts):
    sha = artifacts.adopt(finished_file(artifacts, b"the whole"))
    artifacts.path(sha).write_bytes(b"the")
    artifacts.adopt(finished_file(artifacts, b"the whole"))
    assert artifacts.path(sha).read_bytes() == b"the whole"


def test_that_a_missing_result_is_said_with_what_to_do(artifacts):
    with pytest.raises(StoreCorrupt, match="missing") as caught:
        artifacts.path("0" * 64)
    assert "Run the step" in caught.value.hint


@pytest.mark.parametrize("name", ["../../secret", "", "ABC", "/etc/passwd", "0" * 63])
def test_that_a_reference_leads_nowhere_else(artifacts, name):
    with pytest.raises(StoreError, match="no reference"):
        artifacts.path({"$table": name})


def test_that_a_disk_without_room_is_said(artifacts, monkeypatch):
    path = finished_file(artifacts, b"content")

    def no_room(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", no_room)
    with pytest.raises(StorageFull, match="no room left"):
        artifacts.adopt(path)
    with pytest.raises(StorageFull, match="no room left"):
        artifacts.pack(LARGE)


def test_that_a_file_that_is_not_there_cannot_be_adopted(artifacts):
    with pytest.raises(StoreError, match="cannot be kept"):
        artifacts.adopt(artifacts.temporary())


def test_that_a_sync_that_failed_is_owed(artifacts, monkeypatch):
    artifacts.adopt(finished_file(artifacts, b"one"))
    gone = artifacts.path(artifacts.adopt(finished_file(artifacts, b"two")))
    gone.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))
        with pytest.raises(StoreError, match="I/O error"):
            artifacts.sync()
    assert artifacts.unsynced == 2
    artifacts.sync()
    assert artifacts.unsynced == 0


def test_that_a_file_that_could_not_be_synced_is_written_anew(artifacts, monkeypatch):
    first, second = (artifacts.path(artifacts.adopt(finished_file(artifacts, text))) for text in (b"1", b"2"))
    before = first.stat().st_ino, second.stat().st_ino
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EIO, "I/O error")))
        for _ in range(2):
            with pytest.raises(StoreError, match="I/O error"):
                artifacts.sync()
    artifacts.sync()
    # The system takes the pages of the first for written, though they are not; the second it has never tried.
    assert (first.stat().st_ino == before[0], second.stat().st_ino == before[1]) == (False, True)
    assert (first.read_bytes(), second.read_bytes()) == (b"1", b"2")


def test_that_a_damaged_result_is_not_taken_for_the_real_one(artifacts):
    reference = artifacts.put_json(json.dumps([1, 2]), [1, 2])
    artifacts.path(reference).write_text("[1,3]")
    with pytest.raises(StoreCorrupt, match="damaged"):
        artifacts.load_json(reference)


def test_that_a_damaged_result_is_whole_again_once_it_is_made_again(artifacts, tmp_path):
    reference = artifacts.put_json(json.dumps([1, 2]), [1, 2])
    artifacts.load_json(reference)
    made = artifacts.temporary()
    made.write_bytes(b"rows of a table")
    table = {"$table": artifacts.adopt(made)}
    artifacts.path(reference).write_text("[1, 3]")
    artifacts.path(table).write_bytes(b"rows of a cable")
    later = ArtifactStore(artifacts.root)
    for each in (artifacts, later):
        with pytest.raises(StoreCorrupt, match="damaged"):
            each.load_json(reference)
    with pytest.raises(StoreCorrupt, match="damaged"):
        later.checked(table)
    assert later.put_json(json.dumps([1, 2]), [1, 2]) == reference
    assert later.load_json(reference) == [1, 2]
    made.write_bytes(b"rows of a table")
    assert later.adopt(made) == table["$table"]
    assert later.checked(table).read_bytes() == b"rows of a table"


def test_that_what_is_there_already_takes_no_room(artifacts, monkeypatch):
    reference = artifacts.put_json(json.dumps([1, 2]), [1, 2])
    monkeypatch.setattr(Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(errno.ENOSPC, "full")))
    assert artifacts.put_json(json.dumps([1, 2]), [1, 2]) == reference
    with pytest.raises(StorageFull):
        artifacts.put_json(json.dumps([1, 3]), [1, 3])


def test_that_a_small_output_stays_as_it_is(artifacts):
    output = {"rows": 3, "names": ["a", "b"]}
    assert artifacts.pack(output) is output
    assert not has_reference(output)


def test_that_a_large_output_is_packed_and_expanded(artifacts):
    packed = artifacts.pack(LARGE)
    assert is_reference(packed)
    assert packed["bytes"] == len(encode(LARGE))
    assert packed["preview"] == [*LARGE[:5], "…"]
    assert len(encode(packed)) < 1_000
    assert artifacts.expand({"a": [packed]}) == {"a": [LARGE]}


def test_that_of_an_object_only_what_is_large_goes_out_of_line(artifacts):
    packed = artifacts.pack({"rows": 5_000, "all": LARGE})
    assert packed["rows"] == 5_000
    assert is_reference(packed["all"])


def test_that_an_object_of_many_small_values_goes_as_a_whole(artifacts):
    output = {f"key {number}": "words " * 20 for number in range(2_000)}
    packed = artifacts.pack(output)
    assert is_reference(packed)
    assert artifacts.expand(packed) == output


def test_that_an_output_that_only_resembles_a_reference_is_left_alone(artifacts):
    for output in ({"$artifact": "mine"}, {"$artifact": "mine", "bytes": 1, "preview": 2}):
        assert artifacts.expand(output) == output


def test_that_a_preview_is_short_whatever_it_shows():
    nested = {"a": [["x" * 10_000] * 50] * 50, **{f"k{number}": number for number in range(100)}}
    shown = preview(nested)
    assert len(encode(shown)) < 6_000
    assert shown["…"] == 96
    assert preview(["short", 1, None]) == ["short", 1, None]


def test_that_what_was_never_finished_is_swept_away(artifacts):
    path = finished_file(artifacts, b"half")
    artifacts.discard_unfinished()
    assert not path.exists()
    assert artifacts.temporary().parent.is_dir()


def test_that_a_temporary_store_leaves_nothing():
    artifacts = ArtifactStore()
    sha = artifacts.adopt(finished_file(artifacts, b"x"))
    folder = artifacts.path(sha).parents[1]
    artifacts.close()
    artifacts.close()
    assert not folder.exists()
    assert artifacts.root != folder
    artifacts.close()


def test_that_a_forgotten_temporary_store_leaves_nothing():
    artifacts = ArtifactStore()
    folder = artifacts.root
    del artifacts
    assert not folder.exists()


def test_that_syncing_reaches_every_new_file_once(artifacts, monkeypatch):
    synced = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda descriptor: (synced.append(descriptor), real(descriptor)))
    artifacts.adopt(finished_file(artifacts, b"one"))
    artifacts.adopt(finished_file(artifacts, b"two"))
    artifacts.sync()
    assert len(synced) >= 2
    synced.clear()
    artifacts.sync()
    assert synced == []


@pytest.mark.parametrize("value", [float("inf"), object(), {1, 2}, b"bytes"])
def test_that_what_is_no_json_is_refused(artifacts, value):
    with pytest.raises((TypeError, ValueError)):
        artifacts.pack({"value": value})


def test_that_a_value_that_contains_itself_is_refused(artifacts):
    endless = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        artifacts.pack(endless)


def test_that_a_name_that_is_no_unicode_can_be_kept():
    assert json.loads(encode({"file": "na\udcefve"})) == {"file": "na\udcefve"}
    assert INLINE_LIMIT == 65_536
