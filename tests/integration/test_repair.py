"""What a release leaves behind is found, and mended after a yes (protocol 4, 5, 10)."""

from __future__ import annotations

import json

import pytest

from testbed.client import Object
from testbed.plugin import Outcome
from testbed.waiting import wait_for
from tests.integration.shop import (
    GATE,
    NAME,
    RECORD,
    RELEASE,
    TRAFFIC,
    Shop,
    condition,
    image,
    name,
    phase,
    ready,
    set_gate,
    status,
)

SLOW = {"testbed.cafe/kill-ms": "3000"}
SLOWER = {"testbed.cafe/kill-ms": "10000"}
"""A driver hears of a move within 5 s: the restart is still under way then."""


def repaired(shop: Shop, *flags: str) -> Outcome:
    return shop.cafe("repair", NAME, *(flags or ("--yes",)), seconds=90)


def label(shop: Shop, pod: Object, value: str) -> None:
    shop.client.patch("pods", name(pod), {"metadata": {"labels": {TRAFFIC: value}}})


def note(shop: Shop, pod: Object, text: str | None) -> None:
    shop.client.patch("pods", name(pod), {"metadata": {"annotations": {RECORD: text}}})


def in_traffic(shop: Shop, *images: str) -> None:
    """All pods are Ready with these images, and no record is unfinished."""

    def seen() -> bool:
        pods = shop.pods()
        return all(ready(pod) and phase(pod) in ("", "finished") for pod in pods)

    wait_for(seen, "all pods to be in traffic", 15)
    assert sorted(shop.images()) == sorted(images)


def runs_v2(pod: Object) -> bool:
    """Whether its containers run v2, ready but for the gate."""
    return "v2" in status(pod).get("image", "") and (
        condition(pod, "ContainersReady").get("status") == "True"
    )


def left_by_force(shop: Shop, target: str = "app:v2") -> None:
    """A release that was ended by force while its pods were under way."""
    running = shop.start(target)
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")
    assert shop.cafe("abort", NAME, "--force", "--detach").code == 0
    running.wait()
    assert shop.state() == "Aborted"


# Nothing, a look, a refusal


def test_where_nothing_is_wrong_it_says_so_and_writes_nothing(shop: Shop) -> None:
    shop.born(1)
    before = len(shop.writes())

    done = repaired(shop)

    assert (done.code, len(shop.writes())) == (0, before)
    assert "nothing to repair" in done.err


@pytest.mark.parametrize("flags", [("--dry-run=server",), ("--dry-run=client",), ("-o", "json")])
def test_without_a_yes_nothing_is_written(shop: Shop, flags: tuple[str, ...]) -> None:
    (pod,) = shop.born(1)
    set_gate(shop.client, pod, GATE, "False")
    before = len(shop.writes())

    done = repaired(shop, *flags)

    assert (done.code, len(shop.writes())) == (1 if "--dry-run" in flags[0] else 7, before)


def test_while_somebody_drives_it_is_refused(shop: Shop) -> None:
    shop.born(1, notes=SLOWER)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")

    done = repaired(shop)

    assert (done.code, "driven by" in done.err) == (7, True)
    assert running.wait().code == 0


# Orphans


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_an_orphan_is_let_back_into_traffic(shop: Shop, mode: str) -> None:
    (pod, _) = shop.born(2, mode, service=mode == "label")
    if mode == "gate":
        set_gate(shop.client, pod, GATE, "False")
    else:
        label(shop, pod, "off")

    done = repaired(shop)

    assert done.code == 0, done.err
    assert "1 repaired, 0 remaining" in done.err
    in_traffic(shop, "app:v1", "app:v1")
    assert all(p["metadata"]["labels"].get(TRAFFIC, "on") == "on" for p in shop.pods())


