"""One CafeDeployment on the real control plane: made, released and looked at in few words."""

from __future__ import annotations

import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from testbed.audit import Audit, Request
from testbed.client import MERGE, Client, Object
from testbed.objects import RECORD as RECORD
from testbed.objects import condition as condition
from testbed.objects import name as name
from testbed.objects import phase as phase
from testbed.objects import ready as ready
from testbed.plugin import Cafe, Outcome, Running
from testbed.waiting import wait_for

CAFED = "apps.cafe.cloud.alipay.com/v1alpha1/cafedeployments"
SLICES = "discovery.k8s.io/v1/endpointslices"
LEASES = "coordination.k8s.io/v1/leases"
GATE = "cafe.sofastack.io/in-service"
TRAFFIC = "cafe.sofastack.io/traffic"
RELEASE = "cafe.sofastack.io/release"
CONFIRMED = "cafe.sofastack.io/upgrade-confirmed"
EPOCH = "cafe.sofastack.io/epoch"
TOUCHED = "cafe.sofastack.io/touched"
AGENT = "kubectl-cafe"
NAME = "web"
LEASE = f"cafe-{NAME}"
SECONDS = 75.0
"""How long a release of a few pods may take; a failure by a pull error takes 30 s of it."""
QUIET = ("leases", "events", "selfsubjectreviews", "selfsubjectaccessreviews")
"""Resources whose writes are bookkeeping: never a change of the release."""
TWO_CELLS = ("CellA", "CellB")
CELL = "cafe.sofastack.io/cell"
REPLICASETS = "apps/v1/replicasets"
OTHER_GATE = "example.com/load-balancer"
"""A readiness gate that somebody else keeps."""
A_WHILE = 1.5
"""Seconds in which a driver that did not wait would long have written."""


@dataclass(frozen=True)
class Shop:
    """The CafeDeployment `web` in the test's namespace."""

    client: Client
    cafe: Cafe
    audit: Audit

    # To make it

    def make(
        self,
        replicas: int = 2,
        mode: str = "gate",
        cells: Sequence[str] = (),
        containers: Mapping[str, str] | None = None,
        service: bool = False,
        notes: Mapping[str, str] | None = None,
        pod: Object | None = None,
        **strategy: Any,
    ) -> Object:
        """Create it; `mode` is gate, label or none, `pod` more of the pod's spec."""
        labels = {"app": NAME} | ({TRAFFIC: "on"} if mode == "label" else {})
        spec: Object = {
            "terminationGracePeriodSeconds": 0,
            "containers": [
                {"name": name, "image": image}
                for name, image in (containers or {"main": "app:v1"}).items()
            ],
            **(pod or {}),
        }
        if mode == "gate":
            spec["readinessGates"] = [{"conditionType": GATE}, *spec.get("readinessGates", [])]
        if service:
            selector = labels if mode == "label" else {"app": NAME}
            port = {"port": 80, "targetPort": 8080}
            meta = {"metadata": {"name": NAME}}
            self.client.create(
                "services", {**meta, "spec": {"selector": selector, "ports": [port]}}
            )
        body: Object = {
            "apiVersion": "apps.cafe.cloud.alipay.com/v1alpha1",
            "kind": "CafeDeployment",
            "metadata": {"name": NAME},
            "spec": {
                "replicas": replicas,
                "selector": {"matchLabels": {"app": NAME}},
                "strategy": {"upgradeType": "Batch", "maxUnavailable": "100%", **strategy},
                "template": {
                    "metadata": {"labels": labels, "annotations": dict(notes or {})},
                    "spec": spec,
                },
                "topology": {"unitType": "Cell", "values": list(cells)} if cells else {},
            },
        }
        return self.client.create(CAFED, body)

    def born(self, *args: Any, confirm: bool = False, **options: Any) -> list[Object]:
        """Make it and carry its first release to the end; the pods."""
        self.make(*args, needWaitingForConfirm=False, **options)
        done = self.upgrade()
        assert done.code == 0, done.err
        if confirm:
            self.edit({"strategy": {"needWaitingForConfirm": True}})
        return self.pods()

    # To release it

    def upgrade(self, image: str = "", *more: str) -> Outcome:
        """`upgrade web --yes`, with another image of `main` where one is given."""
        return self.cafe("upgrade", NAME, "--yes", *_image(image), *more, seconds=SECONDS)

    def start(self, image: str, *more: str) -> Running:
        """The same, left running."""
        return self.cafe.start("upgrade", NAME, "--yes", *_image(image), *more)

    def edit(self, spec: Object) -> Object:
        """A merge patch of the spec, as `kubectl edit` would."""
        return self.client.patch(CAFED, NAME, {"spec": spec}, kind=MERGE)

    def annotate(self, notes: Mapping[str, str | None]) -> Object:
        """As `kubectl annotate` would."""
        return self.client.patch(CAFED, NAME, {"metadata": {"annotations": notes}}, kind=MERGE)

    def forget_lease(self) -> None:
        """The lease of a driver that is dead or hangs has run out: nobody wants to wait for it."""
        past = {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}
        self.client.patch(LEASES, LEASE, past)

    # To look at it

    def lease(self) -> Any:
        """The spec of its Lease."""
        return self.client.get(LEASES, LEASE)["spec"]

    def cafed(self) -> Object:
        """The CafeDeployment."""
        return self.client.get(CAFED, NAME)

    def record(self) -> Any:
        """The record of its release."""
        text = self.cafed()["metadata"].get("annotations", {}).get(RELEASE)
        return json.loads(text) if text else {}

    def state(self) -> str:
        """The state of its release; empty before the first."""
        return str(self.record().get("state", ""))

    def until(self, state: str, seconds: float = 30.0) -> None:
        """Wait for a state."""
        wait_for(lambda: self.state() == state, f"the release to be {state}", seconds)

    def pods(self) -> list[Object]:
        """Its living pods by name."""
        found = [p for p in self.client.list("pods") if "deletionTimestamp" not in p["metadata"]]
        return sorted(found, key=lambda pod: str(pod["metadata"]["name"]))

    def until_pod(self, seen: Callable[[Object], object], what: str) -> Object:
        """The first pod of which `seen` is true; a container is stuck only after 30 s of it."""
        found = wait_for(lambda: next((p for p in self.pods() if seen(p)), None), what, SECONDS)
        assert found is not None
        return found

    def images(self, container: str = "main") -> list[str]:
        """The image of a container in every pod's spec, by pod name."""
        return [image(pod, container) for pod in self.pods()]

    def now(self) -> str:
        """A resourceVersion from which `history` can be told."""
        found = self.client.apply(
            "configmaps",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "now"}, "data": {}},
        )
        return str(found["metadata"]["resourceVersion"])

    def history(self, resource: str, since: str) -> list[Object]:
        """Every version of every object of a resource after `since`, in order."""
        events = self.client.watch(resource, since, seconds=1)
        return [event.object for event in events if event.type != "BOOKMARK"]

    def writes(self, resource: str = "") -> list[Request]:
        """What the plugin wrote since the test began, bookkeeping aside."""
        return [
            request
            for request in self.audit.writes(AGENT, self.client.namespace, resource)
            if request.resource not in QUIET
        ]


