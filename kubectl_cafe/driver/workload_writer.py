"""Sends a decision's writes of workloads one after the other (protocol 6, 7, 10)."""

from __future__ import annotations

from collections.abc import Iterable

from kubectl_cafe.cache.cache import Cache
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    AlreadyExists,
    ApiError,
    Conflict,
    Forbidden,
    NotFound,
    NotSent,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.transport import PatchKind, SessionTransport
from kubectl_cafe.driver.accepted_templates import accept
from kubectl_cafe.driver.lost_answers import RETRY, may_land, touch
from kubectl_cafe.errors import Refused
from kubectl_cafe.hints import kubectl
from kubectl_cafe.podsets import WorkloadWrite
from kubectl_cafe.release.write_failures import Troubles


class NotOurs(Refused):
    """A workload of the required name exists, and this CafeDeployment is not its controller."""


class WorkloadWriter:
    """Writes the workloads of one CafeDeployment on the caller's thread.

    `troubles` are failing writes that are repeated, by the name of the workload.
    """

    def __init__(self, transport: SessionTransport, namespace: str, cache: Cache) -> None:
        self._transport = transport
        self._namespace = namespace
        self._cache, self._kind = cache, cache.podset.kind
        self.troubles = Troubles()
        self._lost: list[WorkloadWrite] = []

    @property
    def answered(self) -> bool:
        """Whether no write of this driver can take effect any more.

        A patch whose answer was lost may still take effect until its workload has another
        resourceVersion; a creation whose answer was lost, until its workload exists.
        """
        shown = self._shown()
        return not any(may_land(write, shown) for write in self._lost)

    @property
    def unanswered(self) -> frozenset[str]:
        """The names of the workloads with a patch without an answer that may still take effect."""
        shown = self._shown()
        lost = (write for write in self._lost if not write.create)
        return frozenset(write.name for write in lost if may_land(write, shown))

    def _shown(self) -> dict[str, str]:
        """The resourceVersions of the workloads by name."""
        return {one.name: one.resource_version for one in self._cache.workloads.all()}

    def write(self, writes: Iterable[WorkloadWrite]) -> None:
        """Create or patch workloads one by one; after a conflict the next turn decides again."""
        if self._head_off():
            return  # `writes` were decided on older versions of the workloads.
        writes = list(writes)
        self.troubles.keep({write.name for write in writes})
        for write in writes:
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
            except (NotFound, UnknownOutcome, NotSent, Forbidden) as error:
                if isinstance(error, Forbidden) and not error.over_quota:
                    raise
                if isinstance(error, UnknownOutcome):
                    self._lost.append(write)
                self._note(write, error)
            else:
                self.troubles.over(write.name)
                self._cache.workloads.event("MODIFIED", answer)
                lost = accept(self._transport, self._cache, write, path, answer)
                self._lost += [lost] if lost else []

    def _path(self, name: str | None = None) -> str:
        return paths.workloads(self._cache.podset.resource, self._namespace, name)

    def _note(self, write: WorkloadWrite, error: ApiError) -> None:
        """Record the failed write, and sleep so that the watch can show the current state."""
        now, what = self._transport.clock.monotonic(), f"{self._kind.lower()} {write.name}"
        self.troubles.note(write.name, what, error, now)
        self._transport.clock.sleep(RETRY)

    def _judge_anew(self, write: WorkloadWrite, path: str, error: Conflict) -> None:
        """After a 409, sleep for the watch to catch up; Denied if the workload has not changed."""
        judged = write.body["metadata"].get("resourceVersion")
        try:
            found = self._transport.get(path)
        except (NotFound, NotSent) as unread:
            self._note(write, unread)
            return
        if found["metadata"]["resourceVersion"] == judged:
            raise not_stale(error)
        self._transport.clock.sleep(RETRY)

    def _head_off(self) -> bool:
        """Update each workload with a lost patch that may still arrive: then the patch fails.

        Returns whether there was such a patch. It could take effect after a later decision, for
        example a commit after a rollback that found nothing to undo. Lost creations are ignored: a
        workload without pods does no harm.
        """
        shown = self._shown()
        lost = [one for one in self._lost if not one.create and may_land(one, shown)]
        for write in lost:
            path = self._path(write.name)
            meta = write.body["metadata"]
            body = touch(meta["uid"], meta["resourceVersion"])
            try:
                answer = self._transport.patch(path, body, PatchKind.MERGE)
            except ApiError as error:  # The next turn tries again.
                self._note(write, error)
            else:
                self.troubles.over(write.name)
                self._cache.workloads.event("MODIFIED", answer)
        return bool(lost)

    def _known(self, write: WorkloadWrite, path: str) -> None:
        """Add an existing workload (created before a crash) to the cache; raises NotOurs."""
        try:
            found = self._transport.get(path)
        except (NotFound, NotSent) as unread:
            self._note(write, unread)
            return
        if not self._cache.ours(found):
            raise NotOurs(
                f"{self._kind} {write.name} exists and is not controlled by this CafeDeployment",
                where=path,
                hint=kubectl(f"get {self._kind.lower()} {write.name}", self._namespace, "-o yaml"),
            )
        self._cache.workloads.event("MODIFIED", found)
        if "deletionTimestamp" in found["metadata"]:
            self._transport.clock.sleep(RETRY)  # An earlier workload of this name is terminating.
