"""Start, named values, waiting, asking."""

from datetime import UTC, datetime, timedelta
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


class TestWait:
    @pytest.mark.parametrize(("given", "expected"), [(5, [5.0]), ("2.5", [2.5]), (0, [])])
    @pytest.mark.asyncio
    async def test_that_it_waits_for_seconds(self, bench: Bench, given: Any, expected: list[float]) -> None:
        output = await flow.wait({"seconds": given}, bench.context)
        assert bench.reports.slept == expected
        assert output["waited_s"] == float(given)

    @pytest.mark.asyncio
    async def test_that_it_waits_until_a_moment(self, bench: Bench) -> None:
        moment = datetime.now(UTC) + timedelta(minutes=10)
        await flow.wait({"until": moment.isoformat()}, bench.context)
        assert bench.reports.slept == [pytest.approx(600, abs=5)]

    @pytest.mark.asyncio
    async def test_that_a_moment_without_a_zone_is_local_time(self, bench: Bench) -> None:
        await flow.wait({"until": (datetime.now() + timedelta(minutes=1)).isoformat()}, bench.context)
        assert bench.reports.slept == [pytest.approx(60, abs=5)]

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
