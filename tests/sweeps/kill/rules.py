"""What must hold of a run over all its lives, however often the program died in it."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from engine.history.events import EventType
from engine.history.status import ExecutionStatus, StepStatus
from tests.sweeps.kill.evidence import Run, look
from tests.sweeps.kill.life import Heard, effects_path, store_path
from tests.sweeps.kill.scenarios import Scenario

Outcome = tuple[str, dict[str, str]]
# What follows the run and the step in a key: the epoch, if the run was taken up again, and what it is for.
_REST_OF_KEY = re.compile(r"(?::([0-9]+))?(:rollback)?")
_UNDONE = (StepStatus.ROLLED_BACK, StepStatus.ROLLBACK_FAILED)


@dataclass(slots=True)
class Biography:
    """The lives of one run so far: what each said, and what the files held when it was over."""

    scenario: Scenario
    folder: Path
    lives: list[Heard] = field(default_factory=list)
    found: list[dict[str, Run]] = field(default_factory=list)

    def add(self, heard: Heard) -> None:
        """A life is over; raises AssertionError when something is wrong with what it left behind."""
        assert not heard.trouble, heard.trouble
        self.lives.append(heard)
        self.found.append(look(store_path(self.folder)))
        self._check_promises()

    def run(self) -> Run:
        """The run that was started; what it has inside is found under ids that begin with its own."""
        (run,) = started(self.found[-1])
        return run

    def outcome(self) -> Outcome:
        """How the run and everything inside it ended, step by step."""
        main = self.run()
        ends = {}
        for run_id, run in sorted(self.found[-1].items()):
            if run is main or run_id.startswith(f"{main.state.id}/"):
                place = run_id.removeprefix(main.state.id)
                ends[place] = run.state.status.value
                ends.update(
                    {f"{place}.{step_id}": step.status.value for step_id, step in run.state.steps.items()}
                )
        return main.state.status.value, ends

    def check_end(self, expected: Outcome) -> None:
        """The last life went to the run's end, as the run would have ended without any death."""
        end = self.lives[-1].end
        assert end is not None
        assert end["slots_lost"] == 0, end
        for leak in ("tasks", "threads", "files"):
            assert not end[leak], f"{leak} left behind: {end[leak]}"
        assert self.run().state.status.is_terminal
        uncertain = [run for run in self.found[-1].values() if run.uncertain_steps()]
        for run in uncertain:
            self._check_uncertain(run)
        if not uncertain:
            assert self.outcome() == expected, f"it ended as {self.outcome()}, not as {expected}"
        self._check_effects()

    def _check_promises(self) -> None:
        """What anybody outside was ever told is in the files."""
        for heard in self.lives:
            for execution_id in heard.runs:
                assert execution_id in self.found[-1], "a run that was acknowledged is gone"
        begun = started(self.found[-1])
        assert len(begun) <= 1, "the run was started twice"
        facts = {fact for run in begun for fact in run.facts}
        for heard in self.lives:
            lost = [fact for fact in heard.told if fact not in facts]
            assert not lost, f"told, and not durable: {lost}"
        recorded = {kind for _, kind, _ in facts}
        for heard in self.lives:
            broken = [kinds for kinds in heard.promised if recorded.isdisjoint(kinds)]
            assert not broken, f"promised, and not recorded: {broken}"
        for earlier, later in zip(self.found, self.found[1:], strict=False):
            for execution_id, run in earlier.items():
                kept = later[execution_id].facts[: len(run.facts)]
                assert kept == run.facts, "what was recorded has changed"

    def _check_uncertain(self, run: Run) -> None:
        """Only a step that is tried at most once, and was in flight at a death; and the run says so."""
        assert run.uncertain_steps() <= self.scenario.at_most_once
        assert any(heard.was_killed for heard in self.lives)
        assert run.state.error is not None
        assert run.state.error["type"] == "StepUncertain"
        assert self.run().state.status not in (
            ExecutionStatus.COMPLETED,
            ExecutionStatus.COMPLETED_WITH_ERRORS,
        )

    def _check_effects(self) -> None:
        traces = effects_path(self.folder)
        lines = [json.loads(line) for line in traces.read_text().splitlines()] if traces.exists() else []
        begun: defaultdict[str, Counter[int]] = defaultdict(Counter)
        effects: Counter[str] = Counter()
        steps: dict[str, tuple[str, str]] = {}
        for line in lines:
            key = line["key"]
            steps[key] = (line["run"], line["step"])
            if line["what"] == "begin":
                begun[key][line["life"]] += 1
            else:
                effects[key] += 1
        for key, (run_id, step_id) in steps.items():
            told = _REST_OF_KEY.fullmatch(key.removeprefix(f"{run_id}:{step_id}"))
            assert told, f"{key} is no stable key"
            epoch, undoes = int(told[1] or 1), bool(told[2])
            in_flight = self._check_beginnings(run_id, step_id, epoch, begun[key], undoes=undoes)
            allowed = 1 if step_id in self.scenario.at_most_once and not undoes else 1 + in_flight
            assert effects[key] <= allowed, f"{key} took effect {effects[key]} times, {in_flight} in flight"
        for run_id, run in self.found[-1].items():
            epoch = 1
            keys: dict[str | None, str] = {}
            for event in run.events:
                if event.type is EventType.EXECUTION_RESTARTED:
                    epoch = event.data["epoch"]
                if event.step_id not in self.scenario.acting:
                    continue
                if event.type is EventType.STEP_COMPLETED:
                    key = f"{run_id}:{event.step_id}" + (f":{epoch}" if epoch > 1 else "")
                    keys[event.step_id] = key
                    assert effects[key] >= 1 or event.data.get("via"), f"{key} never took effect"
                if event.type is EventType.STEP_ROLLED_BACK:
                    key = keys[event.step_id]
                    assert effects[f"{key}:rollback"] >= 1, f"{key} was never undone"

    def _check_beginnings(
        self, run_id: str, step_id: str, epoch: int, begun: Counter[int], *, undoes: bool
    ) -> int:
        """In how many deaths the step was in flight. It never begins again once its end is recorded."""
        in_flight = 0
        for number, found in enumerate(self.found):
            run = found.get(run_id)
            is_over = False
            if run is not None:
                step = run.state.steps.get(step_id)
                undone = step is not None and step.status in _UNDONE
                has_ended = run.state.epoch == epoch and step_id in run.ended_steps()
                is_over = undone if undoes else run.state.epoch > epoch or has_ended
            again = [life for life in begun if life > number]
            assert not (is_over and again), f"{run_id}:{step_id} had ended, and began again"
            if self.lives[number].was_killed and begun[number] and not is_over:
                in_flight += 1
        return in_flight


def started(found: dict[str, Run]) -> list[Run]:
    """The runs that a person started, without what they have inside."""
    return [run for run_id, run in found.items() if "/" not in run_id and not run.was_never_begun()]
