"""The settings a person may change. Each is applied at once; there is nothing to confirm."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtWidgets import QWidget

from designer.dialogs.base import Dialog
from designer.forms.form import SchemaForm
from designer.settings import Settings
from designer.theme.controller import ThemeController
from designer.theme.text_size import LIKE_THE_SYSTEM

_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["theme", "text_size", "max_concurrent_steps", "keep_runs_days"],
    "properties": {
        "theme": {
            "title": "Theme",
            "oneOf": [
                {"const": "system", "title": "Like the system"},
                {"const": "light", "title": "Light"},
                {"const": "dark", "title": "Dark"},
            ],
        },
        "text_size": {
            "title": "Text size",
            "description": "Of everything but the drawing, which is shown larger as a whole.",
            "oneOf": [
                {"const": LIKE_THE_SYSTEM, "title": "Like the system"},
                *({"const": each, "title": f"{each} %"} for each in (80, 90, 100, 125, 150, 175, 200)),
            ],
        },
        "max_concurrent_steps": {
            "title": "Steps at the same time",
            "description": "How many steps of a run may work side by side. Takes effect at the next start.",
            "type": "integer",
            "minimum": 1,
            "maximum": 64,
        },
        "keep_runs_days": {
            "title": "Keep runs for",
            "description": "Older runs and their results are removed at the next start; 0 keeps them all.",
            "type": "integer",
            "minimum": 0,
            "maximum": 3650,
            "x-unit": "days",
        },
        "reuse_results": {
            "title": "Use results of unchanged steps",
            "description": "A step whose parameters, inputs and files are as before is not run again.",
            "type": "boolean",
        },
        "wheel_zooms": {"title": "The mouse wheel zooms the canvas", "type": "boolean"},
        "snap_to_guides": {
            "title": "Snap to guides",
            "description": "What is moved lines up with its neighbours. Hold Ctrl to put it anywhere.",
            "type": "boolean",
        },
        "reduce_motion": {
            "title": "Reduce motion",
            "description": "As the system has it, until it is changed here.",
            "type": "boolean",
        },
    },
}


class PreferencesDialog(Dialog[None]):
    """Theme, text size, wheel, motion, how many steps work at the same time, and how long runs are kept."""

    def __init__(
        self, settings: Settings, theme_controller: ThemeController, parent: QWidget | None = None
    ) -> None:
        super().__init__("Preferences", closed=None, icon="settings", parent=parent)
        self._settings = settings
        self._theme_controller = theme_controller
        values = {name: getattr(settings, name) for name in _SCHEMA["properties"] if name != "theme"}
        self.form = SchemaForm(_SCHEMA, {"theme": settings.theme_mode, **values}, parent=self)
        self.form.value_changed.connect(self._on_value_changed)
        self.body.addWidget(self.form)
        self.close_button = self.add_button("Close", self.reject, variant="primary", default=True)
        self.form.focus_first()

    def _on_value_changed(self, value: dict[str, Any]) -> None:
        if self.form.errors():
            return
        self._settings.reuse_results = value["reuse_results"]
        self._settings.wheel_zooms = value["wheel_zooms"]
        self._settings.snap_to_guides = value["snap_to_guides"]
        if value["reduce_motion"] != self._settings.reduce_motion:  # else it goes on following the system
            self._settings.reduce_motion = value["reduce_motion"]
        if value["text_size"] != self._settings.text_size:
            self._settings.text_size = value["text_size"]
            self._theme_controller.set_text_size(self._settings.text_size)
        self._settings.max_concurrent_steps = value["max_concurrent_steps"]
        self._settings.keep_runs_days = value["keep_runs_days"]
        if value["theme"] != self._settings.theme_mode:
            self._settings.theme_mode = value["theme"]
            self._theme_controller.set_mode(value["theme"])
