"""The sweep by name: lets the disk refuse at every write of every workflow, and prints the figures.

python -m tests.sweeps.faults [--sample] [--json]
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

from tests.sweeps.faults.trouble import BROKEN, FORGETFUL, FULL, LOCKED, PLACES, Fault, Saboteur, TroubledLife
from tests.sweeps.kill.life import live
from tests.sweeps.kill.points import Target
from tests.sweeps.kill.rules import Biography, Outcome
from tests.sweeps.kill.scenarios import SCENARIOS, Scenario
from tests.sweeps.kill.sweep import MEMORY

FAULTS = (FULL, BROKEN, LOCKED, FORGETFUL)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="one write of every workflow for each fault")
    parser.add_argument("--each", type=int, default=1, help="each so-many-th write only")
    parser.add_argument("--only", action="append", help="the name of a workflow; may be repeated")
    parser.add_argument("--fault", action="append", help="what SQLite says; may be repeated")
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    logging.disable(logging.ERROR)  # that the store cannot be written is said each time
    gc.freeze()  # the forked processes share what is there now
    began = time.monotonic()
    faults: Counter[str] = Counter()
    places: Counter[str] = Counter()
    violations: list[str] = []
    for scenario in SCENARIOS:
        if asked.only and scenario.name not in asked.only:
            continue
        expected, targets = _without_fault(scenario)
        kinds = [fault for fault in FAULTS if not asked.fault or fault.name in asked.fault]
        cases = {fault: [target for target in targets if target.point in fault.places] for fault in kinds}
        if asked.sample:
            rng = random.Random(scenario.name)
            cases = {fault: [rng.choice(found)] for fault, found in cases.items()}
        every = [(target, fault) for fault, found in cases.items() for target in found]
        for target, fault in every[:: asked.each]:
            try:
                refused = _suffer(scenario, expected, target, fault)
            except AssertionError as violation:
                violations.append(f"{scenario.name}, {fault} {target}: {violation}")
            else:
                faults[fault.name] += refused
                places[target.point] += bool(refused)
    figures: dict[str, Any] = {
        "runs": sum(places.values()),
        "faults": dict(faults),
        "places": dict(places),
        "violations": violations,
        "seconds": round(time.monotonic() - began, 1),
    }
    print(json.dumps(figures) if asked.json else json.dumps(figures, indent=2))
    return 1 if violations else 0


def _without_fault(scenario: Scenario) -> tuple[Outcome, list[Target]]:
    with _folder() as home:
        biography = Biography(scenario, Path(home))
        biography.add(live(scenario, biography.folder, 0, Saboteur(None, FULL), TroubledLife))
        end = biography.lives[0].end
        assert end is not None
        passed = [Target(*target) for target in end["passed"]]
        return biography.outcome(), [target for target in passed if target.point in PLACES]


def _suffer(scenario: Scenario, expected: Outcome, target: Target, fault: Fault) -> int:
    """How often the disk refused. What could not be closed is taken up by another life."""
    with _folder() as home:
        biography = Biography(scenario, Path(home))
        biography.add(live(scenario, biography.folder, 0, Saboteur(target, fault), TroubledLife))
        end = biography.lives[0].end
        assert end is not None
        if not end["closed"]:
            left = [*end["files"], *end["threads"], *end["tasks"]]
            assert not left, f"left behind: {left}"
            biography.add(live(scenario, biography.folder, 1, Saboteur(None, fault), TroubledLife))
        biography.check_end(expected)
        refused: int = end["refused"]
        return refused


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None)


if __name__ == "__main__":
    sys.exit(main())
