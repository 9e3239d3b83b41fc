"""The resource metrics API (metrics.k8s.io) that autoscalers read, with numbers that a test sets.

A CustomResourceDefinition serves the group: to its readers it is what metrics-server serves.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime

from testbed.client import MERGE, Client, Object, Refused
from testbed.waiting import wait_for

METRICS = "metrics.k8s.io/v1beta1/pods"
CRDS = "apiextensions.k8s.io/v1/customresourcedefinitions"
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_CRD = {
    "metadata": {
        "name": "pods.metrics.k8s.io",
        "annotations": {"api-approved.kubernetes.io": "unapproved, for tests"},
    },
    "spec": {
        "group": "metrics.k8s.io",
        "scope": "Namespaced",
        "names": {"plural": "pods", "singular": "pod", "kind": "PodMetrics"},
        "versions": [
            {
                "name": "v1beta1",
                "served": True,
                "storage": True,
                "schema": {"openAPIV3Schema": _ANYTHING},
            }
        ],
    },
}


def serve(client: Client) -> None:
    """Serve the API from now on; it has no numbers yet."""
    cluster = client.within(None)
    if cluster.find(CRDS, "pods.metrics.k8s.io") is None:
        with suppress(Refused):  # Another test has created it meanwhile.
            cluster.create(CRDS, _CRD)
    wait_for(lambda: _served(cluster), "metrics.k8s.io to be served")


def _served(client: Client) -> bool:
    found = client.get(CRDS, "pods.metrics.k8s.io").get("status", {}).get("conditions") or ()
    return any(one["type"] == "Established" and one["status"] == "True" for one in found)


def use(client: Client, pods: Iterable[Object], millicores: int) -> None:
    """Set the CPU of each container of `pods` to `millicores`, as measured now."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for pod in pods:
        name, labels = pod["metadata"]["name"], pod["metadata"]["labels"]
        usage = [
            {"name": one["name"], "usage": {"cpu": f"{millicores}m", "memory": "1Mi"}}
            for one in pod["spec"]["containers"]
        ]
        body = {
            "apiVersion": "metrics.k8s.io/v1beta1",
            "kind": "PodMetrics",
            "metadata": {"name": name, "labels": labels},
            "timestamp": now,
            "window": "10s",
            "containers": usage,
        }
        if client.find(METRICS, name) is None:
            client.create(METRICS, body)
        else:
            client.patch(METRICS, name, body, kind=MERGE)
