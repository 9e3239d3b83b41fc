"""`status` of one and of all, watched and waited for, without a terminal."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

import pytest

from testbed.client import MERGE
from testbed.plugin import Running
from testbed.waiting import wait_for
from tests.integration.restarting import KILL
from tests.integration.shop import AGENT, CAFED, NAME, Shop, waiting


def events(running: Running) -> list[Any]:
    """The JSON objects, one a line, that a run has printed up to now."""
    return [json.loads(line) for line in running.said()[0].splitlines()]


def until(running: Running, text: str) -> None:
    """Wait for a run to have printed `text`."""
    wait_for(lambda: text in running.said()[0], f"{text!r} to be printed", 40)


def test_w_o_json_prints_one_object_a_line_and_only_news(shop: Shop) -> None:
    shop.born(1, notes={KILL: "2000"})
    running = shop.cafe.start("status", NAME, "-w", "-o", "json")
    until(running, '"state": "Completed"')

    assert shop.upgrade("app:v2").code == 0
    until(running, "revision 2 (main=app:v2)")
    wait_for(lambda: events(running)[-1]["state"] == "Completed", "its end")

    found = events(running)
    volatile = dict.fromkeys(("time", "age", "elapsed", "remaining", "renewed"))
    assert {one["kind"] for one in found} == {"ReleaseStatus"}
    assert "patched" in [pod["phase"] for one in found for pod in one["pods"]]
    told = [{**one, **volatile} for one in found]
    assert all(one != following for one, following in pairwise(told))


def test_w_in_a_pipe_prints_the_status_and_then_a_line_for_every_change(shop: Shop) -> None:
    shop.born(1, notes={KILL: "2000"})
    running = shop.cafe.start("status", NAME, "-w")
    until(running, "Completed")

    assert shop.upgrade("app:v2").code == 0

    until(running, "restarting: ")
    wait_for(lambda: "Completed" in running.said()[0].splitlines()[-1], "its end")
    assert running.said()[0].startswith("Name:  ")


def test_w_lists_every_kind_once_and_never_polls(shop: Shop) -> None:
    shop.born(1, notes={KILL: "3000"})
    audit = shop.audit.from_now_on()
    running = shop.cafe.start("status", NAME, "-w", "-o", "json")
    until(running, "Completed")
    driver = shop.start("app:v2")
    agent = f"{AGENT}/"
    until(running, '"phase": "patched"')
    watching = [r for r in audit.requests(agent, shop.client.namespace) if r.verb == "list"]
    assert driver.wait().code == 0
    wait_for(lambda: events(running)[-1]["state"] == "Completed", "its end")

    kinds = [r.resource for r in watching if "limit=" in r.uri]
    # The driver lists the kinds that it watches as well, the revisions, and the EndpointSlices once
    # more for the pod that it drains.
    assert kinds.count("endpointslices") <= 3
    more = {kind for kind in kinds if kinds.count(kind) > 2}
    assert more <= {"controllerrevisions", "endpointslices"}


def test_w_says_that_the_cafedeployment_was_deleted(shop: Shop) -> None:
    shop.born(1)
    running = shop.cafe.start("status", NAME, "-w")
    until(running, "Completed")

    shop.client.delete(CAFED, NAME)

    done = running.wait()
    assert done.code == 1
    assert f'CafeDeployment "{NAME}" in namespace {shop.client.namespace} was deleted' in done.err


# --for


def ahead(shop: Shop) -> bool:
    """What `status` of all says of the spec."""
    (line,) = shop.cafe("status", "-o", "json").document()["items"]
    return bool(line["specAhead"])


def test_for_waits_for_a_state_in_any_case_and_prints_the_status(shop: Shop) -> None:
    shop.born(2, notes={KILL: "2000"}, batchSize=1, confirm=True)
    driver = shop.start("app:v2")
    shop.until("Progressing")

    done = shop.cafe("status", NAME, "--for=awaitingconfirm", "--timeout=1m", "-o", "json")

    assert (done.code, done.document()["state"]) == (0, "AwaitingConfirm")
    assert driver.wait().code == 3


def test_for_times_out_with_5_and_says_where_it_stands(shop: Shop) -> None:
    waiting(shop)

    done = shop.cafe("status", NAME, "--for", "Completed", "--timeout", "300ms")

    assert (done.code, done.out) == (5, "")
    assert "Completed was not reached within 300ms: the release is AwaitingConfirm" in done.err


def test_for_completed_waits_for_an_edited_spec_to_be_released(shop: Shop) -> None:
    shop.born(1)
    shop.edit({"template": {"spec": {"containers": [{"name": "main", "image": "app:v2"}]}}})

    early = shop.cafe("status", NAME, "--for=Completed", "--timeout=1s")
    waits = shop.cafe.start("status", NAME, "--for=Completed", "--timeout=1m", "-o", "json")
    assert shop.upgrade().code == 0

    assert early.code == 5
    assert "the release is Completed with unreleased changes of the spec" in early.err
    assert f"next:  kubectl cafe upgrade {NAME}" in early.err
    done = waits.wait()
    assert (done.code, done.document()["target"]) == (0, "revision 2 (main=app:v2)")


def test_an_edited_spec_is_shown_by_status_of_all_and_by_kubectl_get(shop: Shop) -> None:
    shop.born(1)
    assert not ahead(shop)

    shop.edit({"template": {"spec": {"containers": [{"name": "main", "image": "app:v2"}]}}})

    assert ahead(shop)
    assert "edited" in shop.cafe("status").out.split()
    cafed = shop.cafed()
    assert cafed["metadata"]["generation"] > cafed["status"]["observedGeneration"]


def test_for_completed_started_just_before_an_upgrade_sees_its_end(shop: Shop) -> None:
    shop.born(1)
    assert shop.upgrade("app:v2").code == 0
    assert shop.cafe("rollback", NAME, "--yes").code == 0
    waits = shop.cafe.start("status", NAME, "-w", "--for=Completed", "--timeout=1m")
    until(waits, "RolledBack")

    assert shop.upgrade("app:v2").code == 0

    assert waits.wait().code == 0


def test_for_ends_with_4_when_the_release_fails(shop: Shop) -> None:
    shop.born(1, minReadySeconds=3)
    assert shop.upgrade("app:v2-crash").code == 4
    done = shop.cafe("status", NAME, "--for=Completed")

    assert done.code == 4
    assert "Completed can no longer be reached: the release is Failed (" in done.err
    assert "CrashLoopBackOff" in done.err
    assert f"kubectl cafe retry {NAME}" in done.err


def test_for_an_unknown_state_is_a_usage_error_with_near_misses(shop: Shop) -> None:
    done = shop.cafe("status", NAME, "--for=complet")

    assert done.code == 2
    assert "unknown state 'complet'; did you mean Completed" in done.err


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        ((NAME, "-A"), "NAME cannot be used with -A; use -n"),
        ((NAME, "-l", "app=web"), "NAME cannot be used with a selector (-l)"),
        (("--for=Failed",), "--for requires a NAME"),
        ((NAME, "--timeout=1s"), "--timeout requires --for"),
    ],
)
def test_what_cannot_be_meant_together_is_a_usage_error(
    shop: Shop, flags: tuple[str, ...], problem: str
) -> None:
    done = shop.cafe("status", *flags)

    assert (done.code, problem in done.err) == (2, True)


# All of them


def test_without_a_name_every_release_of_the_namespace_is_a_line(shop: Shop) -> None:
    waiting(shop)

    done = shop.cafe("status")

    assert done.code == 0
    head, line = done.out.splitlines()
    assert head.split() == ["NAME", "STATE", "GROUP", "PODS", "UPDATED", "READY", "FOR"]
    assert line.split()[:6] == [NAME, "AwaitingConfirm", "2/3", "3", "1", "3"]


def test_a_selects_every_namespace_and_l_by_label(shop: Shop) -> None:
    shop.make()
    labels = {"metadata": {"labels": {"team": shop.client.namespace}}}
    shop.client.patch(CAFED, NAME, labels, kind=MERGE)

    found = shop.cafe("status", "-A", "-l", f"team={shop.client.namespace}", "-o", "json")
    none = shop.cafe("status", "-A", "-l", "team=nobody")

    (item,) = found.document()["items"]
    assert (item["namespace"], item["state"]) == (shop.client.namespace, "Idle")
    assert (none.code, none.out, none.err) == (0, "", "No CafeDeployments found.\n")


def test_w_without_a_name_follows_all_and_says_which_is_deleted(shop: Shop) -> None:
    shop.make(1)
    running = shop.cafe.start("status", "-w", "-o", "json")
    until(running, '"state": "Idle"')

    assert shop.upgrade().code == 0
    until(running, '"state": "Completed"')
    shop.client.delete(CAFED, NAME)
    until(running, '"deleted": true')

    assert {one["kind"] for one in events(running)} == {"ReleaseOverview"}
