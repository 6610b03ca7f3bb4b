"""The commands of the File menu."""

from __future__ import annotations

from designer.windows.action_spec import ActionSpec
from designer.windows.action_spec import spec as _spec

FILE: tuple[ActionSpec, ...] = (
    _spec("file.new", "New workflow", "Starts with an empty canvas", "Ctrl+N", icon="file-plus"),
    _spec("file.open", "Open…", "Opens a workflow file", "Ctrl+O", icon="folder-open"),
    _spec("file.new_window", "New window", "Opens another window", "Ctrl+Shift+N", icon="app-window"),
    _spec(
        "file.open_window", "Open in new window…", "Opens a workflow file in another window", "Ctrl+Shift+O"
    ),
    _spec("file.next_window", "Next window", "Brings the next window to the front", "Ctrl+F6"),
    _spec("file.save", "Save", "Writes the workflow to its file", "Ctrl+S", icon="save"),
    _spec("file.save_as", "Save as…", "Writes the workflow to another file", "Ctrl+Shift+S"),
    _spec(
        "file.export_picture",
        "Export picture…",
        "Saves the drawing as PNG, SVG or PDF",
        "Ctrl+Shift+E",
        icon="image",
    ),
    _spec(
        "file.copy_picture",
        "Copy as picture",
        "Puts a picture of the selection, or of everything, onto the clipboard",
        "Ctrl+Alt+C",
    ),
    _spec("file.print", "Print…", "Prints the drawing on one page", "Ctrl+P", icon="printer"),
    _spec("file.preferences", "Preferences…", "Theme, mouse wheel, motion", "Ctrl+,", icon="settings"),
    _spec("file.secrets", "Secrets…", "Keeps passwords and tokens for steps", icon="lock"),
    _spec("file.close", "Close window", "Closes this window", "Ctrl+W"),
    _spec("file.quit", "Quit", "Closes every window", "Ctrl+Q", icon="log-out"),
    _spec("edit.undo", "Undo", "Takes back the last edit", "Ctrl+Z", icon="undo-2"),
    _spec(
        "edit.redo",
        "Redo",
        "Makes the edit again that was taken back",
        "Ctrl+Shift+Z",
        "Ctrl+Y",
        icon="redo-2",
    ),
)
