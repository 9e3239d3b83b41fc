"""What a driver comes to see, and how: by its watches' events, and by its first lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from kubectl_cafe.cache.cache import Cache
from tests.explore.scenario import strayed
from tests.explore.state import Moment
from tests.memcluster import controllers


class Seeing(NamedTuple):
    """What is seen, what identifies that, and how the driver comes to see it."""

    name: str
    key: int
    sees: Callable[[Moment], None]
    pod: bool = False


def sees_pod(kind: str, pod: dict[str, Any]) -> Callable[[Moment], None]:
    """An event of the pod. Raises AssertionError where one that is there stays unknown."""

    def sees(moment: Moment) -> None:
        assert moment.live is not None
        cache, meta = moment.live.cache, pod["metadata"]
        cache.pod_event(kind, pod, 0.0)
        known = meta["uid"] in cache._pods or kind == "DELETED"
        assert known, f"{meta['name']} was seen, and is not known"

    return sees


def sees_all(collection: str, plural: str) -> Callable[[Moment], None]:
    """All that there is of a kind, into a collection of the memory."""

    def sees(moment: Moment) -> None:
        assert moment.live is not None
        found = (item for _, item in controllers.of_kind(moment.cluster, plural))
        getattr(moment.live.cache, collection).listed(found)

    return sees


SEES_WORKLOADS = sees_all("workloads", "replicasets")
SEES_SLICES = sees_all("slices", "endpointslices")
SEES_BUDGETS = sees_all("budgets", "poddisruptionbudgets")


def sees_cafe(moment: Moment) -> None:
    """The CafeDeployment, as at a renewal of the lease."""
    assert moment.live is not None
    moment.live.driver.refresh()


def list_all(moment: Moment, cache: Cache) -> None:
    """The informers' first lists."""
    cluster = moment.cluster

    def items(plural: str) -> list[dict[str, Any]]:
        return [item for _, item in controllers.of_kind(cluster, plural)]

    cache.workloads.listed(items("replicasets"))
    cache.services.listed(items("services"))
    cache.budgets.listed(items("poddisruptionbudgets"))
    cache.slices.listed(items("endpointslices"))
    cache.pods_listed([pod for pod in items("pods") if not strayed(pod)], 0.0)