def test_c56_a_pod_whose_record_was_wiped_in_its_restart_is_opened_when_it_is_over(
    shop: Shop,
) -> None:
    """Its kubelet goes on showing the old container ready: the restart is not to be seen."""
    shop.born(1, notes={**SLOWER, "testbed.cafe/impolite": "true"})
    running = shop.start("app:v2")
    pod = shop.until_pod(lambda pod: phase(pod) == "patched", "a pod to be patched")
    running.kill9()
    note(shop, pod, None)
    shop.client.patch(
        "coordination.k8s.io/v1/leases",
        f"cafe-{NAME}",
        {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}},
    )

    done = repaired(shop)

    assert done.code == 0, done.err
    (pod,) = shop.pods()
    started = pod["status"]["containerStatuses"][0]
    assert (image(pod), started["restartCount"]) == ("app:v2", 1)
    in_traffic(shop, "app:v2")


def test_c47_a_replacement_that_was_born_while_nobody_drove_is_opened(shop: Shop) -> None:
    (pod,) = shop.born(1)
    shop.client.delete("pods", name(pod))
    shop.until_pod(
        lambda p: name(p) != name(pod) and condition(p, "ContainersReady").get("status") == "True",
        "the replacement to run",
    )

    done = repaired(shop)

    assert done.code == 0, done.err
    in_traffic(shop, "app:v1")


# What an abort by force leaves


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_pods_that_an_abort_by_force_left_patched_are_finished(shop: Shop, mode: str) -> None:
    shop.born(2, mode, notes=SLOWER, service=mode == "label")
    left_by_force(shop)
    wait_for(lambda: all(runs_v2(pod) for pod in shop.pods()), "the restarts to be over", 30)

    done = repaired(shop)

    assert done.code == 0, done.err
    in_traffic(shop, "app:v2", "app:v2")


def test_a_pod_that_was_left_with_a_bad_image_is_listed_and_not_touched(shop: Shop) -> None:
    shop.born(1)
    left_by_force(shop, "app:missing")
    shop.until_pod(lambda p: not ready(p), "the pull to fail")
    before = shop.pods()[0]["metadata"]["annotations"]

    done = repaired(shop)

    assert done.code == 3
    assert f"kubectl cafe rollback {NAME}" in done.out
    assert shop.pods()[0]["metadata"]["annotations"] == before


# The release's own record


@pytest.mark.parametrize("mode", ["gate", "label"])
def test_c72_a_wiped_record_is_rebuilt_and_the_release_goes_on(shop: Shop, mode: str) -> None:
    shop.born(3, mode, notes=SLOW, service=mode == "label")
    shop.edit({"strategy": {"batchSize": 1}})
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "finished", "the first group to be over")
    shop.until_pod(lambda pod: phase(pod) == "patched", "the second group to be under way")
    release = shop.record()["id"]
    shop.annotate({RELEASE: None})
    assert running.wait().code == 6
    refused = shop.upgrade("app:v3")
    assert (refused.code, f"kubectl cafe repair {NAME}" in refused.err) == (7, True)

    done = repaired(shop)

    assert done.code == 0, done.err
    record = shop.record()
    assert (record["id"], record["state"], record["origin"]) == (release, "Paused", "Progressing")
    assert f"kubectl cafe resume {NAME}" in done.err
    resumed = shop.cafe("resume", NAME, seconds=60)
    assert (resumed.code, shop.state()) == (0, "Completed")
    in_traffic(shop, "app:v2", "app:v2", "app:v2")
    back = shop.cafe("rollback", NAME, "--yes", seconds=60)
    assert (back.code, shop.images()) == (0, ["app:v1"] * 3)


def test_a_foreign_record_is_removed_and_nothing_else(shop: Shop) -> None:
    shop.born(1)
    text = json.dumps({**shop.record(), "uid": "of-another"})
    notes = shop.annotate({RELEASE: text})["metadata"]["annotations"]

    done = repaired(shop)

    assert done.code == 0, done.err
    beside = [RELEASE, f"{RELEASE}-at", f"{RELEASE}-plan", "cafe.sofastack.io/started-by"]
    left = {name: text for name, text in notes.items() if name not in beside}
    assert shop.cafed()["metadata"]["annotations"] == left


# Records that can't be read


def test_a_record_that_cannot_be_read_is_written_anew(shop: Shop) -> None:
    (pod,) = shop.born(1)
    note(shop, pod, "garbage")

    done = repaired(shop)

    assert done.code == 0, done.err
    assert phase(shop.pods()[0]) == "finished"
    assert shop.upgrade("app:v2").code == 0
