"""What all pages of the inspector have: a header, and a body that scrolls."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from designer.theme import icons, reading, tokens
from designer.theme import theme as themes
from engine.model.workflow import Workflow

MARGIN: Final = 16


class Header(QWidget):
    """Tile, title and a subtitle whose last part is an id in the mono face."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(MARGIN, 14, MARGIN, 13)
        layout.setSpacing(11)
        self._tile = QLabel(self)
        layout.addWidget(self._tile, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.setContentsMargins(0, 1, 0, 0)
        self.title = QLabel(self)
        self.title.setProperty("role", "title")
        self.title.setWordWrap(True)
        self.title.setAlignment(reading.leading() | Qt.AlignmentFlag.AlignVCenter)
        self.title.setTextFormat(Qt.TextFormat.PlainText)
        words.addWidget(self.title)
        line = QHBoxLayout()
        line.setSpacing(4)
        self._kind = QLabel(self)
        self._kind.setProperty("role", "subtitle")
        line.addWidget(self._kind)
        self._code = QLabel(self)
        self._code.setProperty("role", "mono")
        line.addWidget(self._code)
        line.addStretch(1)
        words.addLayout(line)
        layout.addLayout(words, 1)

    def show_tile(self, icon: str, background: str, glyph: str) -> None:
        """The icon on its colour."""
        ratio = self.devicePixelRatioF()
        self._tile.setPixmap(icons.tile(icon, tokens.TILE, tokens.TILE_RADIUS, background, glyph, ratio))

    def show_words(self, title: str, kind: str, code: str = "") -> None:
        """What it is called, what it is, and its type's id."""
        self.title.setText(title)
        self._kind.setText(f"{kind} ·" if code else kind)
        self._code.setText(code)
        self._code.setVisible(bool(code))


class Body(QScrollArea):
    """A scrolling column; widgets are added to `column`, which keeps them at the top."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the fields in it take the keyboard and come into view
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        content = QWidget()
        outer = QVBoxLayout(content)
        outer.setContentsMargins(MARGIN, 14, MARGIN, MARGIN)
        outer.setSpacing(0)
        self.column = QVBoxLayout()
        self.column.setSpacing(14)
        outer.addLayout(self.column)
        outer.addStretch(1)
        self.setWidget(content)


class Page(QWidget):
    """One face of the inspector: of a node, a connection, several things, or the whole workflow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.layout_column = QVBoxLayout(self)
        self.layout_column.setContentsMargins(0, 0, 0, 0)
        self.layout_column.setSpacing(0)
        self.header = Header(self)
        self.layout_column.addWidget(self.header)

    def refresh(self, workflow: Workflow) -> bool:
        """Show what the workflow says now; False when what this page is about has gone."""
        raise AssertionError("each page refreshes itself")

    def first_field(self) -> QWidget:
        """Where typing goes when the inspector is entered."""
        return self

    def refresh_run(self) -> None:
        """Show what the run has changed."""


def divider(parent: QWidget) -> QFrame:
    """A hairline."""
    line = QFrame(parent)
    line.setProperty("role", "divider")
    return line


def label(text: str, role: str, parent: QWidget) -> QLabel:
    """A wrapped line of plain text in one of the theme's roles."""
    made = QLabel(text, parent)
    made.setProperty("role", role)
    made.setWordWrap(True)
    made.setTextFormat(Qt.TextFormat.PlainText)
    return made


def neutral_tile() -> tuple[str, str]:
    """Background and glyph of a tile that belongs to no category."""
    theme = themes.current()
    return theme.hover, theme.text2
