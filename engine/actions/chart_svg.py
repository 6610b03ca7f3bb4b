"""Charts as SVG: one function a part of the picture, all measures in pixels.

Colours keep apart under the common kinds of colour blindness (after Okabe and Ito). Text is Inter,
whose widths are estimated: exact enough to decide what fits, and it needs no font engine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape

from engine.actions.chart_scale import Scale, moment_scale, number_label, number_scale, shared_decimals

Kind = Literal["bar", "barh", "line"]
XKind = Literal["category", "number", "moment"]

PALETTE = ("#1D5FA8", "#D98200", "#0B8A66", "#B8508F", "#4AA3DB", "#C4511D", "#5B4BB5", "#7A6A1F")
_TEXT, _QUIET, _GRID, _AXIS = "#1A2230", "#4A5565", "#E3E8EF", "#7F8A9A"
_FONT = "Inter, 'Segoe UI', 'SF Pro Text', 'Noto Sans', sans-serif"
_MARGIN = 28.0
_LABEL_PX = 12.0
_MOST_LABELLED_BARS = 24
_MOST_MARKED_POINTS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One column of numbers; None where there is none."""

    name: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """What to draw. ``labels`` name the categories; ``positions`` place numbers and moments (epoch s)."""

    kind: Kind
    labels: tuple[str, ...]
    series: tuple[Series, ...]
    x_kind: XKind = "category"
    positions: tuple[float, ...] = ()
    title: str = ""
    subtitle: str = ""
    x_title: str = ""
    y_title: str = ""
    width: int = 960
    height: int = 540


@dataclass(frozen=True, slots=True)
class _Plot:
    """The rectangle inside the axes."""

    left: float
    top: float
    right: float
    bottom: float


def render(chart: Chart) -> str:
    """The chart as an SVG document."""
    head, top = _head(chart)
    body = _lying(chart, top) if chart.kind == "barh" else _upright(chart, top)
    described = escape(chart.title or f"{', '.join(s.name for s in chart.series)} chart")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{chart.width}" height="{chart.height}" '
        f'viewBox="0 0 {chart.width} {chart.height}" role="img" '
        f'font-family="{_FONT}" font-size="{_LABEL_PX:g}">\n'
        f"<title>{described}</title>\n"
        f'<rect width="{chart.width}" height="{chart.height}" fill="#FFFFFF"/>\n'
        + "\n".join([*head, *body])
        + "\n</svg>\n"
    )


def text_width(text: str, size: float = _LABEL_PX) -> float:
    """About how wide a text is in Inter."""
    return sum(_letter_width(letter) for letter in text) * size


