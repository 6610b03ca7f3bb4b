"""Sizes, type and motion as numbers, read from ``resources/themes/tokens.json``.

Lengths are logical pixels, durations milliseconds.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def tokens() -> dict[str, Any]:
    """The whole token file; callers must not change it."""
    text = files("resources").joinpath("themes", "tokens.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


_geometry = tokens()["geometry"]
GRID: int = _geometry["grid"]
SNAP: int = _geometry["snap"]
CARD_W: int = _geometry["card_w"]
CARD_H: int = _geometry["card_h"]
RADIUS: int = _geometry["radius"]
TRIGGER_LEFT_RADIUS: int = _geometry["trigger_left_radius"]
TILE: int = _geometry["tile"]
TILE_RADIUS: int = _geometry["tile_radius"]
PORT_D: int = _geometry["port_d"]
PORT_HIT: int = _geometry["port_hit"]
WIRE_W: int = _geometry["wire_w"]
WIRE_W_HOVER: int = _geometry["wire_w_hover"]
WIRE_HIT: int = _geometry["wire_hit"]
BADGE: int = _geometry["badge"]
RING_W: int = _geometry["ring_w"]
RING_GAP: int = _geometry["ring_gap"]
PLUS_LEN: int = _geometry["plus_len"]
PLUS_D: int = _geometry["plus_d"]
GAP_X: int = _geometry["gap_x"]
GAP_Y: int = _geometry["gap_y"]

_type = tokens()["type"]
FAMILY = "Inter"
FAMILIES: tuple[str, ...] = tuple(name.strip() for name in _type["family"].split(","))
MONO_FAMILIES: tuple[str, ...] = ("JetBrains Mono", "Cascadia Mono", "Menlo", "DejaVu Sans Mono")
TITLE_PX: int = _type["title_px"]
TITLE_WEIGHT: int = _type["title_weight"]
SUB_PX: int = _type["sub_px"]
CAPTION_PX: int = _type["caption_px"]
BODY_PX = 13

_motion = tokens()["motion_ms"]
HOVER_MS: int = _motion["hover"]
STATE_MS: int = _motion["state"]
ZOOM_MS: int = _motion["zoom"]
PING_MS: int = _motion["ping"]
SPINNER_REV_MS: int = _motion["spinner_rev"]
DASH_REV_MS: int = _motion["dash_rev"]
SPINNER_DELAY_MS: int = _motion["spinner_delay"]
