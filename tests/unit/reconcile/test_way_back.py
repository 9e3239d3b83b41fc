"""A pod that drifted is brought back by the engine's own rules (protocol 5, 6, 7; C55)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from msgspec import structs

from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget, Requirement
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.pods.restarted import acknowledgement
from kubectl_cafe.reconcile.drift import Due, PodRepair, begin, due, first
from kubectl_cafe.repair.findings import What
from kubectl_cafe.repair.rebuilt_record import REPAIR
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import texts
from tests.unit.builders import (
    START,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    template,
)
from tests.unit.strays import (
    AT,
    DOWN,
    HOTFIX,
    NONE,
    ORPHAN,
    STOPPED,
    STRANGE,
    UNREADY,
    at_rest,
    findings,
    only,
    record_in,
    step,
    strange,
    taken,
    written,
)

# Taking it


def test_it_leaves_traffic_first_under_a_record_of_the_repair() -> None:
    patch = written(at_rest(strange(), pod("b")))
    record = record_in(patch)
    assert (patch.what, patch.status) == ("off", True)
    assert (record.phase, record.release, record.to) == (Phase.DRAINED, REPAIR, "v1")


@pytest.mark.guard("a-stray-is-taken-within-every-budget")
def test_c62_while_others_are_unavailable_a_pod_in_traffic_is_not_taken() -> None:
    of = at_rest(strange(), pod("b", **DOWN))
    found = step(of)
    assert (found.patch, texts(found.waits)) == (
        None,
        ("other pods to become available: maxUnavailable is used up",),
    )


@pytest.mark.guard("a-stray-is-taken-within-every-budget")
def test_c64_while_a_disruption_budget_leaves_no_room_it_is_not_taken() -> None:
    everyone = (Requirement("app", "In", frozenset(["shop"])),)
    careful = DisruptionBudget(
        "careful", everyone, desired=2, allowed=0, healthy=2, expected=2, observed=True
    )
    label = {"app": "shop"}
    of = at_rest(strange(labels=label), pod("b", labels=label), budgets=(careful,))
    found = step(of)
    assert found.patch is None
    assert texts(found.waits)[0].startswith("PodDisruptionBudget careful")


@pytest.mark.parametrize("off", [DOWN, ORPHAN])
def test_one_that_is_out_of_traffic_anyway_asks_no_budget(off: dict[str, Any]) -> None:
    of = at_rest(strange(**off), pod("b", **DOWN))
    assert (written(of).what, step(of).takes) == ("off", frozenset())


@pytest.mark.guard("what-a-release-left-uses-up-no-share-of-a-repair")
def test_pods_that_a_release_left_in_flight_are_not_in_its_way() -> None:
    of = at_rest(strange(**DOWN), patched("b"))
    assert written(of).what == "off"


def test_the_budget_is_the_specs_as_it_stands() -> None:
    of = at_rest(strange(), pod("b", **DOWN), strategy={"maxUnavailable": 2})
    assert written(of).what == "off"


def test_one_that_was_begun_comes_first_and_then_one_that_is_unavailable() -> None:
    begun = drained("c", containers={"main": HOTFIX}, **STRANGE, record=taken(Phase.DRAINED))
    of = at_rest(strange("a"), strange("b", **DOWN), begun)
    assert first(of, list(of.pods)).name == "c"
    assert first(of, ["uid-a", "uid-b"]).name == "b"


def test_a_new_pod_with_another_clients_image_is_opened_as_any_newborn_and_taken_then() -> None:
    of = at_rest(strange(gate=ABSENT, ready=UNREADY))
    assert (only(of).what, written(of).what) == (What.DRIFT, "open")


# Its image


def off(**more: Any) -> Snapshot:
    """Drained, and seen to be since 50 s."""
    shown = drained("a", containers={"main": HOTFIX}, **STRANGE, record=taken(Phase.DRAINED))
    return at_rest(shown, pod("b"), **{"off_since": {"uid-a": 10.0}, **more})


def test_c22_no_image_is_patched_before_the_pod_was_seen_off() -> None:
    found = step(off(off_since={}))
    assert (found.patch, texts(found.waits)) == (None, ("leaving traffic: a",))


def test_every_image_that_drifted_is_patched_in_one_write() -> None:
    two = {"main": HOTFIX, "side": container("C8", "side:hotfix", name="side")}
    both = template()
    both["spec"]["containers"].append({"name": "side", "image": "side:v1"})
    of = off()
    known = {**of.revisions, "v1": structs.replace(of.revisions["v1"], template=both)}
    of = replace(of, revisions=known)
    shown = structs.replace(of.pods["uid-a"], containers=two)
    of = replace(
        of,
        pods={**of.pods, "uid-a": shown},
        sightings={**of.sightings, "uid-a": look(None, shown, 60)},
    )

    patch = written(of)

    assert patch.body["spec"]["containers"] == [
        {"name": "main", "image": "app:v1"},
        {"name": "side", "image": "side:v1"},
    ]
    record = record_in(patch)
    assert (record.phase, record.gen, sorted(record.before)) == (
        Phase.PATCHED,
        3,
        ["main", "side"],
    )


@pytest.mark.guard("what-admission-rewrote-has-not-drifted")
def test_an_image_that_another_pod_of_the_revision_shows_too_is_left_as_it_is() -> None:
    """A registry mirror has made `mirror/side:v1` of it, and would again: nothing restarts."""
    both = template()
    both["spec"]["containers"].append({"name": "side", "image": "side:v1"})
    mirrored = container("C8", "mirror/side:v1", name="side")
    stray = drained(
        "a",
        containers={"main": HOTFIX, "side": mirrored},
        **STRANGE,
        record=taken(Phase.DRAINED),
    )
    of = at_rest(stray, pod("b", container(), mirrored), off_since={"uid-a": 10.0})
    known = {**of.revisions, "v1": structs.replace(of.revisions["v1"], template=both)}

    patch = written(replace(of, revisions=known))

    assert patch.body["spec"]["containers"] == [{"name": "main", "image": "app:v1"}]


def test_drain_seconds_are_the_specs_as_it_stands() -> None:
    assert step(off(strategy={"drainSeconds": 51})).patch is None
    assert written(off(strategy={"drainSeconds": 50})).what == "image"


def test_c55_an_image_that_was_patched_over_is_replaced_once_its_restart_is_settled() -> None:
    shown = patched("a", container("C2", "app:hotfix"), generation=3, observed=3)
    seen = {"uid-a": look(look(None, patched("a", generation=3, observed=3), 0), shown, 5)}
    of = at_rest(shown, off_since={"uid-a": 10.0})
    assert written(of).what == "acknowledge"
    assert written(replace(of, sightings=seen)).what == "image"


def test_without_a_switch_a_pod_that_was_patched_over_asks_the_budget_anew() -> None:
    record = pod_record(Phase.PATCHED, mode=Mode.NONE)
    shown = pod("a", HOTFIX, record=record, generation=3, observed=3, **NONE)
    assert written(at_rest(shown, pod("b"))).what == "image"
    assert step(at_rest(shown, pod("b", **DOWN))).patch is None


# Its end


def restarted() -> Snapshot:
    """Patched, and its new container was seen to appear."""
    begun = {"record": taken(Phase.PATCHED), "generation": 3, "observed": 3}
    shown = drained("a", containers={"main": container("C10")}, **begun)
    old = drained("a", containers={"main": container("C9")}, **begun)
    of = at_rest(shown, pod("b"))
    return replace(of, sightings={**of.sightings, "uid-a": look(look(None, old, 0), shown, 5)})


def test_it_is_let_into_traffic_once_its_restart_is_done() -> None:
    of = restarted()
    assert (written(of).what, record_in(written(of)).phase) == ("on", Phase.FINISHED)


def back(**changes: Any) -> Pod:
    """A pod that a repair has brought back."""
    record = taken(Phase.FINISHED, gen=3, before={}, since=rfc3339(START + 60))
    return pod("a", container("C10"), record=record, generation=3, observed=3, **changes)


def test_it_is_over_when_the_pod_is_available_and_no_finding_is_left() -> None:
    of = at_rest(back(), pod("b"))
    assert (step(of).over, findings(of)) == (True, ())


def test_it_is_not_over_within_min_ready_seconds() -> None:
    assert not step(at_rest(back(), pod("b"), strategy={"minReadySeconds": 10})).over


def test_a_pod_that_is_gone_is_no_more_on_its_way() -> None:
    assert step(at_rest(pod("b"))).over
    assert step(at_rest(strange(terminating=True), pod("b"))).over


# Its failure


def test_a_container_that_does_not_start_ends_it_after_a_while_and_stays_out_of_traffic() -> None:
    waiting = container(
        "C9", "app:v1", ready=False, running=False, waiting="ErrImagePull", message="no app:v1"
    )
    shown = drained(
        "a",
        containers={"main": waiting},
        generation=3,
        observed=3,
        record=taken(Phase.PATCHED),
        containers_ready=UNREADY,
    )
    since = {"uid-a": look(None, shown, 20.0)}
    of = at_rest(shown, pod("b"))
    assert step(of).failure is None
    of = replace(of, sightings={**of.sightings, **since})
    failure = step(of).failure
    assert failure is not None
    assert failure.reason == "ErrImagePull"
    assert step(of, failure=failure) == Due(over=True)


def test_c64_what_was_waited_for_is_told_when_the_deadline_has_passed() -> None:
    of = at_rest(strange(), pod("b", **DOWN), strategy={"progressDeadlineSeconds": 1})
    failure = due(of, PodRepair("uid-a", rfc3339(START - 100))).failure
    assert failure is not None
    assert (failure.reason, "maxUnavailable is used up" in failure.message) == (
        "ProgressDeadlineExceeded",
        True,
    )
    assert step(of, failure=failure).over


def test_c55_a_pod_that_was_only_drained_is_reopened_once_another_clients_restart_is_over() -> None:
    of = off()
    found = step(of, failure=STOPPED)
    assert (found.over, found.patch and found.patch.what) == (False, "acknowledge")
    said = Condition("Unknown", message=acknowledgement(2))
    shown = structs.replace(of.pods["uid-a"], gate=said, ready=quoted("Unknown"))
    found = step(replace(of, pods={**of.pods, "uid-a": shown}), failure=STOPPED)
    assert (found.patch and found.patch.what) == "on"


@pytest.mark.guard("an-orphan-stays-out-when-its-repair-fails")
def test_a_pod_that_was_out_of_traffic_before_is_not_let_in_by_a_failure() -> None:
    assert begin(strange(**ORPHAN), at_rest(strange(**ORPHAN)), AT).out
    assert not begin(strange(), at_rest(strange()), AT).out
    assert step(off(), out=True, failure=STOPPED) == Due(over=True)


def test_c64_a_write_that_fails_until_the_deadline_is_told() -> None:
    of = at_rest(strange(), strategy={"progressDeadlineSeconds": 1}, troubles=("a: no route",))
    failure = due(of, PodRepair("uid-a", rfc3339(START - 100))).failure
    assert failure is not None
    assert failure.message.startswith("no progress for 1s, waiting for: a: no route")
