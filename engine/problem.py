"""One thing that is wrong, or looks wrong, with a workflow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "info"]


FixKind: TypeAlias = Literal["text", "key", "input"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """What would mend a problem at its pointer, by one click; `label` says what.

    text: `wrong` becomes `right` in the text there. key: the key there becomes `right`. input: the workflow
    gets an input `right`.
    """

    label: str
    kind: FixKind
    right: str
    wrong: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """An error stops a run before it starts; a warning does not, and information is not even wrong.

    `pointer` is a JSON Pointer (RFC 6901) into the workflow file, `suggestion` the text to put there
    instead, or what to do; both may be empty. `path` is the way to a step inside `node_id` ("each/check").
    `fixes` are what would mend it, where that is known. `code` is stable, for tests and tools.
    """

    severity: Severity
    code: str
    message: str
    node_id: str | None = None
    connection_id: str | None = None
    pointer: str = ""
    suggestion: str = ""
    path: str = ""
    fixes: tuple[Fix, ...] = ()

    @property
    def is_error(self) -> bool:
        """Whether a run must not start."""
        return self.severity == "error"

    def to_json(self) -> dict[str, str | None]:
        """The problem as `validate --json` prints it."""
        told: dict[str, str | None] = {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "node_id": self.node_id,
            "connection_id": self.connection_id,
            "pointer": self.pointer,
            "suggestion": self.suggestion,
        }
        if self.path:
            told["path"] = self.path
        return told
