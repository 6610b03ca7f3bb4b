"""Every command of the window as one table: text, keys, icon, what it does in a sentence.

Menus, toolbar, shortcut sheet and command palette are all made from it, so that a command has one name, one
key and one enabled state wherever it is seen.
"""

from __future__ import annotations

from designer.canvas.group_state import COLOUR_NAMES
from designer.windows.action_spec import ActionSpec
from designer.windows.action_spec import on as _on
from designer.windows.action_spec import spec as _spec
from designer.windows.file_specs import FILE

EDIT: tuple[ActionSpec, ...] = (
    _on("pieces", "edit.cut", "Cut", "Moves the selected nodes to the clipboard", "Ctrl+X", icon="scissors"),
    _on("pieces", "edit.copy", "Copy", "Copies the selected nodes as text", "Ctrl+C", icon="copy"),
    _on("", "edit.paste", "Paste", "Inserts nodes from the clipboard", "Ctrl+V", icon="clipboard-paste"),
    _on(
        "",
        "edit.paste_wired",
        "Paste with incoming connections",
        "Inserts nodes from the clipboard, fed by the same steps as the originals",
        "Ctrl+Shift+V",
    ),
    _on("pieces", "edit.duplicate", "Duplicate", "Copies the selected nodes beside themselves", "Ctrl+D"),
    _on("selection", "edit.delete", "Delete", "Deletes what is selected", "Del", "Backspace", icon="trash-2"),
    _on(
        "nodes",
        "edit.heal",
        "Delete and join neighbours",
        "Deletes the selected nodes and joins what came before with what comes after",
        "Ctrl+Del",
    ),
    _on("", "edit.select_all", "Select all", "Selects every node", "Ctrl+A"),
    _on(
        "nodes",
        "edit.select_before",
        "Select everything before",
        "Selects the steps that lead to the selected ones too",
        "Alt+Shift+Left",
    ),
    _on(
        "nodes",
        "edit.select_after",
        "Select everything after",
        "Selects the steps that follow the selected ones too",
        "Alt+Shift+Right",
    ),
)

NODE: tuple[ActionSpec, ...] = (
    _on(
        "selection",
        "edit.next_wire",
        "Select the next connection",
        "Goes round the connections of the node, and back to it",
        "W",
    ),
    _on(
        "openable",
        "node.open",
        "Open in the inspector",
        "Shows the parameters of the node, or when the connection is taken",
        "Return",
        "Enter",
        icon="sliders-horizontal",
    ),
    _on(
        "named",
        "node.rename",
        "Rename",
        "Gives the selected node or group another title",
        "F2",
        icon="pencil",
    ),
    _on(
        "nodes",
        "node.disable",
        "Switch off or on",
        "A node that is switched off is skipped by runs",
        "D",
        icon="power",
    ),
    _on(
        "nodes",
        "node.pin",
        "Pin result",
        "Keeps the last result of the selected steps: they are not run, the pinned result is used",
        "P",
        icon="pin",
    ),
    _on(
        "nodes",
        "node.breakpoint",
        "Stop here (breakpoint)",
        "Runs stop before the selected steps and show what they would get",
        "F9",
        icon="circle-dot",
    ),
    _on(
        "two",
        "node.connect",
        "Connect",
        "Draws a wire from the node selected first to the other one",
        "Ctrl+L",
        icon="workflow",
    ),
    _on(
        "selection",
        "node.disconnect",
        "Disconnect",
        "Takes away the selected wires, or every wire of the selected nodes",
        "Ctrl+Shift+L",
        icon="unlink",
    ),
    _on(
        "wires",
        "node.bend",
        "Bend connection",
        "Leads the selected connections through a place that can be moved",
        "Ctrl+B",
        icon="spline",
    ),
    _on(
        "wires",
        "node.straighten",
        "Straighten connection",
        "Takes the bends of the selected connections away",
        "Ctrl+Shift+B",
    ),
    _on(
        "one",
        "node.enter",
        "Open inside",
        "Shows the steps that the selected sub-workflow, For each or Repeat holds",
        "Alt+Down",
        icon="log-in",
    ),
    _on(
        "",
        "node.leave",
        "Back out",
        "Shows the workflow around this one",
        "Alt+Up",
        icon="arrow-left",
    ),
    _on(
        "nodes",
        "node.extract",
        "Make a sub-workflow",
        "Puts the selected nodes into one node that holds them",
        "Ctrl+J",
        icon="package",
    ),
    _on(
        "one",
        "node.inline",
        "Take a sub-workflow apart",
        "Puts the steps of the selected sub-workflow in its place",
        "Ctrl+Shift+J",
    ),
    _on("movable", "node.left", "Nudge left", "Moves what is selected by 16 px", "Ctrl+Left"),
    _on("movable", "node.right", "Nudge right", "Moves what is selected by 16 px", "Ctrl+Right"),
    _on("movable", "node.up", "Nudge up", "Moves what is selected by 16 px", "Ctrl+Up"),
    _on("movable", "node.down", "Nudge down", "Moves what is selected by 16 px", "Ctrl+Down"),
    _spec("edit.add_node", "Add node…", "Finds a node type and adds it", "Ctrl+Space", icon="plus"),
    _spec(
        "edit.find", "Find on the canvas…", "Finds nodes by name, type or parameter", "Ctrl+F", icon="search"
    ),
    _spec("edit.give_up", "Cancel what takes long", "Gives up what the window is busy with (Esc)"),
)

