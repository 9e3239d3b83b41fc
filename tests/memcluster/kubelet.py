"""A kubelet's worker for one pod, one step a call, as it was measured (protocol 6).

At the START of a sync it reads the pod and what the runtime had before, and then publishes
that as observedGeneration and the statuses: whatever is written to the pod between the two
stays unread. Then it kills, pulls and starts, one container after the other, while the status
goes on showing the old one running and ready; what it made is published by the next sync.
While it is at work it reads nothing, so changes in between are seen as one.

Pure: from a pod and what the node remembers to what the node remembers then, and the status.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

Json = Mapping[str, Any]

GATE_FALSE = 'the status of pod readiness gate "{gate}" is not "True", but {value}'
GATE_ABSENT = 'corresponding condition of pod readiness gate "{gate}" does not exist.'
RUNNING = "running"
FAILS_TO_START = {
    "missing": ("ErrImagePull", 'failed to pull image "{image}": not found'),
    "invalidname": ("InvalidImageName", 'Failed to apply default image tag "{image}"'),
    "registrydown": ("RegistryUnavailable", "the registry is unavailable"),
    "badconfig": ("CreateContainerConfigError", 'configmap of "{image}" not found'),
}
"""What the testbed's image names ask for: the waiting reason and its message."""
EVICTED = "Evicted"
CRASHED = ("CrashLoopBackOff", "back-off restarting failed container")


class Move(StrEnum):
    """What a worker can do next."""

    READ = "reads its pod and what runs"
    PUBLISH = "publishes what it read"
    ACT = "kills and starts a container"
    FATE = "sees a container crash, or become ready"


@dataclass(frozen=True)
class Ran:
    """One container as the runtime has it; `image` is the string it was started from.

    `state` is running, or the reason why it waits.
    """

    name: str
    image: str = ""
    container_id: str = ""
    image_id: str = ""
    restarts: int = 0
    state: str = "ContainerCreating"
    message: str = ""
    ready: bool = False


Read = tuple[int, tuple[tuple[str, str], ...], tuple[Ran, ...]]
NOTHING: Read = (0, (), ())


@dataclass(frozen=True)
class Worker:
    """What a node remembers of one pod.

    `acting` are the containers that the sync under way has yet to replace, `aim` the images
    it read. `read` is what the last sync read: generation, gates, containers; `unsaid`: it is
    yet to be published.
    """

    containers: tuple[Ran, ...]
    acting: tuple[str, ...] = ()
    aim: tuple[tuple[str, str], ...] = ()
    read: Read = NOTHING
    unsaid: bool = False
    started: int = 0


def born(pod: Json) -> Worker:
    """The worker of a pod that has just been bound to the node."""
    return Worker(tuple(Ran(c["name"]) for c in pod["spec"]["containers"]))


def moves(pod: Json, worker: Worker) -> list[Move]:
    """What the worker may do now."""
    possible: list[Move] = []
    if (pod.get("status") or {}).get("phase") == "Failed":
        return possible
    if worker.unsaid:
        possible.append(Move.PUBLISH)
    elif worker.acting:
        possible.append(Move.ACT)
    elif _reads(pod, worker) != worker.read:
        possible.append(Move.READ)
    if any(_fated(ran) and ran.name not in worker.acting for ran in worker.containers):
        possible.append(Move.FATE)
    return possible


def idle(pod: Json, worker: Worker) -> bool:
    """Whether nothing will happen until the pod is written to."""
    return not moves(pod, worker)


def read(pod: Json, worker: Worker) -> Worker:
    """Read the pod and the runtime, and decide what is to be done."""
    wanted = tuple((c["name"], c["image"]) for c in pod["spec"]["containers"])
    started = {ran.name: ran.image for ran in worker.containers}
    acting = tuple(name for name, image in wanted if started.get(name) != image)
    return replace(worker, acting=acting, aim=wanted, read=_reads(pod, worker), unsaid=True)


def publish(pod: Json, worker: Worker, at: str) -> tuple[Worker, dict[str, Any]]:
    """Publish what was read as the pod's status (the second result)."""
    return replace(worker, unsaid=False), status(pod, worker.read, at)


def act(worker: Worker) -> Worker:
    """Kill the next container that is to go, pull its image, start it."""
    name, *rest = worker.acting
    image = dict(worker.aim)[name]
    containers = tuple(
        _started(ran, image, worker.started + 1) if ran.name == name else ran
        for ran in worker.containers
    )
    return replace(worker, containers=containers, acting=tuple(rest), started=worker.started + 1)


def fate(worker: Worker) -> Worker:
    """The first container whose image says so crashes, or becomes ready."""
    done = False
    containers = []
    for ran in worker.containers:
        if not done and _fated(ran) and ran.name not in worker.acting:
            done = True
            if "crash" in ran.image:
                reason, message = CRASHED
                ran = replace(ran, state=reason, message=message, ready=False)
            else:
                ran = replace(ran, ready=True)
        containers.append(ran)
    return replace(worker, containers=tuple(containers))


def restart(worker: Worker, name: str) -> Worker:
    """The container dies by itself and is started again, from the image it had."""
    containers = tuple(
        _started(ran, ran.image, worker.started + 1) if ran.name == name else ran
        for ran in worker.containers
    )
    return replace(worker, containers=containers, started=worker.started + 1)


