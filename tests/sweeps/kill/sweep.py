"""Which deaths to die: every named point of every workflow, and again at every point of the recovery."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from tests.sweeps.kill.life import Heard, live
from tests.sweeps.kill.points import Reaper, Target
from tests.sweeps.kill.rules import Biography, Outcome
from tests.sweeps.kill.scenarios import Scenario

MEMORY = Path("/dev/shm")
OFTEN = 2
OTHERS = 6
TRIES = 5


@dataclass(slots=True)
class Figures:
    """What came of a sweep. `lives` counts all processes, `kills` those that were really killed."""

    kills: int = 0
    double: int = 0
    lives: int = 0
    missed: int = 0
    events: Counter[str] = field(default_factory=Counter)
    by_workflow: Counter[str] = field(default_factory=Counter)
    by_point: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def to_json(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}


class Sweep:
    """Kills one scenario after the other, and gathers the figures."""

    def __init__(self, home: Path, figures: Figures) -> None:
        self._home = home
        self._figures = figures

    def whole(self, scenario: Scenario, *, doubles_of: int, each: int) -> None:
        """Die once at every point; and at `doubles_of` of them again at every point of the recovery.

        each: at each so-many-th point only.
        """
        expected, points = self._without_death(scenario)
        points = points[::each]
        firsts = set(_spread(points, doubles_of))
        for first in points:
            self._die(scenario, expected, first, again=None if first in firsts else ())

    def sample(self, scenario: Scenario, seed: int, *, twice: bool) -> None:
        """Die at every named point that has seldom been died at so far, and at some others.

        twice: after one of them, die again in the recovery, once at every name.
        """
        expected, points = self._without_death(scenario)
        rng = random.Random(f"{seed} {scenario.name}")
        names = sorted({target.point for target in points})
        often = [name for name in names if self._figures.by_point[name] >= OFTEN]
        left_out = set(rng.sample(often, max(0, len(often) - OTHERS)))
        chosen = [name for name in names if name not in left_out]
        name_twice = rng.choice(chosen) if twice else ""
        for name in chosen:
            places = [target for target in points if target.point == name]
            again = None if name == name_twice else ()
            # Threads may have it that a life passes by another way, and not by this place.
            for first in rng.sample(places, min(TRIES, len(places))):
                if self._die(scenario, expected, first, again=again, each_name_once=True):
                    break

    def _without_death(self, scenario: Scenario) -> tuple[Outcome, list[Target]]:
        with self._folder() as folder:
            biography = Biography(scenario, folder)
            end = self._live(biography, None)
            expected = biography.outcome()
            biography.check_end(expected)
            self._figures.events[scenario.name] = len(biography.run().events)
            return expected, _passed(end)

    def _die(
        self,
        scenario: Scenario,
        expected: Outcome,
        first: Target,
        *,
        again: Iterable[Target] | None,
        each_name_once: bool = False,
    ) -> bool:
        """Whether it came to this death. again: where to die a second time; None for all of the recovery."""
        with self._folder() as folder, self._judged(f"{scenario.name}, killed {first}"):
            biography = Biography(scenario, folder)
            if not self._is_killed(biography, first):
                return False
            kept = folder.with_name(folder.name + ".kept")
            shutil.copytree(folder, kept)
            try:
                end = self._live(biography, None)
                biography.check_end(expected)
                points = list(again) if again is not None else _recovering(_passed(end))
                for second in _once_each(points) if each_name_once else points:
                    self._die_again(biography, kept, expected, first, second)
            finally:
                shutil.rmtree(kept)
        return True

    def _die_again(
        self, before: Biography, kept: Path, expected: Outcome, first: Target, second: Target
    ) -> None:
        scenario = before.scenario
        with self._folder() as folder, self._judged(f"{scenario.name}, killed {first}, then {second}"):
            shutil.copytree(kept, folder, dirs_exist_ok=True)
            biography = Biography(scenario, folder, before.lives[:1], before.found[:1])
            if self._is_killed(biography, second):
                self._figures.double += 1
                self._live(biography, None)
                biography.check_end(expected)

    def _is_killed(self, biography: Biography, target: Target) -> bool:
        """False when the life passed by another way, as threads may have it, and came to its end."""
        self._live(biography, target)
        if not biography.lives[-1].was_killed:
            self._figures.missed += 1
            return False
        self._figures.kills += 1
        self._figures.by_workflow[biography.scenario.name] += 1
        self._figures.by_point[target.point] += 1
        return True

    def _live(self, biography: Biography, target: Target | None) -> Heard:
        heard = live(biography.scenario, biography.folder, len(biography.lives), Reaper(target))
        self._figures.lives += 1
        biography.add(heard)
        return heard

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        folder = Path(tempfile.mkdtemp(dir=self._home))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)

    @contextmanager
    def _judged(self, what: str) -> Iterator[None]:
        try:
            yield
        except AssertionError as violation:
            self._figures.violations.append(f"{what}: {violation}")


def sweep(
    scenarios: Iterable[Scenario], *, sample: bool, doubles_of: int = 0, each: int = 1, seed: int = 0
) -> Figures:
    """The figures of a whole sweep, or of a small one that still passes every name."""
    figures = Figures()
    began = time.monotonic()
    # In memory where that can be had: no plug is pulled here, and a disk's syncs would take most of the time.
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as home:
        for number, scenario in enumerate(scenarios):
            killer = Sweep(Path(home), figures)
            if sample:
                killer.sample(scenario, seed, twice=number % 3 == 0)
            else:
                killer.whole(scenario, doubles_of=doubles_of, each=each)
    figures.seconds = time.monotonic() - began
    return figures


def _passed(heard: Heard) -> list[Target]:
    assert heard.end is not None
    return [Target(*target) for target in heard.end["passed"]]


def _recovering(passed: list[Target]) -> list[Target]:
    """From the start of a life to the moment when it has recovered, and what follows from it at once."""
    names = [target.point for target in passed]
    after = names.index("after recovery") + 1
    return passed[: after + 10]


def _once_each(targets: Iterable[Target]) -> list[Target]:
    return list({target.point: target for target in targets}.values())


def _spread(targets: list[Target], count: int) -> list[Target]:
    """So many of them, evenly spread, with every name at least once."""
    named = _once_each(targets)
    wanted = max(0, count - len(named))
    return named[:count] + targets[:: max(1, len(targets) // wanted)] if wanted else named[:count]
