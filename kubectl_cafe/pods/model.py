"""A pod reduced to the fields that the rules read, parsed once per watch event."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cached_property
from math import inf
from typing import Any

from msgspec import Struct

from kubectl_cafe import names
from kubectl_cafe.pods.managed_fields import Writer, needed_entries, status_written, writers
from kubectl_cafe.pods.record import PodRecord, PodRecordError, decode
from kubectl_cafe.times import seconds

Json = Mapping[str, Any]


class Container(Struct, frozen=True):
    """One container of a pod: its spec's image string, and its status if it has one (C14).

    `container_id` and `image_id` are empty without a status. `started_at` is in seconds since the
    epoch, 0 unless it runs. `startup_period` is the startupProbe's periodSeconds, None without one.
    `waiting` and `terminated` are the reasons of these states, empty in another state. `writer` is
    the kind of client that set the image string.
    """

    name: str
    image: str
    started_at: float
    container_id: str
    image_id: str
    ready: bool
    running: bool
    restart_count: int = 0
    waiting: str = ""
    terminated: str = ""
    message: str = ""
    startup_period: int | None = None
    writer: Writer = Writer.UNKNOWN


class Condition(Struct, frozen=True):
    """One condition of a pod; `since` is its lastTransitionTime in seconds since the epoch."""

    status: str
    reason: str = ""
    message: str = ""
    since: float = 0.0


_EPOCH = re.compile(r"[0-9]{1,18}")
"""The form of an epoch in an annotation; other values are ignored."""
ABSENT = Condition("")
"""Stands for a condition that the pod does not have."""
NODE_REASONS = ("", "NodeNotReady", "NodeStatusUnknown", "NodeLost")
"""Reasons of Ready=False because of the node; the node lifecycle controller itself sets none."""


class Pod(Struct, frozen=True, dict=True):
    """One pod as one watch event showed it.

    `finalizers` maps each finalizer to the time when it was added, in seconds since the epoch (see
    `_finalizers`). Times of the status are by the clock of the pod's node, at most the server's
    time of the status' last write. `owner` is the uid of the pod's controller, `grace` its
    terminationGracePeriodSeconds, `gated`: it has our readiness gate. `scheduled` is the condition
    PodScheduled. `node_ready`: the Node is Ready; None if the Node was not read. `record_problem`
    is why the pod record can't be read. `edited_template`: the pod was created with images that
    another client had put into its workload's template, so these do not show its revision.
    """

    name: str
    uid: str
    resource_version: str
    generation: int = 0
    observed: int = 0
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    owner: str = ""
    node: str = ""
    ip: str = ""
    created: float = 0.0
    phase: str = "Pending"
    terminating: bool = False
    grace: int = 30
    restart_policy: str = "Always"
    gated: bool = False
    finalizers: Mapping[str, float] = {}
    containers: Mapping[str, Container] = {}
    ready: Condition = ABSENT
    containers_ready: Condition = ABSENT
    gate: Condition = ABSENT
    scheduled: Condition = ABSENT
    node_ready: bool | None = None
    record: PodRecord | None = None
    record_problem: str = ""
    edited_template: bool = False

    @cached_property
    def cell(self) -> str:
        """The cell that the pod belongs to; empty without cells."""
        return self.labels.get(names.CELL, "")

    @cached_property
    def epoch(self) -> int:
        """The highest epoch written to the pod, by its record or by a takeover's touch (I7)."""
        touched = self.annotations.get(names.EPOCH, "")
        of_record = self.record.epoch if self.record else 0
        return max(of_record, int(touched) if _EPOCH.fullmatch(touched) else 0)

    @property
    def unfinished(self) -> bool:
        """Whether the pod may be out of traffic.

        A record of mode None is never closed, and does not count (protocol 6).
        """
        return self.record is not None and self.record.unfinished

    @property
    def over(self) -> bool:
        """Whether the pod has the phase Failed (also after an eviction) or Succeeded (C50)."""
        return self.phase in ("Failed", "Succeeded")

    @property
    def lost(self) -> bool:
        """Whether the pod's node is lost (C80), by the Node if it was read, else by Ready.

        The node lifecycle controller sets Ready to False without a reason; other writers give one.
        """
        if not self.suspect:
            return False
        return self.unexplained if self.node_ready is None else not self.node_ready

    @property
    def unexplained(self) -> bool:
        """Whether the node lifecycle controller may have set Ready to False, by Ready's reason.

        True also after the Node is Ready again, until its kubelet has written the pod's status.
        """
        return self.suspect and self.ready.reason in NODE_REASONS

    @cached_property
    def suspect(self) -> bool:
        """Whether the pod's node may be lost: Ready is False, and not by a container or a gate.

        Source: protocol 5; pkg/controller/nodelifecycle marks Ready False and leaves its reason and
        ContainersReady as the kubelet last wrote them.
        """
        return (
            self.ready.status == "False"
            and self.containers_ready.status == "True"
            and self.ready.reason != "ReadinessGatesNotReady"
            and "readiness gate" not in self.ready.message
        )

    def images(self) -> dict[str, str]:
        """The image string of every container in the spec."""
        return self._images

    @cached_property
    def _images(self) -> dict[str, str]:
        return {name: container.image for name, container in self.containers.items()}


