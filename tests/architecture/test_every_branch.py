"""The list of what must be covered branch by branch says what it means to say."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LISTED = [
    line
    for line in (ROOT / ".ci" / "every-branch").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]


def test_that_every_line_means_a_file_of_the_engine() -> None:
    """A file that moves would otherwise drop out of the list, and nobody would notice."""
    assert [line for line in LISTED if not any(ROOT.glob(line))] == []
    assert all(line.startswith("engine/") for line in LISTED)


def test_that_nothing_listed_is_kept_out_of_the_count() -> None:
    excused = [
        path.relative_to(ROOT).as_posix()
        for line in LISTED
        for path in ROOT.glob(line)
        if "pragma: no" in path.read_text(encoding="utf-8")
    ]
    assert excused == []


def test_that_the_list_is_what_the_checks_ask_for() -> None:
    checks = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert ".ci/every-branch" in checks
    assert '--include="$every_branch" --fail-under=100' in checks
