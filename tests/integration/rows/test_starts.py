"""Rows of protocol 9's table: from a state of rest into a release."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import RELEASE, Shop

START, BACK = ("start", "Progressing"), ("rollback", "RollingBack")


def test_idle_start_progressing(shop: Shop) -> None:
    shop.make(1, "label")

    assert shop.upgrade("", "--detach").code == 0

    assert ways.began(shop) == START


def test_completed_start_progressing(shop: Shop) -> None:
    ways.completed(shop)
    assert shop.state() == "Completed"

    ways.release(shop, "app:v3")

    assert ways.began(shop) == START


def test_rolled_back_start_progressing(shop: Shop) -> None:
    ways.rolling_back(shop)
    ways.carry(shop, "drive")
    assert shop.state() == "RolledBack"

    ways.release(shop, "app:v3")

    assert ways.began(shop) == START


def test_aborted_start_progressing(shop: Shop) -> None:
    ways.aborted(shop)
    assert shop.state() == "Aborted"

    ways.release(shop, "app:v3")

    assert ways.began(shop) == START


def test_idle_rollback_rolling_back(shop: Shop) -> None:
    """A GitOps tool took the record away; what was released before is still known."""
    ways.completed(shop)
    shop.annotate({RELEASE: None})

    ways.say(shop, "rollback")
    assert ways.began(shop) == BACK
    ways.carry(shop, "drive")

    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v1"])


def test_completed_rollback_rolling_back(shop: Shop) -> None:
    ways.completed(shop)

    ways.say(shop, "rollback")

    assert ways.began(shop) == BACK


def test_rolled_back_rollback_rolling_back(shop: Shop) -> None:
    """Where a revision is named it goes further back; a bare repeat goes nowhere."""
    ways.rolled_back(shop)
    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v2"])

    ways.say(shop, "rollback", "--to-revision", "1")
    assert ways.began(shop) == BACK
    ways.carry(shop, "drive")

    assert shop.images() == ["app:v1"]


def test_aborted_rollback_rolling_back(shop: Shop) -> None:
    ways.aborted(shop)

    ways.say(shop, "rollback")

    assert ways.began(shop) == BACK
