"""Start, named values, waiting, asking."""

import time
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from engine.actions import flow, person
from engine.errors import ActionError, FormRequired
from tests.support.step_context import Bench


@pytest.mark.asyncio
async def test_that_the_start_says_when(bench: Bench) -> None:
    started = datetime.fromisoformat((await flow.manual({}, bench.context))["started_at"])
    assert abs(datetime.now(UTC) - started) < timedelta(minutes=1)


@pytest.mark.asyncio
async def test_that_values_are_handed_on_by_name(bench: Bench) -> None:
    assert await flow.set_values({"values": {"limit": 60, "on": None}}, bench.context) == {
        "limit": 60,
        "on": None,
    }
    assert await flow.set_values({}, bench.context) == {}
    with pytest.raises(ActionError, match="no names"):
        await flow.set_values({"values": [1]}, bench.context)


@pytest.mark.asyncio
async def test_that_a_switch_hands_its_value_on_as_it_came(bench: Bench) -> None:
    table = {"$table": "0" * 64, "rows": 3, "columns": [], "bytes": 1}
    assert await flow.switch({"value": table}, bench.context) == {"value": table, "rows": 3}
    assert await flow.switch({"value": {"a": 1}}, bench.context) == {"value": {"a": 1}}
    assert await flow.switch({}, bench.context) == {"value": None}


class Wall:
    """The clock on the wall while a step waits; at each wait it may be set by one of `jumps`."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)
        self.jumps: list[timedelta] = []

    async def sleep(self, slept: list[float], seconds: float) -> None:
        slept.append(seconds)
        self.now += timedelta(seconds=seconds) + (self.jumps.pop(0) if self.jumps else timedelta())


@pytest.fixture
def wall(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Wall:
    clock = Wall()
    monkeypatch.setattr(flow, "_now", lambda: clock.now)
    monkeypatch.setattr(bench.reports, "sleep", partial(clock.sleep, bench.reports.slept))
    return clock


class TestWait:
    @pytest.mark.parametrize(("given", "expected"), [(5, [5.0]), ("2.5", [2.5]), (0, [])])
    @pytest.mark.asyncio
    async def test_that_it_waits_for_seconds(self, bench: Bench, given: Any, expected: list[float]) -> None:
        output = await flow.wait({"seconds": given}, bench.context)
        assert bench.reports.slept == expected
        assert output["waited_s"] == float(given)

    @pytest.mark.asyncio
    async def test_that_it_waits_until_a_moment(self, bench: Bench, wall: Wall) -> None:
        output = await flow.wait({"until": "2026-03-01T12:10:00Z"}, bench.context)
        assert bench.reports.slept == [600]
        assert output == {"waited_s": 600, "ended_at": "2026-03-01T12:10:00.000+00:00"}

    @pytest.mark.asyncio
    async def test_that_a_clock_set_back_meanwhile_still_comes_to_the_moment(
        self, bench: Bench, wall: Wall
    ) -> None:
        wall.jumps = [timedelta(hours=-1)]
        await flow.wait({"until": "2026-03-01T12:10:00Z"}, bench.context)
        assert bench.reports.slept == [600, 3_600]

    @pytest.mark.asyncio
    async def test_that_a_clock_set_forward_is_believed(self, bench: Bench, wall: Wall) -> None:
        wall.jumps = [timedelta(hours=1)]
        await flow.wait({"until": "2026-03-01T12:10:00Z"}, bench.context)
        assert bench.reports.slept == [600]

    @pytest.mark.asyncio
    async def test_that_a_moment_without_a_zone_is_local_time(self, bench: Bench, wall: Wall) -> None:
        local = datetime(2026, 3, 1, 12, 1, tzinfo=UTC).astimezone().replace(tzinfo=None)
        await flow.wait({"until": local.isoformat()}, bench.context)
        assert bench.reports.slept == [60]

    @pytest.mark.parametrize(
        ("now", "until", "seconds"),
        [
            # In Berlin, the night in which the clocks go from 02:00 to 03:00, and that from 03:00 to 02:00.
            ("2026-03-29T01:30:00+01:00", "2026-03-29T03:30", 3_600),
            ("2026-03-29T01:30:00+01:00", "2026-03-29T02:30", 3_600),  # an hour that does not exist
            ("2026-10-25T01:30:00+02:00", "2026-10-25T02:30", 3_600),  # it comes twice: the first is meant
            ("2026-10-25T01:30:00+02:00", "2026-10-25T03:30", 3 * 3_600),
        ],
    )
    @pytest.mark.skipif(not hasattr(time, "tzset"), reason="the zone of a process can be set on POSIX only")
    @pytest.mark.asyncio
    async def test_that_a_night_in_which_the_clocks_change_is_as_long_as_it_is(
        self, bench: Bench, wall: Wall, monkeypatch: pytest.MonkeyPatch, now: str, until: str, seconds: int
    ) -> None:
        monkeypatch.setenv("TZ", "Europe/Berlin")
        time.tzset()
        try:
            wall.now = datetime.fromisoformat(now).astimezone(UTC)
            await flow.wait({"until": until}, bench.context)
        finally:
            monkeypatch.undo()
            time.tzset()
        assert bench.reports.slept == [seconds]

    @pytest.mark.asyncio
    async def test_that_a_moment_in_the_past_does_not_wait(self, bench: Bench) -> None:
        assert (await flow.wait({"until": "2001-01-01T00:00:00Z"}, bench.context))["waited_s"] == 0
        assert bench.reports.slept == []

    @pytest.mark.parametrize(
        ("params", "message"),
        [({}, "not said how long"), ({"seconds": -1}, "not possible"), ({"seconds": "nan"}, "not possible"),
         ({"seconds": "soon"}, "not a number of seconds"), ({"until": "tomorrow"}, "not a date and time"),
         ({"seconds": 1e12}, "longer than a year")],
    )  # fmt: skip
    @pytest.mark.asyncio
    async def test_that_a_bad_wait_says_why(self, bench: Bench, params: dict[str, Any], message: str) -> None:
        with pytest.raises(ActionError, match=message):
            await flow.wait(params, bench.context)


FORM = {"type": "object", "properties": {"approved": {"type": "boolean"}}}


class TestAsk:
    @pytest.mark.asyncio
    async def test_that_it_asks_with_the_form(self, bench: Bench) -> None:
        with pytest.raises(FormRequired) as caught:
            await person.ask({"title": "Approve?", "text": "Look first.", "form": FORM}, bench.context)
        assert (caught.value.title, caught.value.text, caught.value.schema) == (
            "Approve?",
            "Look first.",
            FORM,
        )

    @pytest.mark.parametrize("form", [None, {}, {"properties": {}}, "text"])
    @pytest.mark.asyncio
    async def test_that_a_form_without_fields_is_refused(self, bench: Bench, form: Any) -> None:
        with pytest.raises(ActionError, match="no fields"):
            await person.ask({"title": "Approve?", "form": form}, bench.context)
