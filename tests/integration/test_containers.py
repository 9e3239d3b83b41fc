"""Which containers of a pod an upgrade touches, and which it leaves alone (protocol 6)."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.client import Object
from tests.integration.admission import Admission
from tests.integration.shop import (
    GATE,
    NAME,
    SECONDS,
    Shop,
    condition,
    image,
    name,
    phase,
    ready,
    status,
)

TWO = {"main": "app:v1", "side": "side:v1"}


def life(pod: Object, container: str) -> tuple[Any, Any]:
    """What a restart of the container would change."""
    shown = status(pod, container)
    return shown["containerID"], shown["restartCount"]


def spec_writes(shop: Shop) -> list[str]:
    """The pods whose spec the plugin wrote, in order."""
    return [r.name for r in shop.writes("pods") if not r.subresource]


@pytest.mark.guard("only-listed-containers-are-compared")
def test_c16_an_injected_sidecar_is_left_alone_and_hinders_nothing(
    shop: Shop, admission: Admission
) -> None:
    admission.inject("mesh", "mesh:v1")
    (before,) = shop.born(1)
    assert image(before, "mesh") == "mesh:v1"

    assert shop.upgrade("app:v2").code == 0

    (after,) = shop.pods()
    assert [c["image"] for c in after["spec"]["containers"]] == ["mesh:v1", "app:v2"]
    assert life(after, "mesh") == life(before, "mesh")
    assert shop.upgrade("app:v2").code == 0
    assert len(spec_writes(shop)) == 1


@pytest.mark.guard("images-by-container-name")
def test_c21_the_right_container_is_patched_where_the_pods_order_is_another(
    shop: Shop, admission: Admission
) -> None:
    admission.inject("mesh", "mesh:v1")
    (before,) = shop.born(1, containers=TWO)
    assert [c["name"] for c in before["spec"]["containers"]] == ["mesh", "main", "side"]

    assert shop.cafe("upgrade", NAME, "--yes", "--image", "side=side:v2").code == 0

    (after,) = shop.pods()
    assert [c["image"] for c in after["spec"]["containers"]] == ["mesh:v1", "app:v1", "side:v2"]
    assert [life(after, c) == life(before, c) for c in ("mesh", "main", "side")] == [
        True,
        True,
        False,
    ]


def test_c20_a_container_whose_image_stays_does_not_restart(shop: Shop) -> None:
    before = shop.born(2, containers=TWO)

    assert shop.upgrade("app:v2").code == 0

    for old, new in zip(before, shop.pods(), strict=True):
        assert new["metadata"]["uid"] == old["metadata"]["uid"]
        assert life(new, "side") == life(old, "side")
        assert status(new, "main")["restartCount"] == 1


def test_c20_the_patch_names_no_container_whose_image_stays(shop: Shop) -> None:
    shop.born(1, containers=TWO)

    assert shop.upgrade("app:v2").code == 0

    (pod,) = shop.pods()
    assert owned_containers(pod) == {'k:{"name":"main"}'}


def owned_containers(pod: Object) -> set[str]:
    """The containers whose fields the plugin owns, by the server's managedFields."""
    return {
        key
        for entry in pod["metadata"]["managedFields"]
        if entry["manager"].startswith("kubectl-cafe") and not entry.get("subresource")
        for key in entry["fieldsV1"].get("f:spec", {}).get("f:containers", {})
    }


def test_c18_two_images_change_in_one_patch_and_one_outage(shop: Shop) -> None:
    shop.born(2, containers=TWO)

    assert shop.upgrade("app:v2", "--image", "side=side:v2").code == 0

    assert sorted(spec_writes(shop)) == [name(pod) for pod in shop.pods()]
    for pod in shop.pods():
        assert [status(pod, c)["restartCount"] for c in TWO] == [1, 1]
        assert [image(pod, c) for c in TWO] == ["app:v2", "side:v2"]


@pytest.mark.guard("all-changed-containers-are-done")
@pytest.mark.parametrize(
    ("images", "bad"),
    [
        pytest.param({"main": "app:v2", "side": "side:missing"}, "side", id="c18-the-second"),
        pytest.param({"main": "app:missing", "side": "side:v2"}, "main", id="c19-the-first"),
    ],
)
def test_c18_c19_one_that_can_t_start_keeps_the_pod_out_of_traffic_and_is_named(
    shop: Shop, images: dict[str, str], bad: str
) -> None:
    shop.born(1, containers=TWO)
    flags = [flag for c, i in images.items() for flag in ("--image", f"{c}={i}")]

    done = shop.cafe("upgrade", NAME, "--yes", *flags, seconds=SECONDS)

    (pod,) = shop.pods()
    (good,) = set(images) - {bad}
    assert done.code == 4
    assert f"Failed: {name(pod)}/{bad}: " in done.err
    assert f"Failed: {name(pod)}/{good}: " not in done.err
    assert status(pod, good)["restartCount"] == 1
    assert condition(pod, GATE)["status"] != "True"
    assert not ready(pod)
    assert phase(pod) == "patched"
    assert len(spec_writes(shop)) == 1
