"""Where desktops say that things should move less, it is read, and believed until a person says otherwise."""

from __future__ import annotations

import plistlib
import sys
from pathlib import Path

import pytest

from designer.settings import Settings
from designer.theme import system_motion

linux = pytest.mark.skipif(sys.platform != "linux", reason="the files of Linux desktops")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where desktops keep their settings, with no program to ask."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


@linux
@pytest.mark.parametrize(
    ("name", "text", "reduced"),
    [
        ("kdeglobals", "[KDE]\nAnimationDurationFactor=0\n", True),
        ("kdeglobals", "[Colors:View][Inactive]\nA=1\n[KDE]\nAnimationDurationFactor=0.5\n", False),
        ("kdeglobals", "[KDE]\nAnimationDurationFactor=\n", False),
        ("gtk-4.0/settings.ini", "[Settings]\ngtk-enable-animations=false\n", True),
        ("gtk-3.0/settings.ini", "[Settings]\ngtk-enable-animations=0\n", True),
        ("gtk-3.0/settings.ini", "[Settings]\ngtk-enable-animations=1\n", False),
        ("gtk-3.0/settings.ini", "no settings at all", False),
        ("elsewhere", "", False),
    ],
)
def test_that_the_files_of_desktops_are_read(folder: Path, name: str, text: str, reduced: bool) -> None:
    write(folder / name, text)
    assert system_motion.is_reduced() is reduced


@linux
@pytest.mark.parametrize(("says", "reduced"), [("false", True), ("true", False), ("No such schema", False)])
def test_that_gnome_is_asked(folder: Path, says: str, reduced: bool) -> None:
    program = folder / "bin" / "gsettings"
    write(
        program,
        f'#!/bin/sh\n[ "$*" = "get org.gnome.desktop.interface enable-animations" ] && echo "{says}"\n',
    )
    program.chmod(0o755)
    assert system_motion.is_reduced() is reduced


def test_that_a_mac_is_believed(tmp_path: Path) -> None:
    said = tmp_path / "said.plist"
    assert not system_motion._mac(said)
    said.write_bytes(plistlib.dumps({"reduceMotion": True}))
    assert system_motion._mac(said)
    said.write_bytes(b"damaged")
    assert not system_motion._mac(said)


def test_that_the_system_is_followed_until_a_person_says_otherwise(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "settings.ini")
    told: list[str] = []
    settings.changed.connect(told.append)
    settings.follow_system_motion(True)
    assert settings.reduce_motion
    assert told == ["reduce_motion"]
    settings.reduce_motion = False
    settings.follow_system_motion(False)
    settings.follow_system_motion(True)
    assert not settings.reduce_motion
    assert told == ["reduce_motion", "reduce_motion"]
