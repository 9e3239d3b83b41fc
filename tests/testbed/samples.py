"""Objects that the testbed's tests create, and what they look at."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from testbed.client import Client, Object
from testbed.waiting import wait_for

GATE = "cafe.sofastack.io/in-service"


def pod(
    name: str,
    image: str = "app:v1",
    gates: tuple[str, ...] = (),
    annotations: Mapping[str, str] | None = None,
) -> Object:
    """A pod of two containers, `main` and `side`."""
    return {
        "metadata": {"name": name, "labels": {"app": "x"}, "annotations": annotations or {}},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "containers": [
                {"name": "main", "image": image},
                {"name": "side", "image": "side:v1"},
            ],
            "readinessGates": [{"conditionType": gate} for gate in gates],
        },
    }


def image(client: Client, name: str, image: str) -> Object:
    """Patch the image of `main`."""
    body = {"spec": {"containers": [{"name": "main", "image": image}]}}
    return client.patch("pods", name, body)


def gate(client: Client, name: str, value: str) -> Object:
    """Write the readiness gate."""
    body = {"status": {"conditions": [{"type": GATE, "status": value}]}}
    return client.patch("pods", name, body, "status")


def ready(pod: Object) -> tuple[str, str, str]:
    """Status, reason and message of Ready; empty where there is none."""
    for condition in pod["status"].get("conditions", []):
        if condition["type"] == "Ready":
            return (
                condition["status"],
                condition.get("reason", ""),
                condition.get("message", ""),
            )
    return ("", "", "")


def container(pod: Object, name: str = "main") -> Any:
    """The status of a container; empty before it has one."""
    statuses = pod["status"].get("containerStatuses", [])
    return next((status for status in statuses if status["name"] == name), {})


def waiting(pod: Object, name: str = "main") -> str:
    """Why the container waits."""
    reason: str = container(pod, name).get("state", {}).get("waiting", {}).get("reason", "")
    return reason


def until(client: Client, name: str, seen: Callable[[Object], object], what: str) -> Object:
    """The pod, once it looks as wanted."""

    def look() -> Object | None:
        found = client.get("pods", name)
        return found if seen(found) else None

    found = wait_for(look, f"pod {name} {what}")
    assert found is not None
    return found


def started(client: Client, body: Object) -> Object:
    """Create the pod and wait until `main` has run."""
    client.create("pods", body)
    return until(
        client, body["metadata"]["name"], lambda p: container(p).get("containerID"), "runs"
    )
