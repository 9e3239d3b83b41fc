"""The ReplicaSet and EndpointSlice controllers over a MemCluster, one step a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kubectl_cafe.client import paths
from kubectl_cafe.client.transport import Object
from kubectl_cafe.times import rfc3339
from tests.memcluster.address import address
from tests.memcluster.cluster import MemCluster

Json = Mapping[str, Any]


def of_kind(cluster: MemCluster, plural: str) -> list[tuple[str, Object]]:
    """All objects of a kind, with their paths, by path."""
    return [
        (path, item)
        for path, item in sorted(cluster.objects.items())
        if address(path).plural == plural
    ]


def owned(cluster: MemCluster, workload: Json) -> list[tuple[str, Object]]:
    """The pods of a workload that are not on their way out, nor over."""
    uid = workload["metadata"]["uid"]
    return [
        (path, pod)
        for path, pod in of_kind(cluster, "pods")
        if "deletionTimestamp" not in pod["metadata"]
        and not terminal(pod)
        and any(o["uid"] == uid for o in pod["metadata"].get("ownerReferences") or ())
    ]


def terminal(pod: Json) -> bool:
    """Whether the pod is over: nothing runs in it, nor ever will."""
    return (pod.get("status") or {}).get("phase") in ("Failed", "Succeeded")


def unseen(workload: Json) -> bool:
    """Whether the controller has yet to see the workload's present spec."""
    seen = (workload.get("status") or {}).get("observedGeneration", 0)
    return bool(seen < workload["metadata"]["generation"])


def observe(cluster: MemCluster, path: str) -> None:
    """The controller reads the workload, and says so: observedGeneration."""
    workload = cluster.objects[path]
    generation = workload["metadata"]["generation"]
    status = {**(workload.get("status") or {}), "observedGeneration": generation}
    cluster.put(path, {**workload, "status": status})


def lacks(cluster: MemCluster, workload: Json) -> int:
    """How many pods the workload lacks (negative: has too many)."""
    return int(workload["spec"].get("replicas", 1)) - len(owned(cluster, workload))


def victims(cluster: MemCluster, workload: Json) -> list[str]:
    """The paths of the pods that may go first where the workload has too many.

    Those that are not ready go before those that are, then those with the lowest deletion cost; of
    equal ones it may be any.
    """
    found = owned(cluster, workload)
    likely = [one for one in found if not _ready(one[1])] or found
    least = min((_cost(pod) for _, pod in likely), default=0)
    return [path for path, pod in likely if _cost(pod) == least]


def _cost(pod: Json) -> int:
    notes = pod["metadata"].get("annotations") or {}
    return int(notes.get("controller.kubernetes.io/pod-deletion-cost", "0"))


def terminate(cluster: MemCluster, path: str) -> None:
    """The pod is on its way out: its kubelet stops what runs, and then it is gone."""
    pod = cluster.objects[path]
    at = rfc3339(cluster.server_time())
    cluster.put(path, {**pod, "metadata": {**pod["metadata"], "deletionTimestamp": at}})


def _ready(pod: Json) -> bool:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)


def give_birth(cluster: MemCluster, seen: Json, name: str, node: str = "node") -> str:
    """Make one pod from the workload as the controller last saw it; its path.

    `seen` may be older than what the API server has: the controller works from its cache.
    """
    meta, template = seen["metadata"], seen["spec"]["template"]
    number = cluster.counter
    body = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            **{
                k: dict(v)
                for k, v in template["metadata"].items()
                if k in ("labels", "annotations")
            },
            "name": name,
            "namespace": meta["namespace"],
            "uid": f"uid-{name}",
            "generation": 1,
            "creationTimestamp": rfc3339(cluster.server_time()),
            "ownerReferences": [{"uid": meta["uid"], "kind": "ReplicaSet", "controller": True}],
        },
        "spec": {**template["spec"], "nodeName": node},
        "status": {"phase": "Pending"},
    }
    path = paths.pods(meta["namespace"], name)
    assert path not in cluster.objects, f"{name} is there ({number})"
    cluster.put(path, body)
    return path


def endpoints(cluster: MemCluster, service: Json) -> list[dict[str, Any]]:
    """What the EndpointSlice of a Service should say of its pods."""
    wanted = (service.get("spec") or {}).get("selector") or {}
    found = []
    for _, pod in of_kind(cluster, "pods"):
        meta = pod["metadata"]
        labels = meta.get("labels") or {}
        if meta["namespace"] != service["metadata"]["namespace"] or any(
            labels.get(key) != value for key, value in wanted.items()
        ):
            continue
        found.append(
            {
                "targetRef": {"kind": "Pod", "name": meta["name"], "uid": meta["uid"]},
                "conditions": {"ready": _ready(pod) and "deletionTimestamp" not in meta},
            }
        )
    return found


def slice_path(service: Json) -> str:
    """Where the Service's one EndpointSlice is."""
    meta = service["metadata"]
    return paths.endpointslices(meta["namespace"], f"{meta['name']}-slice")


def stale(cluster: MemCluster, service: Json) -> bool:
    """Whether the Service's EndpointSlice says something else than its pods do."""
    known = cluster.objects.get(slice_path(service))
    return known is None or known["endpoints"] != endpoints(cluster, service)


def publish(cluster: MemCluster, service: Json) -> None:
    """Bring the Service's EndpointSlice up to date."""
    meta = service["metadata"]
    body = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{meta['name']}-slice",
            "namespace": meta["namespace"],
            "uid": f"uid-{meta['name']}-slice",
            "labels": {"kubernetes.io/service-name": meta["name"]},
        },
        "endpoints": endpoints(cluster, service),
    }
    cluster.put(slice_path(service), body)