def evict(pod: Json, worker: Worker, at: str) -> tuple[Worker, dict[str, Any]]:
    """The node is short of memory: its pod is over, and stays as Failed (the second result)."""
    containers = tuple(
        replace(ran, state=EVICTED, message="", ready=False) for ran in worker.containers
    )
    over = replace(worker, containers=containers, acting=(), unsaid=False)
    shown = status(pod, _reads(pod, over), at)
    return over, {**shown, "phase": "Failed", "reason": EVICTED, "message": "low on memory"}


def probe(worker: Worker, name: str, *, passes: bool) -> Worker:
    """The container's readiness probe passes from now on, or fails."""
    containers = tuple(
        replace(ran, ready=passes) if ran.name == name else ran for ran in worker.containers
    )
    return replace(worker, containers=containers)


def runs_spec(pod: Json, worker: Worker) -> bool:
    """The truth that no status tells: all that runs was started from the pod's present spec."""
    wanted = {c["name"]: c["image"] for c in pod["spec"]["containers"]}
    return not worker.acting and all(
        ran.image == wanted[ran.name] and ran.state == RUNNING and ran.ready
        for ran in worker.containers
    )


def digest(image: str) -> str:
    """The imageID of an image: `-aliasX` shares the digest of the tag without it."""
    return f"sha256:{image.partition('-alias')[0]}"


def status(pod: Json, read: Read, at: str) -> dict[str, Any]:
    """The pod's status as a sync that has `read` this publishes it now."""
    generation, gates, containers = read
    before = pod.get("status") or {}
    known = {c["type"]: c for c in before.get("conditions") or ()}
    shown = {c["name"]: c for c in before.get("containerStatuses") or ()}
    unready = [ran.name for ran in containers if not ran.ready]
    said = _gates(pod, dict(gates))
    lacking = f"containers with unready status: [{' '.join(unready)}]"
    containers_ready = ("False", "ContainersNotReady", lacking) if unready else ("True", "", "")
    gates_closed = ("False", "ReadinessGatesNotReady", ", ".join(said))
    ready = gates_closed if said and not unready else containers_ready
    own = {"ContainersReady": containers_ready, "Ready": ready}
    foreign = [c for kind, c in known.items() if kind not in own]
    conditions = [_condition(known.get(kind), kind, *words, at) for kind, words in own.items()]
    return {
        "phase": "Running" if any(ran.container_id for ran in containers) else "Pending",
        "podIP": "10.0.0.1",
        "observedGeneration": generation,
        "conditions": [*foreign, *conditions],
        "containerStatuses": [_container(ran, shown.get(ran.name, {}), at) for ran in containers],
    }


def _reads(pod: Json, worker: Worker) -> Read:
    conditions = (pod.get("status") or {}).get("conditions") or ()
    gates = tuple((c["type"], c["status"]) for c in conditions if c["type"] in _named(pod))
    return (pod["metadata"].get("generation", 0), gates, worker.containers)


def _named(pod: Json) -> Sequence[str]:
    return [gate["conditionType"] for gate in pod["spec"].get("readinessGates") or ()]


def _gates(pod: Json, known: Mapping[str, str]) -> list[str]:
    said = []
    for gate in _named(pod):
        if gate not in known:
            said.append(GATE_ABSENT.format(gate=gate))
        elif known[gate] != "True":
            said.append(GATE_FALSE.format(gate=gate, value=known[gate]))
    return said


def _condition(
    old: Json | None, kind: str, value: str, reason: str, message: str, at: str
) -> dict[str, Any]:
    since = old["lastTransitionTime"] if old and old["status"] == value else at
    made = {"type": kind, "status": value, "lastTransitionTime": since}
    return {**made, **({"reason": reason, "message": message} if reason else {})}


def _started(ran: Ran, image: str, number: int) -> Ran:
    for word, (reason, message) in FAILS_TO_START.items():
        if word in image:  # The dead container's ids stay.
            return replace(
                ran, image=image, state=reason, message=message.format(image=image), ready=False
            )
    return Ran(
        name=ran.name,
        image=image,
        container_id=f"containerd://{number}",
        image_id=digest(image),
        restarts=ran.restarts + 1 if ran.container_id else 0,
        state=RUNNING,
        ready=not any(word in image for word in ("unready", "slow")),
    )


def _fated(ran: Ran) -> bool:
    if ran.state != RUNNING:
        return False
    return "crash" in ran.image or ("slow" in ran.image and not ran.ready)


def _container(ran: Ran, before: Json, at: str) -> dict[str, Any]:
    """Its status; `before` is the one that was shown last."""
    known = (before.get("state") or {}).get("running") or {}
    same = bool(known) and before.get("containerID") == ran.container_id
    state = (
        {"running": {"startedAt": known["startedAt"] if same else at}}
        if ran.state == RUNNING
        else {"waiting": {"reason": ran.state, "message": ran.message}}
    )
    shown = {
        "name": ran.name,
        "image": ran.image,
        "imageID": ran.image_id,
        "restartCount": ran.restarts,
        "ready": ran.ready,
        "state": state,
    }
    return {**shown, **({"containerID": ran.container_id} if ran.container_id else {})}
