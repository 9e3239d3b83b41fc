"""Fencing: takes over from a driver that did not release its lease (protocol 10; C70, C86; I7).

Such a driver may still have writes in flight, each with the resourceVersion that it has read. So
once the CafeDeployment has the new epoch, the resourceVersion of every workload and every pod is
updated (a "touch"). Late writes then fail with 409, also on pods that the new driver never writes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from msgspec.structs import replace

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    ApiError,
    Conflict,
    NotFound,
    NotSent,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.transport import PatchKind, SessionTransport, Transport
from kubectl_cafe.durations import exact
from kubectl_cafe.errors import CafeError
from kubectl_cafe.podsets import PodSet
from kubectl_cafe.record import store
from kubectl_cafe.release.held import led_by, under
from kubectl_cafe.revisions.revision import controlled_by
from kubectl_cafe.times import rfc3339
from statemachine.record import Record

Json = Mapping[str, Any]
WORKERS = 16
RETRY = 1.0
"""Seconds before the object is read again after an update that failed or whose answer was lost."""
SLOW = 5.0
"""Seconds without a successful update after which the error is reported."""
LONGEST = 60.0
"""Seconds without a successful update after which fencing is given up."""


class Unfenced(CafeError):
    """An earlier driver may still write: an object's resourceVersion could not be updated."""


class Patience:
    """The time limit for repeating failed updates, shared by all objects of one fencing.

    `slow` is called once, with the text `PATH: ERROR`, after `SLOW` seconds.
    """

    def __init__(
        self, transport: Transport, slow: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._clock = transport.clock
        self._slow = slow
        self._since = self._clock.monotonic()
        self._told = False

    def touched(self) -> None:
        """Restart the time limit: an object's resourceVersion was updated."""
        self._since = self._clock.monotonic()

    def failed(self, path: str, error: ApiError) -> None:
        """Wait before the next attempt at `path`; raises Unfenced after `LONGEST` seconds."""
        silent = self._clock.monotonic() - self._since
        if silent >= LONGEST:
            raise Unfenced(
                "pending writes of the previous driver could not be invalidated for "
                f"{exact(LONGEST)}: {error.message}",
                where=path,
                hint=error.hint + ", then run this command again"
                if error.hint
                else "run this command again",
            )
        if silent >= SLOW and not self._told:
            self._told = True
            self._slow(f"{path}: {error.message}")
        self._clock.sleep(RETRY)


@dataclass(frozen=True)
class Touch:
    """An object whose resourceVersion is to be updated, as the object was read."""

    path: str
    obj: Json

    @property
    def version(self) -> str:
        """The object's resourceVersion."""
        return str(self.obj["metadata"]["resourceVersion"])

    def body(self, epoch: int) -> dict[str, Any]:
        """The patch: the epoch as an annotation, with uid and resourceVersion as read (I4)."""
        meta = self.obj["metadata"]
        return {
            "metadata": {
                "uid": meta["uid"],
                "resourceVersion": meta["resourceVersion"],
                "annotations": {names.EPOCH: str(epoch)},
            }
        }

    def carries(self, epoch: int) -> bool:
        """Whether the object already has the annotation of `epoch` (I8)."""
        notes = self.obj["metadata"].get("annotations") or {}
        return bool(notes.get(names.EPOCH) == str(epoch))


def needed(record: Record | None, given_back: bool) -> bool:
    """Whether an earlier driver may still have a write in flight.

    False if there was no release yet, or if the last driver released its lease (`given_back`) after
    its own fencing was complete.
    """
    return record is not None and not (given_back and record.fenced_epoch == record.epoch)


def touches(
    podset: PodSet, workloads: Iterable[Json], pods: Iterable[Json], owner: str
) -> Iterator[Touch]:
    """A Touch for each workload of the CafeDeployment with uid `owner`, and each of its pods."""
    ours: set[str] = set()
    for workload in workloads:
        if podset.owned(workload, owner):
            ours.add(workload["metadata"]["uid"])
            meta = workload["metadata"]
            yield Touch(paths.workloads(podset.resource, meta["namespace"], meta["name"]), workload)
    for pod in pods:
        if controlled_by(pod, ours):
            yield Touch(paths.pods(pod["metadata"]["namespace"], pod["metadata"]["name"]), pod)


def fence(
    transport: SessionTransport,
    cafe: CafeDeployment,
    epoch: int,
    who: str,
    report_count: Callable[[int], None] = lambda _count: None,
    slow: Callable[[str], None] = lambda _text: None,
) -> CafeDeployment:
    """Make every earlier driver's writes fail: write the epoch, every Touch, then `fencedEpoch`.

    The caller holds the lease; `who` is its user. `report_count` gets the number of objects to
    update, `slow` the reason for a delay. Raises Fenced if a later driver has taken over, LeaseLost
    if the lease has expired, Unfenced if no object could be updated for LONGEST seconds.
    """

    def arrived(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.epoch == epoch:
            return None
        # Fencing is not complete: a driver that reads this record starts it again.
        at = rfc3339(transport.server_time())
        after = led_by(record, epoch, current, at=at, who=who)
        return replace(after, fenced_epoch=record.fenced_epoch)

    def done(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.fenced_epoch == epoch:
            return None
        return under(record, epoch, current)

    cafe = store.change(transport, cafe, arrived)
    query, podset = {"labelSelector": cafe.label_selector}, cafe.podset
    found = list(
        touches(
            podset,
            transport.list(paths.workloads(podset.resource, cafe.namespace), query).items,
            transport.list(paths.pods(cafe.namespace), query).items,
            cafe.uid,
        )
    )
    report_count(len(found))
    patience = Patience(transport, slow)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="touch") as pool:
        for _ in pool.map(lambda one: touch(transport, one, epoch, patience), found):
            pass
    return store.change(transport, cafe, done)


def touch(
    transport: SessionTransport, one: Touch, epoch: int, patience: Patience | None = None
) -> None:
    """Update an object's resourceVersion, again after each conflict; skip a deleted object.

    Raises Unfenced (see `Patience`), and Denied after a 409 that is no conflict.
    """
    patience = patience or Patience(transport)
    while not one.carries(epoch):
        stale: Conflict | None = None
        try:
            transport.patch(one.path, one.body(epoch), PatchKind.MERGE)
            patience.touched()
            return
        except NotFound:
            return
        except Conflict as error:
            stale = error
        except (NotSent, UnknownOutcome) as error:
            patience.failed(one.path, error)
        current = _read(transport, one.path, patience)
        if current is None or current["metadata"]["uid"] != one.obj["metadata"]["uid"]:
            return
        before, one = one, Touch(one.path, current)
        if stale is not None and one.version == before.version:
            raise not_stale(stale)


def _read(transport: SessionTransport, path: str, patience: Patience) -> Json | None:
    while True:
        try:
            return transport.get_or_none(path)
        except NotSent as error:
            transport.check_lease()
            patience.failed(path, error)
