"""Which resourceVersions somebody holds: those keep their order, all others are forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from tests.explore.scenario import CAFE
from tests.explore.state import LAST, Flight, Live, Moment, pod_path, pod_path_of, set_path
from tests.explore.thawing import Thawing
from tests.memcluster.cluster import MemCluster


class Holding(Thawing):
    """The resourceVersions that writes under way and drivers hold."""

    def known(self, moment: Moment) -> dict[str, set[int]]:
        """Every resourceVersion that somebody holds, by path."""
        known: dict[str, set[int]] = {}

        def hold(path: str, version: str | int) -> None:
            known.setdefault(path, set()).add(int(version))

        for one in under_way(moment):
            hold(pod_path(one.patch.pod), one.patch.resource_version)
            if isinstance(one.answer, dict):
                hold(pod_path(one.patch.pod), version_of(one.answer))
        for request in moment.late:
            if version := version_of(request.body):
                hold(request.object, version)
        for kept in (moment.kept, moment.other):
            for path, versions in self._held(kept).items() if kept >= 0 else ():
                known.setdefault(path, set()).update(versions)
        if moment.live is not None:
            self._live_holds(moment.live, hold)
        return known

    def _held(self, kept: int) -> dict[str, set[int]]:
        """Every resourceVersion that a driver holds which is not awake."""
        if kept not in self._holds:
            found: dict[str, set[int]] = {}
            live = self.wake(MemCluster(shared=True), self.drivers[kept])
            self._live_holds(live, lambda path, v: found.setdefault(path, set()).add(int(v)))
            self._holds[kept] = found
        return self._holds[kept]

    def _live_holds(self, live: Live, hold: Callable[[str, str | int], object]) -> None:
        for patch in live.actor._lost:
            hold(pod_path(patch.pod), patch.resource_version)
        for write in live.actor.workloads._lost:
            if version := version_of(write.body):
                hold(set_path(write.name), version)
        cache = live.cache
        for pod in cache._pods.values():
            hold(pod_path(pod.name), pod.resource_version)
        for uid, version in cache._gone.items():
            if version != LAST:
                hold(pod_path_of(uid), version)
        for uid, version in [*cache._unseen.items(), *cache._stale.items()]:
            hold(pod_path_of(uid), version)
        for workload in cache.workloads.all():
            hold(set_path(workload.name), workload.resource_version)
        hold(CAFE, live.driver._release.cafe.resource_version)

    def renamed(self, kept: int, renames: Mapping[str, Mapping[str, str]]) -> bool:
        """Whether a driver that is not awake holds a resourceVersion that gets another number."""
        return any(
            renames[path][str(v)] != str(v)
            for path, versions in self._held(kept).items()
            for v in versions
            if path in renames
        )


def under_way(moment: Moment) -> tuple[Flight, ...]:
    """Every driver's writes of pods."""
    return (*moment.flights, *moment.other_flights)


def version_of(body: Mapping[str, Any]) -> str:
    """The resourceVersion in an object, or in what is written to one; empty without one."""
    return str(body["metadata"].get("resourceVersion", ""))
