"""A pause takes no pod, and those in flight finish."""

from __future__ import annotations

import pytest

from tests.integration.shop import (
    CONFIRMED,
    GATE,
    NAME,
    Shop,
    condition,
    image,
    ready,
    status,
    waiting,
)

SLOW = {"testbed.cafe/kill-ms": "2500"}
"""Pods that take so long to restart that a verb can come in between."""


@pytest.mark.guard("nothing-is-taken-in-a-pause")
@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c58_pause_in_the_middle_of_a_batch_takes_no_pod_and_those_in_flight_finish(
    shop: Shop, mode: str
) -> None:
    shop.born(4, mode, notes=SLOW, maxUnavailable=1)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: image(pod) == "app:v2", "a pod in flight")

    said = shop.cafe("pause", NAME)
    driver = running.wait()

    assert (said.code, driver.code, shop.state()) == (0, 3, "Paused")
    assert all(ready(pod) for pod in shop.pods())
    upgraded = [pod for pod in shop.pods() if image(pod) == "app:v2"]
    assert 1 <= len(upgraded) < 4
    assert all(status(pod)["image"].endswith("v2") for pod in upgraded)
    assert all(condition(pod, GATE).get("status", "True") == "True" for pod in shop.pods())

    assert shop.cafe("resume", NAME).code == 0
    assert shop.images() == ["app:v2"] * 4


def test_pause_and_resume_are_refused_when_repeated(shop: Shop) -> None:
    waiting(shop)
    assert shop.cafe("pause", NAME).code in (0, 3)

    assert shop.cafe("pause", NAME).code == 7
    assert shop.cafe("resume", NAME).code == 3
    assert shop.cafe("resume", NAME).code == 7


def test_resume_into_a_wait_asks_for_the_confirmation_anew(shop: Shop) -> None:
    waiting(shop)
    shop.cafe("pause", NAME)
    shop.annotate({CONFIRMED: "true"})

    assert shop.cafe("resume", NAME).code == 3

    assert shop.state() == "AwaitingConfirm"
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]
