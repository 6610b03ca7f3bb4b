"""Python code in a process of its own: values and tables in and out, faults with their line."""

from typing import Any

import pytest

from engine.actions.code import python
from engine.errors import ActionError, StepTimeoutError
from tests.support.step_context import Bench, names, types

pytestmark = pytest.mark.asyncio


async def run(bench: Bench, code: str, **params: Any) -> dict[str, Any]:
    output: dict[str, Any] = await python({"code": code, **params}, bench.context)
    assert list((bench.artifacts.root / "unfinished").iterdir()) == []
    return output


async def test_that_values_go_in_and_come_out(bench: Bench) -> None:
    output = await run(bench, "result = {'twice': inputs['n'] * 2, 'none': None}", inputs={"n": 21})
    assert output == {"result": {"twice": 42, "none": None}}


async def test_that_a_table_goes_in_and_comes_out_in_the_stored_form(bench: Bench) -> None:
    table = bench.table("SELECT i::INTEGER AS n, 'x' AS t FROM range(5) r(i)")
    code = "result = table.filter('n > 2').project('n::TINYINT AS n, t')"
    output = await run(bench, code, table=table)
    assert types(output["table"]) == {"n": "int", "t": "text"}
    assert bench.rows(output["table"]) == [(3, "x"), (4, "x")]
    assert (output["rows"], output["result"]) == (2, None)


async def test_that_a_list_of_rows_becomes_a_table(bench: Bench) -> None:
    output = await run(bench, "result = [{'a': 1, 'b': 'x'}, {'a': 2}]")
    assert names(output["table"]) == ["a", "b"]
    assert output["result"] == [{"a": 1, "b": "x"}, {"a": 2}]


async def test_that_an_arrow_table_becomes_a_table(bench: Bench) -> None:
    pytest.importorskip("pyarrow")
    output = await run(bench, "import pyarrow\nresult = pyarrow.table({'a': [1, 2]})")
    assert bench.rows(output["table"]) == [(1,), (2,)]


async def test_that_what_is_printed_is_logged_and_files_lie_beside_the_workflow(bench: Bench) -> None:
    (bench.folder / "note.txt").write_text("beside")
    await run(bench, "print('hello')\nprint(open('note.txt').read())")
    assert [text for _, text in bench.reports.logged] == ["hello", "beside"]


@pytest.mark.parametrize(
    ("code", "message", "hint"),
    [
        ("", "There is no code", "sets result"),
        ("a = 1\nresult = a / 0", "Line 2: ZeroDivisionError", "The line is: result = a / 0"),
        ("result = (1,", "Line 1: SyntaxError", "The line is: result = (1,"),
        ("def f():\n    raise KeyError('x')\n\nf()", "Line 2: KeyError: 'x'", "raise KeyError"),
        ("result = object()", "TypeError", ""),
        ("import os\nos._exit(3)", "ended without a result (exit code 3)", ""),
        ("result = open('gone.txt')", "Line 1: FileNotFoundError", ""),
    ],
)
async def test_that_a_fault_names_its_line(bench: Bench, code: str, message: str, hint: str) -> None:
    with pytest.raises(ActionError) as caught:
        await run(bench, code)
    assert message in caught.value.message
    assert hint in caught.value.hint


async def test_that_code_that_hangs_is_ended(bench: Bench) -> None:
    with pytest.raises(StepTimeoutError):
        await run(bench, "while True: pass", timeout=1)


async def test_that_anything_but_a_table_is_refused(bench: Bench) -> None:
    with pytest.raises(ActionError, match="needs a table but gets 3"):
        await run(bench, "result = 1", table=3)


async def test_that_the_program_itself_is_out_of_reach(bench: Bench) -> None:
    output = await run(bench, "import sys\nresult = 'engine.run' in sys.modules")
    assert output["result"] is False
