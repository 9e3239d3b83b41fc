"""500 pods in one group against the same writes and restarts without any orchestration."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from tabulate import tabulate

from bench.stage import GATE, Object, Stage
from testbed.client import Client
from testbed.controlplane import ControlPlane
from testbed.waiting import wait_for

PODS = 500
RESTART_MS = 500
THREADS = 16
RUNS = 3


def report(plane: ControlPlane) -> str:
    """Runs side by side: ours, theirs, ours, theirs, ..."""
    stage = Stage(plane, PODS, "Gate", RESTART_MS)
    ours, floor = [], []
    for _ in range(RUNS):
        ours.append(stage.upgrade("v2"))
        # Back to a revision that is known: another image would be drift, and left alone.
        floor.append(unorchestrated(plane, stage, "registry.example/app:v1"))
    rows = [
        ("kubectl cafe upgrade", *_spread(ours)),
        ("the same writes, nothing awaited", *_spread(floor)),
        ("ratio of the medians", statistics.median(ours) / statistics.median(floor), "", ""),
    ]
    head = (
        f"{PODS} pods in Gate mode, one group, maxUnavailable 100%; a restart: {RESTART_MS} ms.\n"
        "Seconds until every pod is restarted, ready and in traffic; "
        f"{RUNS} runs each, in turn.\n"
    )
    return f"{head}\n" + tabulate(
        rows, ["", "median", "least", "most"], tablefmt="plain", floatfmt=".2f"
    )


def _spread(seconds: list[float]) -> tuple[float, float, float]:
    return statistics.median(seconds), min(seconds), max(seconds)


def unorchestrated(plane: ControlPlane, stage: Stage, image: str) -> float:
    """Three PATCHes a pod (gate off, image, gate on), as fast as they go, then wait for all."""
    began = time.monotonic()
    pods = stage.client.list("pods")
    local = threading.local()

    def client() -> Client:
        if not hasattr(local, "client"):
            local.client = Client.of(plane, stage.namespace)
        kept: Client = local.client
        return kept

    def write(pod: Object) -> None:
        name = pod["metadata"]["name"]
        client().patch("pods", name, _gate("False"), "status")
        body = {"spec": {"containers": [{"name": "main", "image": image}]}}
        client().patch("pods", name, body)
        client().patch("pods", name, _gate("True"), "status")

    with ThreadPoolExecutor(THREADS) as threads:
        list(threads.map(write, pods))

    def all_there() -> bool:
        return all(_there(pod, image) for pod in stage.client.list("pods"))

    wait_for(all_there, "every pod", 300)
    return time.monotonic() - began


def _gate(value: str) -> Object:
    return {"status": {"conditions": [{"type": GATE, "status": value}]}}


def _there(pod: Object, image: str) -> bool:
    ready = {c["type"]: c["status"] for c in pod["status"].get("conditions", ())}.get("Ready")
    return ready == "True" and any(
        status["image"] == image and "running" in status["state"]
        for status in pod["status"].get("containerStatuses", ())
    )
