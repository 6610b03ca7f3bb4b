"""Settings survive the program and broken values in the file do not."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QByteArray
from pytestqt.qtbot import QtBot

from designer.settings import RECENT_FILES_KEPT, Settings


def test_that_settings_are_there_again_after_a_restart(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "settings.ini"
    first = Settings(file)
    first.theme_mode = "dark"
    first.wheel_zooms = False
    first.reduce_motion = True
    first.max_concurrent_steps = 9
    first.keep_runs_days = 30
    first.set_window_state("geometry", QByteArray(b"123"))
    first.sync()
    again = Settings(file)
    assert again.theme_mode == "dark"
    assert not again.wheel_zooms
    assert again.reduce_motion
    assert again.max_concurrent_steps == 9
    assert again.keep_runs_days == 30
    assert again.window_state("geometry") == QByteArray(b"123")


def test_that_a_change_is_announced_once(tmp_path: Path, qtbot: QtBot) -> None:
    settings = Settings(tmp_path / "s.ini")
    seen: list[str] = []
    settings.changed.connect(seen.append)
    settings.theme_mode = "dark"
    settings.theme_mode = "dark"
    assert seen == ["theme"]


def test_that_nonsense_in_the_file_becomes_the_default(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "s.ini"
    file.write_text("[General]\ntheme=purple\nmax_concurrent_steps=-3\nkeep_runs_days=-1\n")
    settings = Settings(file)
    assert settings.theme_mode == "system"
    assert settings.max_concurrent_steps == 1
    assert settings.keep_runs_days == 0


def test_that_recent_files_are_kept_latest_first_and_once(tmp_path: Path, qtbot: QtBot) -> None:
    settings = Settings(tmp_path / "s.ini")
    paths = [tmp_path / f"{number}.workflow.json" for number in range(RECENT_FILES_KEPT + 3)]
    for path in paths:
        settings.remember_file(path)
    settings.remember_file(paths[5])
    kept = settings.recent_files
    assert len(kept) == RECENT_FILES_KEPT
    assert kept[0] == paths[5].resolve()
    assert len(set(kept)) == len(kept)
    settings.forget_file(kept[1])
    assert kept[1] not in settings.recent_files
