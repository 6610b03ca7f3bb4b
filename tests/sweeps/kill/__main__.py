"""The sweep by name: kills a run at every point, and prints the figures.

python -m tests.sweeps.kill                      every point of every workflow
python -m tests.sweeps.kill --sample             a minute's worth of them
python -m tests.sweeps.kill --only chain --json  one workflow, figures for a program
"""

from __future__ import annotations

import argparse
import gc
import json
import sys

from tests.sweeps.kill.scenarios import SCENARIOS
from tests.sweeps.kill.sweep import Figures, sweep


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sample", action="store_true", help="every workflow and every name, once")
    parser.add_argument("--only", action="append", help="the name of a workflow; may be repeated")
    parser.add_argument("--doubles-of", type=int, default=12, help="first deaths that are died again")
    parser.add_argument("--each", type=int, default=1, help="each so-many-th point only")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    chosen = [scenario for scenario in SCENARIOS if not asked.only or scenario.name in asked.only]
    gc.freeze()  # the forked processes share what is there now
    figures = sweep(
        chosen, sample=asked.sample, doubles_of=asked.doubles_of, each=asked.each, seed=asked.seed
    )
    print(json.dumps(figures.to_json()) if asked.json else _page(figures))
    return 1 if figures.violations else 0


def _page(figures: Figures) -> str:
    lines = [
        f"{figures.kills} kills ({figures.double} of them in a recovery), {figures.lives} processes, "
        f"{figures.seconds:.0f} s; {figures.missed} targets were not met",
        "",
        *(
            f"{count:6}  {name} ({figures.events[name]} events)"
            for name, count in figures.by_workflow.items()
        ),
        "",
        *(f"{count:6}  {name}" for name, count in sorted(figures.by_point.items())),
        "",
        f"{len(figures.violations)} violations",
        *figures.violations,
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
