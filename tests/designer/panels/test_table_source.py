"""Pages, profiles, sorting and copying of Parquet tables in threads."""

from __future__ import annotations

import shutil
import threading

import pytest

from designer.panels.lane import Lane
from designer.panels.table_profile import ColumnProfile
from designer.panels.table_source import MAX_WANTED, PAGE_ROWS, Page, TableSource
from designer.panels.tables import Table, TableColumn


def _page(qtbot, source: TableSource, table: Table, row_block: int, column_block: int = 0) -> Page:
    with qtbot.waitSignal(source.page_loaded) as got:
        source.request_page(table, row_block, column_block)
    return got.args[0]


def _profiles(qtbot, source: TableSource, table: Table, columns: list[int]) -> dict[int, ColumnProfile]:
    got: dict[int, ColumnProfile] = {}
    source.profile_loaded.connect(lambda profile: got.__setitem__(profile.column, profile))
    source.show(table)
    source.request_profiles(table, columns)
    qtbot.waitUntil(lambda: len(got) == len(columns))
    return got


def test_that_a_page_holds_its_rows_in_the_order_of_the_file(qtbot, source, make_table) -> None:
    page = _page(qtbot, source, make_table(1000), 2)
    assert [row[0] for row in page.cells] == list(range(2 * PAGE_ROWS, 3 * PAGE_ROWS))


def test_that_the_last_page_is_shorter(qtbot, source, make_table) -> None:
    page = _page(qtbot, source, make_table(1000), 3)
    assert [row[0] for row in page.cells] == list(range(3 * PAGE_ROWS, 1000))


def test_that_times_and_lists_come_as_text_and_null_as_none(qtbot, source, make_table) -> None:
    row = _page(qtbot, source, make_table(10), 0).cells[0]
    assert row == (0, None, "UA", True, "2013-01-01 00:00:00", "[0, 1]", 'line one\nline "two"')


def test_that_a_wide_table_is_read_in_blocks_of_columns(qtbot, source, make_table) -> None:
    query = "select " + ", ".join(f"{number} as c{number}" for number in range(60))
    columns = tuple((f"c{number}", "int") for number in range(60))
    page = _page(qtbot, source, make_table(1, query=query, columns=columns), 0, 2)
    assert page.cells == [tuple(range(48, 60))]


def test_that_a_path_with_wildcards_and_quotes_is_read(qtbot, source, make_table, tmp_path) -> None:
    table = make_table(5)
    folder = tmp_path / "it's [a] *"
    folder.mkdir()
    shutil.copy(table.path, folder / "t?.parquet")
    moved = Table(key="moved", path=folder / "t?.parquet", rows=5, columns=table.columns)
    assert len(_page(qtbot, source, moved, 0).cells) == 5


def test_that_a_column_called_file_row_number_is_an_ordinary_column(qtbot, source, make_table) -> None:
    table = make_table(
        600,
        query="select 7 as file_row_number, i as n from range(600) r(i)",
        columns=(("file_row_number", "int"), ("n", "int")),
    )
    assert _page(qtbot, source, table, 1).cells[0] == (7, 256)
    profile = _profiles(qtbot, source, table, [0])[0]
    assert profile.distinct == 1


def test_that_a_missing_file_is_reported_with_its_table(qtbot, source, tmp_path) -> None:
    table = Table(
        key="gone",
        path=tmp_path / "gone.parquet",
        rows=1,
        columns=(TableColumn(name="a", kind="int"),),
    )
    with qtbot.waitSignal(source.failed) as got:
        source.request_page(table, 0, 0)
    assert got.args[0] == "gone"
    assert "gone.parquet" in got.args[1]


def test_that_work_is_done_in_another_thread_and_answers_come_in_this_one(qtbot, source, make_table) -> None:
    threads = []
    source.page_loaded.connect(lambda _page: threads.append(threading.current_thread()))
    _page(qtbot, source, make_table(10), 0)
    assert threads == [threading.main_thread()]
    assert any(thread.name.startswith("table-pages") for thread in threading.enumerate())


def test_that_scrolling_far_reads_the_newest_request_and_drops_the_oldest(qtbot, source, make_table) -> None:
    table = make_table(PAGE_ROWS * 100)
    loaded: list[int] = []
    source.page_loaded.connect(lambda page: loaded.append(page.key.row_block))
    is_dragged = threading.Event()
    source._pages.submit(lambda _connection: is_dragged.wait(10))
    for row_block in range(100):
        source.request_page(table, row_block, 0)
    is_dragged.set()
    qtbot.waitUntil(lambda: len(loaded) == MAX_WANTED)
    assert loaded == list(range(99, 99 - MAX_WANTED, -1))


