"""The engine against workflows, expectations and expressions that nobody on this project wrote."""

from __future__ import annotations

import pytest

from tests.conformance.families import FAMILIES, Family
from tests.conformance.page import PAGE
from tests.conformance.tally import details, first_line
from tests.support.corpora import corpus


def _parametrized(family: Family) -> object:
    marks = [pytest.mark.slow] if family.is_slow else []
    return pytest.param(family, id=family.title.replace(",", "").replace(" ", "_"), marks=marks)


@pytest.mark.no_cover  # load, not lines
@pytest.mark.asyncio
@pytest.mark.parametrize("family", [_parametrized(family) for family in FAMILIES])
async def test_that_a_family_does_as_the_page_says(family: Family) -> None:
    tally = await family.tally(corpus(family.folder))
    assert tally.failed == []
    page = PAGE.read_text("utf-8").splitlines()
    assert first_line(tally) in page
    missing = [line for line in details(tally) if line not in page]
    assert missing == []