ARRANGE: tuple[ActionSpec, ...] = (
    _on("nodes", "arrange.group", "Group", "Puts a frame around the nodes", "Ctrl+G", icon="frame"),
    _on("groups", "arrange.ungroup", "Ungroup", "Takes the frame around the nodes away", "Ctrl+Shift+G"),
    _on(
        "groups",
        "group.fold",
        "Fold or unfold group",
        "Shows the selected group as one card, or everything in it",
        "Ctrl+Alt+G",
        icon="layers",
    ),
    _spec("group.fold_all", "Fold all groups", "Shows every group as one card"),
    _spec("group.unfold_all", "Unfold all groups", "Shows what every group holds"),
    _on(
        "groups",
        "group.delete",
        "Delete group with its nodes",
        "Deletes the selected group and everything in it",
        "Ctrl+Shift+Del",
    ),
    *(
        _on(
            "groups",
            f"group.{colour}",
            f"{name} group",
            f"Gives the selected group the colour {name.lower()}",
        )
        for colour, name in COLOUR_NAMES.items()
    ),
    _spec(
        "edit.comment",
        "Add comment",
        "Writes on the canvas, for others to read",
        "Shift+S",
        icon="sticky-note",
        on_canvas=True,
    ),
    _spec(
        "arrange.tidy",
        "Tidy up",
        "Lays the selected nodes, or all, out from left to right",
        "Shift+Alt+T",
        icon="wand-sparkles",
    ),
    *(
        _spec(f"arrange.{way}", text, tip, f"Alt+A, {key}", on_canvas=True)
        for way, key, text, tip in (
            ("left", "L", "Align left", "One above the other, at the leftmost"),
            ("right", "R", "Align right", "One above the other, at the rightmost"),
            ("centre", "C", "Align centres", "One above the other, in the middle"),
            ("top", "T", "Align tops", "Side by side, at the topmost"),
            ("bottom", "B", "Align bottoms", "Side by side, at the lowest"),
            ("middle", "M", "Align middles", "Side by side, in the middle"),
            ("horizontally", "H", "Distribute horizontally", "Equal distances from left to right"),
            ("vertically", "V", "Distribute vertically", "Equal distances from top to bottom"),
        )
    ),
)
"""What lies where on the canvas."""

