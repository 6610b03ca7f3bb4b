"""One command of the window, as a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Needs = Literal[
    "", "nodes", "pieces", "selection", "one", "two", "movable", "wires", "groups", "named", "openable"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSpec:
    """One command. `on_canvas` keys work while the canvas has the focus, all others anywhere.

    `needs` says what must be selected, or it cannot be done: any nodes, nodes or
    comments (pieces), anything at all, one node, two; what can be moved, wires or bends of them,
    nodes of groups, what has a title of its own.
    """

    id: str
    text: str
    tip: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    on_canvas: bool = False
    checkable: bool = False
    needs: Needs = ""


def spec(
    id: str,
    text: str,
    tip: str,
    *keys: str,
    icon: str = "",
    on_canvas: bool = False,
    checkable: bool = False,
) -> ActionSpec:
    return ActionSpec(
        id=id, text=text, tip=tip, keys=keys, icon=icon, on_canvas=on_canvas, checkable=checkable
    )


def on(needs: Needs, id: str, text: str, tip: str, *keys: str, icon: str = "") -> ActionSpec:
    """A command for what is selected; its keys are the canvas's."""
    return ActionSpec(id=id, text=text, tip=tip, keys=keys, icon=icon, on_canvas=True, needs=needs)
