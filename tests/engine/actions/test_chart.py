"""Charts: round ticks, what fits where, both formats, and refusals in plain words."""

import struct
from typing import Any
from xml.etree import ElementTree

import pytest

from engine.actions.chart import bar_line
from engine.actions.chart_scale import moment_scale, nice_step, number_label, number_scale, shared_decimals
from engine.actions.chart_svg import Chart, Kind, Series, fitted, render, text_width
from engine.errors import ActionError
from tests.support.step_context import Bench

CITIES = """SELECT * FROM (VALUES ('Aachen', 12.5, 3, DATE '2026-01-01'),
('Bonn & Köln', NULL, 4, DATE '2026-02-01'),
    (NULL, -3.0, 5, DATE '2026-03-01')) t(city, delay, n, day)"""
SVG = "{http://www.w3.org/2000/svg}"


def drawn(bench: Bench, **params: Any) -> ElementTree.Element:
    output = bar_line(
        {"table": bench.table(CITIES), "x": "city", "y": ["delay"], "path": "c.svg", **params}, bench.context
    )
    assert output["bytes"] == (bench.folder / "c.svg").stat().st_size
    return ElementTree.fromstring((bench.folder / "c.svg").read_text(encoding="utf-8"))


def texts(picture: ElementTree.Element) -> list[str]:
    return ["".join(element.itertext()) for element in picture.iter(f"{SVG}text")]


