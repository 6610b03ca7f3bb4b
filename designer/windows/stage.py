"""The middle of the window: the canvas, the banner over it, and a hint while there is nothing on it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from designer.theme import icons
from designer.theme.text_size import length
from designer.theme.theme import Theme
from designer.windows.banner import Banner
from designer.windows.breadcrumb import Breadcrumb
from designer.windows.examples import Example

BANNER_TOP_PX = 14
BREADCRUMB_AT = QPoint(14, 14)
WIDTH_PX = 440
MOST_RECENT = 4
BUTTON_TEXT_PX = 132
_BESIDE_TEXT_PX = 88
_WHOLE = "whole"


class StartHint(QFrame):
    """What to do with an empty canvas: add a node, open a file, or look at an example."""

    example_chosen = Signal(str)
    open_requested = Signal()
    add_requested = Signal()
    recent_chosen = Signal(str)

    def __init__(self, examples: Sequence[Example], recent: Sequence[Path], parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("startHint")
        self.setAcceptDrops(True)
        self._buttons: list[tuple[QPushButton, str]] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(28, 24, 28, 24)
        column.setSpacing(10)
        title = QLabel("Draw a workflow")
        title.setProperty("role", "title")
        column.addWidget(title)
        text = QLabel(
            "Drag a node from the left, double-click the canvas, or just start typing. "
            "Pull a wire from one node to the next, and press F5."
        )
        text.setWordWrap(True)
        text.setProperty("role", "subtitle")
        column.addWidget(text)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._button("Add the first node", "plus", self.add_requested.emit, primary=True))
        row.addWidget(self._button("Open a file…", "folder-open", self.open_requested.emit))
        row.addStretch(1)
        column.addLayout(row)
        self._offers = QWidget(self)
        offers = QVBoxLayout(self._offers)
        offers.setContentsMargins(0, 0, 0, 0)
        offers.setSpacing(10)
        if recent:
            offers.addWidget(_section("Recent"))
            offers.addLayout(_in_pairs([self._recent_button(path) for path in recent[:MOST_RECENT]]))
        if examples:
            offers.addWidget(_section("Examples with real data"))
            offers.addLayout(_in_pairs([self._example_button(example) for example in examples]))
        column.addWidget(self._offers)
        self.setFixedWidth(length(WIDTH_PX))

    def fit(self, width: int, height: int) -> None:
        """Leave out the files on offer where there is no room for them; the menu has them too."""
        self.setFixedWidth(min(length(WIDTH_PX), width))
        room = min(length(BUTTON_TEXT_PX), self.width() // 2 - _BESIDE_TEXT_PX)
        for button, _ in self._buttons:
            _shorten(button, room)
        self._offers.show()
        if self._needed() > height:
            self._offers.hide()
        self.resize(self.width(), self._needed())

    def _needed(self) -> int:
        """As high as the wrapped text needs at this width, which a size hint does not know."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        return layout.totalHeightForWidth(self.width())

    def dragEnterEvent(self, _event: QDragEnterEvent) -> None:
        # What is dragged is meant for the canvas below, which shows the hint again if it goes away.
        self.hide()

    def recolour(self, theme: Theme) -> None:
        for button, icon in self._buttons:
            primary = button.property("variant") == "primary"
            button.setIcon(icons.icon(icon, theme.on_accent if primary else theme.text2))

    def _recent_button(self, path: Path) -> QPushButton:
        name = path.name.removesuffix(".workflow.json")
        button = self._button(name, "history", lambda: self.recent_chosen.emit(str(path)))
        button.setToolTip(str(path))
        return button

    def _example_button(self, example: Example) -> QPushButton:
        button = self._button(example.title, "book-open", lambda: self.example_chosen.emit(example.folder))
        button.setToolTip(example.summary)
        button.setObjectName(f"example.{example.folder}")
        return button

    def _button(
        self, text: str, icon: str, slot: Callable[..., object], *, primary: bool = False
    ) -> QPushButton:
        button = QPushButton()
        button.setProperty(_WHOLE, text)
        _shorten(button, length(BUTTON_TEXT_PX))
        button.setAccessibleName(text)
        button.setIconSize(QSize(16, 16))
        button.setProperty("variant", "primary" if primary else "")
        button.clicked.connect(lambda _checked=False: slot())
        self._buttons.append((button, icon))
        return button


