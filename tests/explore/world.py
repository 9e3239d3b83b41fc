"""A moment taken apart into a state: equal ones are the same, however they came about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from msgspec import structs

from kubectl_cafe.cache.collection import Collection
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import WorkloadWrite
from tests.explore.holding import Holding, under_way, version_of
from tests.explore.scenario import CAFE, T0
from tests.explore.state import (
    LAST,
    LONG_AGO,
    NO_ANSWER,
    Flight,
    Items,
    Kept,
    Live,
    Moment,
    State,
    pod_path,
    pod_path_of,
    set_path,
)
from tests.explore.tables import hashable, text_of
from tests.explore.thawing import versioned
from tests.explore.truths import still_off
from tests.memcluster.requests import Request


class Worlds(Holding):
    """Freezes and thaws the states of one search."""

    def freeze(self, moment: Moment) -> State:
        """The state that `moment` has become; resourceVersions are numbered anew."""
        numbers = {path: self.objects.number(path, o) for path, o in moment.cluster.objects.items()}
        shown = {
            path: self.objects[n][1]["metadata"]["resourceVersion"] for path, n in numbers.items()
        }
        known = self.known(moment)
        renames: dict[str, dict[str, str]] = {}
        answered = {pod_path(one.patch.pod) for one in under_way(moment) if one.answer is not None}
        for path in shown.keys() | answered:
            there = {int(shown[path])} if path in shown else set()
            alive = sorted(there | known.get(path, set()))
            renames[path] = {str(old): str(new) for new, old in enumerate(alive, start=1)}
        if moment.kept >= 0 and self.renamed(moment.kept, renames):
            moment.live = self.wake(moment.cluster, self.drivers[moment.kept])
        objects = tuple(
            sorted(
                self.objects.renamed(n, renames[path][shown[path]]) for path, n in numbers.items()
            )
        )
        cached = tuple(sorted(self._bare(path, item) for path, item in moment.cached.items()))
        return State(
            objects=objects,
            workers=tuple(sorted(moment.workers.items())),
            cached=cached,
            driver=self._driver(moment, renames),
            flights=self._flights(moment.flights, shown, renames),
            late=self._late(moment, shown, renames),
            lease=moment.lease,
            era=moment.era,
            minute=moment.minute,
            news=moment.news,
            left=tuple(moment.left),
            drained=still_off(moment.cluster, moment.drained),
            other=self._other(moment, renames),
            other_flights=self._flights(moment.other_flights, shown, renames),
        )

    def _bare(self, path: str, item: dict[str, Any]) -> int:
        """A controller's copy of a workload: its status and version are nobody's business."""
        meta = {**item["metadata"], "resourceVersion": "0"}
        return self.objects.number(path, {"metadata": meta, "spec": item["spec"]})

    def _driver(self, moment: Moment, renames: Mapping[str, Mapping[str, str]]) -> int:
        return moment.kept if moment.live is None else self._number(moment.live, renames)

    def _other(self, moment: Moment, renames: Mapping[str, Mapping[str, str]]) -> int:
        if moment.other < 0 or not self.renamed(moment.other, renames):
            return moment.other
        return self._number(self.wake(moment.cluster, self.drivers[moment.other]), renames)

    def _number(self, live: Live, renames: Mapping[str, Mapping[str, str]]) -> int:
        cache, payload, key = live.cache, {}, []
        for name, value in sorted(vars(cache).items()):
            if name in ("changed", "_dirty", "_owner", "podset"):
                continue
            if name == "_assessed":
                payload[name] = value  # A state is the same whatever is kept of it.
                continue
            if isinstance(value, Collection):
                items = {
                    k: (0, _renamed_workload(v, renames) if name == "workloads" else v)
                    for k, (_, v) in value._kept.items()
                    if v is not None
                }
                payload[name] = Items(items)
                key.append((name, hashable(items)))
                continue
            if name == "_pods":
                value = {
                    uid: self._pod(p, renames.get(pod_path(p.name), {})) for uid, p in value.items()
                }
                key.append((name, tuple(sorted((u, self.pods.key(p)) for u, p in value.items()))))
            elif name == "_gone":
                value = {uid: _went(uid, v, renames) for uid, v in value.items()}
                key.append((name, hashable(value)))
            elif name in ("_unseen", "_stale"):
                value = {
                    uid: type(v)(renames.get(pod_path_of(uid), {}).get(str(v), "0"))
                    for uid, v in value.items()
                }
                key.append((name, hashable(value)))
            else:
                key.append((name, hashable(value)))
            payload[name] = value
        cafe = live.driver._release.cafe
        number = self.objects.number(
            CAFE, dict(cafe.obj) if type(cafe.obj) is not dict else cafe.obj
        )
        number = self.objects.renamed(number, renames[CAFE][cafe.resource_version])
        lost = tuple(
            (self._write(p), renames[pod_path(p.pod)][p.resource_version])
            for p in live.actor._lost
            if pod_path(p.pod) in renames and p.resource_version in renames[pod_path(p.pod)]
        )
        since = int(live.driver._since - T0)
        no_way_back = tuple(sorted(live.driver._no_way_back))
        refusals = live.driver._refusals
        barred = frozenset(refusals.barred)
        held = (refusals.end, refusals.reopening, refusals.blind, barred, refusals._still)
        kept = Kept(
            cafe=number,
            since=since,
            no_way_back=no_way_back,
            lost=lost,
            lost_sets=self._lost_sets(live, renames),
            refusals=held,
            failed=self._failed(live),
            troubles=self.repeated(live),
            heard=live.driver._release._heard != LONG_AGO,
            unseen=bool(live.driver._observer._informers),
            cache=payload,
        )
        own = (kept.cafe, kept.since, kept.no_way_back, kept.lost, kept.lost_sets)
        refused = (kept.refusals, kept.failed, kept.troubles, kept.heard, kept.unseen)
        return self.drivers.number((*own, *refused, tuple(key)), kept)

    def _failed(self, live: Live) -> tuple[tuple[int, int], ...]:
        """The writes that were refused and not heard of yet."""
        found = live.actor.failed()
        for each in found:
            live.actor.failures.put(each)
        return tuple(sorted((self._write(patch), self.error(error)) for error, patch in found))

    def _lost_sets(
        self, live: Live, renames: Mapping[str, Mapping[str, str]]
    ) -> tuple[tuple[int, str], ...]:
        """Writes of workloads whose answer was lost, as far as they may still land."""
        sets = {one.name: one.resource_version for one in live.cache.workloads.all()}
        found = set()
        for write in live.actor.workloads._lost:
            version = version_of(write.body)
            if (write.name not in sets) if write.create else (sets.get(write.name) == version):
                path = set_path(write.name)
                found.add((self._write(write), renames[path][version] if version else ""))
        return tuple(sorted(found))

    def _pod(self, pod: Any, renames: Mapping[str, str]) -> Any:
        content, version = self.pods.key(pod)
        return self.pods.pod(content, renames.get(version, "0"))

    def _flights(
        self,
        flights: list[Flight],
        shown: Mapping[str, str],
        renames: Mapping[str, Mapping[str, str]],
    ) -> tuple[tuple[int, str, bool, int], ...]:
        found = []
        for patch, took, answer in flights:
            path = pod_path(patch.pod)
            version = patch.resource_version
            if answer is not None:
                number = self._answered(path, answer, renames)
                judged_on = "0" if number >= 0 else renames[path][version]
                found.append((self._write(patch), judged_on, took, number))
                continue
            judged = "resourceVersion" in patch.body["metadata"]
            if judged and shown.get(path) != version:  # It will meet a 409, whatever it says.
                patch = PodPatch(
                    patch.pod, patch.uid, version, "stale", patch.status, _stale(patch)
                )
            known = renames.get(path, {}).get(version, "0")
            found.append((self._write(patch), known, took, NO_ANSWER))
        return tuple(sorted(found))

    def _answered(
        self,
        path: str,
        answer: dict[str, Any] | ApiError,
        renames: Mapping[str, Mapping[str, str]],
    ) -> int:
        """The number of an answer that is on its way."""
        if isinstance(answer, ApiError):
            return NO_ANSWER - 1 - self.error(answer)
        number = self.objects.number(path, answer)
        return self.objects.renamed(number, renames[path][version_of(answer)])

    def _late(
        self, moment: Moment, shown: Mapping[str, str], renames: Mapping[str, Mapping[str, str]]
    ) -> tuple[tuple[int, str], ...]:
        """Writes that nobody waits for; those that can't land any more are forgotten."""
        found = set()
        for request in moment.late:
            path, version = request.object, version_of(request.body)
            if request.create:
                lands = path not in shown
            else:
                lands = path in shown and version in ("", shown[path])
            if lands:
                found.add((self._write(request), renames[path][version] if version else ""))
        return tuple(sorted(found))

    def _write(self, write: PodPatch | Request | WorkloadWrite) -> int:
        body = versioned(write.body, "")
        if isinstance(write, WorkloadWrite):
            bare = structs.replace(write, body=body)
            return self.writes.number((bare.name, bare.create, text_of(bare.body)), bare)
        if isinstance(write, PodPatch):
            bare = structs.replace(write, body=body, resource_version="")
            named = (write.pod, write.uid, write.what, write.status)
            return self.writes.number((*named, text_of(bare.body)), bare)
        key = (write.path, write.kind, write.epoch, write.create, text_of(body))
        return self.writes.number(key, replace(write, body=body))


def _went(uid: str, version: int, renames: Mapping[str, Mapping[str, str]]) -> int:
    """When a pod went: one that is not there any more never comes back under its uid."""
    return int(renames.get(pod_path_of(uid), {}).get(str(version), LAST))


def _stale(patch: PodPatch) -> dict[str, Any]:
    return {"metadata": {"uid": patch.uid, "resourceVersion": patch.resource_version}}


def _renamed_workload(workload: Any, renames: Mapping[str, Mapping[str, str]]) -> Any:
    versions = renames.get(set_path(workload.name), {})
    return replace(workload, resource_version=versions.get(workload.resource_version, "0"))
