"""Assertions in the shared suite explain themselves like those in a test module."""

import pytest

pytest.register_assert_rewrite("tests.support.store_conformance", "tests.support.events")
