"""Writes docs/conformance.md from real runs: `python -m tests.conformance.page FOLDER_OF_THE_MATERIAL`."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conformance.families import FAMILIES
from tests.conformance.tally import Tally, details, first_line

PAGE = Path(__file__).resolve().parents[2] / "docs" / "conformance.md"
_HEAD = """\
# Conformance

What the engine makes of workflows, expectations and expressions that nobody on this project wrote. The
material itself is not part of the project; `tests/conformance` converts it, and its tests are skipped where
it is absent. This page is written by `python -m tests.conformance.page FOLDER`, from real runs; a test
compares it with what the runs give today (`pytest -m slow tests/conformance` for the largest workflows).
Tried = passed + different on purpose + failed.

| Family | Tried | Passed | Different on purpose | Failed | Left out |
|---|---:|---:|---:|---:|---:|
"""
_COMPARED = """
What is compared:

- **asl_aws_recorded**, executions of the Amazon States Language recorded on AWS: the same status and error,
  the same states entered, in the same order (with branches: the same states, none before one that leads to
  it), the same output. Tasks replay their recorded results; waits before retries are left away.
- **workflow_patterns**, control-flow patterns (van der Aalst): each task as often as expected.
- **cwl_workflow_conformance**, Common Workflow Language: `when`, `scatter`, results merged by `pickValue`.
- **atom_semantics**: what the tests of the original engine expect.
- **wfinstances** (recorded scientific workflows) and **wfgen** (generated ones): written and read back,
  checked, and run with actions that do nothing: every task once, parents first, no more than five at once.
- **cel_conformance**, Common Expression Language: `&& || !` and `size` written our way; the same value, or a
  fault where a fault is expected.
- **hostile_expressions**: each within 50 ms and 32 MB, and no file, process or import touched (as Python's
  audit events tell); of the ordinary ones beside them, the same value. `python -m benchmarks.expressions`
  measures the worst of them: 0.4 ms of the processor and 0.01 MB; and of 25 of our own, on as much data as
  the limits let through: 21 ms and 4 MB.
- **json_hostile**, read as workflow files are: accepted or refused as the authors say, never a crash.
- **naughty_strings**, as title, notes, parameter and referenced value: through a file and a run, unchanged.
"""


async def tallies(root: Path) -> list[Tally]:
    """Every family of the material below `root`."""
    return [await family.tally(root / family.folder / "dev") for family in FAMILIES]


def render(results: Sequence[Tally]) -> str:
    """The whole page."""
    rows = "\n".join(first_line(tally) for tally in results)
    parts = "\n".join(line for tally in results for line in details(tally))
    return f"{_HEAD}{rows}\n{_COMPARED}\n{parts.rstrip()}\n"


def main() -> int:
    logging.disable(logging.ERROR)  # observers that fail on purpose are logged
    results = asyncio.run(tallies(Path(sys.argv[1])))
    PAGE.write_text(render(results), encoding="utf-8")
    return 1 if any(tally.failed for tally in results) else 0


if __name__ == "__main__":
    sys.exit(main())
