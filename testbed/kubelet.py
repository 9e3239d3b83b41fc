"""How a kubelet words a pod's status: containers, conditions, ids."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from testbed.client import Object
from testbed.times import now


class Ready(NamedTuple):
    """The Ready condition as the test wants it shown."""

    status: str
    reason: str | None = None
    message: str | None = None


@dataclass(frozen=True)
class Container:
    """One container's status; ids that are left empty follow from image and `run`.

    `run` counts the containers that were made: another number is another containerID.
    `waiting` is (reason, message); `terminated` the exit code of a container that has ended.
    """

    image: str
    run: int = 0
    ready: bool = True
    image_id: str = ""
    container_id: str = ""
    restarts: int | None = None
    waiting: tuple[str, str] | None = None
    terminated: int | None = None
    started_at: str = ""

    def status(self, name: str, uid: str) -> Object:
        """The entry of containerStatuses."""
        made = hashlib.sha256(f"{uid}/{name}/{self.run}".encode()).hexdigest()
        up = self.waiting is None and self.terminated is None
        state: Object = {"running": {"startedAt": self.started_at or now()}}
        if self.waiting is not None:
            state = {"waiting": {"reason": self.waiting[0], "message": self.waiting[1]}}
        elif self.terminated is not None:
            ended = {"exitCode": self.terminated, "finishedAt": now(), "reason": "Error"}
            state = {"terminated": ended}
        return {
            "name": name,
            "image": self.image,
            "imageID": self.image_id or image_id(self.image),
            "containerID": self.container_id or f"containerd://{made}",
            "restartCount": self.run if self.restarts is None else self.restarts,
            "ready": self.ready and up,
            "started": up,
            "state": state,
            "lastState": {},
        }


def image_id(image: str) -> str:
    """The imageID that simulated nodes give to `image`; `TAG-aliasX` shares that of `TAG`."""
    repository = re.sub(r"(:[^:/@]*)?(@.*)?$", "", image)
    if "@sha256:" in image:
        digest = image.partition("@sha256:")[2]
    else:
        digest = hashlib.sha256(re.sub(r"-alias[^:/]*$", "", image).encode()).hexdigest()
    return f"docker.io/library/{repository}@sha256:{digest}"


def kubelet_ready(pod: Object, statuses: Sequence[Object]) -> Ready:
    """The Ready condition that a kubelet derives from containers and readiness gates."""
    unready = [status["name"] for status in statuses if not status["ready"]]
    if unready or not statuses:
        listed = " ".join(unready)
        return Ready("False", "ContainersNotReady", f"containers with unready status: [{listed}]")
    conditions = {c["type"]: c["status"] for c in pod["status"].get("conditions", [])}
    messages = []
    for gate in pod["spec"].get("readinessGates", []):
        kind = gate["conditionType"]
        value = conditions.get(kind)
        if value is None:
            messages.append(
                f'corresponding condition of pod readiness gate "{kind}" does not exist.'
            )
        elif value != "True":
            messages.append(f'the status of pod readiness gate "{kind}" is not "True", but {value}')
    if messages:
        return Ready("False", "ReadinessGatesNotReady", ", ".join(messages))
    return Ready("True")


def conditions_of(
    pod: Object, statuses: Sequence[Object], ready: Ready, generation: int, at: str
) -> list[Object]:
    """Kubelet's conditions at `at`; one whose status stays keeps its transition time."""
    containers_ready = all(status["ready"] for status in statuses)
    rows: list[tuple[str, str, str | None, str | None]] = [
        ("PodReadyToStartContainers", "True", None, None),
        ("Initialized", "True", None, None),
        ("ContainersReady", "True", None, None)
        if containers_ready
        else ("ContainersReady", *kubelet_ready(pod, statuses)),
        ("Ready", *ready),
    ]
    before: dict[str, Any] = {c["type"]: c for c in pod["status"].get("conditions", [])}
    written = []
    for kind, status, reason, message in rows:
        old = before.get(kind)
        since = old["lastTransitionTime"] if old and old["status"] == status else at
        condition: Object = {
            "type": kind,
            "status": status,
            "reason": reason,
            "message": message,
            "lastTransitionTime": since,
        }
        if generation:
            condition["observedGeneration"] = generation
        written.append(condition)
    return written
