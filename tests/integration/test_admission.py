"""Pods whose images the API server rewrites on their way in (protocol 6)."""

from __future__ import annotations

import pytest

from testbed.waiting import wait_for
from tests.integration.admission import MIRROR, Admission
from tests.integration.shop import NAME, Shop, image, name, phase, ready, status


def test_a_first_release_and_the_next_end_under_a_registry_mirror(
    shop: Shop, admission: Admission
) -> None:
    admission.mirror()

    born = shop.born(2)
    assert [image(pod) for pod in born] == [f"{MIRROR}app:v1"] * 2
    assert [pod["metadata"]["generation"] for pod in born] == [1, 1]

    assert shop.upgrade("app:v2").code == 0
    assert shop.images() == [f"{MIRROR}app:v2"] * 2
    assert [status(pod)["restartCount"] for pod in shop.pods()] == [1, 1]


@pytest.mark.guard("a-birth-vouches")
def test_c66_a_release_that_is_there_already_writes_nothing_under_a_registry_mirror(
    shop: Shop, admission: Admission
) -> None:
    admission.mirror()
    shop.born(2)
    assert shop.upgrade("app:v2").code == 0
    before = len(shop.writes("pods"))

    assert shop.upgrade("app:v2").code == 0

    assert len(shop.writes("pods")) == before


@pytest.mark.guard("only-what-differs-from-its-own-revision-is-patched")
def test_c20_a_mirrored_container_whose_image_stays_does_not_restart(
    shop: Shop, admission: Admission
) -> None:
    admission.mirror(["CREATE"])
    (before,) = shop.born(1, containers={"side": "side:v1", "main": "app:v1"})
    assert image(before, "side") == f"{MIRROR}side:v1"

    assert shop.upgrade("app:v2").code == 0

    (after,) = shop.pods()
    assert image(after, "side") == f"{MIRROR}side:v1"
    assert status(after, "side")["containerID"] == status(before, "side")["containerID"]


def test_a_mirrored_pod_that_replaces_an_upgraded_one_is_upgraded_once_more(
    shop: Shop, admission: Admission
) -> None:
    admission.mirror()
    shop.born(2, confirm=True)
    shop.edit({"strategy": {"batchSize": 1}})
    assert shop.upgrade("app:v2").code == 3
    (first,) = (pod for pod in shop.pods() if image(pod) == f"{MIRROR}app:v2")

    shop.client.delete("pods", name(first))
    wait_for(lambda: shop.images() == [f"{MIRROR}app:v1"] * 2, "its replacement to be born")
    assert shop.cafe("confirm", NAME).code == 0

    assert shop.images() == [f"{MIRROR}app:v2"] * 2
    assert all(ready(pod) for pod in shop.pods())


@pytest.mark.guard("a-birth-vouches-for-an-untouched-spec-alone")
def test_c55_another_clients_image_is_drift_under_a_registry_mirror_too(
    shop: Shop, admission: Admission
) -> None:
    admission.mirror()
    before, _ = shop.born(2, progressDeadlineSeconds=5)
    hotfix = {"spec": {"containers": [{"name": "main", "image": "app:hotfix"}]}}
    shop.client.patch("pods", name(before), hotfix)

    done = shop.upgrade("app:v2")

    assert done.code == 4
    after = next(pod for pod in shop.pods() if name(pod) == name(before))
    assert (image(after), phase(after)) == (f"{MIRROR}app:hotfix", "")
    assert f"pods with an image of no known revision (not touched): {name(before)}" in done.err


def test_an_image_that_admission_pins_to_the_one_that_runs_needs_no_restart(
    shop: Shop, admission: Admission
) -> None:
    admission.pin("app:v1")
    shop.born(1, progressDeadlineSeconds=5)

    assert shop.upgrade("app:v2").code == 0

    (pod,) = shop.pods()
    assert (image(pod), status(pod)["restartCount"], ready(pod)) == ("app:v1", 0, True)