class Recording(threading.Thread):
    """Every version of every object of a resource from `since` on, as they come.

    A server forgets its past soon when it is busy: what takes minutes is recorded, not replayed.
    """

    def __init__(self, client: Client, resource: str, since: str) -> None:
        super().__init__(daemon=True)
        self._events = client.watch(resource, since, seconds=300)
        self._objects: list[Object] = []
        self.start()

    def run(self) -> None:
        """The thread."""
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            for event in self._events:
                assert event.type != "ERROR", event.object
                self._objects.append(event.object)

    def so_far(self) -> list[Object]:
        """What it has, a moment from now, in order."""
        time.sleep(1)
        return [o for o in self._objects if "name" in o["metadata"]]


def _image(image: str) -> tuple[str, ...]:
    return ("--image", f"main={image}") if image else ()


def image(pod: Object, container: str = "main") -> str:
    """The image of a container in the pod's spec."""
    found = (c["image"] for c in pod["spec"]["containers"] if c["name"] == container)
    return str(next(found))


def status(pod: Object, container: str = "main") -> Any:
    """The status of a container; empty before it has one."""
    statuses = pod["status"].get("containerStatuses", [])
    return next((status for status in statuses if status["name"] == container), {})


def in_endpoints(slices: Sequence[Object]) -> set[str]:
    """The uids that some EndpointSlice shows ready."""
    return {
        endpoint["targetRef"]["uid"]
        for one in slices
        for endpoint in one.get("endpoints") or ()
        if endpoint["conditions"].get("ready") and endpoint.get("targetRef")
    }


def set_gate(client: Client, pod: Object, kind: str, value: str) -> Object:
    """Write a condition of somebody else's on a pod."""
    body = {"status": {"conditions": [{"type": kind, "status": value}]}}
    return client.patch("pods", name(pod), body, "status")


def templates(shop: Shop) -> set[str]:
    """The images that replacements would be born with."""
    sets = shop.client.list(REPLICASETS)
    return {one["spec"]["template"]["spec"]["containers"][0]["image"] for one in sets}


def confirm(shop: Shop, *more: str) -> int:
    """`confirm web`; the exit code."""
    return shop.cafe("confirm", NAME, *more).code


def waiting(shop: Shop, mode: str = "label") -> None:
    """Three pods, one a group; the first is upgraded and the second waits for a person."""
    shop.born(3, mode, batchSize=1, confirm=True)
    done = shop.upgrade("app:v2")
    assert done.code == 3
    assert f"kubectl cafe confirm {NAME} -n {shop.client.namespace} --group 2" in done.err


def stays(look: Callable[[], object], seconds: float = A_WHILE) -> Any:
    """The answer of `look`, which is the same for so long."""
    first, end = look(), time.monotonic() + seconds
    while time.monotonic() < end:
        assert look() == first
        time.sleep(0.1)
    return first