class TestScale:
    @pytest.mark.parametrize(
        ("values", "labels"),
        [
            ([3, 97], ["0", "20", "40", "60", "80", "100"]),
            ([0.1, 0.9], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
            ([1e6, 4.9e6], ["0", "1,000,000", "2,000,000", "3,000,000", "4,000,000", "5,000,000"]),
            ([-40, 60], ["−40", "−20", "0", "20", "40", "60"]),
            ([0.0, 1.2], ["0.00", "0.25", "0.50", "0.75", "1.00", "1.25"]),
            ([], ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ],
    )
    def test_that_ticks_are_round(self, values: list[float], labels: list[str]) -> None:
        scale = number_scale(values, 0, 100, wanted=5, with_zero=True)
        assert [label for _, label in scale.ticks] == labels

    def test_that_one_value_still_makes_an_axis(self) -> None:
        scale = number_scale([5.0], 0, 100, wanted=4)
        assert scale.low < 5 < scale.high

    def test_that_a_tight_axis_ends_at_the_data(self) -> None:
        scale = number_scale([1, 12], 0, 110, wanted=5, is_tight=True)
        assert (scale(1), scale(12)) == (0, 110)
        assert [label for _, label in scale.ticks] == ["2.5", "5.0", "7.5", "10.0"]

    @pytest.mark.parametrize(
        ("days", "labels"),
        [
            (0.01, ["00:00", "00:05", "00:10"]), (1, ["00:00", "06:00", "12:00", "18:00", "00:00"]),
            (10, ["1 Jan", "3 Jan", "5 Jan", "7 Jan", "9 Jan", "11 Jan"]),
            (120, ["Jan 1970", "Feb 1970", "Mar 1970", "Apr 1970", "May 1970"]),
            (365 * 4 + 1, ["1970", "1971", "1972", "1973", "1974"]),
        ],
    )  # fmt: skip
    def test_that_moments_have_ticks_at_whole_units(self, days: float, labels: list[str]) -> None:
        assert [label for _, label in moment_scale([0, days * 86400], 0, 1, wanted=5).ticks] == labels

    def test_that_one_moment_still_makes_an_axis(self) -> None:
        scale = moment_scale([0.0], 0, 1, wanted=3)
        assert scale(0.0) == 0.5

    def test_that_labels_are_readable(self) -> None:
        assert [number_label(-0.0, 0), number_label(-1234.5, 1), number_label(1e20, 0)] == [
            "0",
            "−1,234.5",
            "1e+20",
        ]
        assert [shared_decimals([1, 2]), shared_decimals([0.123]), shared_decimals([120.5])] == [0, 3, 0]
        assert [nice_step(0.3), nice_step(7), nice_step(0)] == [0.5, 10, 1.0]


class TestPicture:
    def test_that_upright_bars_show_names_values_and_titles(self, bench: Bench) -> None:
        picture = drawn(bench, title="Delay", subtitle="2026", x_title="City", y_title="minutes")
        shown = texts(picture)
        for expected in (
            "Delay",
            "2026",
            "City",
            "minutes",
            "Aachen",
            "Bonn & Köln",
            "(empty)",
            "12.5",
            "−3.0",
        ):
            assert expected in shown
        assert len(picture.findall(f"{SVG}rect")) == 3  # the ground and two bars: one value is missing

    def test_that_lying_bars_show_names_and_values(self, bench: Bench) -> None:
        picture = drawn(bench, type="barh", y_title="minutes")
        assert {"Aachen", "12.5", "−3.0", "minutes"} <= set(texts(picture))

    def test_that_several_series_have_a_legend(self, bench: Bench) -> None:
        assert {"delay", "n"} <= set(texts(drawn(bench, y=["delay", "n"])))
        assert {"delay", "n"} <= set(texts(drawn(bench, y=["delay", "n"], type="barh")))

    @pytest.mark.parametrize(("x", "label"), [("n", "3.0"), ("day", "Feb"), ("city", "Aachen")])
    def test_that_a_line_runs_along_numbers_dates_or_names(self, bench: Bench, x: str, label: str) -> None:
        picture = drawn(bench, type="line", x=x)
        lines = [
            path.get("d", "") for path in picture.iter(f"{SVG}path") if path.get("stroke-width") == "2.25"
        ]
        assert [line.count("M") for line in lines] == [2]  # the missing value breaks the line
        assert any(label in text for text in texts(picture))

    def test_that_one_column_may_be_given_alone(self, bench: Bench) -> None:
        assert "Aachen" in texts(drawn(bench, y="delay"))

    def test_that_many_long_names_are_tilted_and_cut(self) -> None:
        names = tuple(f"A really long name of a carrier, number {n}" for n in range(30))
        series = (Series(name="v", values=tuple(float(n) for n in range(30))),)
        svg = render(Chart(kind="bar", labels=names, series=series))
        assert svg.count("rotate(-40)") == 30
        assert "…" in svg

    @pytest.mark.parametrize("kind", ["bar", "barh"])
    def test_that_of_too_many_names_every_nth_is_shown(self, kind: Kind) -> None:
        names = tuple(f"n{n}" for n in range(200))
        series = (Series(name="v", values=(1.0,) * 200),)
        svg = render(Chart(kind=kind, labels=names, series=series))
        assert 20 < svg.count(">n") < 110

    def test_that_text_is_cut_to_its_room(self) -> None:
        assert fitted("short", 100) == "short"
        assert text_width(fitted("a much longer text", 60)) <= 60
        assert text_width("日本") > text_width("ab")


class TestFile:
    def test_that_a_png_is_twice_as_dense(self, bench: Bench) -> None:
        bar_line(
            {
                "table": bench.table(CITIES),
                "x": "city",
                "y": ["n"],
                "path": "out/c.png",
                "width": 400,
                "height": 300,
            },
            bench.context,
        )
        data = (bench.folder / "out/c.png").read_bytes()
        assert data[:8] == b"\x89PNG\r\n\x1a\n"
        assert struct.unpack(">II", data[16:24]) == (800, 600)

    @pytest.mark.parametrize(
        ("params", "message"),
        [
            ({"path": "c.jpg"}, "'c.jpg' does not end with .png or .svg"),
            ({"x": "town"}, "No column 'town'"),
            ({"y": []}, "No column of values"),
            ({"y": ["city"]}, "'city' holds text, not numbers"),
            ({"y": ["n"] * 9}, "9 series are too many"),
            ({"type": "pie"}, "There is no chart 'pie'"),
        ],
    )
    def test_that_a_bad_parameter_says_why(self, bench: Bench, params: dict[str, Any], message: str) -> None:
        with pytest.raises(ActionError) as caught:
            drawn(bench, **params)
        assert message in caught.value.message
        assert not (bench.folder / "c.svg").exists()

    @pytest.mark.parametrize(
        ("select", "kind", "message"),
        [
            ("SELECT 'a' AS city, 1 AS delay WHERE false", "bar", "no rows"),
            ("SELECT i::VARCHAR AS city, i AS delay FROM range(201) t(i)", "bar", "201 rows are too many"),
            ("SELECT NULL::INTEGER AS city, 1 AS delay", "line", "no values to draw along"),
        ],
    )
    def test_that_rows_that_make_no_chart_are_refused(
        self, bench: Bench, select: str, kind: str, message: str
    ) -> None:
        with pytest.raises(ActionError, match=message):
            drawn(bench, table=bench.table(select), type=kind)
