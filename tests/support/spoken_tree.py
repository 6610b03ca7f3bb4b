"""The window as a screen reader walks it: every object with its role, name and states."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QWidget

_Role = QAccessible.Role
INTERACTIVE = frozenset(
    {
        _Role.Button,
        _Role.ButtonMenu,
        _Role.ButtonDropDown,
        _Role.Canvas,
        _Role.CheckBox,
        _Role.ComboBox,
        _Role.EditableText,
        _Role.Link,
        _Role.List,
        _Role.MenuItem,
        _Role.PageTab,
        _Role.PageTabList,
        _Role.RadioButton,
        _Role.Slider,
        _Role.SpinBox,
        _Role.Table,
        _Role.Tree,
    }
)
CELLS = frozenset({_Role.Cell, _Role.ListItem, _Role.TreeItem, _Role.RowHeader, _Role.ColumnHeader})
MOST_CELLS = 40


@dataclass(frozen=True, slots=True)
class Spoken:
    """One object of the tree. ``path`` and ``home`` say what it lies in: all, and what has a name."""

    role: QAccessible.Role
    name: str
    description: str
    focusable: bool
    selected: bool
    path: str
    home: str

    @property
    def is_interactive(self) -> bool:
        return self.focusable or self.role in INTERACTIVE


def complaints(thing: QObject) -> list[str]:
    """What a screen reader could not tell a person: things to act on without a name, or with the same one."""
    found: list[str] = []
    seen: dict[tuple[QAccessible.Role, str, str], str] = {}
    for spoken in walk(thing):
        if not spoken.is_interactive:
            continue
        if not spoken.name.strip() and spoken.role != _Role.Cell:  # a cell without a value is empty
            found.append(f"no name: {spoken.role.name} {spoken.path}")
        elif spoken.name != spoken.name.strip():
            found.append(f"blanks around the name: {spoken.name!r} {spoken.path}")
        elif spoken.role not in CELLS:
            key = (spoken.role, spoken.name, spoken.home)
            if key in seen:
                found.append(f"twice {spoken.role.name} {spoken.name!r}: {spoken.path} and {seen[key]}")
            seen[key] = spoken.path
        if spoken.role == _Role.NoRole:
            found.append(f"no role: {spoken.path}")
    return found


def walk(thing: QObject) -> Iterator[Spoken]:
    """Everything below an object that is shown, in the order in which a screen reader meets it."""
    root = QAccessible.queryAccessibleInterface(thing)
    assert root is not None
    yield from _walk(root, "", "")


def _walk(found: QAccessibleInterface, above: str, home: str) -> Iterator[Spoken]:
    state, role = found.state(), found.role()
    if state.invisible:
        return
    thing = found.object()
    name = found.text(QAccessible.Text.Name)
    if role == _Role.ComboBox and isinstance(thing, QWidget):
        # On Unix Qt gives the value of a box as its name; what it is for comes by its label, or by this.
        name = thing.accessibleName()
    label = f"{type(thing).__name__}#{thing.objectName()}" if thing is not None else role.name
    path = f"{above}/{label}"
    yield Spoken(
        role=role,
        name=name,
        description=found.text(QAccessible.Text.Description),
        focusable=bool(state.focusable),
        selected=bool(state.selected),
        path=path,
        home=home,
    )
    is_long = role in (_Role.Table, _Role.Tree, _Role.List)
    for place in range(min(found.childCount(), MOST_CELLS) if is_long else found.childCount()):
        child = found.child(place)
        if child is not None and child.isValid():
            # What has a name of its own tells apart what is in it.
            yield from _walk(child, path, f"{home}/{name}" if name and not state.focusable else home)
