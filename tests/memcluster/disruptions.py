"""The disruption controller over a MemCluster: a PodDisruptionBudget's status, one step a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.memcluster import controllers
from tests.memcluster.cluster import MemCluster

Json = Mapping[str, Any]


def status(cluster: MemCluster, budget: Json) -> dict[str, Any]:
    """What its status should say now: healthy is a pod whose Ready is True."""
    labels = (budget["spec"].get("selector") or {}).get("matchLabels") or {}
    covered = [
        pod
        for _, pod in controllers.of_kind(cluster, "pods")
        if labels.items() <= (pod["metadata"].get("labels") or {}).items()
    ]
    healthy, desired = sum(map(_ready, covered)), int(budget["spec"]["minAvailable"])
    return {
        "observedGeneration": budget["metadata"]["generation"],
        "expectedPods": len(covered),
        "currentHealthy": healthy,
        "desiredHealthy": desired,
        "disruptionsAllowed": max(0, healthy - desired),
    }


def stale(cluster: MemCluster, budget: Json) -> bool:
    """Whether the controller has yet to say so."""
    return bool((budget.get("status") or {}) != status(cluster, budget))


def publish(cluster: MemCluster, path: str) -> None:
    """Bring the status up to date."""
    budget = cluster.objects[path]
    cluster.put(path, {**budget, "status": status(cluster, budget)})


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    serves = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return serves and "deletionTimestamp" not in pod["metadata"]
