"""Contrast and colour-blind distance of colours, as the standards define them."""

from __future__ import annotations

import math

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB.
_BLINDNESS = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def _linear(colour: str) -> tuple[float, float, float]:
    channels = (int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return red, green, blue


def contrast(one: str, two: str) -> float:
    """The contrast ratio of WCAG 2.2, 1 to 21."""
    luminances = sorted(0.2126 * r + 0.7152 * g + 0.0722 * b for r, g, b in (_linear(one), _linear(two)))
    return (luminances[1] + 0.05) / (luminances[0] + 0.05)


def _lab(linear: tuple[float, ...]) -> tuple[float, float, float]:
    r, g, b = linear
    x = (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047
    y = 0.2126 * r + 0.7152 * g + 0.0722 * b
    z = (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883
    fx, fy, fz = (t ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in (x, y, z))
    return 116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)


def distance_for_colour_blind(one: str, two: str, blindness: str) -> float:
    """CIE76 distance of two colours as someone with that colour blindness sees them."""
    matrix = _BLINDNESS[blindness]

    def seen(colour: str) -> tuple[float, float, float]:
        linear = _linear(colour)
        mixed = (sum(weight * channel for weight, channel in zip(row, linear, strict=True)) for row in matrix)
        return _lab(tuple(min(1.0, max(0.0, value)) for value in mixed))

    return math.dist(seen(one), seen(two))
