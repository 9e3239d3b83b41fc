"""Sends what was decided, a bounded number at a time; decides nothing (protocol 6, 10)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    Gone,
    NotSent,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.transport import PatchKind, SessionTransport
from kubectl_cafe.driver.accepted_templates import accept
from kubectl_cafe.driver.lost_answers import may_land, touch
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.release.write_failures import IMAGE, Troubles
from kubectl_cafe.revisions.revision import controlled_by

WORKERS = 16
RETRY = 1.0
"""Seconds before a write that was not sent is judged anew, or a lost answer is asked for."""


class NotOurs(Refused):
    """A workload of the name that a release needs exists, and is not this CafeDeployment's."""


class Writers:
    """`workers` threads that PATCH pods; errors that no retry mends are in `failures`.

    Without any, a caller takes the `queue` and calls `carry_out`. `troubles`: repeated writes
    of pods by uid, `workload_troubles`: of workloads by name. `blind`: no watch shows the pods.
    """

    def __init__(
        self, transport: SessionTransport, namespace: str, cache: Cache, workers: int = WORKERS
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        self._cache, self._kind = cache, cache.podset.kind
        self.queue: queue.SimpleQueue[tuple[PodPatch, bool] | None] = queue.SimpleQueue()
        self.failures: queue.SimpleQueue[tuple[Exception, PodPatch]] = queue.SimpleQueue()
        self.troubles = Troubles()
        self.workload_troubles = Troubles()
        self._under_way: set[str] = set()
        self._leaving, self.blind = threading.Event(), False
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
        patches = list(patches)
        self.troubles.keep({patch.uid for patch in patches} | self._under_way)
        for patch in patches:
            self._under_way.add(patch.uid)
            self._cache.writing(patch.uid)
            self.queue.put((patch, patch.uid in takes))

    def abandon(self) -> None:
        """Forget what is queued and not yet sent; the next driver decides anew."""
        self._leaving.set()
        with suppress(queue.Empty):
            while (job := self.queue.get_nowait()) is not None:
                self._under_way.discard(job[0].uid)
                self._cache.written(job[0].uid)

    @property
    def answered(self) -> bool:
        """Whether no write of ours can land any more.

        One whose answer was lost may still be on its way, until its pod is settled, or its
        workload has moved on; one that was to be created is there then.
        """
        sets = self._shown()
        return (
            self._cache.idle
            and not self._lost
            and not any(may_land(write, sets) for write in self._lost_workloads)
        )

    def _shown(self) -> dict[str, str]:
        """The resourceVersions of the workloads by name."""
        return {one.name: one.resource_version for one in self._cache.workloads.all()}

    def failed(self) -> list[tuple[Exception, PodPatch]]:
        """The errors that no retry mends since it was last asked, each with its write."""
        return [self.failures.get_nowait() for _ in range(self.failures.qsize())]

    def close(self) -> None:
        """End the threads once their requests are answered; a lost answer is asked for no more."""
        self._leaving.set()
        for _ in self._threads:
            self.queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self.queue.get()) is not None:
            self.carry_out(*job)

    def carry_out(self, patch: PodPatch, took: bool) -> None:
        """Send one write and fold in what came of it. Raises nothing: see `failures`."""
        try:
            stale = self._send(patch, took)
        except Exception as error:  # a thread that dies silently would hang the release
            self.failures.put((error, patch))
            self.troubles.over(patch.uid)
            self._transport.clock.sleep(RETRY)  # The loop hears of it before it decides anew.
            stale = ""
        self._under_way.discard(patch.uid)
        self._cache.written(patch.uid, stale)

    def _send(self, patch: PodPatch, took: bool) -> str:
        """Send one write; the resourceVersion that turned out to be stale, or nothing."""
        clock = self._transport.clock
        path = paths.pods(self._namespace, patch.pod, "status" if patch.status else None)
        try:
            answer = self._transport.patch(path, dict(patch.body), PatchKind.STRATEGIC)
        except Conflict as error:
            return self._stale(patch, error)
        except Gone:
            self._cache.pod_gone(patch.uid)
        except UnknownOutcome as error:
            self._note(patch, error)
            self._lost.append(patch)
            if not self._settle(patch, took):
                return ""
            self._lost.remove(patch)
        except NotSent as error:
            self._note(patch, error)
            clock.sleep(RETRY)
            return ""
        else:
            self._cache.pod_answered(answer, clock.monotonic(), took=took)
        self.troubles.over(patch.uid)
        return ""

    def _note(self, patch: PodPatch, error: ApiError) -> None:
        """The pod's write has failed, and is repeated."""
        now, image = self._transport.clock.monotonic(), patch.what == IMAGE
        self.troubles.note(patch.uid, f"pod {patch.pod}", error, now, image=image)

    def _stale(self, patch: PodPatch, error: Conflict) -> str:
        """The resourceVersion that a 409 has proven stale; raises Denied where the pod has it."""
        try:
            pod = self._transport.get(paths.pods(self._namespace, patch.pod))
        except Gone:
            self._cache.pod_gone(patch.uid)
            return ""
        except NotSent as unread:
            self._note(patch, unread)
            self._transport.clock.sleep(RETRY)
            return ""  # The same write meets the same 409, and the pod is read again.
        meta = pod["metadata"]
        if (meta["uid"], meta["resourceVersion"]) == (patch.uid, patch.resource_version):
            raise not_stale(error)  # A webhook may answer 409 to every repetition.
        self.troubles.over(patch.uid)
        if self.blind:
            self._cache.pod_answered(pod, self._transport.clock.monotonic(), took=False)
        return patch.resource_version

    def _settle(self, patch: PodPatch, took: bool) -> bool:
        """A lost answer: the pod itself says what became of the write (protocol 7).

        Where it shows nothing of it the write may still be on its way, and would come on top
        of whatever is decided meanwhile (I3). So the pod is touched: then it meets a 409.
        False: nothing was found out before the driver left.
        """
        path, clock = paths.pods(self._namespace, patch.pod), self._transport.clock
        while not self._leaving.is_set():
            try:
                pod = self._transport.get(path)
                came = pod["metadata"]["resourceVersion"] != patch.resource_version
                if pod["metadata"]["uid"] != patch.uid:
                    self._cache.pod_gone(patch.uid)
                    return True
                if not came:
                    pod = self._transport.patch(
                        path, touch(patch.uid, patch.resource_version), PatchKind.MERGE
                    )
            except Gone:
                self._cache.pod_gone(patch.uid)
                return True
            except (Conflict, NotSent, UnknownOutcome) as error:
                self._note(patch, error)
                self._transport.guard()
                clock.sleep(RETRY)
                continue
            self._cache.pod_answered(pod, clock.monotonic(), took=took and came)
            return True
        return False

    def write_workloads(self, writes: Iterable[WorkloadWrite], told: Callable[[str], None]) -> None:
        """Create or patch workloads, one after the other; a stale one is judged anew."""
        if self._head_off():
            return  # What was decided was judged on them before.
        writes = list(writes)
        self.workload_troubles.keep({write.name for write in writes})
        for write in writes:
            told(write.what)
            path = self._path(write.name)
            try:
                if write.create:
                    answer = self._transport.create(self._path(), dict(write.body))
                else:
                    answer = self._transport.patch(path, dict(write.body), PatchKind.STRATEGIC)
            except AlreadyExists:
                self._known(write, path)
            except Conflict as error:
                self._judge_anew(write, path, error)
            except (Gone, UnknownOutcome, NotSent, Forbidden) as error:
                if isinstance(error, Forbidden) and not error.over_quota:
                    raise
                if isinstance(error, UnknownOutcome):
                    self._lost_workloads.append(write)
                self._note_workload(write, error)
            else:
                self.workload_troubles.over(write.name)
                self._cache.workloads.event("MODIFIED", answer)
                lost = accept(self._transport, self._cache, write, path, answer)
                self._lost_workloads += [lost] if lost else []

    def _path(self, name: str | None = None) -> str:
        return paths.workloads(self._cache.podset.resource, self._namespace, name)

    def _note_workload(self, write: WorkloadWrite, error: ApiError) -> None:
        """The workload's write has failed; the watch shows what is there now."""
        now, what = self._transport.clock.monotonic(), f"{self._kind.lower()} {write.name}"
        self.workload_troubles.note(write.name, what, error, now)
        self._transport.clock.sleep(RETRY)

    def _judge_anew(self, write: WorkloadWrite, path: str, error: Conflict) -> None:
        """A 409: the watch will show the newer workload. Raises Denied where there is none."""
        judged = write.body["metadata"].get("resourceVersion")
        try:
            found = self._transport.get(path)
        except (Gone, NotSent) as unread:
            self._note_workload(write, unread)
            return
        if found["metadata"]["resourceVersion"] == judged:
            raise not_stale(error)
        self._transport.clock.sleep(RETRY)

    def _head_off(self) -> bool:
        """Touch the workloads on which a write without an answer may still land; whether any.

        It could come after whatever is decided instead: a commit after the rollback that found
        nothing to undo. A creation is not headed off: without pods it does no harm.
        """
        sets = self._shown()
        lost = [one for one in self._lost_workloads if not one.create and may_land(one, sets)]
        for write in lost:
            path = self._path(write.name)
            meta = write.body["metadata"]
            body = touch(meta["uid"], meta["resourceVersion"])
            try:
                answer = self._transport.patch(path, body, PatchKind.MERGE)
            except ApiError as error:  # It is tried again.
                self._note_workload(write, error)
            else:
                self.workload_troubles.over(write.name)
                self._cache.workloads.event("MODIFIED", answer)
        return bool(lost)

    def _known(self, write: WorkloadWrite, path: str) -> None:
        """It is there already: ours, from before a crash, or somebody else's."""
        try:
            found = self._transport.get(path)
        except (Gone, NotSent) as unread:
            self._note_workload(write, unread)
            return
        ours = {o["uid"] for o in write.body["metadata"]["ownerReferences"]}
        if not controlled_by(found, ours):
            raise NotOurs(
                f"{self._kind} {write.name} exists and is not controlled by this CafeDeployment",
                where=path,
                hint=kubectl(f"get {self._kind.lower()} {write.name}", self._namespace, "-o yaml"),
            )
        self._cache.workloads.event("MODIFIED", found)
        if "deletionTimestamp" in found["metadata"]:
            self._transport.clock.sleep(RETRY)  # An earlier one is still going.
