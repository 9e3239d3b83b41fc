"""Rows of protocol 9's table: ending a release where it stands."""

from __future__ import annotations

from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop, name


def test_progressing_abort_aborting(shop: Shop) -> None:
    ways.progressing(shop)

    ways.say(shop, "abort")

    assert ways.moves(shop)[-1] == ("Progressing", "abort", "Aborting")


def test_awaiting_confirm_abort_aborting(shop: Shop) -> None:
    ways.awaiting_confirm(shop)

    ways.say(shop, "abort")

    assert ways.moves(shop)[-1] == ("AwaitingConfirm", "abort", "Aborting")


def test_rolling_back_abort_aborting(shop: Shop) -> None:
    ways.rolling_back(shop)

    ways.say(shop, "abort")

    assert ways.moves(shop)[-1] == ("RollingBack", "abort", "Aborting")


def test_paused_abort_aborting(shop: Shop) -> None:
    ways.paused(shop)

    ways.say(shop, "abort")

    assert ways.moves(shop)[-1] == ("Paused", "abort", "Aborting")


def test_failed_abort_aborting(shop: Shop) -> None:
    ways.failed(shop)

    ways.say(shop, "abort")

    assert ways.moves(shop)[-1] == ("Failed", "abort", "Aborting")


def test_failed_abort_aborted(shop: Shop) -> None:
    """By force: the pod that is left out of traffic is listed, and what mends it."""
    ways.failed(shop)
    (pod,) = shop.pods()

    done = ways.carry(shop, "abort", "--force")

    assert ways.moves(shop)[-1] == ("Failed", "abort", "Aborted")
    assert name(pod) in shop.record()["journal"][-1]["why"]
    assert f"1 pod left out of traffic: {name(pod)}" in done.err
    assert f"next:  kubectl cafe repair {NAME} -n {shop.client.namespace}" in done.err


def test_aborting_abort_aborted(shop: Shop) -> None:
    """By force, over an abort that would have waited for the pod in flight."""
    ways.abort_failed(shop)
    ways.say(shop, "retry")

    ways.carry(shop, "abort", "--force")

    assert ways.moves(shop)[-1] == ("Aborting", "abort", "Aborted")


def test_aborting_pods_settled_aborted(shop: Shop) -> None:
    """It says how mixed it leaves the set."""
    ways.awaiting_confirm(shop)
    ways.say(shop, "abort")

    done = shop.cafe("drive", NAME)

    assert ways.moves(shop)[-1] == ("Aborting", "pods_settled", "Aborted")
    assert "pods: 1 at revision 1, 1 at revision 2" in done.err
