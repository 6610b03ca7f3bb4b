"""The table of commands in docs/gestures.md: ``python -m tests.support.command_table`` prints it."""

from __future__ import annotations

from collections.abc import Iterator

from designer.windows.action_specs import SPECS
from designer.windows.menu_table import MENUS, SUBMENUS, actions_of


def table() -> list[str]:
    """Every command with its keys and its menu, in the order of the menus."""
    specs = {spec.id: spec for spec in SPECS}
    lines = ["| command | keys | menu | what it does |", "|---|---|---|---|"]
    for menu, action_id in _placed():
        spec = specs[action_id]
        keys = ", ".join(f"`{key}`" for key in spec.keys)
        lines.append(f"| {spec.text.rstrip('…')} | {keys} | {menu} | {spec.tip} |")
    return lines


def _placed() -> Iterator[tuple[str, str]]:
    for title, entries in MENUS:
        for entry in entries:
            if entry in SUBMENUS:
                inner, listed = SUBMENUS[entry]
                yield from ((f"{title} > {inner}", action_id) for action_id in listed)
            else:
                yield from ((title, action_id) for action_id in actions_of([entry]))


if __name__ == "__main__":
    print("\n".join(table()))
