"""What every test needs: no display, and no state left behind."""

import os

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# Assertions in shared helpers explain themselves like those in a test module.
pytest.register_assert_rewrite("tests.support.store_conformance", "tests.support.events")
