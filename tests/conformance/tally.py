"""What became of a family of outside cases: tried and passed, different on purpose, or left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field


class LeftOut(Exception):
    """The case says something that the engine has no words for; the argument is the reason."""


@dataclass(slots=True)
class Tally:
    """The figures of one family. `differing` names cases that differ on purpose, `failed` the others."""

    family: str
    passed: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    differing: dict[str, list[str]] = field(default_factory=dict)
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def differences(self) -> int:
        return sum(len(cases) for cases in self.differing.values())

    @property
    def tried(self) -> int:
        return self.passed + self.differences + len(self.failed)

    def leave_out(self, reason: str) -> None:
        self.left_out[reason] += 1

    def judge(self, case: str, fault: str | None, *, on_purpose: str | None = None) -> None:
        """Count a case that ran: `fault` says how it differs, `on_purpose` why that is meant, if it is."""
        if fault is None and on_purpose is None:
            self.passed += 1
        elif fault is not None and on_purpose is not None:
            self.differing.setdefault(on_purpose, []).append(case)
        else:
            self.failed.append((case, fault or f"no longer differs: {on_purpose}"))


def first_line(tally: Tally) -> str:
    """The family's row in the table of docs/conformance.md."""
    return (
        f"| {tally.family} | {tally.tried:,} | {tally.passed:,} | {tally.differences:,} "
        f"| {len(tally.failed):,} | {sum(tally.left_out.values()):,} |"
    )


def details(tally: Tally) -> Iterable[str]:
    """The family's own part of docs/conformance.md: what differs and what is left out, with the reasons."""
    if not tally.differing and not tally.left_out:
        return
    yield f"## {tally.family}"
    yield ""
    if tally.differing:
        yield "Differs on purpose:"
        yield ""
        for reason, cases in sorted(tally.differing.items()):
            yield f"- {len(cases):,}: {reason} ({_named(cases)})"
        yield ""
    if tally.left_out:
        yield "Left out:"
        yield ""
        for reason, count in sorted(tally.left_out.items(), key=lambda item: (-item[1], item[0])):
            yield f"- {count:,}: {reason}"
        yield ""


def _named(cases: list[str]) -> str:
    shown = ", ".join(f"`{case}`" for case in sorted(cases)[:6])
    return shown if len(cases) <= 6 else f"{shown}, ..."
