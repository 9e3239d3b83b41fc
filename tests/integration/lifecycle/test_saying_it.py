"""What people and pipelines say, at the wrong moment, twice, or without a terminal (protocol 9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tests.integration.leases import driver as driver_of
from tests.integration.rows import ways
from tests.integration.shop import NAME, Shop, confirm, image, name, phase, waiting

V3 = ("--supersede", "--image", "main=app:v3", "--yes")


@pytest.mark.guard("supersede-over-a-release-that-stands-still")
@pytest.mark.parametrize(
    ("come", "verb", "legal"),
    [
        (ways.completed, ("resume",), "upgrade, rollback"),
        (ways.progressing, ("confirm",), "pause, rollback, abort"),
        (ways.progressing, ("upgrade", *V3), "pause, rollback, abort"),
        (ways.rolling_back, ("retry",), "pause, abort"),
        (ways.rolling_back, ("upgrade", *V3), "pause, abort"),
        (ways.paused, ("retry",), "resume, rollback, upgrade --supersede, abort"),
        (ways.paused, ("pause",), "resume, rollback, upgrade --supersede, abort"),
        (ways.aborting, ("retry",), "abort --force"),
        (ways.aborted, ("pause",), "upgrade, rollback"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, tuple) else None,
)
def test_an_illegal_move_is_refused_and_the_legal_ones_are_named(
    shop: Shop, come: Callable[[Shop], None], verb: Sequence[str], legal: str
) -> None:
    come(shop)
    before = shop.record()

    done = shop.cafe(verb[0], NAME, *verb[1:])

    assert (done.code, shop.record()) == (7, before)
    assert f"allowed now: {legal}\n" in done.err


def test_a_pipeline_that_runs_the_same_upgrade_twice_starts_one_release(shop: Shop) -> None:
    """A second run drives on, and one after the end finds nothing to do."""
    waiting(shop)
    release = shop.record()["id"]
    codes = [shop.upgrade("app:v2").code, confirm(shop), confirm(shop)]
    before = len(shop.writes())

    codes.append(shop.upgrade("app:v2").code)

    assert (codes, len(shop.writes())) == ([3, 3, 0, 0], before)
    assert shop.record()["id"] == release


@pytest.mark.parametrize(
    ("come", "verb", "said"),
    [
        (ways.aborting, ("abort", "--detach"), "is already Aborting (abort by "),
        (ways.rolling_back, ("rollback", "--yes"), "this rollback is already under way, by "),
        (ways.rolled_back, ("rollback", "--yes"), "is already rolled back"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_what_was_said_already_is_not_said_twice_and_who_said_it_is_named(
    shop: Shop, come: Callable[[Shop], None], verb: Sequence[str], said: str
) -> None:
    come(shop)
    moves = len(ways.moves(shop))
    repeated = [move[1] for move in ways.moves(shop)].count(verb[0])

    done = shop.cafe(verb[0], NAME, *verb[1:])

    assert done.code == 0
    assert said in done.err
    assert [move[1] for move in ways.moves(shop)].count(verb[0]) == repeated
    assert len(ways.moves(shop)) >= moves


def test_of_two_upgrades_to_different_versions_the_second_is_told_of_the_first(
    shop: Shop,
) -> None:
    shop.born(2, notes={ways.KILL: "4000"}, batchSize=1)
    first = shop.start("app:v2", "--reason", "CHG-1")
    shop.until("Progressing")
    holder, record = driver_of(shop), shop.record()

    second = shop.upgrade("app:v3")

    assert second.code == 7
    told = f"(upgrade {record['id']} to {record['toRevision']}, started by {record['who']} at "
    assert told + f"{record['started']}: CHG-1, driven by {holder})" in second.err
    assert first.wait().code == 0


def test_an_abort_that_nobody_drives_is_carried_out_by_its_repeat(shop: Shop) -> None:
    ways.aborting(shop)

    done = shop.cafe("abort", NAME)

    assert (done.code, shop.state()) == (0, "Aborted")


def test_a_confirmation_twice_confirms_one_group(shop: Shop) -> None:
    """The second finds the release on its way."""
    waiting(shop)
    ways.say(shop, "confirm")

    again = shop.cafe("confirm", NAME, "--detach")

    assert again.code == 7
    assert "confirm is not allowed while the release is Progressing" in again.err


@pytest.mark.parametrize(
    ("come", "words"),
    [
        (ways.completed, ("upgrade", "--image", "main=app:v3", "--yes")),
        (ways.awaiting_confirm, ("confirm",)),
        (ways.paused, ("resume",)),
        (ways.completed, ("rollback",)),
        (ways.failed, ("retry",)),
        (ways.awaiting_confirm, ("abort",)),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_detach_records_and_writes_no_pod(
    shop: Shop, come: Callable[[Shop], None], words: Sequence[str]
) -> None:
    come(shop)
    before, moves = len(shop.writes("pods")), len(ways.moves(shop))

    done = ways.say(shop, *words)

    assert len(shop.writes("pods")) == before
    assert (len(ways.moves(shop)) > moves) or ways.began(shop)[0] in ("start", "rollback")
    assert f"kubectl cafe drive {NAME}" in done.err


def test_without_a_terminal_a_group_that_waits_ends_the_command_with_3(shop: Shop) -> None:
    """--yes confirms no group, and what goes on is named."""
    shop.born(2, "label", batchSize=1, confirm=True)

    done = shop.upgrade("app:v2")

    assert (done.code, sorted(shop.images())) == (3, ["app:v1", "app:v2"])
    assert f"kubectl cafe confirm {NAME} -n {shop.client.namespace} --group 2" in done.err


def test_c87_nothing_is_taken_after_an_abort_by_force(shop: Shop) -> None:
    """A driver lives: it ends the release, and the pod in flight is listed."""
    shop.born(3, "label", notes={ways.KILL: "20000"}, maxUnavailable=1)
    running = shop.start("app:v2")
    flying = shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")

    done = ways.carry(shop, "abort", "--force")
    writes = len(shop.writes("pods"))

    assert (running.wait().code, shop.state()) == (4, "Aborted")
    assert len(shop.writes("pods")) == writes
    assert [name(pod) for pod in shop.pods() if image(pod) == "app:v2"] == [name(flying)]
    assert name(flying) in shop.record()["journal"][-1]["why"]
    assert "following" in done.err
    assert f"next:  kubectl cafe repair {NAME} -n {shop.client.namespace}" in done.err
