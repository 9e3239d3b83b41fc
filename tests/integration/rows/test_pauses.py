"""Rows of protocol 9's table: pause and resume."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import CONFIRMED, NAME, Shop


def pause(shop: Shop) -> None:
    """`pause web`, which never drives."""
    assert shop.cafe("pause", NAME).code == 0


def test_progressing_pause_paused(shop: Shop) -> None:
    ways.progressing(shop)

    pause(shop)

    assert ways.moves(shop)[-1] == ("Progressing", "pause", "Paused")


def test_awaiting_confirm_pause_paused(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    pause(shop)

    assert ways.moves(shop)[-1] == ("AwaitingConfirm", "pause", "Paused")


def test_rolling_back_pause_paused(shop: Shop) -> None:
    ways.rolling_back(shop)

    pause(shop)

    assert ways.moves(shop)[-1] == ("RollingBack", "pause", "Paused")


def test_paused_resume_progressing(shop: Shop) -> None:
    ways.paused(shop)

    ways.carry(shop, "resume")

    assert ("Paused", "resume", "Progressing") in ways.moves(shop)
    assert shop.images() == ["app:v2"]


def test_paused_resume_awaiting_confirm(shop: Shop) -> None:
    """The confirmation is reset: what was annotated during the pause counts no more."""
    ways.awaiting_confirm(shop)
    pause(shop)
    shop.annotate({CONFIRMED: "true"})

    ways.carry(shop, "resume", code=3)

    assert ways.moves(shop)[-1] == ("Paused", "resume", "AwaitingConfirm")
    assert shop.cafed()["metadata"]["annotations"][CONFIRMED] == "false"


def test_paused_resume_rolling_back(shop: Shop) -> None:
    ways.rolling_back(shop)
    pause(shop)

    ways.carry(shop, "resume")

    assert ("Paused", "resume", "RollingBack") in ways.moves(shop)
    assert shop.state() == "RolledBack"
