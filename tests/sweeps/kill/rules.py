"""What must hold of a run over all its lives, however often the program died in it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from engine.history.events import EventType
from engine.history.status import ExecutionStatus, StepStatus
from tests.sweeps.kill.evidence import Run, look
from tests.sweeps.kill.life import Heard, effects_path, store_path
from tests.sweeps.kill.scenarios import Scenario

Outcome = tuple[str, dict[str, str]]
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
        (run,) = [run for run in self.found[-1].values() if not run.was_never_begun()]
        return run

    def outcome(self) -> Outcome:
        state = self.run().state
        return state.status.value, {
            step_id: step.status.value for step_id, step in sorted(state.steps.items())
        }

    def check_end(self, expected: Outcome) -> None:
        """The last life went to the run's end, as the run would have ended without any death."""
        end = self.lives[-1].end
        assert end is not None
        assert end["slots_lost"] == 0, end
        for leak in ("tasks", "threads", "files"):
            assert not end[leak], f"{leak} left behind: {end[leak]}"
        run = self.run()
        assert run.state.status.is_terminal
        uncertain = {
            step_id for step_id, step in run.state.steps.items() if step.status is StepStatus.UNCERTAIN
        }
        if uncertain:
            self._check_uncertain(uncertain)
        else:
            assert self.outcome() == expected, f"it ended as {self.outcome()}, not as {expected}"
        self._check_effects(run)

    def _check_promises(self) -> None:
        """What anybody outside was ever told is in the files."""
        for heard in self.lives:
            for execution_id in heard.runs:
                assert execution_id in self.found[-1], "a run that was acknowledged is gone"
        facts = {fact for run in self.found[-1].values() for fact in run.facts}
        for heard in self.lives:
            lost = [fact for fact in heard.told if fact not in facts]
            assert not lost, f"told, and not durable: {lost}"
        begun = [run for run in self.found[-1].values() if not run.was_never_begun()]
        assert len(begun) <= 1, "the run was started twice"
        recorded = {kind for _, kind, _ in facts}
        for heard in self.lives:
            broken = [kinds for kinds in heard.promised if recorded.isdisjoint(kinds)]
            assert not broken, f"promised, and not recorded: {broken}"
        for earlier, later in zip(self.found, self.found[1:], strict=False):
            for execution_id, run in earlier.items():
                kept = later[execution_id].facts[: len(run.facts)]
                assert kept == run.facts, "what was recorded has changed"

    def _check_uncertain(self, uncertain: set[str]) -> None:
        """Only a step that is tried at most once, and was in flight at a death; and the run says so."""
        assert uncertain <= self.scenario.at_most_once
        assert any(heard.was_killed for heard in self.lives)
        state = self.run().state
        assert state.error is not None
        assert state.error["type"] == "StepUncertain"
        assert state.status not in (ExecutionStatus.COMPLETED, ExecutionStatus.COMPLETED_WITH_ERRORS)

    def _check_effects(self, run: Run) -> None:
        traces = effects_path(self.folder)
        lines = [json.loads(line) for line in traces.read_text().splitlines()] if traces.exists() else []
        begun: defaultdict[str, Counter[int]] = defaultdict(Counter)
        effects: Counter[str] = Counter()
        steps: dict[str, str] = {}
        for line in lines:
            key = line["key"]
            steps[key] = line["step"]
            if line["what"] == "begin":
                begun[key][line["life"]] += 1
            else:
                effects[key] += 1
        assert len(steps) == len(set(steps.items())), "a step had two keys"
        for key, step_id in steps.items():
            undoes = key.endswith(":rollback")
            assert key == f"{run.state.id}:{step_id}" + (":rollback" if undoes else "")
            in_flight = self._check_beginnings(step_id, begun[key], undoes=undoes)
            allowed = 1 if step_id in self.scenario.at_most_once and not undoes else 1 + in_flight
            assert effects[key] <= allowed, f"{key} took effect {effects[key]} times, {in_flight} in flight"
        for event in run.events:
            if event.type is EventType.STEP_COMPLETED and event.step_id in self._acting():
                assert effects[f"{run.state.id}:{event.step_id}"] >= 1 or event.data.get("via"), event.step_id
            if event.type is EventType.STEP_ROLLED_BACK:
                assert effects[f"{run.state.id}:{event.step_id}:rollback"] >= 1, event.step_id

    def _check_beginnings(self, step_id: str, begun: Counter[int], *, undoes: bool) -> int:
        """In how many deaths the step was in flight. It never begins again once its end is recorded."""
        in_flight = 0
        for number, found in enumerate(self.found):
            runs = [run for run in found.values() if not run.was_never_begun()]
            if not runs:
                continue
            if undoes:
                step = runs[0].state.steps.get(step_id)
                is_over = step is not None and step.status in _UNDONE
            else:
                is_over = step_id in runs[0].ended_steps()
            again = [life for life in begun if life > number]
            assert not (is_over and again), f"{step_id} had ended, and began again"
            if self.lives[number].was_killed and begun[number] and not is_over:
                in_flight += 1
        return in_flight

    def _acting(self) -> set[str]:
        """The steps that leave an effect when they complete."""
        return {
            item["id"]
            for item in self.scenario.workflow["nodes"]
            if item["config"].get("action") in ("send", "note", "large", "flaky")
        }
