"""One command, with and without a window."""

import json
from pathlib import Path

import pytest

from designer import __main__ as entry
from designer import app
from designer.commands import commands

WORKFLOW = {
    "id": "w",
    "nodes": [{"id": "a", "type": "flow.manual", "title": "Begin"}, {"id": "b", "type": "flow.wait"}],
    "connections": [{"source": "a", "target": "b"}],
    "layout": {"nodes": {"a": [0, 0], "b": [320, 0]}},
}


@pytest.fixture
def workflow(tmp_path: Path) -> Path:
    path = tmp_path / "a.workflow.json"
    path.write_text(json.dumps(WORKFLOW), "utf-8")
    return path


@pytest.mark.parametrize(
    ("arguments", "opens"),
    [
        ([], True),
        (["report.workflow.json"], True),
        (["folder/report"], True),
        (["--store", "x.sqlite"], True),
        (["run"], False),
        (["validate", "a.json"], False),
        (["--help"], False),
        (["rnu"], False),
    ],
)
def test_that_only_a_command_line_without_a_command_opens_the_window(
    arguments: list[str], opens: bool
) -> None:
    assert entry.opens_window(arguments) is opens


def test_that_a_file_called_like_a_command_does_not_hide_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "run").touch()
    (tmp_path / "notes").touch()
    assert not entry.opens_window(["run"])
    assert entry.opens_window(["notes"])
    assert set(commands.commands) == entry.COMMANDS


def test_that_the_window_gets_the_file(monkeypatch: pytest.MonkeyPatch, workflow: Path) -> None:
    opened: list[list[str]] = []

    def main(argv: list[str]) -> int:
        opened.append(argv)
        return 7

    monkeypatch.setattr(app, "main", main)
    assert entry.main([str(workflow)]) == 7
    assert entry.main(["open", str(workflow), "--store", "s"]) == 7
    assert entry.main(["open"]) == 7
    assert opened == [[str(workflow)], [str(workflow), "--store", "s"], []]


def test_that_commands_run_through_the_same_entry(workflow: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["validate", str(workflow)]) == 0
    assert "valid" in capsys.readouterr().out
    assert entry.main(["rnu"]) == 2
    assert "Did you mean" in capsys.readouterr().err


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_that_a_workflow_is_drawn_without_a_display(qapp: object, workflow: Path, theme: str) -> None:
    picture, drawing = workflow.with_name("a.png"), workflow.with_name("a.svg")
    assert entry.main(["render", str(workflow), "-o", str(picture), "--theme", theme]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert entry.main(["render", str(workflow), "-o", str(drawing), "--theme", theme]) == 0
    assert b"<svg" in drawing.read_bytes()


def test_that_a_picture_that_cannot_be_made_says_why(
    qapp: object, workflow: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert entry.main(["render", str(workflow), "-o", "a.doc"]) == 2
    assert "the ending must be one of" in capsys.readouterr().err
    assert entry.main(["render", str(workflow.with_name("no.json")), "-o", "a.png"]) == 4
    assert "There is no file" in capsys.readouterr().err
    assert entry.main(["render", str(workflow), "-o", str(workflow.parent / "absent" / "a.svg")]) == 1
    assert "cannot be written" in capsys.readouterr().err
    monkeypatch.setattr(app, "why_no_window", lambda: "Qt needs libEGL.so.1.")
    assert entry.main(["render", str(workflow), "-o", "a.png"]) == 1
    assert "libEGL.so.1" in capsys.readouterr().err
