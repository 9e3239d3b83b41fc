"""What this process knows: the last of every object, and what it saw of them over time.

Filled by the informers and by the answers to our own writes; read as one consistent Snapshot.
Losing it with the process loses nothing but speed (protocol 10).
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment import disruption_budgets
from kubectl_cafe.assessment.assessed import Assessed
from kubectl_cafe.assessment.snapshot import NODES_FRESH, Snapshot
from kubectl_cafe.cache.collection import Collection
from kubectl_cafe.cache.folded import off_since, proven
from kubectl_cafe.cache.other_pods import OtherPods
from kubectl_cafe.pods.model import Pod, parse
from kubectl_cafe.pods.observed import Sighting, look
from kubectl_cafe.podsets import PodSet, Workload, by_cell
from kubectl_cafe.revisions.revision import Revision
from kubectl_cafe.traffic.endpoints import parse_service, parse_slice, ready_uids

Json = Mapping[str, Any]


class Cache:
    """Shared by the informers' threads, the writers' threads and the loop; one lock for all.

    `changed` is notified whenever a new decision may be due.
    """

    def __init__(self, owner_uid: str, podset: PodSet) -> None:
        self.changed = threading.Condition(threading.RLock())
        self._owner = owner_uid
        self.podset = podset
        self._pods: dict[str, Pod] = {}
        self._sightings: dict[str, Sighting] = {}
        self._gone: dict[str, int] = {}  # uid: the resourceVersion at which it was last seen gone
        self.workloads = Collection(self._workload, self.changed, self._notify)
        self.services = Collection(parse_service, self.changed, self._notify)
        self.slices = Collection(parse_slice, self.changed, self._notify)
        self.budgets = Collection(disruption_budgets.parse, self.changed, self._notify)
        self.others = Collection(parse, self.changed, self._notify)
        self._near = OtherPods()
        self._off_since: dict[str, float] = {}
        self._peers: dict[str, frozenset[str]] = {}
        self._assessed: Assessed | None = None
        self._writing: set[str] = set()
        self._stale: dict[str, str] = {}
        self._unseen: dict[str, int] = {}
        self._dirty = True
        self._swept: tuple[str, int] | None = None
        self._architectures: Mapping[str, str] | None = None
        self._nodes: Mapping[str, bool] = {}
        self._nodes_at: float | None = None

    # Observing

    def pods_listed(self, items: Iterable[Json], now: float, version: int | None = None) -> None:
        """All pods there were at `version` (None: later than all we know of); others are gone."""
        pods = [parse(item) for item in items]
        with self.changed:
            listed = {pod.uid for pod in pods}
            for uid in set(self._pods) - listed:
                # A newer one was created after the list was made, and the watch was faster.
                if version is None or int(self._pods[uid].resource_version) <= version:
                    self._drop(uid, version or 0)
            for pod in pods:
                self._put(pod, now, by_watch=True)
            self._notify()

    def pod_event(self, kind: str, item: Json, now: float) -> None:
        """One watch event."""
        pod = parse(item)
        with self.changed:
            if kind == "DELETED":
                self._left(pod)
            else:
                self._put(pod, now, by_watch=True)
            self._notify()

    def pod_answered(self, item: Json, now: float, *, took: bool) -> None:
        """The answer to our own write goes into the snapshot at once (protocol 7)."""
        pod = parse(item)
        with self.changed:
            known = self._pods.get(pod.uid)
            if took and not (known and int(known.resource_version) >= int(pod.resource_version)):
                self._unseen[pod.uid] = int(pod.resource_version)
                self._near = self._near.take(pod.uid)
            self._put(pod, now, by_watch=False)
            self._notify()

    def pod_gone(self, uid: str) -> None:
        """A write found the pod deleted, or another one under its name."""
        with self.changed:
            self._drop(uid)
            self._notify()

    def _left(self, pod: Pod) -> None:
        """Drop a pod that a watch says is DELETED: deleted, or no longer selected by its labels.

        It may come back by its labels, with a higher resourceVersion. An event that is older
        than what is known, from a watch that lags behind our own writes, says nothing.
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
        if known is not None and int(known.resource_version) > version:
            return
        self._pods[pod.uid] = pod
        self._sightings[pod.uid] = look(self._sightings.get(pod.uid), pod, now)
        if self._stale.get(pod.uid, pod.resource_version) != pod.resource_version:
            del self._stale[pod.uid]

    def _drop(self, uid: str, version: int = 0) -> None:
        """Forget the pod, which was gone at `version`, or right after its last known one."""
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
        """A write of this pod is under way."""
        with self.changed:
            self._writing.add(uid)

    def written(self, uid: str, stale: str = "") -> None:
        """It is answered. `stale`: judged on this resourceVersion, which is no longer the last."""
        with self.changed:
            self._writing.discard(uid)
            pod = self._pods.get(uid)
            if stale and pod is not None and pod.resource_version == stale:
                self._stale[uid] = stale
            self._notify()

    def swept(self, release: str, step: int) -> None:
        """A consistent list, read in this step of this release, has been folded in."""
        with self.changed:
            self._swept = (release, step)
            self._notify()

    def others_read(self, items: Iterable[Json], drained: frozenset[str]) -> None:
        """A consistent list of the namespace's pods, made when our own `drained` were so."""
        with self.changed:
            for item in items:
                self.others.event("MODIFIED", item)
            self._near = self._near.read(drained)
            self._notify()

    def nodes_read(self, architectures: Mapping[str, str]) -> None:
        """The architectures of the nodes by name, read once."""
        with self.changed:
            self._architectures = architectures
            self._notify()

    def nodes_shown(self, ready: Mapping[str, bool], now: float) -> None:
        """Whether the nodes of suspect pods are Ready, as it was read at `now`."""
        with self.changed:
            self._nodes, self._nodes_at = ready, now
            self._notify()

    def suspects(self) -> frozenset[str]:
        """The nodes of pods whose status leaves open whether their node went away (C80)."""
        return frozenset(pod.node for pod in self.pods() if pod.suspect and pod.node)

    def wake(self) -> None:
        """Something outside of the objects changed."""
        with self.changed:
            self._notify()

    def _notify(self) -> None:
        self._dirty = True
        self.changed.notify_all()

    def wait(self, timeout: float) -> None:
        """Until something changed, at most `timeout` seconds."""
        with self.changed:
            if not self._dirty:
                self.changed.wait(timeout)
            self._dirty = False

    # Reading

    @property
    def idle(self) -> bool:
        """Whether every own write has its answer."""
        with self.changed:
            return not self._writing

    def pods(self) -> list[Pod]:
        """The pods of our workloads."""
        with self.changed:
            owners = {one.uid: one for one in self.workloads.all()}
            ours = (pod for pod in self._pods.values() if pod.owner in owners)
            return [_judged(pod, owners[pod.owner]) for pod in ours]

    def unowned(self) -> list[Pod]:
        """The living pods of the selector that nothing controls."""
        with self.changed:
            return [p for p in self._pods.values() if not (p.owner or p.terminating or p.over)]

    def highest_epoch(self) -> int:
        """The highest epoch that any pod shows (invariant I7)."""
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
        """One consistent moment; folds what only time shows (off since when, proven peers)."""
        record = cafe.record
        if record is None:
            raise AssertionError("a release is driven by its record")
        with self.changed:
            pods = {pod.uid: self._placed(pod, now) for pod in self.pods()}
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
                unswitched=cafe.unswitched,
                peers=self._peers,
                busy=frozenset({*self._writing, *self._stale} & set(pods)),
                unseen_takes=bool(self._unseen),
                stopping=stopping,
                driven_since=driven_since,
                swept=self._swept == (record.id, record.step),
                architectures=self._architectures,
                nodes_at=self._nodes_at,
                last=self._assessed,
            )
            self._assessed = snapshot.assessed
            self._off_since = off_since(snapshot, self._off_since)
            self._peers = proven(snapshot, self._peers)
            return replace(snapshot, off_since=dict(self._off_since), last=self._assessed)

    def _placed(self, pod: Pod, now: float) -> Pod:
        """The pod with what its Node says of itself, where that was read lately."""
        if not pod.suspect or self._nodes_at is None or now - self._nodes_at > 2 * NODES_FRESH:
            return pod
        return replace(pod, node_ready=self._nodes.get(pod.node))


def _judged(pod: Pod, owner: Workload) -> Pod:
    return replace(pod, stranger=True) if owner.made_by_others(pod.images()) else pod
