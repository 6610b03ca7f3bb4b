"""How the drawing becomes a picture: kind, part, size, colours, with what it will look like beside it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QLabel, QVBoxLayout, QWidget

from designer.dialogs.base import Dialog
from designer.forms.form import SchemaForm

Kind = Literal["png", "svg", "pdf"]
Colours = Literal["shown", "light", "dark"]

_PREVIEW: Final = QSize(426, 140)


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureChoice:
    """What a person wants of a picture. `scale` is pixels for one of the canvas; only a PNG has any."""

    kind: Kind = "png"
    selection: bool = False
    scale: float = 2.0
    states: bool = True
    colours: Colours = "shown"
    transparent: bool = False
    carries_workflow: bool = True


Preview = Callable[[PictureChoice, QSize], QImage]
"""What the picture looks like, no larger than this."""


class ExportPictureDialog(Dialog[PictureChoice | None]):
    """Asks how to save the drawing; what makes no sense now (a selection, states) is not asked."""

    def __init__(
        self,
        choice: PictureChoice,
        preview: Preview,
        *,
        has_selection: bool,
        has_run: bool,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(
            "Export picture",
            "A picture for a report or a mail, or a PNG that opens here again as the workflow it shows.",
            closed=None,
            icon="image",
            parent=parent,
        )
        self._preview = preview
        self._asked = _properties(has_selection=has_selection, has_run=has_run)
        self.picture = QLabel(self)
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setFixedHeight(_PREVIEW.height())
        self.picture.setAccessibleName("What the picture looks like")
        frame = QFrame(self)
        frame.setProperty("role", "panel")
        QVBoxLayout(frame).addWidget(self.picture)
        self.body.addWidget(frame)
        self.form = self._make_form(choice)
        self.body.addWidget(self.form)
        self.add_button("Cancel", self.reject)
        self.export_button = self.add_button("Export…", self._on_export, variant="primary", default=True)
        self.form.focus_first()
        self._show_preview()

    def choice(self) -> PictureChoice:
        """What the fields say now."""
        values = self.form.value()
        return PictureChoice(
            kind=values["kind"],
            selection=values.get("part") == "selection",
            scale=float(values.get("scale", 200)) / 100,
            states=bool(values.get("states", False)),
            colours=values["colours"],
            transparent=bool(values.get("transparent", False)),
            carries_workflow=bool(values.get("carries_workflow", False)),
        )

    def _make_form(self, choice: PictureChoice) -> SchemaForm:
        values: dict[str, Any] = {
            "kind": choice.kind,
            "part": "selection" if choice.selection and "part" in self._asked else "all",
            "scale": round(choice.scale * 100),
            "states": choice.states,
            "colours": choice.colours,
            "transparent": choice.transparent,
            "carries_workflow": choice.carries_workflow,
        }
        schema = {"type": "object", "required": [*_REQUIRED & self._asked.keys()], "properties": self._asked}
        form = SchemaForm(schema, {name: values[name] for name in self._asked}, parent=self)
        form.value_changed.connect(self._on_value_changed)
        return form

    def _on_value_changed(self, _value: dict[str, Any]) -> None:
        if not self.form.errors():
            self._show_preview()

    def _show_preview(self) -> None:
        image = self._preview(self.choice(), _PREVIEW * self.devicePixelRatioF())
        image.setDevicePixelRatio(self.devicePixelRatioF())
        self.picture.setPixmap(QPixmap.fromImage(image))

    def _on_export(self) -> None:
        if not self.form.focus_first_error():
            self.close_with(self.choice())


_REQUIRED: Final = {"kind", "part", "scale", "colours"}


def _properties(*, has_selection: bool, has_run: bool) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "kind": {
            "title": "Kind of picture",
            "oneOf": [
                {"const": "png", "title": "PNG: for documents and mails"},
                {"const": "svg", "title": "SVG: sharp at any size"},
                {"const": "pdf", "title": "PDF: one page"},
            ],
        },
        "part": {
            "title": "What it shows",
            "oneOf": [
                {"const": "all", "title": "The whole workflow"},
                {"const": "selection", "title": "What is selected"},
            ],
        },
        "scale": {
            "title": "Size of a PNG",
            "type": "integer",
            "minimum": 5,
            "maximum": 800,
            "x-unit": "%",
        },
        "colours": {
            "title": "Colours",
            "oneOf": [
                {"const": "shown", "title": "As on the screen"},
                {"const": "light", "title": "Light"},
                {"const": "dark", "title": "Dark"},
            ],
        },
        "states": {"title": "Show the states of the run", "type": "boolean"},
        "transparent": {"title": "Without a background", "type": "boolean"},
        "carries_workflow": {"title": "A PNG can be opened again as a workflow", "type": "boolean"},
    }
    if not has_selection:
        del properties["part"]
    if not has_run:
        del properties["states"]
    return properties
