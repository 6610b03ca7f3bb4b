"""Axes: where the ticks go and what they say."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass(frozen=True, slots=True)
class Scale:
    """A stretch of values laid on a stretch of pixels, with ticks as (value, label)."""

    low: float
    high: float
    start_px: float
    end_px: float
    ticks: tuple[tuple[float, str], ...]

    def __call__(self, value: float) -> float:
        """The pixel of a value."""
        return self.start_px + (value - self.low) / (self.high - self.low) * (self.end_px - self.start_px)


def number_scale(
    values: Sequence[float],
    start_px: float,
    end_px: float,
    *,
    wanted: int,
    with_zero: bool = False,
    is_tight: bool = False,
) -> Scale:
    """An axis of numbers that ends on round ticks, or at the data itself if it is tight.

    Bars need zero on it, or their lengths would lie.
    """
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    if with_zero:
        low, high = min(low, 0.0), max(high, 0.0)
    if low == high:
        low, high = (low - 1, high + 1) if low else (0.0, 1.0)
    step = nice_step((high - low) / max(1, wanted))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    decimals = max(0, -math.floor(math.log10(step) + 1e-9)) if step < 1 else 0
    if round(step, decimals) != step and decimals < 15:
        decimals += 1  # 0.25 needs one more than its power of ten
    ticks = tuple((n * step, number_label(n * step, decimals)) for n in range(first, last + 1))
    if is_tight:
        inside = tuple(tick for tick in ticks if low <= tick[0] <= high)
        return Scale(low, high, start_px, end_px, inside)
    return Scale(first * step, last * step, start_px, end_px, ticks)


def nice_step(rough: float) -> float:
    """The smallest of 1, 2, 2.5, 5 times a power of ten that is not below the rough step."""
    power: float = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
    return next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))


def number_label(value: float, decimals: int) -> str:
    """A number for an axis: thousands separated, a true minus sign, no trailing noise."""
    if abs(value) >= 1e15 or (value and abs(value) < 1e-6):
        return f"{value:.3g}".replace("-", "−")
    text = f"{value:,.{decimals}f}"
    return text.replace("-", "−") if float(text.replace(",", "")) else text.removeprefix("-")


def shared_decimals(values: Sequence[float]) -> int:
    """How many decimals the labels of bars need: three significant digits for the largest, none for whole."""
    largest = max((abs(value) for value in values), default=0.0)
    if not largest or all(value == int(value) for value in values):
        return 0
    return min(6, max(0, 2 - math.floor(math.log10(largest))))


def moment_scale(seconds: Sequence[float], start_px: float, end_px: float, *, wanted: int) -> Scale:
    """An axis of moments (epoch seconds, UTC) with ticks at whole years, months, days, hours."""
    low, high = min(seconds), max(seconds)
    if low == high:
        low, high = low - 43_200, high + 43_200
    rough = (high - low) / max(1, wanted)
    months = next((count for count in _MONTHS if count * 30.4 * _DAY >= rough), None)
    step = next((count for count in _STEPS_S if count >= rough), None)
    if step is not None:
        marks = _even_marks(low, high, step)
        pattern = "%H:%M" if step < _DAY else "%-d %b"
    else:
        marks = _month_marks(low, high, months or 12 * math.ceil(nice_step(rough / (365.25 * _DAY))))
        pattern = "%Y" if (months or 12) % 12 == 0 else "%b %Y"
    return Scale(low, high, start_px, end_px, tuple((mark, _moment_label(mark, pattern)) for mark in marks))


_DAY = 86_400
_STEPS_S = (60, 300, 900, 1800, 3600, 10_800, 21_600, 43_200, _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _even_marks(low: float, high: float, step: float) -> list[float]:
    first = math.ceil(low / step)
    return [n * step for n in range(first, math.floor(high / step) + 1)]


def _month_marks(low: float, high: float, months: int) -> list[float]:
    start = _EPOCH + timedelta(seconds=low)
    number = (start.year * 12 + start.month - 1) // months * months
    marks = []
    while number // 12 <= 9999:
        mark = (datetime(max(1, number // 12), number % 12 + 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
        if mark > high:
            break
        if mark >= low:
            marks.append(mark)
        number += months
    return marks


def _moment_label(seconds: float, pattern: str) -> str:
    moment = _EPOCH + timedelta(seconds=seconds)
    if pattern == "%-d %b":  # the flag without a zero is not known on every system
        return f"{moment.day} {moment:%b}"
    return moment.strftime(pattern)