class Stage(QWidget):
    """Lays the canvas out over its whole area and keeps banner and hint in their places above it."""

    def __init__(self, canvas: QWidget, drop_area: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stage")
        self._canvas = canvas
        canvas.setParent(self)
        drop_area.installEventFilter(self)
        self.banner = Banner(self)
        self.breadcrumb = Breadcrumb(self)
        self.breadcrumb.move(BREADCRUMB_AT)
        self._inside_hint = QLabel(self)
        self._inside_hint.setProperty("role", "subtitle")
        self._inside_hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._inside_hint.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._inside_hint.hide()
        self.make_hint: Callable[[], StartHint] | None = None
        self._hint: StartHint | None = None
        self._is_empty = True
        self._theme: Theme | None = None

    @property
    def hint(self) -> StartHint | None:
        """The hint, while it is shown."""
        return self._hint

    def set_empty(self, is_empty: bool) -> None:
        """Whether there is nothing on the canvas: then the hint is shown."""
        self._is_empty = is_empty
        if is_empty and self._hint is None and self.make_hint is not None:
            self._hint = self.make_hint()
            self._hint.setParent(self)
            if self._theme is not None:
                self._hint.recolour(self._theme)
            self._hint.show()
            self._arrange()
        elif not is_empty and self._hint is not None:
            self._hint.hide()
            self._hint.deleteLater()
            self._hint = None

    def show_inside_hint(self, text: str) -> None:
        """What can be done inside a node that holds nothing yet; "" for nothing to say."""
        self._inside_hint.setText(text)
        self._inside_hint.setVisible(bool(text))
        self._arrange()

    def refresh_hint(self) -> None:
        """Makes the hint anew, with what can be opened now."""
        was_empty = self._is_empty
        self.set_empty(False)
        self.set_empty(was_empty)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        self.banner.recolour(theme)
        self.breadcrumb.recolour(theme)
        if self._hint is not None:
            self._hint.recolour(theme)
        self.breadcrumb.adjustSize()  # the text may be of another size, too
        self._arrange()

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Clears the canvas of the hint while something is dragged over it."""
        if self._hint is not None and event.type() == QEvent.Type.DragEnter:
            self._hint.hide()
        elif self._hint is not None and event.type() == QEvent.Type.DragLeave:
            self._hint.show()
        return False

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def arrange_banner(self) -> None:
        """Puts the banner where it belongs after its text has changed."""
        self.banner.setMaximumWidth(max(200, self.width() - 2 * BANNER_TOP_PX))
        self.banner.adjustSize()
        self.banner.move((self.width() - self.banner.width()) // 2, BANNER_TOP_PX)
        self.banner.raise_()

    def _arrange(self) -> None:
        self._canvas.setGeometry(self.rect())
        self._inside_hint.adjustSize()
        middle = self.rect().center() - self._inside_hint.rect().center()
        self._inside_hint.move(middle)
        self._inside_hint.raise_()
        self.arrange_banner()
        if self._hint is not None:
            top = 60 if self.banner.isVisible() else 8
            self._hint.fit(self.width() - 16, self.height() - top - 8)
            size = self._hint.size()
            self._hint.move(
                (self.width() - size.width()) // 2, max(top, (self.height() - size.height()) // 2)
            )
            self._hint.raise_()


def _shorten(button: QPushButton, room: int) -> None:
    whole = str(button.property(_WHOLE))
    button.setText(button.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, room))


def _in_pairs(buttons: Sequence[QPushButton]) -> QGridLayout:
    grid = QGridLayout()
    grid.setSpacing(8)
    for place, button in enumerate(buttons):
        grid.addWidget(button, place // 2, place % 2)
    grid.setColumnStretch(0, 1)
    grid.setColumnStretch(1, 1)
    return grid


def _section(text: str) -> QLabel:
    label = QLabel(text)
    label.setProperty("role", "section")
    label.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return label
