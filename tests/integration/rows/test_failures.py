"""Rows of protocol 9's table: failing, and trying again."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import Shop


def edited(shop: Shop) -> None:
    """The spec was edited while a group waited."""
    ways.awaiting_confirm(shop)
    ways.edit_image(shop, "app:v9")
    ways.carry(shop, "drive", code=4)


def test_progressing_fail_failed(shop: Shop) -> None:
    ways.failed(shop)

    assert ways.moves(shop)[-1] == ("Progressing", "fail", "Failed")


def test_awaiting_confirm_fail_failed(shop: Shop) -> None:
    edited(shop)

    assert ways.moves(shop)[-1] == ("AwaitingConfirm", "fail", "Failed")
    assert shop.record()["failure"]["reason"] == "SpecChanged"


def test_rolling_back_fail_failed(shop: Shop) -> None:
    ways.rollback_failed(shop)

    assert ways.moves(shop)[-1] == ("RollingBack", "fail", "Failed")


def test_aborting_fail_failed(shop: Shop) -> None:
    """A pod whose restart may yet come is not left to its fate without a word."""
    ways.abort_failed(shop)

    assert ways.moves(shop)[-1] == ("Aborting", "fail", "Failed")
    (pod,) = shop.pods()
    assert pod["metadata"]["name"] in shop.record()["failure"]["message"]


def test_failed_retry_progressing(shop: Shop) -> None:
    ways.failed(shop)

    ways.say(shop, "retry")

    assert ways.moves(shop)[-1] == ("Failed", "retry", "Progressing")


def test_failed_retry_awaiting_confirm(shop: Shop) -> None:
    edited(shop)
    ways.edit_image(shop, "app:v2")

    ways.carry(shop, "retry", code=3)

    assert ways.moves(shop)[-1] == ("Failed", "retry", "AwaitingConfirm")


def test_failed_retry_rolling_back(shop: Shop) -> None:
    ways.rollback_failed(shop)

    ways.say(shop, "retry")

    assert ways.moves(shop)[-1] == ("Failed", "retry", "RollingBack")


def test_failed_retry_aborting(shop: Shop) -> None:
    ways.abort_failed(shop)

    ways.say(shop, "retry")

    assert ways.moves(shop)[-1] == ("Failed", "retry", "Aborting")