def fitted(text: str, width: float, size: float = _LABEL_PX) -> str:
    """The text, cut with an ellipsis where it is too wide."""
    if text_width(text, size) <= width:
        return text
    while text and text_width(text + "…", size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def _letter_width(letter: str) -> float:
    if letter in "ijlI.,:;|'!()[]ft ":
        return 0.31
    if letter in "mwMW@%—":
        return 0.88
    if letter.isupper() or letter.isdigit():
        return 0.65
    return 0.57 if ord(letter) < 0x2E80 else 1.0


def _head(chart: Chart) -> tuple[list[str], float]:
    """Title, subtitle and legend; and where the plot may begin."""
    parts: list[str] = []
    y = 18.0
    room = chart.width - 2 * _MARGIN
    if chart.title:
        y += 20
        shown = fitted(chart.title, room, 19)
        parts.append(_text(_MARGIN, y, shown, size=19, weight=600, fill=_TEXT))
        y += 6
    if chart.subtitle:
        y += 16
        parts.append(_text(_MARGIN, y, fitted(chart.subtitle, room, 13), size=13))
        y += 4
    if len(chart.series) > 1:
        y += 22
        parts += _legend(chart, y)
        y += 4
    return parts, y + 14


def _legend(chart: Chart, y: float) -> list[str]:
    parts = []
    x = _MARGIN
    room = (chart.width - 2 * _MARGIN) / len(chart.series) - 34
    for number, series in enumerate(chart.series):
        shown = fitted(series.name, max(room, 40))
        parts.append(
            f'<rect x="{x:.1f}" y="{y - 9:.1f}" width="11" height="11" rx="3" fill="{_colour(number)}"/>'
        )
        parts.append(_text(x + 17, y, shown, fill=_TEXT))
        x += 17 + text_width(shown) + 22
    return parts


def _upright(chart: Chart, top: float) -> list[str]:
    """Bars and lines: categories or a continuous axis below, numbers at the left."""
    values = _values(chart)
    if chart.y_title:
        top += 18
    labels_px = (
        max((text_width(label) for label in chart.labels), default=0) if chart.x_kind == "category" else 0
    )
    probe = number_scale(values, 1, 0, wanted=5, with_zero=chart.kind == "bar")
    left = _MARGIN + max(text_width(label) for _, label in probe.ticks) + 10
    right = chart.width - _MARGIN
    band = (right - left) / max(1, len(chart.labels))
    tilted = chart.x_kind == "category" and labels_px > band - 6 and band < 130
    below = min(labels_px * 0.64 + 20, chart.height * 0.28) if tilted else 26.0
    if tilted:  # the first name begins left of its bar: it needs room there
        left = max(left, min(text_width(chart.labels[0]) * 0.77, below * 1.2) - band / 2 + 8)
        band = (right - left) / len(chart.labels)
    bottom = chart.height - 18 - below - (20 if chart.x_title else 0)
    plot = _Plot(left, top, right, bottom)
    wanted = max(2, int((bottom - top) / 64))
    y = number_scale(values, bottom, top, wanted=wanted, with_zero=chart.kind == "bar")
    parts = _grid(plot, y)
    if chart.y_title:
        parts.append(_text(_MARGIN, top - 14, fitted(chart.y_title, right - left)))
    if chart.x_title:
        parts.append(
            _text((left + right) / 2, chart.height - 16, fitted(chart.x_title, right - left), anchor="middle")
        )
    if chart.x_kind == "category":
        parts += _category_labels(chart, plot, band, tilted=tilted)
        places = [left + band * (number + 0.5) for number in range(len(chart.labels))]
    else:
        x = _continuous(chart, plot)
        parts += _tick_labels(plot, x)
        places = [x(position) for position in chart.positions]
    if chart.kind == "bar":
        return parts + _bars(chart, y, places, band) + [_line(left, y(0), right, y(0), _AXIS)]
    return parts + _lines(chart, y, places) + [_line(left, bottom, right, bottom, _AXIS)]


def _lying(chart: Chart, top: float) -> list[str]:
    """Bars from left to right, one below the other: long names stay readable."""
    values = _values(chart)
    decimals = shared_decimals(values)
    widest = max((text_width(label) for label in chart.labels), default=0)
    left = _MARGIN + min(widest, chart.width * 0.34) + 10
    right = chart.width - _MARGIN - 44
    bottom = chart.height - 18 - 24 - (18 if chart.y_title else 0)
    x = number_scale(values, left, right, wanted=max(2, int((right - left) / 110)), with_zero=True)
    parts = []
    for tick, label in x.ticks:
        parts.append(_line(x(tick), top, x(tick), bottom, _GRID))
        parts.append(_text(x(tick), bottom + 18, label, anchor="middle"))
    if chart.y_title:
        parts.append(
            _text((left + right) / 2, chart.height - 16, fitted(chart.y_title, right - left), anchor="middle")
        )
    band = (bottom - top) / max(1, len(chart.labels))
    every = max(1, round(14 / band + 0.49)) if band < 14 else 1
    thick = band * 0.7 / len(chart.series)
    labelled = len(chart.series) == 1 and band >= 15
    for row, label in enumerate(chart.labels):
        middle = top + band * (row + 0.5)
        if row % every == 0:
            parts.append(
                _text(left - 10, middle + 4, fitted(label, left - 10 - _MARGIN), anchor="end", fill=_TEXT)
            )
        for number, series in enumerate(chart.series):
            value = series.values[row]
            if value is None:
                continue
            y = middle - band * 0.35 + thick * number
            parts.append(
                _rounded(min(x(0), x(value)), y, abs(x(value) - x(0)), thick * 0.94, _colour(number))
            )
            if labelled:
                at, anchor = (x(value) + 6, "start") if value >= 0 else (x(value) - 6, "end")
                parts.append(_text(at, middle + 4, number_label(value, decimals), anchor=anchor))
    return [*parts, _line(x(0), top, x(0), bottom, _AXIS)]


def _continuous(chart: Chart, plot: _Plot) -> Scale:
    wanted = max(2, int((plot.right - plot.left) / 120))
    if chart.x_kind == "moment":
        return moment_scale(chart.positions, plot.left + 6, plot.right - 6, wanted=wanted)
    return number_scale(chart.positions, plot.left + 6, plot.right - 6, wanted=wanted, is_tight=True)


def _grid(plot: _Plot, y: Scale) -> list[str]:
    parts = []
    for value, label in y.ticks:
        parts.append(_line(plot.left, y(value), plot.right, y(value), _GRID))
        parts.append(_text(plot.left - 10, y(value) + 4, label, anchor="end"))
    return parts


def _tick_labels(plot: _Plot, x: Scale) -> list[str]:
    parts = []
    for value, label in x.ticks:
        parts.append(_line(x(value), plot.bottom, x(value), plot.bottom + 5, _AXIS))
        parts.append(_text(x(value), plot.bottom + 20, label, anchor="middle"))
    return parts


def _category_labels(chart: Chart, plot: _Plot, band: float, *, tilted: bool) -> list[str]:
    """Names below the bars: tilted where they are long, every n-th where there are too many."""
    parts = []
    every = max(1, round(16 / band + 0.49)) if band < 16 else 1
    room = (chart.height * 0.28 - 20) / 0.64
    for number, label in enumerate(chart.labels):
        if number % every:
            continue
        x = plot.left + band * (number + 0.5)
        if tilted:
            shown = escape(fitted(label, room))
            parts.append(
                f'<text transform="translate({x + 4:.1f} {plot.bottom + 16:.1f}) rotate(-40)" '
                f'text-anchor="end" fill="{_QUIET}">{shown}</text>'
            )
        else:
            parts.append(_text(x, plot.bottom + 20, fitted(label, band - 4), anchor="middle"))
    return parts


def _bars(chart: Chart, y: Scale, places: Sequence[float], band: float) -> list[str]:
    parts = []
    if chart.x_kind != "category":
        gaps = [b - a for a, b in zip(sorted(places), sorted(places)[1:], strict=False) if b > a]
        band = min(gaps, default=60.0)
    wide = min(band * 0.7, 120.0)
    each = wide / len(chart.series)
    decimals = shared_decimals(_values(chart))
    labelled = len(chart.series) == 1 and len(places) <= _MOST_LABELLED_BARS and band >= 34
    for place, row in zip(places, range(len(chart.labels)), strict=True):
        for number, series in enumerate(chart.series):
            value = series.values[row]
            if value is None:
                continue
            x = place - wide / 2 + each * number
            parts.append(_rounded(x, min(y(0), y(value)), each * 0.94, abs(y(value) - y(0)), _colour(number)))
            if labelled:
                at = y(value) - 6 if value >= 0 else y(value) + 15
                parts.append(_text(place, at, number_label(value, decimals), anchor="middle"))
    return parts


def _lines(chart: Chart, y: Scale, places: Sequence[float]) -> list[str]:
    """One path for each series, broken where a value is missing."""
    parts = []
    for number, series in enumerate(chart.series):
        path: list[str] = []
        pen_down = False
        for place, value in zip(places, series.values, strict=True):
            if value is None:
                pen_down = False
                continue
            path.append(f"{'L' if pen_down else 'M'}{place:.1f} {y(value):.1f}")
            pen_down = True
        colour = _colour(number)
        parts.append(
            f'<path d="{" ".join(path)}" fill="none" stroke="{colour}" stroke-width="2.25" '
            'stroke-linejoin="round" stroke-linecap="round"/>'
        )
        if len(places) <= _MOST_MARKED_POINTS:
            parts += [
                f'<circle cx="{place:.1f}" cy="{y(value):.1f}" r="3.5" fill="{colour}" stroke="#FFFFFF"/>'
                for place, value in zip(places, series.values, strict=True)
                if value is not None
            ]
    return parts


def _values(chart: Chart) -> list[float]:
    return [value for series in chart.series for value in series.values if value is not None]


def _colour(number: int) -> str:
    return PALETTE[number % len(PALETTE)]


def _text(
    x: float,
    y: float,
    text: str,
    *,
    size: float = _LABEL_PX,
    weight: int = 400,
    fill: str = _QUIET,
    anchor: str = "",
) -> str:
    extra = f' font-size="{size:g}"' if size != _LABEL_PX else ""
    extra += f' font-weight="{weight}"' if weight != 400 else ""
    extra += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" fill="{fill}"{extra}>{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<path d="M{x1:.1f} {y1:.1f}L{x2:.1f} {y2:.1f}" stroke="{colour}" stroke-width="1" fill="none"/>'


def _rounded(x: float, y: float, width: float, height: float, colour: str) -> str:
    radius = min(3.0, width / 2, height / 2)
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0.5):.1f}" height="{height:.1f}" '
        f'rx="{radius:.1f}" fill="{colour}"/>'
    )
