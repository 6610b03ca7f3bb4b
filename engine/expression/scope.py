"""What the names and references of an expression stand for during a run."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final, Protocol

from engine.expression.paths import MISSING, Missing, Path, descend
from engine.model.json_value import Json

ROOTS: Final = frozenset(
    {"input", "trigger", "steps", "vars", "secrets", "execution", "item", "index", "error", "self"}
)
STEP_FIELDS: Final = frozenset(
    {"output", "status", "error", "attempts", "started_at", "ended_at", "duration_ms"}
)

TIMES: Final = frozenset({"started_at", "ended_at", "duration_ms"})


class Scope(Protocol):
    """Where values come from. Both lookups answer MISSING, never raise."""

    def name(self, path: Path) -> Json | Missing:
        """The value of a plain name, and of the fields and items written behind it."""
        ...

    def reference(self, path: Path) -> Json | Missing:
        """The value of `${path}`."""
        ...

    def names(self) -> Iterable[str]:
        """Every plain name that has a value, for messages."""
        ...

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class RunScope:
    """The values of one execution.

    `steps` maps a step's id to its record (STEP_FIELDS; "output" absent until there is one), `fields` is
    the output of the step a connection leaves: its fields are the first meaning of a plain name.
    References look at the roots first and then at step ids. The mappings are read, never copied.
    """

    __slots__ = ("_clock", "_fields", "_roots", "_steps")

    def __init__(
        self,
        *,
        input_data: Mapping[str, Json] | None = None,
        steps: Mapping[str, Mapping[str, Json]] | None = None,
        fields: Json | Missing = MISSING,
        roots: Mapping[str, Json] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._roots: Mapping[str, object] = {
            "input": input_data if input_data is not None else {},
            **(roots or {}),
        }
        self._steps = steps if steps is not None else {}
        self._fields = fields if isinstance(fields, Mapping) else {}
        self._clock = clock

    @staticmethod
    def of_state(state: Mapping[str, object], source: str | None = None) -> RunScope:
        """The scope of `{"input_data", "steps", "outputs"}` or of `{step_id: {"output": ...}}`.

        `source` is the step whose output gives plain names their first meaning.
        """
        is_full = any(isinstance(state.get(key), Mapping) for key in ("input_data", "steps", "outputs"))
        given = state.get("steps") if is_full else state
        steps: dict[str, Mapping[str, Json]] = {}
        for step_id, record in _mapping(given).items():
            steps[step_id] = record if isinstance(record, Mapping) else {"output": record}
        if is_full:
            for step_id, output in _mapping(state.get("outputs")).items():
                steps[step_id] = {**steps.get(step_id, {}), "output": output}
        fields = _output_of(steps.get(source, {})) if source is not None else MISSING
        roots = {key: value for key, value in state.items() if is_full and key in ROOTS - {"steps", "input"}}
        return RunScope(
            input_data=_mapping(state.get("input_data")),
            steps=steps,
            fields=fields,
            roots=roots,  # type: ignore[arg-type]
        )

    def name(self, path: Path) -> Json | Missing:
        root = path.root
        if root in self._fields:
            found = descend(self._fields[root], path.parts)
        elif root in self._steps:
            found = self._in_step(root, self._steps[root], path.parts)
        else:
            return self.reference(path)
        return self._otherwise(path) if found is MISSING else found

    def reference(self, path: Path) -> Json | Missing:
        root, key = path.root, path.key
        if key is not None and key not in STEP_FIELDS and root not in self._roots:
            # A field of what a step gave, which is what is asked for most: the rest would find the same.
            record = self._steps.get(root)
            output = record.get("output") if record is not None else None
            if type(output) is dict and key in output:
                field: Json = output[key]
                return field
        found = self._found(path)
        return self._otherwise(path) if found is MISSING else found

    def _found(self, path: Path) -> Json | Missing:
        root, parts = path.root, path.parts
        if root in self._roots:
            return descend(self._roots[root], parts)  # type: ignore[arg-type]
        if root == "steps":
            if not parts or not isinstance(parts[0], str):
                return MISSING
            root, parts = parts[0], parts[1:]
        record = self._steps.get(root)
        return MISSING if record is None else self._in_step(root, record, parts)

    def _in_step(
        self, step_id: str, record: Mapping[str, Json], parts: tuple[str | int, ...]
    ) -> Json | Missing:
        if parts and parts[0] in TIMES and parts[0] not in record:
            found = self._time_of(step_id, str(parts[0]))
            if found is not MISSING:
                return descend(found, parts[1:])
        return _in_step(record, parts)

    def _time_of(self, step_id: str, field: str) -> Json | Missing:
        """One of TIMES of a step whose record does not hold it; a scope may know of it."""
        return MISSING

    def _otherwise(self, path: Path) -> Json | Missing:
        """The value of a reference to what is not there; a scope may know of one."""
        return MISSING

    def names(self) -> Iterable[str]:
        return dict.fromkeys((*self._fields, *self._steps, *self._roots))

    def now(self) -> float:
        return self._clock()


def _in_step(record: Mapping[str, Json], parts: tuple[str | int, ...]) -> Json | Missing:
    """`A.x` is short for `A.output.x` unless x is a field of the step itself."""
    if parts and parts[0] in STEP_FIELDS and parts[0] != "output" and parts[0] in record:
        return descend(record[str(parts[0])], parts[1:])
    output = record.get("output", MISSING)
    if output is None:
        output = _output_of(record)
    if output is MISSING:
        return MISSING
    if parts and parts[0] == "output":
        found = descend(output, parts[1:])
        if found is not MISSING:
            return found
    return descend(output, parts)


def _output_of(record: Mapping[str, Json]) -> Json | Missing:
    """A step that did not complete has no output, even where its record says null."""
    output = record.get("output", MISSING)
    if output is None and record.get("status") not in (None, "COMPLETED"):
        return MISSING
    return output


def _mapping(value: object) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
