"""The keys of commands: those they come with, and those a person has given them instead."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from designer.settings import Settings

_TEXT = QKeySequence.SequenceFormat.PortableText
FIXED = {
    "Esc": "Esc lets go of the selection and cancels a drag.",
    "Space": "Space moves the canvas while it is held.",
    "Tab": "Tab moves the focus.",
    "Shift+Tab": "Shift+Tab moves the focus.",
    "Alt+M": "Alt+M opens the menu.",
    "Home": "Home shows the whole drawing.",
    **{
        f"{shift}{arrow}": "Arrow keys walk from node to node."
        for shift in ("", "Shift+")
        for arrow in ("Left", "Right", "Up", "Down")
    },
}
"""Keys that no command can have, and what they do."""


class Keymap(QObject):
    """Gives each action, known by its object name, the keys it has in the settings, now and when they change.

    An action's ``whatsThis`` is its tip without the key, which this adds.
    """

    changed = Signal()

    def __init__(self, actions: Iterable[QAction], settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._actions = {action.objectName(): action for action in actions}
        self._defaults = {name: action.shortcuts() for name, action in self._actions.items()}
        self._apply()

    def is_changed(self, action: QAction) -> bool:
        """Whether the keys are not those the action comes with."""
        return action.objectName() in self._settings.shortcuts

    def holders(self, keys: QKeySequence, but: QAction) -> Iterator[QAction]:
        """The other actions that these keys, or a beginning of them, would do."""
        for action in self._actions.values():
            if action is not but and any(_clash(keys, own) for own in action.shortcuts()):
                yield action

    def give(self, action: QAction, keys: QKeySequence) -> None:
        """The action gets this key in place of those it has; whatever else had it loses it."""
        self._set({action.objectName(): [keys]})

    def reset(self, action: QAction) -> None:
        """The action gets back the keys it comes with, also from actions that were given them since."""
        self._set({action.objectName(): self._defaults[action.objectName()]})

    def reset_all(self) -> None:
        """Every action gets back the keys it comes with."""
        self._settings.shortcuts = {}
        self._apply()

    def renamed(self) -> dict[str, str]:
        """For every first key that an action comes with, the one it has now, or no text."""
        return {
            keys[0].toString(_TEXT): self._actions[name].shortcut().toString(_TEXT)
            for name, keys in self._defaults.items()
            if keys
        }

    def _set(self, wanted: dict[str, list[QKeySequence]]) -> None:
        for name, keys in list(wanted.items()):
            for key in keys:
                for other in self.holders(key, self._actions[name]):
                    left = wanted.get(other.objectName(), other.shortcuts())
                    wanted[other.objectName()] = [own for own in left if not _clash(key, own)]
        texts = dict(self._settings.shortcuts)
        for name, keys in wanted.items():
            texts[name] = [key.toString(_TEXT) for key in keys]
            if keys == self._defaults[name]:
                del texts[name]
        self._settings.shortcuts = texts
        self._apply()

    def _apply(self) -> None:
        given = self._settings.shortcuts
        for name, action in self._actions.items():
            keys = [QKeySequence(text) for text in given[name]] if name in given else self._defaults[name]
            if keys != action.shortcuts():
                action.setShortcuts(keys)
            shown = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
            tip = action.whatsThis()
            action.setToolTip(f"{tip} ({shown})" if shown else tip)
        self.changed.emit()


def _clash(one: QKeySequence, other: QKeySequence) -> bool:
    """Whether one of the two would swallow the other."""
    none = QKeySequence.SequenceMatch.NoMatch
    return one.matches(other) != none or other.matches(one) != none
