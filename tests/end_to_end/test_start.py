"""The start of the program, from nothing to a window that is free."""

from __future__ import annotations

import gc

from tests.support.desk import Desk


def test_that_the_collector_which_a_start_turns_off_is_on_once_the_window_is_there(desk: Desk) -> None:
    gc.disable()
    try:
        desk.open()
        assert gc.isenabled()
    finally:
        gc.enable()
