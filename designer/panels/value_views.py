"""Views of outputs that are not tables: a text or number, a picture, a file, an error."""

from __future__ import annotations

import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QFileInfo, QRectF, QSize, QSizeF, Qt, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QGuiApplication,
    QImage,
    QImageReader,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from designer.panels import paint
from designer.theme import fonts
from designer.theme.text_size import keep

IMAGE_SUFFIXES = frozenset({".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp"})
_MAX_IMAGE_PX = 4096


class ValueView(QPlainTextEdit):
    """A text, number, yes or no, as large as it can be read and easy to copy."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("valueView")
        self.setAccessibleName("Value")
        self.setReadOnly(True)
        self.setFrameShape(QPlainTextEdit.Shape.NoFrame)
        keep(self, lambda it: it.setFont(fonts.mono(13)))
        self.document().setDocumentMargin(14)


class PictureView(QWidget):
    """A chart or other image, fitted to the panel; decoded in a thread."""

    _decoded = Signal(str, QImage)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pictureView")
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="picture")
        self._path = ""
        self._image = QImage()
        self._fitted = QImage()
        self._decoded.connect(self._on_decoded, Qt.ConnectionType.QueuedConnection)

    @property
    def image(self) -> QImage:
        """The picture as decoded; null until it is, or when it cannot be read."""
        return self._image

    def set_path(self, path: Path) -> None:
        self._path = str(path)
        self._image = self._fitted = QImage()
        self.setAccessibleName(f"Picture {path.name}")
        self._executor.submit(self._decode, self._path)
        self.update()

    def close_source(self) -> None:
        """Join the thread."""
        self._executor.shutdown(wait=True, cancel_futures=True)

    def _decode(self, path: str) -> None:
        """In the thread. Vector pictures are drawn at twice their size, to stay sharp when fitted."""
        reader = QImageReader(path)
        size = reader.size()
        if Path(path).suffix.lower() == ".svg" and size.isValid():
            size = size * 2
        if size.isValid():
            if max(size.width(), size.height()) > _MAX_IMAGE_PX:
                size.scale(QSize(_MAX_IMAGE_PX, _MAX_IMAGE_PX), Qt.AspectRatioMode.KeepAspectRatio)
            reader.setScaledSize(size)
        self._decoded.emit(path, reader.read())

    def _on_decoded(self, path: str, image: QImage) -> None:
        if path == self._path:
            self._image = image
            self._fit()
            self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Scale once a size, not once a paint."""
        ratio = self.devicePixelRatioF()
        room = (QSizeF(self.size()) - QSizeF(24, 24)) * ratio
        if self._image.isNull() or room.width() < 1 or room.height() < 1:
            self._fitted = QImage()
            return
        self._fitted = self._image.scaled(
            room.toSize(), Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
        self._fitted.setDevicePixelRatio(ratio)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), paint.palette().card)
        if self._fitted.isNull():
            return
        size = self._fitted.deviceIndependentSize()
        left, top = (self.width() - size.width()) / 2, (self.height() - size.height()) / 2
        area = QRectF(round(left), round(top), size.width(), size.height())
        painter.drawImage(area.topLeft(), self._fitted)
        painter.setPen(paint.palette().line)
        painter.drawRect(area)


