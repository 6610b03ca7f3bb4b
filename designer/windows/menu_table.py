"""Which command stands in which menu, and in what order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from designer.canvas.group_state import COLOUR_NAMES

SEPARATOR = "-"
MENUS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "File",
        (
            "file.new", "file.open", "menu.recent", "menu.examples", SEPARATOR, "file.new_window",
            "file.open_window", "file.next_window", SEPARATOR, "file.save", "file.save_as",
            SEPARATOR, "file.export_picture", "file.copy_picture", "file.print", SEPARATOR,
            "file.secrets", "file.preferences", SEPARATOR, "file.close", "file.quit",
        ),
    ),
    (
        "Edit",
        (
            "edit.undo", "edit.redo", SEPARATOR, "edit.cut", "edit.copy", "edit.paste", "edit.paste_wired",
            "edit.duplicate", SEPARATOR, "edit.delete", "edit.heal", SEPARATOR, "edit.select_all",
            "edit.select_before", "edit.select_after", "edit.next_wire", "edit.find",
            SEPARATOR, "edit.give_up",
        ),
    ),
    (
        "Node",
        (
            "edit.add_node", "edit.comment", "node.open", "node.rename", "node.disable", "node.pin",
            "node.breakpoint", SEPARATOR, "node.connect", "node.disconnect", "node.bend", "node.straighten",
            SEPARATOR,
            "node.enter", "node.leave", "node.extract", "node.inline", SEPARATOR, "menu.nudge",
        ),
    ),
    (
        "Arrange",
        (
            "arrange.tidy", SEPARATOR, "arrange.left", "arrange.centre", "arrange.right", "arrange.top",
            "arrange.middle", "arrange.bottom", SEPARATOR, "arrange.horizontally", "arrange.vertically",
            SEPARATOR, "arrange.group", "arrange.ungroup", "group.fold", "group.fold_all", "group.unfold_all",
            "menu.colour", "group.delete",
        ),
    ),
    (
        "View",
        (
            "view.commands", SEPARATOR, "view.zoom_in", "view.zoom_out", "view.zoom_100", "view.frame_all",
            "view.frame_selection", SEPARATOR, "view.palette", "view.inspector", "view.bottom",
            "view.outline", "view.float",
            SEPARATOR, "view.next_pane", "view.previous_pane",
            SEPARATOR, "view.theme", "view.theme_system",
        ),
    ),
    (
        "Run",
        (
            "run.run", "run.run_with", "run.anew", SEPARATOR, "run.to", "run.from", "run.only", SEPARATOR,
            "run.pause", "run.stop", "run.step", SEPARATOR, "run.answer", "run.retry", "run.undo",
            "run.clear",
        ),
    ),
    ("Help", ("help.shortcuts", "help.logs", "help.about")),
)  # fmt: skip
"""The menus in order; `menu.*` stands for a submenu: one of `SUBMENUS`, or one filled when it opens."""

SUBMENUS: dict[str, tuple[str, tuple[str, ...]]] = {
    "menu.colour": ("Group colour", tuple(f"group.{colour}" for colour in COLOUR_NAMES)),
    "menu.nudge": ("Nudge", ("node.left", "node.right", "node.up", "node.down")),
}


def actions_of(entries: Iterable[str]) -> Iterator[str]:
    """The commands of a menu and of its submenus, in order."""
    for entry in entries:
        if entry in SUBMENUS:
            yield from actions_of(SUBMENUS[entry][1])
        elif entry != SEPARATOR and not entry.startswith("menu."):
            yield entry
