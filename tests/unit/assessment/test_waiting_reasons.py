"""What keeps a pod from getting on, in words: in what is awaited and in its row of the table."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Condition, Container, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.preflight.pods import reason
from kubectl_cafe.reconcile.group_waits import waits
from kubectl_cafe.status.model import PodLine
from kubectl_cafe.status.table_rows import pod_line
from kubectl_cafe.waits import texts
from tests.unit.builders import (
    assessments,
    before,
    container,
    patched,
    pod,
    pod_record,
    quoted,
    snapshot,
)

NO_ROOM = Condition("False", "Unschedulable", "0/3 nodes are available: 3 Insufficient cpu.")
WORDS = "unschedulable: 0/3 nodes are available: 3 Insufficient cpu."
PENDING = container("", "app:v1", waiting="ContainerCreating")


def pending(**changes: object) -> Pod:
    """A pod without a node."""
    bare = {"gate": ABSENT, "ready": ABSENT, "containers_ready": ABSENT, "phase": "Pending"}
    return pod("a", PENDING, **{"scheduled": NO_ROOM, **bare, **changes})


def shown(*states: Pod, now: float = 60.0) -> Snapshot:
    """What a process knows that saw the pod so a second apart, from 60 s on."""
    sighting = None
    for number, one in enumerate(states):
        sighting = look(sighting, one, 60.0 + number)
    assert sighting is not None
    return snapshot(states[-1], sightings={"uid-a": sighting}, now=now)


def line(of: Snapshot) -> PodLine:
    return pod_line(assess(of.pods["uid-a"], of), of)


def awaited(of: Snapshot) -> tuple[str, ...]:
    return texts(waits(of, assessments(of)))


@pytest.mark.guard("a-pod-without-a-node-is-unschedulable")
def test_a_pending_pod_is_unschedulable_with_the_schedulers_words() -> None:
    of = snapshot(pending())
    assert (awaited(of)[0], line(of).trouble) == (f"pod a: {WORDS}", WORDS)


def test_a_pending_pod_that_was_patched_is_not_restarting() -> None:
    record = pod_record(mode=Mode.NONE)
    of = snapshot(pending(record=record, gated=False, generation=2))
    assert not any("restarting" in one for one in awaited(of))
    assert line(of).stage == ""


def test_a_pod_that_is_held_back_before_the_scheduler_is_said_to_be() -> None:
    gates = Condition("False", "SchedulingGated", "Scheduling is blocked")
    said = line(snapshot(pending(scheduled=gates))).trouble
    assert said == "not scheduled (SchedulingGated): Scheduling is blocked"


def test_a_plan_says_why_a_pending_pod_is_unavailable() -> None:
    of = snapshot(pending())
    assert reason(assess(of.pods["uid-a"], of)) == WORDS


def test_a_pod_that_has_a_node_is_not_said_to_be_unschedulable() -> None:
    of = snapshot(pending(scheduled=Condition("True")))
    assert (line(of).trouble, [w for w in awaited(of) if "schedul" in w]) == ("not opened yet", [])


# Verifying


def ambiguous(**changes: object) -> Pod:
    """A pod after W2 whose new container this process did not see to appear; grace 24 s."""
    found = patched("a", container("C2", "app:v2"), observed=2, grace=24)
    return structs.replace(found, **{"ready": Condition("False", "ContainersNotReady"), **changes})


@pytest.mark.guard("a-pod-under-verification-is-not-restarting")
def test_c84_a_pod_that_waits_for_its_time_is_verifying_and_for_how_long() -> None:
    of = shown(ambiguous(), now=60.0)
    assert awaited(of) == ("verifying (at most 34s more): a",)
    assert (line(of).stage, line(of).trouble) == ("verifying (at most 34s more)", "")
    assert awaited(replace(of, now=70.5)) == ("verifying (at most 24s more): a",)


def test_c84_a_pod_that_waits_for_its_kubelets_word_is_verifying() -> None:
    of = shown(ambiguous(ready=quoted()))
    assert (awaited(of), line(of).stage) == (("verifying: a",), "verifying")


def test_a_pod_that_shows_its_old_container_is_restarting() -> None:
    of = shown(patched(observed=2))
    assert (awaited(of), line(of).stage) == (("restarting: a",), "")


def test_c55_another_clients_restart_is_not_shown_as_ours_although_time_will_verify_it() -> None:
    image = container("C1", "app:v2", image_id="D1")
    of = shown(pod("a", image, generation=2, observed=2, labels={names.REVISION: "v2"}))
    assert (line(of).available, line(of).stage) == (False, "")


# Why containers do not run


def waiting(why: str, said: str, container_id: str = "C1") -> Pod:
    main = container(container_id, "app:v2", ready=False, running=False, waiting=why, message=said)
    return patched("a", main, observed=2, ready=Condition("False", "ContainersNotReady"))


@pytest.mark.guard("why-a-container-waits-is-shown")
def test_a_reason_that_is_not_stuck_yet_is_shown_with_its_message() -> None:
    of = shown(patched(observed=2), waiting("RegistryUnavailable", "no route to host"), now=62)
    said = "container main: RegistryUnavailable: no route to host"
    assert (awaited(of)[0], line(of).trouble) == (f"pod a: {said}", said)


def test_a_reason_that_is_stuck_is_said_once() -> None:
    of = shown(patched(observed=2), waiting("ErrImagePull", 'image "app:v2"'), now=62)
    assert [one for one in awaited(of) if "ErrImagePull" in one] == [
        'pod a: container main: ErrImagePull: image "app:v2"'
    ]


@pytest.mark.guard("a-back-off-is-no-crash")
def test_c90_a_kubelets_back_off_is_shown_as_such() -> None:
    of = shown(patched(observed=2), waiting("CrashLoopBackOff", "back-off 10s"), now=62)
    assert line(of).trouble == "container main: kubelet back-off (not a crash): back-off 10s"


MAYBE = [
    waiting("CrashLoopBackOff", "back-off 10s", "C9"),
    waiting("ErrImagePull", 'failed to pull image "app:v1"'),
    structs.replace(
        waiting("", "", "C9"), containers={"main": container("C9", running=False, terminated="E")}
    ),
]


@pytest.mark.guard("what-may-be-the-predecessors-is-not-said")
@pytest.mark.parametrize("first", MAYBE, ids=["a crash", "another image", "exited"])
def test_c83_what_may_be_the_predecessors_trouble_is_not_said(first: Pod) -> None:
    of = shown(first)
    assert (line(of).trouble, [w for w in awaited(of) if w.startswith("pod ")]) == ("", [])


def test_c34_a_reason_that_names_the_new_image_is_shown() -> None:
    message = 'failed to pull image "app:v2": no route to host'
    of = shown(patched(observed=2), waiting("RegistryUnavailable", message), now=62)
    assert line(of).trouble.startswith("container main: RegistryUnavailable: failed to pull")


# Two containers


OLD = container("C1", "app:v2", image_id="D1")
OLD_SIDE = container("S1", "side:v2", "side", image_id="S1")
NEW_SIDE = container("S2", "side:v2", "side", image_id="S2")
NO_ROUTE = structs.replace(
    OLD_SIDE, ready=False, running=False, waiting="RegistryUnavailable", message="no route"
)


def both(main: Pod | Container, side: Container) -> Pod:
    """A pod both of whose images were patched; `main` may be given with the pod that has it."""
    first = main.containers["main"] if isinstance(main, Pod) else main
    changed = pod_record(before={"main": before(), "side": before("S1", "side:v1", "S")})
    return patched(
        "a",
        first,
        side,
        observed=2,
        record=changed,
        ready=Condition("False", "ContainersNotReady"),
    )


@pytest.mark.parametrize(
    "main",
    [OLD, waiting("CrashLoopBackOff", "back-off 10s", "C9")],
    ids=["it runs", "its crash may be the predecessor's"],
)
def test_c19_why_a_container_does_not_run_is_said_whatever_the_one_before_it_does(
    main: Pod | Container,
) -> None:
    of = shown(both(main, OLD_SIDE), both(main, NO_ROUTE), now=62)
    assert line(of).trouble == "container side: RegistryUnavailable: no route"


@pytest.mark.parametrize("reason", ["ErrImagePull", "RegistryUnavailable"])
def test_a_pod_with_a_container_in_trouble_is_not_verifying_although_another_one_is(
    reason: str,
) -> None:
    wrong = waiting(reason, 'image "app:v2"')
    verified = shown(both(OLD, NEW_SIDE), both(OLD, NEW_SIDE), now=62)
    of = shown(both(OLD, NEW_SIDE), both(wrong, NEW_SIDE), now=62)
    assert line(verified).stage.startswith("verifying")
    assert (reason in line(of).trouble, line(of).stage) == (True, "")
