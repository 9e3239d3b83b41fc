"""The spec, the record or a pod is edited while a release is under way (protocol 4, 7, 9)."""

from __future__ import annotations

import pytest

from tests.integration.rows import ways
from tests.integration.shop import (
    GATE,
    NAME,
    RECORD,
    RELEASE,
    Shop,
    condition,
    confirm,
    phase,
    waiting,
)

PAUSE, GO_ON = {"strategy": {"pause": True}}, {"strategy": {"pause": False}}


# The pause field


def test_c79_the_field_pauses_and_its_false_goes_on(shop: Shop) -> None:
    ways.progressing(shop)
    shop.edit(PAUSE)
    ways.carry(shop, "drive", code=3)
    assert (shop.state(), shop.images()) == ("Paused", ["app:v1"])

    shop.edit(GO_ON)
    ways.carry(shop, "drive")

    assert (shop.state(), shop.images()) == ("Completed", ["app:v2"])


@pytest.mark.guard("the-field-is-put-back-first")
def test_c79_a_pause_by_the_field_is_not_ended_by_resume(shop: Shop) -> None:
    ways.progressing(shop)
    shop.edit(PAUSE)
    ways.carry(shop, "drive", code=3)

    done = shop.cafe("resume", NAME)

    assert (done.code, shop.state()) == (7, "Paused")
    assert "spec.strategy.pause is true" in done.err
    assert '{"spec":{"strategy":{"pause":false}}}' in done.err


@pytest.mark.guard("a-pause-by-verb-ends-by-a-verb")
def test_c79_a_pause_by_verb_is_not_ended_by_a_field_that_says_false(shop: Shop) -> None:
    """A GitOps tool that keeps `pause: false` in the resource would resume it."""
    ways.paused(shop)
    shop.edit(GO_ON)

    ways.carry(shop, "drive", code=3)

    assert (shop.state(), shop.images()) == ("Paused", ["app:v1"])


@pytest.mark.guard("the-field-pauses-no-rollback")
def test_c79_a_rollback_is_not_paused_by_a_field_that_says_true(shop: Shop) -> None:
    ways.awaiting_confirm(shop)
    shop.edit(PAUSE)

    ways.carry(shop, "rollback")

    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v1", "app:v1"])


def test_c79_an_abort_is_not_paused_by_a_field_that_says_true(shop: Shop) -> None:
    ways.aborting(shop)
    shop.edit(PAUSE)

    shop.cafe("drive", NAME)

    assert shop.state() == "Aborted"


# Strategy and template


def test_c61_an_edited_strategy_waits_for_the_next_release_and_supersede_takes_it(
    shop: Shop,
) -> None:
    waiting(shop)
    shop.edit({"strategy": {"batchSize": 3, "needWaitingForConfirm": False}})
    assert "spec.strategy was edited: the edit takes effect" in shop.cafe("status", NAME).out

    assert confirm(shop) == 3
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]
    assert shop.upgrade("", "--supersede").code == 0

    assert shop.images() == ["app:v2"] * 3


def test_c81_a_template_that_is_reverted_under_a_rollback_is_reported_and_it_ends(
    shop: Shop,
) -> None:
    ways.rolling_back(shop)
    ways.edit_image(shop, "app:v2")
    assert "the spec was edited during the rollback" in shop.cafe("status", NAME).out

    ways.carry(shop, "drive")

    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v1"])
    assert "a release of the edited spec" in shop.cafe("status", NAME).out


# Records


def test_c56_the_annotations_of_a_pod_are_wiped_in_the_middle(shop: Shop) -> None:
    """Nothing crashes: it is out of traffic without a record, and left alone."""
    shop.born(1, "gate", notes={ways.KILL: "2500"})
    shop.edit(ways.DEADLINE)
    running = shop.start("app:v2")
    pod = shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    ways.annotate_pod(shop, pod, {RECORD: None})

    done = running.wait()
    assert (done.code, condition(shop.pods()[0], GATE)["status"]) == (4, "False")
    assert "pods out of traffic without a record (not touched)" in done.err
    assert "orphan" in shop.cafe("status", NAME).out


def test_c72_without_its_record_nothing_starts_while_pods_are_in_the_middle(shop: Shop) -> None:
    shop.born(1, "gate")
    shop.edit(ways.DEADLINE)
    assert shop.upgrade("app:v2-unready").code == 4
    shop.annotate({RELEASE: None})
    before = len(shop.writes())

    tries = [shop.upgrade("app:v3"), shop.cafe("rollback", NAME, "--yes"), shop.cafe("drive", NAME)]

    assert ([done.code for done in tries], len(shop.writes())) == ([7, 7, 7], before)
    for done in tries:
        assert "of an unfinished release without a record" in done.err


def test_c72_a_driver_whose_record_is_wiped_stops(shop: Shop) -> None:
    shop.born(1, "gate", notes={ways.KILL: ways.LONG})
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    shop.annotate({RELEASE: None})

    done = running.wait()
    assert done.code == 6
    assert "the record of the release is missing" in done.err
    assert shop.record() == {}


@pytest.mark.parametrize("state", ["RollingBack", "Progressing", "Aborting"])
def test_a_record_of_another_uid_moves_no_pod(shop: Shop, state: str) -> None:
    """A backup or `get -o yaml` copied it."""
    ways.completed(shop)
    copied = shop.record() | {"uid": "someone-else", "state": state, "step": 0}
    shop.annotate({RELEASE: ways.text(copied)})
    before = len(shop.writes("pods"))

    said = [shop.cafe(verb, NAME).code for verb in ("drive", "pause", "confirm", "retry", "abort")]

    assert (said, len(shop.writes("pods"))) == ([0, 7, 7, 7, 7], before)
    assert shop.record() == copied
