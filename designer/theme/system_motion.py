"""Whether the desktop was told to move less: Windows, macOS, GNOME, KDE and GTK say it in five ways."""

from __future__ import annotations

import configparser
import os
import plistlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_GNOME: Final = ("get", "org.gnome.desktop.interface", "enable-animations")
_PATIENCE_S: Final = 2.0


def is_reduced() -> bool:
    """Asks the system, which may take a moment; False where it does not say."""
    if sys.platform == "win32":
        return _windows()
    if sys.platform == "darwin":
        return _mac(Path.home() / "Library" / "Preferences" / "com.apple.universalaccess.plist")
    folder = Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")
    return _kde(folder / "kdeglobals") or _gtk(folder) or _gnome()


def _windows() -> bool:
    import ctypes

    animated = ctypes.c_int(1)
    get_client_area_animation = 0x1042
    user32 = ctypes.windll.user32  # type: ignore[attr-defined]  # there is one on Windows
    known = user32.SystemParametersInfoW(get_client_area_animation, 0, ctypes.byref(animated), 0)
    return bool(known) and not animated.value


def _mac(preferences: Path) -> bool:
    try:
        return bool(plistlib.loads(preferences.read_bytes()).get("reduceMotion", False))
    except (OSError, plistlib.InvalidFileException, AttributeError):
        return False


def _kde(path: Path) -> bool:
    try:
        return float(_said(path, "KDE", "AnimationDurationFactor")) == 0
    except ValueError:
        return False


def _gtk(folder: Path) -> bool:
    said = (
        _said(folder / f"gtk-{n}.0" / "settings.ini", "Settings", "gtk-enable-animations") for n in (4, 3)
    )
    return next(filter(None, said), "").casefold() in ("0", "false")


def _said(path: Path, section: str, key: str) -> str:
    """A value in an INI file; "" for none."""
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        parser.read(path, "utf-8")
    except (OSError, configparser.Error, UnicodeDecodeError):
        return ""
    return parser.get(section, key, fallback="").strip()


def _gnome() -> bool:
    gsettings = shutil.which("gsettings")
    if gsettings is None:
        return False
    try:
        asked = subprocess.run(
            [gsettings, *_GNOME], capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return asked.stdout.strip() == "false"