_READ = ("nodeName", "terminationGracePeriodSeconds", "restartPolicy", "readinessGates")
"""Fields of a pod's spec that `parse` reads, beside the containers."""


def lean(obj: Json) -> dict[str, Any]:
    """`obj` with only the fields that `parse` reads, and its status: a third of the memory.

    managedFields alone are often larger than all the rest; only a few of them are needed.
    """
    meta, spec = dict(obj["metadata"]), obj.get("spec", {})
    if "managedFields" in meta:
        meta["managedFields"] = needed_entries(meta["managedFields"] or ())
    containers = [
        {key: one[key] for key in ("name", "image", "startupProbe") if key in one}
        for one in spec.get("containers") or ()
    ]
    kept = {key: spec[key] for key in _READ if key in spec}
    read = {"metadata": meta, "spec": {**kept, "containers": containers}}
    return {**read, "status": obj["status"]} if "status" in obj else read


def parse(obj: Json) -> Pod:
    """The Pod in a Kubernetes object."""
    meta, spec, status = obj["metadata"], obj.get("spec", {}), obj.get("status", {})
    annotations = meta.get("annotations") or {}
    record, problem = _record(annotations)
    latest = status_written(meta) or inf
    conditions = {c["type"]: _condition(c, latest) for c in status.get("conditions") or ()}
    statuses = {s["name"]: s for s in status.get("containerStatuses") or ()}
    owner = next((r["uid"] for r in meta.get("ownerReferences") or () if r.get("controller")), "")
    gates = [gate.get("conditionType") for gate in spec.get("readinessGates") or ()]
    specs = {c["name"]: c for c in spec.get("containers") or ()}
    wrote = writers(meta, specs)
    return Pod(
        name=meta["name"],
        uid=meta["uid"],
        resource_version=meta["resourceVersion"],
        generation=meta.get("generation", 0),
        observed=status.get("observedGeneration", 0),
        labels=meta.get("labels") or {},
        annotations=annotations,
        owner=owner,
        node=spec.get("nodeName", ""),
        ip=status.get("podIP", ""),
        created=seconds(meta.get("creationTimestamp")),
        phase=status.get("phase", "Pending"),
        terminating="deletionTimestamp" in meta,
        grace=spec.get("terminationGracePeriodSeconds", 30),
        restart_policy=spec.get("restartPolicy", "Always"),
        gated=names.IN_SERVICE in gates,
        finalizers=_finalizers(meta),
        containers={
            name: _container(one, statuses.get(name, {}), wrote[name], latest)
            for name, one in specs.items()
        },
        ready=conditions.get("Ready", ABSENT),
        containers_ready=conditions.get("ContainersReady", ABSENT),
        gate=conditions.get(names.IN_SERVICE, ABSENT),
        scheduled=conditions.get("PodScheduled", ABSENT),
        record=record,
        record_problem=problem,
    )


def _record(annotations: Mapping[str, str]) -> tuple[PodRecord | None, str]:
    text = annotations.get(names.IN_PLACE)
    if not text:
        return None, ""
    try:
        return decode(text), ""
    except PodRecordError as error:
        return None, str(error)


def _finalizers(meta: Json) -> dict[str, float]:
    """The latest time at which each finalizer can have been added, epoch seconds; 0: not known.

    A finalizer has no time of its own. managedFields have the time of the last write of the manager
    that owns the finalizer. The key there is `v:` and the name as JSON (structured-merge-diff's
    fieldpath).
    """
    known: dict[str, float] = {}
    shown = meta.get("finalizers") or ()
    for entry in meta.get("managedFields") or () if shown else ():
        of_metadata = (entry.get("fieldsV1") or {}).get("f:metadata") or {}
        owned = of_metadata.get("f:finalizers") or {}
        at = seconds(entry.get("time"))
        for name in shown:
            if f"v:{json.dumps(name)}" in owned:
                known[name] = min(at, known.get(name, at))
    return {name: known.get(name, 0.0) for name in shown}


def _condition(obj: Json, latest: float) -> Condition:
    return Condition(
        status=obj.get("status", ""),
        reason=obj.get("reason", ""),
        message=obj.get("message", ""),
        since=min(latest, seconds(obj.get("lastTransitionTime"))),
    )


def _container(spec: Json, status: Json, writer: Writer, latest: float) -> Container:
    state = status.get("state") or {}
    running, waiting = state.get("running"), state.get("waiting") or {}
    terminated = state.get("terminated") or {}
    probe = spec.get("startupProbe")
    return Container(
        name=spec["name"],
        image=spec.get("image", ""),
        started_at=min(latest, seconds((running or {}).get("startedAt"))),
        container_id=status.get("containerID", ""),
        image_id=status.get("imageID", ""),
        restart_count=status.get("restartCount", 0),
        ready=bool(status.get("ready")),
        running=running is not None,
        waiting=waiting.get("reason", ""),
        terminated=terminated.get("reason", "") or ("Exited" if terminated else ""),
        message=waiting.get("message", "") or terminated.get("message", ""),
        startup_period=probe.get("periodSeconds", 10) if probe else None,
        writer=writer,
    )
