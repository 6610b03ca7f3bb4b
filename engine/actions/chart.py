"""Draw a chart of a table into a picture file."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.actions import files
from engine.actions.chart_svg import PALETTE, Chart, Kind, Series, XKind, render
from engine.actions.columns import Pick
from engine.actions.duck import Table, arriving, connect
from engine.actions.registry import handler
from engine.actions.row_types import NUMBERS
from engine.actions.sql import WORDS, identifier
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

Params = Mapping[str, Any]

MOST_BARS = 200
MOST_POINTS = 20_000
_KINDS: tuple[Kind, ...] = ("bar", "barh", "line")
_RASTERISER = Path(__file__).with_name("chart_raster.py")
_FONTS = ("Inter-Regular.ttf", "Inter-Medium.ttf", "Inter-SemiBold.ttf")


@handler(effects="external", idempotent=True)
def bar_line(params: Params, context: StepContext) -> dict[str, Any]:
    """Draw bars or lines; the file's ending decides between PNG and SVG."""
    table = arriving(params, "table", context)
    svg = render(_chart(params, table, context))
    with files.writing(context, params.get("path"), suffixes=(".png", ".svg")) as (target, temporary):
        if target.suffix.lower() == ".svg":
            temporary.write_text(svg, encoding="utf-8")
        else:
            temporary.write_bytes(rasterised(svg))
    return {"path": str(target), "rows": table.rows, "bytes": target.stat().st_size}


def rasterised(svg: str, zoom: int = 2) -> bytes:
    """The picture as PNG, at twice its size so that it stays sharp on dense screens and paper."""
    folder = resources.files("resources") / "fonts"
    with ExitStack() as stack:
        fonts = [str(stack.enter_context(resources.as_file(folder / name))) for name in _FONTS]
        # Inter has Latin, Greek and Cyrillic; other scripts need the fonts of the system.
        beyond = any(0x0530 <= ord(letter) < 0x2000 or ord(letter) >= 0x2E80 for letter in svg)
        options = {
            "zoom": zoom, "font_files": fonts, "font_family": "Inter", "sans_serif_family": "Inter",
            "skip_system_fonts": not beyond,
        }  # fmt: skip
        # In a process of its own: resvg holds Python's lock for the tenth of a second that it draws,
        # and a window in this process would stand still for as long.
        drawn = subprocess.run(
            [sys.executable, "-I", str(_RASTERISER), json.dumps(options)],
            input=svg.encode(),
            capture_output=True,
            check=False,
        )
    if drawn.returncode:
        raise RuntimeError(f"the picture could not be drawn: {drawn.stderr.decode(errors='replace')}")
    return drawn.stdout


def _chart(params: Params, table: Table, context: StepContext) -> Chart:
    pick = Pick(table.columns)
    kind = next((known for known in _KINDS if known == params.get("type", "bar")), None)
    if kind is None:
        raise ActionError(
            f"There is no chart '{params.get('type')}'", hint=f"There are: {', '.join(_KINDS)}."
        )
    x = str(params.get("x") or "")
    x_type = pick(x)
    wanted = params.get("y") or []
    columns = [wanted] if isinstance(wanted, str) else list(wanted)
    if not columns:
        raise ActionError("No column of values is chosen", hint="Choose at least one column of numbers.")
    if len(columns) > len(PALETTE):
        raise ActionError(
            f"{len(columns)} series are too many to tell apart", hint=f"Choose up to {len(PALETTE)}."
        )
    for column in columns:
        if pick(column) not in NUMBERS:
            raise ActionError(
                f"'{column}' holds {WORDS[pick(column)]}, not numbers",
                hint="Choose a column of numbers, or convert it first.",
                column=column,
            )
    _check_size(table, kind)
    x_kind: XKind = "category"
    if kind == "line" and x_type in NUMBERS:
        x_kind = "number"
    elif kind == "line" and x_type in ("date", "datetime"):
        x_kind = "moment"
    rows = _rows(table, x, x_kind, columns, context)
    return Chart(
        kind=kind,
        labels=tuple("(empty)" if row[0] is None else str(row[0]) for row in rows),
        positions=tuple(float(row[1]) for row in rows) if x_kind != "category" else (),
        series=tuple(
            Series(name=column, values=tuple(_finite(row[2 + number]) for row in rows))
            for number, column in enumerate(columns)
        ),
        x_kind=x_kind,
        title=str(params.get("title") or ""),
        subtitle=str(params.get("subtitle") or ""),
        x_title=str(params.get("x_title") or ""),
        y_title=str(params.get("y_title") or ""),
        width=int(params.get("width") or 960),
        height=int(params.get("height") or 540),
    )


def _check_size(table: Table, kind: Kind) -> None:
    if table.rows == 0:
        raise ActionError("The table has no rows to draw", hint="Check the filter before this step.")
    most, what = (MOST_POINTS, "points") if kind == "line" else (MOST_BARS, "bars")
    if table.rows > most:
        raise ActionError(
            f"{table.rows:,} rows are too many: a chart shows up to {most:,} {what}",
            hint="Summarise the rows, or keep only the first with Sort.",
        )


def _rows(
    table: Table, x: str, x_kind: XKind, columns: list[str], context: StepContext
) -> list[tuple[Any, ...]]:
    """(label, position, value ...) of each row; a continuous axis is sorted along itself."""
    quoted = identifier(x)
    position = {"number": f"CAST({quoted} AS DOUBLE)", "moment": f"epoch({quoted})"}.get(x_kind, "0")
    values = ", ".join(f"CAST({identifier(column)} AS DOUBLE)" for column in columns)
    select = f"SELECT CAST({quoted} AS VARCHAR), {position}, {values} FROM {table.scan}"
    if x_kind != "category":
        select += f" WHERE {quoted} IS NOT NULL ORDER BY 2"
    with connect(context) as duck:
        rows = duck.rows(select)
    if not rows:
        raise ActionError(
            f"The column '{x}' has no values to draw along", hint="Choose another column.", column=x
        )
    return rows


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
