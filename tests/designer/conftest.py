"""What every test of the window shares."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.qt_loop import earlier_objects_aside


@pytest.fixture(scope="package", autouse=True)
def _earlier_objects_aside() -> Iterator[None]:
    with earlier_objects_aside():
        yield
