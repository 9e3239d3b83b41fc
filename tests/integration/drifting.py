"""A pod that somebody patched, and `repair` that brings it back, in few words."""

from __future__ import annotations

from testbed.client import Object
from testbed.plugin import Outcome, Running
from testbed.waiting import wait_for
from tests.integration.shop import (
    NAME,
    Shop,
    name,
    ready,
    status,
)

SLOW = {"testbed.cafe/kill-ms": "4000"}
HOTFIX = "app:hotfix"


def drifted(shop: Shop, pod: Object, to: str = HOTFIX, container: str = "main") -> Object:
    """Somebody sets another image on one pod; the pod once its kubelet has followed."""
    body = {"spec": {"containers": [{"name": container, "image": to}]}}
    shop.client.patch("pods", name(pod), body)
    restarts = status(pod, container)["restartCount"]

    def followed(shown: Object) -> bool:
        now = status(shown, container)
        pulls = "ImagePull" in str(now["state"].get("waiting", {}).get("reason"))
        return name(shown) == name(pod) and (pulls or now["restartCount"] > restarts)

    return shop.until_pod(followed, "the other image to run")


def repaired(shop: Shop, *flags: str) -> Outcome:
    return shop.cafe("repair", NAME, *(flags or ("--yes",)), seconds=90)


def repairing(shop: Shop) -> Running:
    return shop.cafe.start("repair", NAME, "--yes")


def identity(pod: Object) -> tuple[str, ...]:
    """What a restart in place leaves as it is."""
    return (name(pod), pod["metadata"]["uid"], pod["status"]["podIP"], pod["spec"]["nodeName"])


def nothing_left(shop: Shop) -> None:
    """Every pod is in traffic with the template's image, and a second repair has nothing to do."""
    wait_for(lambda: all(map(ready, shop.pods())), "all pods to be Ready")
    before = shop.writes()
    again = repaired(shop)
    assert (again.code, "nothing to repair" in again.err) == (0, True), again.out + again.err
    assert shop.writes() == before
