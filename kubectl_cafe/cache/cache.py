"""Keeps the last version of every object, and what this process has observed over time.

The informers and the answers to this process's writes fill it; a Snapshot reads it consistently. If
the process ends, the next driver is slower, never wrong (protocol 10).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.assessment.assessed import Assessed
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache import folded
from kubectl_cafe.cache.collection import Collection
from kubectl_cafe.cache.known_nodes import KnownNodes
from kubectl_cafe.cache.other_pods import OtherPods
from kubectl_cafe.pods.model import Pod, parse
from kubectl_cafe.pods.observed import Sighting, look
from kubectl_cafe.podsets import PodSet, Workload, by_cell
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.traffic.endpoints import parse_service, parse_slice, ready_uids

Json = Mapping[str, Any]


class Cache:
    """The state shared by the informers, the writers and the loop, under one lock.

    `changed` is notified whenever a new decision may be due.
    """

    def __init__(self, owner_uid: str, podset: PodSet) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._owner = owner_uid
        self.podset = podset
        self._pods: dict[str, Pod] = {}
        self._sightings: dict[str, Sighting] = {}
        self._gone: dict[str, int] = {}  # uid: resourceVersion when the pod was last seen gone
        self.workloads = Collection(self._workload, self.changed, self._notify)
        self.services = Collection(parse_service, self.changed, self._notify)
        self.slices = Collection(parse_slice, self.changed, self._notify)
        self.budgets = Collection(disruption_budgets.parse, self.changed, self._notify)
        self.others = Collection(parse, self.changed, self._notify)
        self._near = OtherPods()
        self._relisted: frozenset[str] = frozenset()
        self._off_since: dict[str, float] = {}
        self._peers: dict[str, frozenset[str]] = {}
        self._assessed: Assessed | None = None
        self._writing: set[str] = set()
        self._stale: dict[str, str] = {}
        self._unseen: dict[str, int] = {}
        self._dirty = True
        self._swept: tuple[str, int] | None = None
        self._nodes = KnownNodes()

    # Observing

    def pods_listed(self, items: Iterable[Json], now: float, version: int | None = None) -> None:
        """Replace the pods by a list made at `version` (None: later than every known pod)."""
        pods = [parse(item) for item in items]
        with self.changed:
            listed = {pod.uid for pod in pods}
            for uid in set(self._pods) - listed:
                # A pod created after the list was made may arrive first, by the watch.
                if version is None or int(self._pods[uid].resource_version) <= version:
                    self._drop(uid, version or 0)
            for pod in pods:
                self._put(pod, now, by_watch=True)
            self._notify()

    def pod_event(self, kind: str, item: Json, now: float) -> None:
        """Add one event of the watch of pods; `kind` is its type, `item` its object."""
        pod = self._pods.get(item["metadata"]["uid"])
        # The answer to an own write has shown this version already: it is not parsed again.
        if pod is None or pod.resource_version != item["metadata"]["resourceVersion"]:
            pod = parse(item)
        with self.changed:
            if kind == "DELETED":
                self._left(pod)
            else:
                self._put(pod, now, by_watch=True)
            self._notify()

    def pod_answered(self, item: Json, now: float, *, took: bool) -> None:
        """Add the answer to this process's write (protocol 7); `took`: it took a healthy pod."""
        pod = parse(item)
        with self.changed:
            known, version = self._pods.get(pod.uid), int(pod.resource_version)
            shown = known is not None and int(known.resource_version) >= version
            # The watch may show the pod's deletion before its last answer arrives.
            if took and not shown and version > self._gone.get(pod.uid, -1):
                self._unseen[pod.uid] = version
                self._near = self._near.take(pod.uid)
            self._put(pod, now, by_watch=False)
            self._notify()

    def pod_gone(self, uid: str) -> None:
        """Drop a pod that a write found deleted, or replaced by another pod of its name."""
        with self.changed:
            self._drop(uid)
            self._notify()

    def _left(self, pod: Pod) -> None:
        """Drop a pod after a DELETED event: it was deleted, or its labels no longer match.

        If its labels match again, the pod comes back with a higher resourceVersion. An event older
        than the known version is ignored: the watch lags behind this process's own writes.
        """
        known = self._pods.get(pod.uid)
        version = int(pod.resource_version)
        if known is None or int(known.resource_version) <= version:
            self._drop(pod.uid, version)

    def _put(self, pod: Pod, now: float, *, by_watch: bool) -> None:
        if int(pod.resource_version) <= self._gone.get(pod.uid, -1):
            return
        known = self._pods.get(pod.uid)
        version = int(pod.resource_version)
        if by_watch and version >= self._unseen.get(pod.uid, 0):
            self._unseen.pop(pod.uid, None)
        if known is not None and int(known.resource_version) >= version:
            return  # Also for an equal version: the assessment of the known object is reused.
        self._pods[pod.uid] = pod
        self._sightings[pod.uid] = look(self._sightings.get(pod.uid), pod, now)
        if self._stale.get(pod.uid, pod.resource_version) != pod.resource_version:
            del self._stale[pod.uid]

    def _drop(self, uid: str, version: int = 0) -> None:
        """Forget the pod, which was gone at `version`, or else after its last known version."""
        known = self._pods.get(uid)
        last = int(known.resource_version) if known is not None else 0
        self._gone[uid] = max(self._gone.get(uid, 0), version, last)
        for kept in (self._pods, self._sightings, self._off_since, self._unseen, self._stale):
            kept.pop(uid, None)

    def _workload(self, item: Json) -> Workload | None:
        if not self.ours(item) or "deletionTimestamp" in item["metadata"]:
            return None
        return self.podset.parse(item)

    def ours(self, item: Json) -> bool:
        """Whether a native object is a workload of this CafeDeployment."""
        return self.podset.owned(item, self._owner)

    # Writing

    def writing(self, uid: str) -> None:
        """Mark the pod as busy: a write of it is under way."""
        with self.changed:
            self._writing.add(uid)

    def written(self, uid: str, stale: str = "") -> None:
        """Mark the write as answered; the pod stays busy while resourceVersion `stale` is known."""
        with self.changed:
            self._writing.discard(uid)
            pod = self._pods.get(uid)
            if stale and pod is not None and pod.resource_version == stale:
                self._stale[uid] = stale
            self._notify()

    def swept(self, release: str, step: int) -> None:
        """Note that the cache has a consistent list of the pods, read in this release's `step`."""
        with self.changed:
            self._swept = (release, step)
            self._notify()

    def slices_read(self, items: Iterable[Json], version: int, shown_off: frozenset[str]) -> None:
        """Add a list of EndpointSlices, read after the pods `shown_off` left traffic (C22)."""
        with self.changed:
            self.slices.listed(items, version)
            self._relisted |= shown_off

    def others_read(self, items: Iterable[Json], drained: frozenset[str]) -> None:
        """Add a consistent list of the namespace's pods, made while `drained` were drained."""
        with self.changed:
            for item in items:
                self.others.event("MODIFIED", item)
            self._near = self._near.read(drained)
            self._notify()

    def nodes_read(self, architectures: Mapping[str, str]) -> None:
        """Store the architectures of all nodes by node name; they are read once."""
        with self.changed:
            self._nodes = structs.replace(self._nodes, architectures=architectures)
            self._notify()

    def nodes_shown(self, ready: Mapping[str, bool], now: float) -> None:
        """Store whether the nodes of suspect pods are Ready, by node name, as read at `now`."""
        with self.changed:
            self._nodes = structs.replace(self._nodes, ready=ready, at=now)
            self._notify()

    def wake(self) -> None:
        """Notify `changed` for a change outside of the cached objects."""
        with self.changed:
            self._notify()

    def _notify(self) -> None:
        self._dirty = True
        self.changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Wait until something has changed, at most `timeout` seconds."""
        with self.changed:
            if not self._dirty:
                self.changed.wait(timeout)
            self._dirty = False

    # Reading

    @property
    def idle(self) -> bool:
        """Whether every write of this process is answered."""
        with self.changed:
            return not self._writing

    def pods(self) -> list[Pod]:
        """The pods of this CafeDeployment's workloads."""
        with self.changed:
            owners = {one.uid: one for one in self.workloads.all()}
            ours = (pod for pod in self._pods.values() if pod.owner in owners)
            return [_judged(pod, owners[pod.owner]) for pod in ours]

    def unrelated(self) -> list[Pod]:
        """The living pods that match the selector and are not of its workloads."""
        with self.changed:
            ours = {one.uid for one in self.workloads.all()}
            living = (pod for pod in self._pods.values() if not (pod.terminating or pod.over))
            return [pod for pod in living if pod.owner not in ours]

    def highest_epoch(self) -> int:
        """The highest epoch on any pod (invariant I7)."""
        with self.changed:
            owners = {one.uid for one in self.workloads.all()}
            ours = (pod.epoch for pod in self._pods.values() if pod.owner in owners)
            return max(ours, default=0)

    def snapshot(
        self,
        cafe: CafeDeployment,
        revisions: Mapping[str, Revision],
        *,
        now: float,
        time: float,
        stopping: bool,
        driven_since: float = 0.0,
    ) -> Snapshot:
        """A consistent snapshot; what `folded` computes from it is kept for later snapshots."""
        record = cafe.record
        if record is None:
            raise AssertionError("a release is driven by its record")
        with self.changed:
            pods = {pod.uid: self._nodes.placed(pod, now) for pod in self.pods()}
            slices, services = self.slices.all(), self.services.all()
            self._near = self._near.of(pods.values())
            snapshot = Snapshot(
                owner=cafe.obj,
                record=record,
                revisions=revisions,
                pods=pods,
                workloads=by_cell.ordered(self.workloads.all()),
                sightings=dict(self._sightings),
                now=now,
                time=time,
                endpoints=ready_uids(slices, services, unready=False),
                published=ready_uids(slices, services, unready=True),
                slices=slices,
                services=services,
                budgets=self.budgets.all(),
                others=self._near.of_others(self.others.all(), self.workloads.all()),
                cleared=self._near.cleared,
                took=self._near.took,
                relisted=self._relisted,
                unswitched=cafe.unswitched,
                peers=self._peers,
                busy=frozenset({*self._writing, *self._stale} & set(pods)),
                unseen_takes=bool(self._unseen),
                stopping=stopping,
                driven_since=driven_since,
                swept=self._swept == (record.id, record.step),
                architectures=self._nodes.architectures,
                nodes_at=self._nodes.at,
                last=self._assessed,
            )
            self._assessed = snapshot.assessed
            self._relisted = folded.relisted(snapshot, self._off_since)
            self._off_since = folded.off_since(snapshot, self._off_since)
            self._peers = folded.proven(snapshot, self._peers)
            return replace(snapshot, off_since=dict(self._off_since), last=self._assessed)


def _judged(pod: Pod, owner: Workload) -> Pod:
    return structs.replace(pod, edited_template=True) if owner.made_by_others(pod.images()) else pod
