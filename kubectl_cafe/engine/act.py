"""Sends what was decided, a bounded number at a time; decides nothing (protocol 6, 10)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import (
    AlreadyExists,
    Conflict,
    Gone,
    NotSent,
    UnknownOutcome,
)
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.engine.memory import Memory
from kubectl_cafe.errors import Refused
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import WorkloadWrite

WORKERS = 16
RETRY = 1.0
"""Seconds before a write that was not sent is judged anew, or a lost answer is asked for."""


class Actor:
    """`workers` threads that PATCH pods; the first error that no retry mends is in `fatal`.

    Without any, whoever made it takes the `queue` and calls `carry_out`.
    """

    def __init__(
        self, transport: Transport, namespace: str, memory: Memory, workers: int = WORKERS
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        self._memory = memory
        self.queue: queue.SimpleQueue[tuple[PodPatch, bool] | None] = queue.SimpleQueue()
        self.fatal: tuple[Exception, PodPatch] | None = None
        self._lost: list[PodPatch] = []
        self._lost_workloads: list[WorkloadWrite] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"write {n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def patch(self, patches: Iterable[PodPatch], takes: frozenset[str]) -> None:
        """Queue the pods' writes; each pod is busy until its write is answered."""
        for patch in patches:
            self._memory.writing(patch.uid)
            self.queue.put((patch, patch.uid in takes))

    def abandon(self) -> None:
        """Forget what is queued and not yet sent; the next driver decides anew."""
        with suppress(queue.Empty):
            while (job := self.queue.get_nowait()) is not None:
                self._memory.written(job[0].uid)

    @property
    def answered(self) -> bool:
        """Whether no write of ours can land any more.

        One whose answer was lost may still be on its way, until its pod is settled, or its
        workload has moved on; one that was to be created is there then.
        """
        sets = self._shown()
        return (
            self._memory.idle
            and not self._lost
            and not any(_may_land(write, sets) for write in self._lost_workloads)
        )

    def _shown(self) -> dict[str, str]:
        """The resourceVersions of the workloads by name."""
        return {one.name: one.resource_version for one in self._memory.workloads.all()}

    def close(self) -> None:
        """End the threads once their writes are answered."""
        for _ in self._threads:
            self.queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self.queue.get()) is not None:
            self.carry_out(*job)

    def carry_out(self, patch: PodPatch, took: bool) -> None:
        """Send one write and fold in what came of it. Raises nothing: see `fatal`."""
        try:
            stale = self._send(patch, took)
        except Exception as error:  # a thread that dies silently would hang the release
            self.fatal = self.fatal or (error, patch)
            self._transport.clock.sleep(RETRY)  # The loop hears of it before it decides anew.
            stale = ""
        self._memory.written(patch.uid, stale)

    def _send(self, patch: PodPatch, took: bool) -> str:
        """Send one write; the resourceVersion that turned out to be stale, or nothing."""
        clock = self._transport.clock
        path = paths.pods(self._namespace, patch.pod, "status" if patch.status else None)
        try:
            answer = self._transport.patch(path, dict(patch.body), PatchKind.STRATEGIC)
        except Conflict:
            return patch.resource_version
        except Gone:
            self._memory.pod_gone(patch.uid)
        except UnknownOutcome:
            self._lost.append(patch)
            self._settle(patch, took)
            self._lost.remove(patch)
        except NotSent:
            clock.sleep(RETRY)
        else:
            self._memory.pod_answered(answer, clock.monotonic(), took=took)
        return ""

    def _settle(self, patch: PodPatch, took: bool) -> None:
        """A lost answer: the pod itself says what became of the write (protocol 7).

        Where it shows nothing of it the write may still be on its way, and would come on top
        of whatever is decided meanwhile (I3). So the pod is touched: then it meets a 409.
        """
        path, clock = paths.pods(self._namespace, patch.pod), self._transport.clock
        while True:
            try:
                pod = self._transport.get(path)
                came = pod["metadata"]["resourceVersion"] != patch.resource_version
                if pod["metadata"]["uid"] != patch.uid:
                    break
                if not came:
                    pod = self._transport.patch(
                        path, _touch(patch.uid, patch.resource_version), PatchKind.MERGE
                    )
            except Gone:
                break
            except Conflict:
                continue
            except (NotSent, UnknownOutcome):
                if self._transport.before_write is not None:
                    self._transport.before_write()
                clock.sleep(RETRY)
                continue
            self._memory.pod_answered(pod, clock.monotonic(), took=took and came)
            return
        self._memory.pod_gone(patch.uid)

    def write_workloads(self, writes: Iterable[WorkloadWrite], told: Callable[[str], None]) -> None:
        """Create or patch workloads, one after the other; a stale one is judged anew."""
        if self._head_off():
            return  # What was decided was judged on them before.
        for write in writes:
            told(write.what)
            collection = paths.replicasets(self._namespace)
            path = paths.replicasets(self._namespace, write.name)
            try:
                if write.create:
                    answer = self._transport.create(collection, dict(write.body))
                else:
                    answer = self._transport.patch(path, dict(write.body), PatchKind.STRATEGIC)
            except AlreadyExists:
                self._known(write, path)
            except (Conflict, Gone, UnknownOutcome, NotSent) as error:
                if isinstance(error, UnknownOutcome):
                    self._lost_workloads.append(write)
                self._transport.clock.sleep(RETRY)  # The watch shows what is there now.
            else:
                self._memory.workloads.event("MODIFIED", answer)

    def _head_off(self) -> bool:
        """Touch the workloads on which a write without an answer may still land; whether any.

        It could come after whatever is decided instead: a commit after the rollback that found
        nothing to undo. A creation is not headed off: without pods it does no harm.
        """
        sets = self._shown()
        lost = [one for one in self._lost_workloads if not one.create and _may_land(one, sets)]
        for write in lost:
            path = paths.replicasets(self._namespace, write.name)
            meta = write.body["metadata"]
            body = _touch(meta["uid"], meta["resourceVersion"])
            with suppress(Conflict, Gone, UnknownOutcome, NotSent):  # Else it is tried again.
                answer = self._transport.patch(path, body, PatchKind.MERGE)
                self._memory.workloads.event("MODIFIED", answer)
        return bool(lost)

    def _known(self, write: WorkloadWrite, path: str) -> None:
        """It is there already: ours, from before a crash, or somebody else's."""
        found = self._transport.get(path)
        owners = {o["uid"] for o in found["metadata"].get("ownerReferences") or ()}
        ours = {o["uid"] for o in write.body["metadata"]["ownerReferences"]}
        if not owners & ours:
            raise Refused(
                f"ReplicaSet {write.name} exists and belongs to somebody else",
                where=path,
                hint=f"kubectl get replicaset {write.name} -n {self._namespace} -o yaml",
            )
        self._memory.workloads.event("MODIFIED", found)
        if "deletionTimestamp" in found["metadata"]:
            self._transport.clock.sleep(RETRY)  # An earlier one is still going.


def _may_land(write: WorkloadWrite, shown: Mapping[str, str]) -> bool:
    """Whether `write` can still take effect; `shown` are the resourceVersions by name."""
    if write.create:
        return write.name not in shown
    judged: str = write.body["metadata"]["resourceVersion"]
    return shown.get(write.name) == judged


def _touch(uid: str, version: str) -> dict[str, Any]:
    """What moves an object on from `version`, and changes nothing else."""
    judged = {"uid": uid, "resourceVersion": version}
    return {"metadata": {**judged, "annotations": {names.TOUCHED: version}}}
