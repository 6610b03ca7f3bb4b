"""`workflow-designer` and `python -m designer`: the window, or one of the commands.

Without a command the window opens, and nothing that only commands need is imported before it does.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

COMMANDS = frozenset(
    {
        "cancel",
        "open",
        "prune",
        "render",
        "resume",
        "retry",
        "rollback",
        "run",
        "runs",
        "secrets",
        "show",
        "stats",
        "validate",
    }
)
"""The names in `designer.commands`, here so that a window opens without importing any of them."""


def main(argv: Sequence[str] | None = None) -> int:
    """Opens the window (no argument, or a file) or runs a command; returns the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if opens_window(arguments):
        from designer import app

        return app.main(arguments)
    from designer.commands import commands

    try:
        commands.main(args=arguments, prog_name="workflow-designer")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    return 0


def opens_window(arguments: Sequence[str]) -> bool:
    """Whether the command line names no command: nothing, a file, or only the store."""
    if not arguments or arguments[0].startswith("--store"):
        return True
    if arguments[0] in COMMANDS:
        return False
    first = Path(arguments[0])
    looks_like_file = first.suffix == ".json" or len(first.parts) > 1
    return not arguments[0].startswith("-") and (looks_like_file or first.is_file())


if __name__ == "__main__":
    sys.exit(main())
