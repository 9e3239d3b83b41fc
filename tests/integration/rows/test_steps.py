"""Rows of protocol 9's table: steps that are done, and confirmations."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import Shop


def test_progressing_step_done_progressing(shop: Shop) -> None:
    ways.progressing(shop, 2)

    ways.carry(shop, "drive")

    assert ("Progressing", "step_done", "Progressing") in ways.moves(shop)


def test_progressing_step_done_awaiting_confirm(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    assert ways.moves(shop)[-1] == ("Progressing", "step_done", "AwaitingConfirm")


def test_progressing_step_done_completed(shop: Shop) -> None:
    """No confirmation stands after the last group."""
    shop.born(1, "label", confirm=True)

    assert shop.upgrade("app:v2").code == 0

    assert ways.moves(shop)[-1] == ("Progressing", "step_done", "Completed")


def test_awaiting_confirm_confirm_progressing(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    ways.say(shop, "confirm")

    assert ways.moves(shop)[-1] == ("AwaitingConfirm", "confirm", "Progressing")


def test_rolling_back_step_done_rolling_back(shop: Shop) -> None:
    """It asks for no confirmations: an emergency."""
    ways.awaiting_confirm(shop)

    ways.carry(shop, "rollback")

    assert ("RollingBack", "step_done", "RollingBack") in ways.moves(shop)
    assert "AwaitingConfirm" not in [to for _, _, to in ways.moves(shop)[2:]]


def test_rolling_back_step_done_rolled_back(shop: Shop) -> None:
    ways.rolling_back(shop)

    ways.carry(shop, "drive")

    assert ways.moves(shop)[-1] == ("RollingBack", "step_done", "RolledBack")
