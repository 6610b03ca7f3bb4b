"""Two tables side by side where their keys match."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from engine.actions import row_types as types
from engine.actions.columns import Pick, free_name
from engine.actions.duck import VERSION, Duck, Table, arriving, connect
from engine.actions.registry import handler
from engine.actions.sql import Bindings, Fragment, identifier
from engine.actions.table import listed, numbered
from engine.errors import ActionError

if TYPE_CHECKING:
    from engine.actions.context import StepContext

_JOINS = {"inner": "JOIN", "left": "LEFT JOIN", "right": "RIGHT JOIN", "full": "FULL JOIN"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Key:
    """One pair of key columns and the expressions that are compared, over the aliases l and r."""

    left: str
    right: str
    left_sql: str
    right_sql: str


@handler(idempotent=True, pure=True, version=VERSION)
def join(params: Mapping[str, Any], context: StepContext) -> dict[str, Any]:
    """Join; the order of the left table is kept, rows of the right one alone come last."""
    left, right = arriving(params, "left", context), arriving(params, "right", context)
    kind = params.get("type", "inner")
    keys = _keys(params, left, right)
    with connect(context) as duck:
        warnings = _repeated_keys(duck, left, right, keys, params.get("many_to_many", "warn"))
        result = duck.write(_select(kind, left, right, keys, params.get("suffix") or "_right"))
        alone_left = _alone(duck, left, right, keys, side="l")
        alone_right = _alone(duck, left, right, keys, side="r")
    if left.rows and alone_left == left.rows:
        warnings.append("No row of the left table found a match: check that the keys are written alike")
    for warning in warnings:
        context.log(warning, "warning")
    return {
        "table": result,
        "rows": result["rows"],
        "matched": left.rows - alone_left,
        "unmatched_left": alone_left,
        "unmatched_right": alone_right,
        "warnings": warnings,
    }


def _keys(params: Mapping[str, Any], left: Table, right: Table) -> list[_Key]:
    """The pairs of columns to match, with their types checked; ActionError otherwise."""
    if not params.get("keys"):
        raise ActionError("There is no key to join on", hint="Choose the columns that must be equal.")
    in_left, in_right = Pick(left.columns, "left table"), Pick(right.columns, "right table")
    keys = []
    for item in params["keys"]:
        a = item.get("left") or ""
        b = item.get("right") or a
        first = Fragment(f"l.{identifier(a)}", in_left(a))
        second = Fragment(f"r.{identifier(b)}", in_right(b))
        try:
            first, second = types.comparable(first, second, Bindings())
        except ActionError as error:
            raise ActionError(
                f"'{a}' and '{b}' do not match: {error.message}",
                hint="Give both columns the same type in Choose columns.",
                column=a,
            ) from error
        first, second = (_folded(fragment, params) for fragment in (first, second))
        keys.append(_Key(left=a, right=b, left_sql=first.text, right_sql=second.text))
    return keys


def _folded(fragment: Fragment, params: Mapping[str, Any]) -> Fragment:
    text = fragment.text
    if fragment.type == "text" and params.get("trim"):
        text = f"trim({text})"
    if fragment.type == "text" and params.get("ignore_case"):
        text = f"lower({text})"
    return Fragment(text, fragment.type)


def _matching(keys: Sequence[_Key]) -> str:
    return " AND ".join(f"{key.left_sql} = {key.right_sql}" for key in keys)


def _select(kind: str, left: Table, right: Table, keys: Sequence[_Key], suffix: str) -> str:
    """The query of the joined table."""
    source_l, row_l = numbered(left, "l")
    source_r, row_r = numbered(right, "r")
    on = _matching(keys)
    if kind in ("semi", "anti"):
        negation = "NOT " if kind == "anti" else ""
        return (
            f"SELECT {listed(left.columns, 'l')} FROM {source_l} "
            f"WHERE {negation}EXISTS (SELECT 1 FROM {source_r} WHERE {on}) ORDER BY {row_l}"
        )
    if kind not in _JOINS:
        raise ActionError(
            f"There is no join '{kind}'", hint=f"The joins are: {', '.join(_JOINS)}, semi, anti."
        )
    shared = {key.right: key.left for key in keys if key.left.casefold() == key.right.casefold()}
    pieces = []
    for name in left.columns:
        piece = f"l.{identifier(name)}"
        twin = next((right for right, left in shared.items() if left == name), None)
        if twin is not None and kind in ("right", "full"):
            piece = f"coalesce({piece}, r.{identifier(twin)})"
        pieces.append(f"{piece} AS {identifier(name)}")
    taken = list(left.columns)
    for name in right.columns:
        if name in shared:
            continue
        shown = free_name(name, taken, suffix)
        taken.append(shown)
        pieces.append(f"r.{identifier(name)} AS {identifier(shown)}")
    return (
        f"SELECT {', '.join(pieces)} FROM {source_l} {_JOINS[kind]} {source_r} ON {on} "
        f"ORDER BY {row_l} NULLS LAST, {row_r} NULLS FIRST"
    )


def _alone(duck: Duck, left: Table, right: Table, keys: Sequence[_Key], *, side: str) -> int:
    """How many rows of one side have no match."""
    mine, other = (left, right) if side == "l" else (right, left)
    far = "r" if side == "l" else "l"
    return int(
        duck.rows(
            f"SELECT count(*) FROM {mine.scan} AS {side} "
            f"WHERE NOT EXISTS (SELECT 1 FROM {other.scan} AS {far} WHERE {_matching(keys)})"
        )[0][0]
    )


def _repeated_keys(duck: Duck, left: Table, right: Table, keys: Sequence[_Key], policy: str) -> list[str]:
    """A warning if some keys repeat on both sides, or the error that the step was told to make of it."""
    if policy == "allow":
        return []
    right_keys = ", ".join(f"{key.right_sql} AS k{n}" for n, key in enumerate(keys))
    left_keys = ", ".join(f"{key.left_sql} AS k{n}" for n, key in enumerate(keys))
    repeated = "SELECT {keys} FROM {scan} AS {alias} GROUP BY ALL HAVING count(*) > 1"
    in_right = repeated.format(keys=right_keys, scan=right.scan, alias="r")
    if not duck.rows(f"{in_right} LIMIT 1"):
        return []  # the usual case, a look-up table: the large left side need not be grouped
    in_left = repeated.format(keys=left_keys, scan=left.scan, alias="l")
    names = ", ".join(f"k{n}" for n in range(len(keys)))
    counted = "SELECT count(*), any_value(CAST(k0 AS VARCHAR))"
    found = duck.rows(f"{counted} FROM ({in_left}) JOIN ({in_right}) USING ({names})")[0]
    if not found[0]:
        return []
    what = f"{found[0]:,} keys repeat in both tables, for example '{found[1]}': rows are multiplied"
    if policy == "fail":
        raise ActionError(what, hint="Remove duplicates from one table, join on more columns, or allow it.")
    return [what]
