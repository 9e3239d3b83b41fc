"""Sends a decision's writes of pods, up to WORKERS at a time (protocol 6, 10)."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable
from contextlib import suppress

from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    ApiError,
    Conflict,
    NotFound,
    NotSent,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.transport import PatchKind, SessionTransport
from kubectl_cafe.driver.lost_answers import RETRY, touch
from kubectl_cafe.driver.workload_writer import WorkloadWriter
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.release.write_failures import IMAGE, Troubles

WORKERS = 16


class Writers:
    """`workers` threads that PATCH pods; errors that no retry resolves are in `failures`.

    With `workers` 0 the caller reads `queue` and calls `carry_out`. `troubles` are failing writes
    that are repeated, by the pod's uid. `blind`: a list or watch was refused permanently, so the
    cache is no longer updated. `workloads` writes workloads.
    """

    def __init__(
        self, transport: SessionTransport, namespace: str, cache: Cache, workers: int = WORKERS
    ) -> None:
        self._transport = transport
        self._namespace = namespace
        self._cache = cache
        self.workloads = WorkloadWriter(transport, namespace, cache)
        self.queue: queue.SimpleQueue[tuple[PodPatch, bool] | None] = queue.SimpleQueue()
        self.failures: queue.SimpleQueue[tuple[Exception, PodPatch]] = queue.SimpleQueue()
        self.troubles = Troubles()
        self._under_way: set[str] = set()
        self._leaving, self.blind = threading.Event(), False
        self._lost: list[PodPatch] = []
        self._threads = [
            threading.Thread(target=self._work, name=f"write {n}", daemon=True)
            for n in range(workers)
        ]
        for thread in self._threads:
            thread.start()

    def patch(self, patches: Iterable[PodPatch], takes: frozenset[str]) -> None:
        """Queue the writes of pods; a pod is busy until its write is answered.

        `takes` are the uids of the healthy pods that these writes take.
        """
        patches = list(patches)
        self.troubles.keep({patch.uid for patch in patches} | self._under_way)
        for patch in patches:
            self._under_way.add(patch.uid)
            self._cache.writing(patch.uid)
            self.queue.put((patch, patch.uid in takes))

    def abandon(self) -> None:
        """Drop the queued writes; the next driver decides again."""
        self._leaving.set()
        with suppress(queue.Empty):
            while (job := self.queue.get_nowait()) is not None:
                self._under_way.discard(job[0].uid)
                self._cache.written(job[0].uid)

    @property
    def answered(self) -> bool:
        """Whether no write of this driver can take effect any more.

        A write whose answer was lost may still take effect until its outcome is known (`_settle`).
        """
        return self._cache.idle and not self._lost and self.workloads.answered

    def failed(self) -> list[tuple[Exception, PodPatch]]:
        """The errors since the last call that no retry resolves, each with its write."""
        return [self.failures.get_nowait() for _ in range(self.failures.qsize())]

    def close(self) -> None:
        """End the threads once their requests have ended; outcomes of lost answers stay unknown."""
        self._leaving.set()
        for _ in self._threads:
            self.queue.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self.queue.get()) is not None:
            self.carry_out(*job)

    def carry_out(self, patch: PodPatch, took: bool) -> None:
        """Send one write and update the cache with the result; errors go to `failures`."""
        try:
            stale = self._send(patch, took)
        except Exception as error:  # Otherwise the thread would end and the release hang.
            self.failures.put((error, patch))
            self.troubles.over(patch.uid)
            self._transport.clock.sleep(RETRY)  # The loop handles it before its next decision.
            stale = ""
        self._under_way.discard(patch.uid)
        self._cache.written(patch.uid, stale)

    def _send(self, patch: PodPatch, took: bool) -> str:
        """Send one write; returns the pod's resourceVersion if it is proven stale, else ""."""
        clock = self._transport.clock
        path = paths.pods(self._namespace, patch.pod, "status" if patch.status else None)
        try:
            answer = self._transport.patch(path, dict(patch.body), PatchKind.STRATEGIC)
        except Conflict as error:
            return self._stale(patch, error)
        except NotFound:
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
        """Record that the pod's write has failed and is repeated."""
        now, image = self._transport.clock.monotonic(), patch.what == IMAGE
        self.troubles.note(patch.uid, f"pod {patch.pod}", error, now, image=image)

    def _stale(self, patch: PodPatch, error: Conflict) -> str:
        """The resourceVersion that a 409 proves stale; raises Denied if the pod has not changed."""
        try:
            pod = self._transport.get(paths.pods(self._namespace, patch.pod))
        except NotFound:
            self._cache.pod_gone(patch.uid)
            return ""
        except NotSent as unread:
            self._note(patch, unread)
            self._transport.clock.sleep(RETRY)
            return ""  # The repeated write meets the same 409, and the pod is read again.
        meta = pod["metadata"]
        if (meta["uid"], meta["resourceVersion"]) == (patch.uid, patch.resource_version):
            raise not_stale(error)  # A webhook may answer 409 to every repetition.
        self.troubles.over(patch.uid)
        if self.blind:
            self._cache.pod_answered(pod, self._transport.clock.monotonic(), took=False)
        return patch.resource_version

    def _settle(self, patch: PodPatch, took: bool) -> bool:
        """Read the pod to find the outcome of a write whose answer was lost (protocol 7).

        If the pod has not changed, the write may still arrive and take effect after later decisions
        (I3). So the pod's resourceVersion is updated, which makes that write fail with 409. Returns
        whether the outcome is known; False: the driver is ending.
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
            except NotFound:
                self._cache.pod_gone(patch.uid)
                return True
            except (Conflict, NotSent, UnknownOutcome) as error:
                self._note(patch, error)
                self._transport.check_lease()
                clock.sleep(RETRY)
                continue
            self._cache.pod_answered(pod, clock.monotonic(), took=took and came)
            return True
        return False
