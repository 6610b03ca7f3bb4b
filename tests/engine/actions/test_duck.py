"""The connection of a step: it can be interrupted, reports progress, and speaks in plain words."""

import threading
from pathlib import Path
from typing import Any

import duckdb
import pytest

from engine.actions import code_worker
from engine.actions.duck import connect, plain_error
from engine.errors import ActionError
from tests.support.step_context import Bench, types

ENDLESS = (
    "SELECT count(*) AS n FROM range(100000) a(i), range(100000) b(j), range(100000) c(k) WHERE i * j = k"
)


class TestInterruption:
    def test_that_a_running_query_stops_when_the_step_is_cancelled(self, bench: Bench) -> None:
        progressed = threading.Event()
        bench.reports.progress = lambda fraction, text: progressed.set()  # type: ignore[method-assign]  # a fake
        outcome: list[ActionError] = []

        def work() -> None:
            with pytest.raises(ActionError) as caught, connect(bench.context) as duck:
                duck.write(f"SELECT hash(i) AS h FROM range(3000000000) t(i) ORDER BY 1, ({ENDLESS})")
            outcome.append(caught.value)

        worker = threading.Thread(target=work)
        worker.start()
        progressed.wait(1.0)
        bench.context.cancel()
        worker.join(20)
        assert [error.message for error in outcome] == ["The step was stopped"]
        assert list((bench.artifacts.root / "unfinished").iterdir()) == []

    def test_that_batches_stop_between_two_of_them(self, bench: Bench) -> None:
        with connect(bench.context) as duck:
            batches = duck.batches("SELECT i FROM range(10) t(i)", 4)
            assert next(batches) == [(0,), (1,), (2,), (3,)]
            bench.context.cancel()
            with pytest.raises(ActionError, match="stopped"):
                next(batches)


class TestStoredTypes:
    @pytest.mark.parametrize(
        ("value", "expected"),
        [("1::HUGEINT", "decimal"), ("18446744073709551615::UBIGINT", "decimal"), ("1.5::REAL", "float"),
        ("'a'::VARCHAR", "text"),
         ("uuid()", "text"), ("TIMESTAMP_NS '2026-01-01'", "datetime"), ("'x'::ENUM('x')", "text"),
         ("MAP {'a': 1}", "json"), ("1.25::DECIMAL(5, 2)", "decimal"), ("NULL", "text")],
    )  # fmt: skip
    def test_that_a_value_is_stored_in_the_form_of_its_type(
        self, bench: Bench, value: str, expected: str
    ) -> None:
        with connect(bench.context) as duck:
            table = duck.write(f"SELECT {value} AS v")
        assert types(table) == {"v": expected}
        assert len(bench.rows(table)) == 1


class TestPlainWords:
    @pytest.mark.parametrize(
        ("error", "message"),
        [
            (duckdb.OutOfMemoryException("Out of Memory Error: failed to allocate"), "more memory than the"),
            (duckdb.IOException("IO Error: Could not write: No space left on device"), "The disk is full"),
            (duckdb.InterruptException("INTERRUPT Error: Interrupted!"), "stopped"),
            (
                duckdb.ConversionException("Conversion Error: Could not convert string 'x' to INT64"),
                "'x' cannot be",
            ),
            (
                duckdb.OutOfRangeException("Out of Range Error: Overflow in addition"),
                "too large for its type",
            ),
            (duckdb.BinderException("Binder Error: something odd\n\nLINE 1: ..."), "something odd"),
        ],
    )
    def test_that_a_fault_is_explained(self, error: duckdb.Error, message: str) -> None:
        assert message in plain_error(error).message


class TestCodeWorker:
    """The same file that runs in its own process, called here in ours."""

    def run(self, folder: Path, code: str, **payload: Any) -> dict[str, Any]:
        return code_worker.run({"code": code, "output": str(folder / "out.parquet"), **payload})

    def test_that_it_hands_on_values_rows_and_relations(self, tmp_path: Path) -> None:
        assert self.run(tmp_path, "result = inputs", inputs={"a": 1}) == {"table": False, "result": {"a": 1}}
        assert self.run(tmp_path, "result = [{'a': 1}]") == {"table": True, "result": [{"a": 1}]}
        again = self.run(tmp_path, "result = table.limit(1)", table=str(tmp_path / "out.parquet"))
        assert again == {"table": True, "result": None}

    def test_that_an_arrow_stream_is_rows(self, tmp_path: Path) -> None:
        pyarrow = pytest.importorskip("pyarrow")
        assert pyarrow
        assert self.run(tmp_path, "import pyarrow\nresult = pyarrow.table({'a': [1]})")["table"] is True
