"""What the commands tell the shell. The numbers are documented in the README and stay."""

from __future__ import annotations

from enum import IntEnum

from engine.history.status import ExecutionStatus


class ExitCode(IntEnum):
    """How a command ended."""

    COMPLETED = 0
    FAILED = 1
    USAGE = 2
    WAITING = 3
    INVALID_FILE = 4
    COMPLETED_WITH_ERRORS = 5
    INTERRUPTED = 130

    @staticmethod
    def of_status(status: str) -> ExitCode:
        """The code for an execution that has ended or waits."""
        match status:
            case ExecutionStatus.COMPLETED:
                return ExitCode.COMPLETED
            case ExecutionStatus.COMPLETED_WITH_ERRORS:
                return ExitCode.COMPLETED_WITH_ERRORS
            case ExecutionStatus.PAUSED:
                return ExitCode.WAITING
        return ExitCode.FAILED