def test_that_close_ends_a_long_query_and_its_thread(qtbot, make_table) -> None:
    source = TableSource()
    table = make_table(1000)
    started = threading.Event()

    def endless(connection) -> None:
        started.set()
        connection.execute("select count(*) from range(100000000) a, range(100000) b").fetchall()

    source._profiles.submit(source._guarded(table, endless, source.failed))
    assert started.wait(5)
    source.close()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("table-")]


def test_that_requests_after_close_are_ignored(source, make_table) -> None:
    source.close()
    source.request_page(make_table(10), 0, 0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("table-")]


def test_that_profiles_tell_spread_nulls_and_range(qtbot, source, make_table) -> None:
    got = _profiles(qtbot, source, make_table(1000), [0, 1, 2, 3, 4, 5])
    assert len(got[0].bars) == 12
    assert got[1].nulls == pytest.approx(0.1)
    assert got[2].bars == (1.0, 0.5, 0.5)  # B6 half of the rows, then AA and UA a quarter each
    assert (got[2].low, got[2].high, got[2].distinct) == ("AA", "UA", 3)
    assert got[3].bars == (1.0, 1.0)
    assert len(got[4].bars) == 12
    assert got[5].bars


def test_that_a_constant_and_an_empty_column_have_a_profile(qtbot, source, make_table) -> None:
    table = make_table(
        100,
        query="select 2013 as year, null::int as nothing, 'NaN'::double as odd, 'x'::blob as raw "
        "from range(100)",
        columns=(("year", "int"), ("nothing", "int"), ("odd", "float"), ("raw", "binary")),
    )
    got = _profiles(qtbot, source, table, [0, 1, 2, 3])
    assert max(got[0].bars) == 1.0
    assert len(got[0].bars) == 3
    assert got[1].bars == ()
    assert got[1].nulls == 1.0
    assert got[3].bars == ()


def test_that_one_outlier_does_not_squeeze_a_histogram_into_one_bar(qtbot, source, make_table) -> None:
    table = make_table(
        10_000,
        query="select case when i = 0 then 1e9 else i % 100 end::double as v from range(10000) r(i)",
        columns=(("v", "float"),),
    )
    bars = _profiles(qtbot, source, table, [0])[0].bars
    assert sum(bar > 0.5 for bar in bars) >= 10


def test_that_a_large_table_is_profiled_from_a_sample_in_which_no_period_shows(
    qtbot, source, make_table
) -> None:
    rows = 600_000
    table = make_table(
        rows,
        query=f"select i as n, i % 30 as day, i % 6 as k from range({rows}) r(i)",
        columns=(("n", "int"), ("day", "int"), ("k", "int")),
    )
    got = _profiles(qtbot, source, table, [0, 1, 2])
    assert got[0].is_sampled
    assert int(got[0].low) < 1000
    assert int(got[0].high) > rows - 1000
    assert min(got[1].bars) > 0.5  # thirty days in twelve bars: two or three days a bar
    assert min(got[2].bars) > 0.9


def test_that_the_largest_tables_are_sampled_from_start_to_end(qtbot, source, make_table) -> None:
    rows = 4_000_000
    table = make_table(rows, query=f"select i as n from range({rows}) r(i)", columns=(("n", "int"),))
    profile = _profiles(qtbot, source, table, [0])[0]
    assert (profile.low, profile.high) == ("0", str(rows - 1))
    assert min(profile.bars) > 0.7


def test_that_sorting_keeps_equal_rows_in_order_and_puts_nulls_last(qtbot, source, make_table) -> None:
    table = make_table(20)
    with qtbot.waitSignal(source.sort_finished) as got:
        source.request_sort(table, 1, descending=True)
    ordered = got.args[0]
    ids = [row[0] for row in _page(qtbot, source, ordered, 0).cells]
    assert ids == [*range(19, 10, -1), *range(9, 0, -1), 0, 10]
    with qtbot.waitSignal(source.sort_finished) as got:
        source.request_sort(table, 2, descending=False)
    assert not ordered.path.exists()
    folder = got.args[0].path.parent
    source.close()
    assert not folder.exists()


def test_that_copied_cells_are_tab_separated_and_quoted_where_needed(qtbot, source, make_table) -> None:
    table = make_table(30)
    with qtbot.waitSignal(source.copy_finished) as got:
        source.request_copy(table, [(1, 2), (10, 10)], [0, 1, 6], with_names=True)
    text, rows = got.args
    assert rows == 3
    assert text.split("\n1\t")[0] == "id\tdelay\tnote"
    assert text.endswith('10\t\t"line one\nline ""two"""')


def test_that_a_job_that_breaks_is_logged_and_the_next_one_runs(qtbot, make_table, caplog) -> None:
    lane = Lane("table-test")

    def broken(_connection) -> None:
        raise ValueError("a bug")

    ran = threading.Event()
    lane.submit(broken)
    lane.submit(lambda _connection: ran.set())
    assert ran.wait(5)
    lane.close()
    lane.close()
    assert "A job for a table failed" in caplog.text
