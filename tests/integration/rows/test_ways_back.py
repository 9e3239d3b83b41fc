"""Rows of protocol 9's table: rolling back an unfinished release, and superseding it."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import Shop


def supersede(shop: Shop) -> None:
    """`upgrade --supersede` to v3, recorded and not driven."""
    before = shop.record()["id"]
    ways.release(shop, "app:v3", "--supersede")
    assert shop.record()["id"] != before


def test_progressing_rollback_rolling_back(shop: Shop) -> None:
    ways.progressing(shop)

    ways.say(shop, "rollback")

    assert ways.moves(shop)[-1] == ("Progressing", "rollback", "RollingBack")


def test_awaiting_confirm_rollback_rolling_back(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    ways.say(shop, "rollback")

    assert ways.moves(shop)[-1] == ("AwaitingConfirm", "rollback", "RollingBack")


def test_paused_rollback_rolling_back(shop: Shop) -> None:
    ways.paused(shop)

    ways.say(shop, "rollback")

    assert ways.moves(shop)[-1] == ("Paused", "rollback", "RollingBack")


def test_failed_rollback_rolling_back(shop: Shop) -> None:
    ways.failed(shop)

    ways.say(shop, "rollback")

    assert ways.moves(shop)[-1] == ("Failed", "rollback", "RollingBack")


def test_awaiting_confirm_supersede_progressing(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    supersede(shop)

    assert ways.began(shop) == ("supersede", "Progressing")


def test_paused_supersede_progressing(shop: Shop) -> None:
    ways.paused(shop)

    supersede(shop)

    assert ways.began(shop) == ("supersede", "Progressing")


def test_failed_supersede_progressing(shop: Shop) -> None:
    ways.failed(shop)

    supersede(shop)

    assert ways.began(shop) == ("supersede", "Progressing")
