"""What is said of EndpointSlices while pods leave traffic and join it (protocol 5, 7)."""

from __future__ import annotations

from typing import Any

import pytest

from kubectl_cafe import names
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.pods.model import ABSENT, Pod
from kubectl_cafe.pods.record import Mode, Phase
from kubectl_cafe.reconcile.group_waits import waits
from kubectl_cafe.traffic import Service
from kubectl_cafe.traffic.endpoints import Slice
from kubectl_cafe.waits import texts
from tests.unit.builders import assessments, drained, pod, pod_record, snapshot, upgraded

APP = {"app": "shop"}
IP = "10.0.0.1"
SHOP = Service("shop", APP)
PUBLISHING = Service("shop", APP, publishes_unready=True)
LEFT = Slice("left-x1", "shop", frozenset({"uid-a"}))


def awaited(of: Snapshot) -> tuple[str, ...]:
    return texts(waits(of, assessments(of)))


def leaving(*services: Service, shown: Pod | None = None, **changes: Any) -> tuple[str, ...]:
    """What is awaited of a pod that was drained a minute ago."""
    off = shown or drained("a", labels=APP, ip=IP)
    return awaited(snapshot(off, services=services, **changes))


def test_in_gate_mode_the_endpointslice_that_shows_a_drained_pod_ready_is_named() -> None:
    assert leaving(SHOP, slices=(LEFT,)) == (
        "leaving traffic, still shown ready by EndpointSlice left-x1 of Service shop: a",
    )


def test_c30_one_of_a_service_that_publishes_unready_pods_is_not_named_in_gate_mode() -> None:
    assert leaving(PUBLISHING, slices=(LEFT,)) == ("leaving traffic: a",)


def test_an_endpointslice_that_shows_other_pods_ready_is_not_named() -> None:
    others = Slice("web-x1", "shop", frozenset({"uid-b"}), unready=frozenset({"uid-a"}))
    assert leaving(SHOP, slices=(others,)) == ("leaving traffic: a",)


def test_of_a_pod_that_is_shown_ready_no_service_is_said_to_lack_it() -> None:
    left = Slice("left-x1", "another", frozenset({"uid-a"}))
    assert leaving(SHOP, slices=(left,)) == (
        "leaving traffic, still shown ready by EndpointSlice left-x1 of Service another: a",
    )


def test_in_label_mode_no_service_has_to_list_a_drained_pod() -> None:
    record = pod_record(Phase.DRAINED, mode=Mode.LABEL, gen=1)
    labels = {**APP, names.TRAFFIC: "off"}
    off = pod("a", gated=False, gate=ABSENT, labels=labels, record=record, ip=IP)
    assert leaving(SHOP, shown=off) == ("leaving traffic: a",)


@pytest.mark.parametrize(
    ("shown", "said"),
    [
        (pod("a", labels=APP, ip=IP), "EndpointSlices that show as ready: a"),
        (upgraded("a", labels=APP, ip=IP), ""),
    ],
    ids=["a candidate", "at the goal"],
)
def test_only_a_pod_that_is_to_be_taken_has_to_be_shown_ready_first(shown: Pod, said: str) -> None:
    assert (awaited(snapshot(shown, services=(SHOP,))) or ("",))[0] == said