VIEW: tuple[ActionSpec, ...] = (
    _spec("view.zoom_in", "Zoom in", "Shows the drawing larger", "Ctrl++", "Ctrl+=", icon="zoom-in"),
    _spec("view.zoom_out", "Zoom out", "Shows the drawing smaller", "Ctrl+-", icon="zoom-out"),
    _spec("view.zoom_100", "Actual size", "Shows the drawing at 100 %", "Ctrl+0"),
    _spec(
        "view.frame_all",
        "Show everything",
        "Fits the whole drawing into the canvas",
        "Ctrl+1",
        icon="maximize",
    ),
    _on("nodes", "view.frame_selection", "Show the selection", "Fits the selection into the canvas", "F"),
    _spec("view.palette", "Nodes panel", "Shows or hides the list of nodes", "Ctrl+Alt+1", checkable=True),
    _spec("view.inspector", "Inspector", "Shows or hides the inspector", "Ctrl+Alt+2", checkable=True),
    _spec(
        "view.bottom", "Data and log panel", "Shows or hides the bottom panel", "Ctrl+Alt+3", checkable=True
    ),
    _spec(
        "view.outline",
        "Outline",
        "Shows or hides the workflow as a list of sentences that can be edited",
        "Ctrl+Alt+4",
        checkable=True,
    ),
    _spec(
        "view.next_pane",
        "Go to the next part of the window",
        "Brings the keyboard to the toolbar, a panel or the canvas, one after the other",
        "Shift+F6",
    ),
    _spec(
        "view.previous_pane",
        "Go to the part before",
        "Brings the keyboard to the toolbar, a panel or the canvas, the other way round",
        "Ctrl+Shift+F6",
    ),
    _spec(
        "view.float",
        "Float or dock panels",
        "Takes the panels out of the window, or back",
        icon="external-link",
    ),
    _spec("view.theme", "Light or dark", "Switches between the light and the dark theme", icon="moon"),
    _spec(
        "view.theme_system", "Theme of the system", "Follows the system's light or dark theme", icon="monitor"
    ),
    _spec(
        "view.commands",
        "Commands…",
        "Finds a command, a step, a node to add or a recent file",
        "Ctrl+K",
        icon="command",
    ),
)

RUN: tuple[ActionSpec, ...] = (
    _spec(
        "run.run",
        "Run",
        "Runs the workflow, or takes a paused run up again",
        "F5",
        "Ctrl+Return",
        icon="play",
    ),
    _spec("run.run_with", "Run with inputs…", "Asks for the inputs first, then runs", "Ctrl+F5"),
    _spec("run.pause", "Pause", "Starts no further step; what runs finishes", "F6", icon="pause"),
    _spec(
        "run.stop", "Stop", "Ends the run; a second time it interrupts what runs", "Shift+F5", icon="square"
    ),
    _spec(
        "run.step",
        "Step",
        "Runs one step and stops before the next",
        "F10",
        icon="skip-forward",
    ),
    _spec(
        "run.answer",
        "Answer the run…",
        "Opens the question the run waits for",
        "F8",
        icon="circle-question-mark",
    ),
    _spec("run.undo", "Undo what it did…", "Undoes what the run did, the last step first", icon="undo-2"),
    _spec(
        "run.anew",
        "Run everything again",
        "Runs every step, also those that are unchanged",
        "Ctrl+Shift+F5",
        icon="refresh-cw",
    ),
    _spec(
        "run.to",
        "Run to here",
        "Runs the selected step and what it needs; what is unchanged is not run again",
        "F7",
        icon="arrow-right-to-line",
    ),
    _spec(
        "run.from",
        "Run from here",
        "Runs the selected step and what follows, with the last results for what comes before",
        "Shift+F7",
        icon="arrow-right-from-line",
    ),
    _spec(
        "run.only",
        "Run only this step",
        "Runs the selected step alone, with the last results for what it uses",
        icon="step-forward",
    ),
    _spec(
        "run.retry",
        "Run again from the failed step",
        "Goes on with the run that failed; what completed before is kept",
        icon="rotate-ccw",
    ),
    _spec("run.clear", "Clear the run's marks", "Takes the last run's states off the canvas"),
    _spec(
        "help.shortcuts",
        "Keyboard shortcuts",
        "Lists every key",
        "?",
        "Shift+?",
        "F1",
        icon="keyboard",
        on_canvas=True,
    ),
)

HELP: tuple[ActionSpec, ...] = (
    _spec(
        "help.logs", "Show the log folder", "Opens the folder with the program's log", icon="folder-search"
    ),
    _spec("help.about", "About Workflow Designer", "Version and licences", icon="info"),
)

SPECS: tuple[ActionSpec, ...] = (*FILE, *EDIT, *NODE, *ARRANGE, *VIEW, *RUN, *HELP)
