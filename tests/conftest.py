"""What every test needs: no display, and no state left behind."""

import os
import sys
from collections.abc import Iterator
from typing import Final

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

DEFERRED_DELETE: Final = 52  # QEvent.Type, for those who do without Qt

# Assertions in shared helpers explain themselves like those in a test module.
pytest.register_assert_rewrite("tests.support.store_conformance", "tests.support.events")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """What a test has let go is gone before the next one begins.

    Without a loop that runs, Qt keeps what `deleteLater` was told for as long as that takes, and whoever
    sets a style or a palette meanwhile pays for windows that nobody sees.
    """
    yield
    widgets = sys.modules.get("PySide6.QtWidgets")
    if widgets is not None and widgets.QApplication.instance() is not None:
        widgets.QApplication.sendPostedEvents(None, DEFERRED_DELETE)
