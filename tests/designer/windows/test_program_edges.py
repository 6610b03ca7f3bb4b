"""What happens when there is no window to be had, and when something nobody expected goes wrong."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import threading
from pathlib import Path

import pytest

from designer import app
from designer.crash_log import CrashReporter, mask_log, open_log


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a display is a matter of Linux")
def test_that_without_a_display_the_program_says_so_and_points_at_the_command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert app.main([]) == app.CANNOT_OPEN
    said = capsys.readouterr().err
    assert "no display" in said
    assert "workflow-designer run FILE" in said


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="system libraries are a matter of Linux")
def test_that_a_missing_system_library_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "xcb")
    monkeypatch.setenv("DISPLAY", ":9")
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr(app, "_loads", lambda name: name != "libxcb-cursor.so.0")
    said = app.why_no_window()
    assert said is not None
    assert "libxcb-cursor.so.0" in said
    assert "sudo apt install libxcb-cursor0" in said


def test_that_offscreen_nothing_keeps_the_window_from_opening() -> None:
    assert app.why_no_window() is None


def test_that_programs_which_steps_start_decide_themselves_how_many_threads_they_have(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    app._load_numpy()
    assert "OPENBLAS_NUM_THREADS" not in os.environ
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    app._load_numpy()
    assert os.environ["OPENBLAS_NUM_THREADS"] == "4"


@pytest.fixture
def root_level() -> object:
    root = logging.getLogger()
    before = root.level
    yield
    root.setLevel(before)


@pytest.mark.usefixtures("root_level")
def test_that_the_log_is_one_json_object_a_line_with_the_traceback(tmp_path: Path) -> None:
    handler = open_log(tmp_path / "log")
    assert handler is not None
    try:
        shown: list[BaseException] = []
        reporter = CrashReporter(shown.append)
        error = RuntimeError("broken pipe")
        reporter.report(error)
        reporter.report(error)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    lines = [json.loads(line) for line in (tmp_path / "log" / "designer.log").read_text().splitlines()]
    assert [line["level"] for line in lines] == ["ERROR", "ERROR"]
    assert "RuntimeError: broken pipe" in lines[0]["traceback"]
    assert shown == [error]


def test_that_a_log_folder_that_cannot_be_made_is_no_reason_not_to_start(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    assert open_log(blocked / "log") is None


def test_that_errors_of_hooks_threads_and_loops_are_all_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    interrupts: list[type[BaseException]] = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, *_: interrupts.append(kind))
    shown: list[str] = []
    reporter = CrashReporter(lambda error: shown.append(str(error)))
    before = threading.excepthook
    reporter.install()
    try:
        sys.excepthook(ValueError, ValueError("in a slot"), None)
        sys.excepthook(KeyboardInterrupt, KeyboardInterrupt(), None)
        threading.excepthook(threading.ExceptHookArgs((ValueError, ValueError("in a thread"), None, None)))
        loop = asyncio.new_event_loop()
        reporter.on_loop_error(loop, {"exception": ValueError("in a task")})
        reporter.on_loop_error(loop, {"message": "only words"})
        loop.close()
    finally:
        reporter.uninstall()
    assert shown == ["in a slot", "in a thread", "in a task"]
    assert interrupts == [KeyboardInterrupt]
    assert threading.excepthook is before


def test_that_a_secret_does_not_reach_the_log(tmp_path: Path) -> None:
    handler = open_log(tmp_path / "log")
    assert handler is not None
    root, level = logging.getLogger(), logging.getLogger().level
    try:
        mask_log(lambda line: line.replace("hunter2", "•••"))
        try:
            raise ValueError("sent hunter2")
        except ValueError:
            logging.getLogger("engine").exception("failed with %s", "hunter2")
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        handler.close()
    written = (tmp_path / "log" / "designer.log").read_text("utf-8")
    assert "failed with •••" in written
    assert "hunter2" not in written
