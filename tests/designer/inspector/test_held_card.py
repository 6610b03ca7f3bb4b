"""What the inspector shows of a step that is held before it begins."""

from __future__ import annotations

from pytestqt.qtbot import QtBot

from designer.panels.inspector_held import HeldCard
from engine.history.status import StepStatus
from engine.history.step_state import StepState


def held(**parameters: object) -> StepState:
    return StepState(status=StepStatus.PAUSED, reason="breakpoint", parameters=parameters)


def test_that_values_are_told_in_words_and_secrets_stay_secret(qtbot: QtBot) -> None:
    card = HeldCard()
    qtbot.addWidget(card)
    table = {"$table": "x", "rows": 336776, "columns": [{}, {}]}
    header = {"$secret_text": ["Bearer ", {"$secret": "API"}]}
    card.show_step(held(path="a.csv", table=table, key={"$secret": "API"}, header=header, deep={"n": [1]}))
    assert not card.isHidden()
    assert card.values() == {
        "path": "a.csv",
        "table": "table, 336,776 rows × 2 columns",
        "key": "••••• (API)",
        "header": "Bearer •••••",
        "deep.n": "[1]",
    }


def test_that_the_card_comes_and_goes_with_the_stop(qtbot: QtBot) -> None:
    card = HeldCard()
    qtbot.addWidget(card)
    card.show_step(held())
    assert (card.isHidden(), card.hint.text()) == (False, "It needs no values.")
    card.show_step(StepState(status=StepStatus.PAUSED, reason="missing_input"))
    assert card.isHidden()
    card.show_step(None)
    assert card.isHidden()
