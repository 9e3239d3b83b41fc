"""What a job's log shows, `--timeout`, and the document of a command that drives."""

from __future__ import annotations

import re

import pytest

from testbed.waiting import wait_for
from tests.integration.drifting import drifted
from tests.integration.restarting import KILL, in_the_middle, restarts
from tests.integration.shop import NAME, Shop
from tests.integration.test_budgets import guarded

SLOW = {KILL: "6000"}
V2 = ("upgrade", NAME, "--image", "main=app:v2", "--yes")


@pytest.mark.guard("a-timeout-takes-no-more-pods")
def test_after_its_timeout_a_driver_takes_no_more_pods_and_exits_with_5(shop: Shop) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)

    done = shop.cafe(*V2, "--timeout=3s", "-o", "json")

    assert done.code == 5, done.err
    assert "timed out after 3s: no further pods; waiting for pods in flight" in done.err
    assert (sorted(shop.images()), sorted(restarts(shop))) == (["app:v1", "app:v2"], [0, 1])
    assert shop.lease()["holderIdentity"] == ""
    shown = done.document()
    assert (shown["state"], shown["exitCode"], shown["meaning"]) == ("Progressing", 5, "timed out")
    assert shown["next"] == [f"kubectl cafe drive {NAME} -n {shop.client.namespace}"]


def test_a_timeout_ends_the_wait_for_the_lease(shop: Shop) -> None:
    in_the_middle(shop, 60)

    done = shop.cafe("drive", NAME, "--takeover", "--timeout=2s")

    assert (done.code, "timed out after 2s" in done.err) == (5, True)


def test_a_timeout_ends_the_following_and_leaves_the_driver_alone(shop: Shop) -> None:
    first = in_the_middle(shop, 8)

    done = shop.cafe("drive", NAME, "--timeout=2s")

    assert (done.code, "timed out after 2s: the current driver continues" in done.err) == (5, True)
    assert (first.wait().code, shop.state()) == (0, "Completed")


@pytest.mark.parametrize(
    ("args", "code", "state", "meaning"),
    [
        (("--image", "main=app:v2"), 0, "Completed", "reached"),
        (("--image", "main=app:v2", "--detach"), 0, "Progressing", "recorded"),
        (("--image", "main=app:v1"), 0, "Completed", "reached"),
        (("--image", "main=app:v2-crash"), 4, "Failed", "failed"),
    ],
    ids=["over", "detached", "there already", "failed"],
)
def test_stdout_holds_one_document_of_how_it_ended(
    shop: Shop, args: tuple[str, ...], code: int, state: str, meaning: str
) -> None:
    shop.born(1, minReadySeconds=3)

    done = shop.upgrade("", *args, "-o", "json")

    shown = done.document()
    assert (done.code, shown["exitCode"]) == (code, code)
    assert (shown["kind"], shown["state"], shown["meaning"]) == ("ReleaseOutcome", state, meaning)
    assert (shown["release"], shown["revision"]) == (
        shop.record()["id"],
        shop.record()["toRevision"],
    )


def test_what_is_waited_for_is_a_line_with_its_time(shop: Shop) -> None:
    shop.born(2)
    guarded(shop, 0, maxUnavailable=0)

    running = shop.start("app:v2")

    line = re.compile(r"^\d\d:\d\d:\d\dZ  waiting for: .*PodDisruptionBudget careful", re.MULTILINE)
    wait_for(lambda: line.search(running.said()[1]), "a line about the budget", 30)


def test_a_move_of_somebody_else_names_them_and_their_reason(shop: Shop) -> None:
    running = in_the_middle(shop, 8)
    bob = ("--as", "bob", "--as-group", "system:masters")

    assert shop.cafe("pause", NAME, "--reason", "look at it", *bob).code == 0

    done = running.wait()
    assert done.code == 3
    assert "Paused: was Progressing; pods in flight finish, by bob: look at it\n" in done.err
    assert re.search(
        r"^\d\d:\d\d:\d\dZ  Progressing: upgrade group 1 of 1 \(all 1\)$", done.err, re.M
    )


@pytest.mark.guard("a-dry-run-that-finds-something-says-so")
def test_a_dry_run_of_repair_that_finds_something_exits_with_1(shop: Shop) -> None:
    (pod,) = shop.born(1)
    assert shop.cafe("repair", NAME, "--dry-run=client").code == 0
    drifted(shop, pod)

    assert shop.cafe("repair", NAME, "--dry-run=client").code == 1
