"""The way into the designer: says in plain words why it cannot open here, or opens it.

Nothing of Qt is imported at the top: a machine without a display or without one of Qt's system libraries gets
a sentence and not a traceback.
"""

from __future__ import annotations

import argparse
import builtins
import ctypes
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

LIBRARIES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libglib-2.0.so.0": "libglib2.0-0",
}
"""What Qt needs of a Linux system anywhere, and the Debian package that has it."""

X11_LIBRARIES = {
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-shape.so.0": "libxcb-shape0",
}
"""What it needs besides for a window under X11."""

_BLAS_THREADS = "OPENBLAS_NUM_THREADS"
HEADLESS = (
    "Without a window: workflow-designer run FILE (and validate, render; see workflow-designer --help)."
)
# EX_UNAVAILABLE of sysexits.h; 3 is what a run that waits for input ends with.
CANNOT_OPEN = 69


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window, with the file if one is named; returns the exit code."""
    arguments = _parse(sys.argv[1:] if argv is None else argv)
    complaint = why_no_window()
    if complaint is not None:
        print(f"The designer cannot open a window here. {complaint}\n{HEADLESS}", file=sys.stderr)
        return CANNOT_OPEN
    # A start makes a quarter of a million objects and drops none: to look for garbage among them over and
    # over takes a seventh of it. `Program.open` turns it on behind the first paint.
    gc.disable()
    _load_qt()
    _load_numpy()
    from designer.program import run

    return run(file=arguments.file, store=arguments.store)


def _load_qt() -> None:
    """Loads Qt and undoes what slows every later import, and painting, down.

    Qt fills shapes of more than a hundred lines by several threads. Ours are small, and a frame has hundreds
    of them: waking the threads takes longer than filling, and where the engine has the other cores, many
    times longer. Without, a frame of the canvas takes a fifth less.

    WORKAROUND: PySide6 replaces `__import__` by a function that searches the source of each module imported
    after it for `from __feature__ import`. Nothing here uses features; it costs a tenth of the start.
    """
    os.environ.setdefault("QT_NO_GUI_THREADPOOL", "1")
    original = builtins.__import__
    import PySide6.QtCore  # noqa: F401 -- imported for what it does

    builtins.__import__ = original


def _load_numpy() -> None:
    """Loads numpy without threads for its linear algebra, which begin by spinning: that takes a core from
    the rest of the start, and the canvas has no use for them. Programs that a step starts decide for
    themselves."""
    decided = _BLAS_THREADS in os.environ
    os.environ.setdefault(_BLAS_THREADS, "1")
    import numpy  # noqa: F401 -- imported for what it does

    if not decided:
        del os.environ[_BLAS_THREADS]


def why_no_window() -> str | None:
    """What keeps a window from opening on this machine and what to do about it; None if nothing does."""
    if not sys.platform.startswith("linux"):
        return None
    platform = os.environ.get("QT_QPA_PLATFORM", "")
    needs_display = platform in ("", "xcb", "wayland")
    on_x11 = bool(os.environ.get("DISPLAY"))
    if needs_display and not on_x11 and not os.environ.get("WAYLAND_DISPLAY"):
        return "There is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)."
    wanted = dict(LIBRARIES)
    if needs_display and on_x11 and not os.environ.get("WAYLAND_DISPLAY"):
        wanted |= X11_LIBRARIES
    missing = [name for name in wanted if not _loads(name)]
    if not missing:
        return None
    packages = " ".join(wanted[name] for name in missing)
    return f"Qt needs {', '.join(missing)}. On Debian or Ubuntu: sudo apt install {packages}"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="workflow-designer", description="Draw workflows and run them.")
    parser.add_argument("file", nargs="?", type=Path, help="a workflow file to open")
    parser.add_argument(
        "--store", type=Path, help="the file that keeps the runs (default: the user's data folder)"
    )
    return parser.parse_args(list(argv))