class FileBar(QWidget):
    """The path of a file a step wrote, with buttons to open it and its folder."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._path = Path()
        self.label = QLabel(self)
        self.label.setProperty("role", "mono")
        self.label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.label.setMinimumWidth(60)
        self.size_label = QLabel(self)
        self.size_label.setProperty("role", "caption")
        self.open_file = QPushButton("Open file", self)
        self.open_folder = QPushButton("Open folder", self)
        self.open_file.clicked.connect(lambda: self._open(self._path))
        self.open_folder.clicked.connect(lambda: self._open(self._path.parent))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(14, 8, 14, 8)
        layout.setSpacing(10)
        layout.addWidget(self.label)
        layout.addWidget(self.size_label)
        layout.addStretch(1)
        layout.addWidget(self.open_file)
        layout.addWidget(self.open_folder)

    def set_path(self, path: Path) -> None:
        self._path = path
        self.label.setText(path.name)
        self.label.setToolTip(str(path))
        # One stat call; the content is never read here.
        details = QFileInfo(str(path))
        exists = details.exists()
        self.size_label.setText(
            f"{self.locale().formattedDataSize(details.size())} in {path.parent}"
            if exists
            else f"No longer in {path.parent}"
        )
        self.open_file.setEnabled(exists)
        self.open_folder.setEnabled(path.parent.is_dir())

    def _open(self, path: Path) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


class ErrorView(QWidget):
    """Why a step failed, what to do about it, and the details for whoever is asked for help.

    `fix_wanted` carries what is not there, a column or a file, and what was meant, when that is asked for.
    """

    fix_wanted = Signal(str, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("errorView")
        self._icon = QLabel(self)
        self.message = QLabel(self)
        self.message.setProperty("role", "title")
        self.hint = QLabel(self)
        for label in (self.message, self.hint):
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.details = QPlainTextEdit(self)
        self.details.setObjectName("errorDetails")
        self.details.setAccessibleName("Error details")
        self.details.setReadOnly(True)
        keep(self.details, lambda it: it.setFont(fonts.mono(12)))
        self.toggle = QPushButton("Show details", self)
        self.copy = QPushButton("Copy details", self)
        self.toggle.setCheckable(True)
        self.toggle.toggled.connect(self._on_toggled)
        self.copy.clicked.connect(self._on_copy)
        texts = QVBoxLayout()
        texts.setSpacing(6)
        texts.addWidget(self.message)
        texts.addWidget(self.hint)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        self.fix = QPushButton(self)
        self.fix.setProperty("variant", "primary")
        self.fix.hide()
        self.fix.clicked.connect(self._on_fix)
        self._renaming: tuple[str, str] | None = None
        buttons.addWidget(self.fix)
        buttons.addWidget(self.toggle)
        buttons.addWidget(self.copy)
        buttons.addStretch(1)
        texts.addLayout(buttons)
        texts.addWidget(self.details, 1)
        texts.addStretch(0)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 12)
        layout.setSpacing(12)
        layout.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        layout.addLayout(texts, 1)

    def set_error(self, error: Mapping[str, Any]) -> None:
        """Show an error as the journal holds it: `message`, `hint`, `type` and whatever else."""
        self._restyle()
        self.message.setText(str(error.get("message") or "The step failed."))
        hint = str(error.get("hint") or "")
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint))
        wrong, right = error.get("column") or error.get("wrong"), error.get("meant")
        self._renaming = (str(wrong), str(right)) if wrong and right else None
        if self._renaming is not None:
            self.hint.hide()  # the button says it
        self.fix.setText(f"Use '{right}'")
        self.fix.setToolTip("Changes the step's parameters; it can be undone")
        self.fix.setVisible(self._renaming is not None)
        self.details.setPlainText(_details(error))
        self.toggle.setChecked(False)
        self._on_toggled(False)

    def _on_fix(self) -> None:
        if self._renaming is not None:
            self.fix_wanted.emit(*self._renaming)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._restyle()

    def _restyle(self) -> None:
        color = paint.severity_color("error")
        self._icon.setPixmap(paint.icon("octagon-x", 20, color, self.devicePixelRatioF()))

    def _on_toggled(self, is_open: bool) -> None:
        self.details.setVisible(is_open)
        self.toggle.setText("Hide details" if is_open else "Show details")

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.toPlainText())


def _details(error: Mapping[str, Any]) -> str:
    """Everything known about an error as plain text; a traceback keeps its lines."""
    lines = []
    for key, value in error.items():
        if value in (None, "", [], {}):
            continue
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        separator = "\n" if "\n" in shown else " "
        lines.append(f"{key}:{separator}{shown}")
    return "\n".join(lines)
