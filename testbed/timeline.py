"""The statuses of a pod in the order in which a watch receives them (protocol 6)."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

from testbed.client import Client, Object, Refused
from testbed.errors import TestbedError
from testbed.waiting import wait_for


@dataclass(frozen=True)
class Container:
    """One entry of containerStatuses; `state` is running, waiting, terminated or unknown."""

    image: str
    image_id: str
    container_id: str
    ready: bool
    restarts: int
    state: str
    reason: str
    message: str


@dataclass(frozen=True)
class Sighting:
    """One version of a pod: `after` seconds since the recording began, and what it showed."""

    after: float
    generation: int
    observed: int
    ready: str
    reason: str
    message: str
    gate: str
    containers: dict[str, Container]

    def __str__(self) -> str:
        """One line, for a person: image, container, digest, state of each container."""
        shown = "  ".join(
            f"{name}: {c.image.rpartition(':')[2]} C{_short(c.container_id)} D{_short(c.image_id)}"
            f" {c.state} {c.reason}{' ready' if c.ready else ''} restarts {c.restarts}"
            for name, c in self.containers.items()
        )
        return (
            f"{self.after:7.3f}  gen {self.generation} obs {self.observed}"
            f"  Ready {self.ready}  gate {self.gate or '-'}  {shown}  {self.message}"
        )


def sighting(pod: Object, after: float = 0.0) -> Sighting:
    """What `pod` shows."""
    status = pod.get("status", {})
    conditions = {c["type"]: c for c in status.get("conditions", [])}
    ready = conditions.get("Ready", {})
    return Sighting(
        after=after,
        generation=pod["metadata"].get("generation", 0),
        observed=status.get("observedGeneration", 0),
        ready=ready.get("status", ""),
        reason=ready.get("reason", ""),
        message=ready.get("message", ""),
        gate=conditions.get("cafe.sofastack.io/in-service", {}).get("status", ""),
        containers={c["name"]: _container(c) for c in status.get("containerStatuses", [])},
    )


class Timeline:
    """Every version of the pod `name` between enter and exit, in `seen`, the present one first."""

    def __init__(self, client: Client, name: str) -> None:
        self._client = client
        self._name = name
        self._began = time.monotonic()
        self._stop = threading.Event()
        self.seen: list[Sighting] = []
        pod = client.get("pods", name)
        self.seen.append(sighting(pod))
        version = pod["metadata"]["resourceVersion"]
        self._thread = threading.Thread(target=self._watch, args=(version,), daemon=True)

    def __enter__(self) -> Timeline:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop.set()

    def __str__(self) -> str:
        return "\n".join(map(str, self.seen))

    def wait_for(self, shows: Callable[[Sighting], bool], seconds: float = 30.0) -> Sighting:
        """The first sighting, an earlier one too, of which `shows` is true.

        Raises TestbedError with the timeline when there is none after `seconds`.
        """

        def look() -> Sighting | None:
            return next(filter(shows, list(self.seen)), None)

        try:
            found = wait_for(look, f"pod {self._name} to show it", seconds)
        except TestbedError as error:
            error.add_note(f"It showed:\n{self}")
            raise
        assert found is not None
        return found

    def _watch(self, version: str) -> None:
        chosen = f"metadata.name={self._name}"
        try:
            for event in self._client.watch("pods", version, seconds=300, fieldSelector=chosen):
                if self._stop.is_set() or event.type not in ("ADDED", "MODIFIED"):
                    return
                self.seen.append(sighting(event.object, time.monotonic() - self._began))
        except (Refused, OSError, http.client.HTTPException):
            return


def _container(status: Object) -> Container:
    states: dict[str, Object] = status.get("state") or {"unknown": {}}
    state, details = next(iter(states.items()))
    return Container(
        image=status["image"],
        image_id=status["imageID"],
        container_id=status.get("containerID", ""),
        ready=status["ready"],
        restarts=status["restartCount"],
        state=state,
        reason=details.get("reason", ""),
        message=details.get("message", ""),
    )


def _short(identity: str) -> str:
    return identity.rpartition(":")[2].rpartition("/")[2][:4]
