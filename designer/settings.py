"""What the program remembers between starts. Every setting here is read somewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QByteArray, QObject, QSettings, Signal

from designer.theme.controller import Mode
from designer.theme.text_size import LEAST, LIKE_THE_SYSTEM, MOST

T = TypeVar("T")
RECENT_FILES_KEPT = 12


class RunSettings(QObject):
    """The settings file, and what it says about runs; ``changed`` carries the name of the setting."""

    changed = Signal(str)

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        if path is not None:
            self._store = QSettings(str(path), QSettings.Format.IniFormat, self)
        else:
            self._store = QSettings(
                QSettings.Format.IniFormat,
                QSettings.Scope.UserScope,
                "workflow-designer",
                "workflow-designer",
                self,
            )

    def _read(self, key: str, default: T, kind: type[T]) -> T:
        value = self._store.value(key, default, type=kind)
        return value if isinstance(value, kind) else default

    def _write(self, key: str, value: object) -> None:
        if self._store.value(key) != value:
            self._store.setValue(key, value)
            self.changed.emit(key)

    @property
    def max_concurrent_steps(self) -> int:
        """How many steps of a run work at the same time."""
        return max(1, self._read("max_concurrent_steps", 5, int))

    @max_concurrent_steps.setter
    def max_concurrent_steps(self, value: int) -> None:
        self._write("max_concurrent_steps", value)

    @property
    def reuse_results(self) -> bool:
        """Whether steps that are unchanged since an earlier run are not run again."""
        return self._read("reuse_results", True, bool)

    @reuse_results.setter
    def reuse_results(self, value: bool) -> None:
        self._write("reuse_results", value)

    @property
    def keep_runs_days(self) -> int:
        """For how many days runs that have ended are kept; 0 keeps them all."""
        return max(0, self._read("keep_runs_days", 0, int))

    @keep_runs_days.setter
    def keep_runs_days(self, value: int) -> None:
        self._write("keep_runs_days", value)


class Settings(RunSettings):
    """Typed access to all that the program remembers."""

    _system_reduces_motion = False

    @property
    def theme_mode(self) -> Mode:
        value = self._read("theme", "system", str)
        return value if value in ("system", "light", "dark") else "system"  # type: ignore[return-value]  # narrowed

    @theme_mode.setter
    def theme_mode(self, mode: Mode) -> None:
        self._write("theme", mode)

    @property
    def wheel_zooms(self) -> bool:
        """Whether the plain mouse wheel zooms the canvas instead of scrolling it."""
        return self._read("wheel_zooms", True, bool)

    @wheel_zooms.setter
    def wheel_zooms(self, value: bool) -> None:
        self._write("wheel_zooms", value)

    @property
    def reduce_motion(self) -> bool:
        """As the person has set it here, else as the system has it."""
        return self._read("reduce_motion", self._system_reduces_motion, bool)

    @reduce_motion.setter
    def reduce_motion(self, value: bool) -> None:
        self._write("reduce_motion", value)

    def follow_system_motion(self, reduced: bool) -> None:
        """What the system says holds until the person says something else here."""
        if reduced != self._system_reduces_motion:
            self._system_reduces_motion = reduced
            if not self._store.contains("reduce_motion"):
                self.changed.emit("reduce_motion")

    @property
    def snap_to_guides(self) -> bool:
        """Whether what is moved on the canvas is drawn to the edges and middles of its neighbours."""
        return self._read("snap_to_guides", True, bool)

    @snap_to_guides.setter
    def snap_to_guides(self, value: bool) -> None:
        self._write("snap_to_guides", value)

    @property
    def text_size(self) -> int:
        """How large text is, in per cent; 0: like the system. Read at the start."""
        value = self._read("text_size", LIKE_THE_SYSTEM, int)
        return value if value == LIKE_THE_SYSTEM else min(MOST, max(LEAST, value))

    @text_size.setter
    def text_size(self, value: int) -> None:
        self._write("text_size", value)

    @property
    def shortcuts(self) -> dict[str, list[str]]:
        """The keys that were given to commands, by the command's id, in place of their own."""
        try:
            value = json.loads(self._read("shortcuts", "{}", str))
        except ValueError:
            return {}
        if not isinstance(value, dict):
            return {}
        return {
            name: keys
            for name, keys in value.items()
            if isinstance(keys, list) and all(isinstance(key, str) for key in keys)
        }

    @shortcuts.setter
    def shortcuts(self, value: Mapping[str, Sequence[str]]) -> None:
        self._write("shortcuts", json.dumps({name: list(keys) for name, keys in value.items()}))

    @property
    def recent_files(self) -> list[Path]:
        """Files opened or saved before, the latest first; some may be gone by now."""
        value = self._store.value("recent_files", [])
        texts = [value] if isinstance(value, str) else value if isinstance(value, list) else []
        return [Path(str(text)) for text in texts]

    def remember_file(self, path: Path) -> None:
        """Put the file first among the recent ones."""
        path = path.resolve()
        paths = [path, *(known for known in self.recent_files if known != path)]
        self._write("recent_files", [str(known) for known in paths[:RECENT_FILES_KEPT]])

    def forget_file(self, path: Path) -> None:
        """Drop a file that is not there any more."""
        self._write("recent_files", [str(known) for known in self.recent_files if known != path])

    def window_state(self, name: str) -> QByteArray:
        """Saved geometry or dock state; empty when there is none."""
        return self._read(f"window/{name}", QByteArray(), QByteArray)

    def set_window_state(self, name: str, state: QByteArray) -> None:
        self._store.setValue(f"window/{name}", state)

    def sync(self) -> None:
        """Write everything to disk now."""
        self._store.sync()
