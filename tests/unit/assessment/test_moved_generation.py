"""A generation that moved by something else than an image is no change of ours (protocol 6).

`kubectl debug`, an added toleration and a resize move it; who wrote the images tells them apart.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.assessment.pod import Assessment, PodState, assess
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.managed_fields import Writer
from kubectl_cafe.pods.model import ABSENT, Condition, Container, Pod
from kubectl_cafe.pods.observed import look
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.decide import decide
from kubectl_cafe.reconcile.pod_patches import Writes
from tests.unit.builders import (
    before,
    container,
    drained,
    patched,
    pod,
    pod_record,
    quoted,
    snapshot,
    upgraded,
    writes,
)


def mirror(container_id: str, version: str, writer: Writer) -> Container:
    """A container whose image admission has rewritten: its string is in no template."""
    return container(container_id, f"mirror/app:{version}", writer=writer)


def born(writer: Writer = Writer.CREATOR, **changes: Any) -> Pod:
    """A pod as its ReplicaSet made it; its generation has moved since."""
    return pod("a", mirror("C1", "v1", writer), **{"generation": 3, "observed": 3, **changes})


def finished(writer: Writer = Writer.OURS, **changes: Any) -> Pod:
    """A pod that was upgraded at generation 2; its generation has moved since."""
    moved = {"generation": 3, "observed": 3, **changes}
    return upgraded("a", mirror("C2", "v2", writer), **moved)


def alone(shown: Pod) -> Assessment:
    return assess(shown, snapshot(shown))


@pytest.mark.parametrize("shown", [born(), finished()], ids=["as born", "upgraded"])
@pytest.mark.guard("the-writer-of-the-images-decides")
def test_a_pod_whose_generation_moved_and_whose_images_did_not_is_available(shown: Pod) -> None:
    found = alone(shown)
    assert (found.row, found.available) == (
        PodState.CANDIDATE if shown.record is None else PodState.AT_GOAL,
        True,
    )


@pytest.mark.parametrize("writer", [Writer.OTHER, Writer.UNKNOWN])
@pytest.mark.parametrize("make", [born, finished], ids=["as born", "upgraded"])
def test_c55_another_clients_image_is_drift_as_before(make: Any, writer: Writer) -> None:
    assert alone(make(writer)).row is PodState.DRIFT


@pytest.mark.guard("a-birth-is-its-creators-alone")
def test_c55_without_a_record_an_image_of_ours_is_nobody_knows_which() -> None:
    assert alone(born(Writer.OURS)).row is PodState.DRIFT


def test_a_pod_of_its_template_whose_generation_moved_is_not_verified_anew() -> None:
    """A replacement at the goal, without a mirror: its string is the template's."""
    main = container("C1", "app:v2", writer=Writer.CREATOR)
    shown = pod("a", main, generation=2, observed=2, labels={names.REVISION: "v2"})
    assert (alone(shown).row, alone(shown).available) == (PodState.AT_GOAL, True)


def test_a_finished_container_that_restarted_after_a_resize_is_its_own_business() -> None:
    shown = finished()
    again = replace(shown, containers={"main": mirror("C9", "v2", Writer.OURS)})
    assert alone(again).available


# In the middle of a release


def test_between_w1_and_w2_only_what_differs_is_patched() -> None:
    two = {
        "main": mirror("C1", "v1", Writer.CREATOR),
        "side": container("S1", "mirror/side:v1", "side", writer=Writer.CREATOR),
    }
    record = pod_record(Phase.DRAINED, gen=1)
    shown = drained("a", containers=two, generation=2, observed=2, record=record)
    of = snapshot(shown)
    body = Writes(of).patch_images(assess(shown, of)).body
    assert body["spec"]["containers"] == [{"name": "main", "image": "app:v2"}]


def test_c59_a_drained_pod_is_reopened_at_once() -> None:
    record = pod_record(Phase.DRAINED, gen=1)
    main = {"main": mirror("C1", "v1", Writer.CREATOR)}
    shown = drained("a", containers=main, generation=2, observed=2, record=record)
    assert alone(shown).settled


def steps(*shown: Pod) -> Snapshot:
    """What a process knows that saw the pod so, one after the other."""
    sighting = None
    for at, one in enumerate(shown):
        sighting = look(sighting, one, at)
    assert sighting is not None
    return snapshot(shown[-1], sightings={"uid-a": sighting}, now=float(len(shown)))


def way(container_id: str, generation: int, observed: int, writer: Writer = Writer.OURS) -> Pod:
    """The pod after W2, at generation 2."""
    shown = mirror(container_id, "v2", writer)
    record = pod_record(before={"main": before("C1", "mirror/app:v1")})
    assessment = {"generation": generation, "observed": observed, "record": record}
    return patched("a", shown, ready=quoted(), **assessment)


@pytest.mark.guard("the-first-status-is-of-the-images")
def test_between_w2_and_done_the_new_container_is_known_by_the_first_status_of_its_images() -> None:
    """The generation moves before and after it appears; the kubelet had seen the images before."""
    seen_late = steps(way("C1", 2, 2), way("C2", 3, 2), way("C2", 3, 3))
    moved_first = steps(way("C1", 2, 1), way("C1", 3, 2), way("C2", 3, 3))
    assert (writes(seen_late), writes(moved_first)) == (["on a"], ["on a"])


def test_between_w2_and_done_it_waits_for_the_kubelet_to_see_what_else_changed() -> None:
    assert writes(steps(way("C1", 2, 2), way("C2", 3, 2))) == []


@pytest.mark.guard("an-image-that-came-back-is-another-spec")
def test_c55_an_image_that_another_client_changed_and_changed_back_is_judged_anew() -> None:
    stranger = way("C2", 4, 4, Writer.OTHER)
    of = steps(way("C1", 2, 2), stranger)
    assert not assess(of.pods["uid-a"], of).settled


@pytest.mark.guard("an-image-patch-of-ours-begins-another-sighting")
def test_an_image_that_another_driver_changed_and_changed_back_is_judged_anew() -> None:
    record = pod_record(gen=4, before={"main": before("C1", "mirror/app:v1")})
    of = steps(way("C1", 2, 2), replace(way("C2", 4, 4), record=record))
    assert not assess(of.pods["uid-a"], of).settled


def test_c55_another_clients_image_over_ours_is_never_done() -> None:
    of = steps(way("C1", 2, 2), way("C2", 3, 3, Writer.OTHER))
    assert not assess(of.pods["uid-a"], of).done


def test_a_patch_without_effect_is_done_although_the_generation_moved_since() -> None:
    record = pod_record(gen=2, mode=Mode.NONE, before={"main": before("C1", "mirror/app:v1")})
    shown = pod(
        "a",
        mirror("C1", "v1", Writer.CREATOR),
        gated=False,
        gate=ABSENT,
        generation=2,
        observed=2,
        record=record,
        labels={names.REVISION: "v2"},
    )
    found = alone(shown)
    assert (found.row, found.available) == (PodState.AT_GOAL, True)


def test_a_drain_goes_on_vouching_although_the_generation_moved() -> None:
    shown = born(labels={names.REVISION: "v1"}, ready=Condition("True"))
    (patch,) = decide(snapshot(shown)).patches
    assert '"gen":3' in patch.body["metadata"]["annotations"][names.IN_PLACE].replace(" ", "")
