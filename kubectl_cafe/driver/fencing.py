"""Taking over from a driver that did not give its lease back (protocol 10; C70, C86; I7).

Whatever that driver still has in flight was judged on a resourceVersion. So every workload
and every pod is touched once the new epoch stands in the CafeDeployment: what arrives later
meets a 409, on pods that nobody has written to as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from kubectl_cafe import names
from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client import paths
from kubectl_cafe.client.errors import (
    ApiError,
    Conflict,
    Gone,
    NotSent,
    UnknownOutcome,
    not_stale,
)
from kubectl_cafe.client.transport import PatchKind, SessionTransport, Transport
from kubectl_cafe.errors import CafeError
from kubectl_cafe.podsets import PodSet
from kubectl_cafe.record import store
from kubectl_cafe.release.held import under
from kubectl_cafe.revisions.revision import controlled_by
from statemachine.record import Record

Json = Mapping[str, Any]
WORKERS = 16
RETRY = 1.0
"""Seconds before a touch that was not sent, or whose answer was lost, is looked at again."""
SLOW = 5.0
"""Seconds without a touch that succeeds, after which a person is told why."""
LONGEST = 60.0
"""Seconds without a touch that succeeds, after which the fence is given up."""


class Unfenced(CafeError):
    """An earlier driver may still write: not every object could be touched."""


class Patience:
    """How long touches that fail are repeated, all of one fence together.

    `slow` is told once what is waited for.
    """

    def __init__(
        self, transport: Transport, slow: Callable[[str], None] = lambda _text: None
    ) -> None:
        self._clock = transport.clock
        self._slow = slow
        self._since = self._clock.monotonic()
        self._told = False

    def touched(self) -> None:
        """One more object is touched."""
        self._since = self._clock.monotonic()

    def failed(self, path: str, error: ApiError) -> None:
        """Wait before the object at `path` is tried again. Raises Unfenced after a while."""
        silent = self._clock.monotonic() - self._since
        if silent >= LONGEST:
            raise Unfenced(
                f"the last driver is not fenced off: for {LONGEST:.0f} s no object could be "
                f"touched: {error.message}",
                where=path,
                hint=error.hint + ", then the same command again"
                if error.hint
                else "the same command again",
            )
        if silent >= SLOW and not self._told:
            self._told = True
            self._slow(f"{path}: {error.message}")
        self._clock.sleep(RETRY)


@dataclass(frozen=True)
class Touch:
    """An object to be touched, as it was read."""

    path: str
    obj: Json

    @property
    def version(self) -> str:
        """Its resourceVersion."""
        return str(self.obj["metadata"]["resourceVersion"])

    def body(self, epoch: int) -> dict[str, Any]:
        """The patch: the epoch as an annotation, on the object that was judged (I4)."""
        meta = self.obj["metadata"]
        return {
            "metadata": {
                "uid": meta["uid"],
                "resourceVersion": meta["resourceVersion"],
                "annotations": {names.EPOCH: str(epoch)},
            }
        }

    def carries(self, epoch: int) -> bool:
        """Whether it was touched under `epoch` already (I8)."""
        notes = self.obj["metadata"].get("annotations") or {}
        return bool(notes.get(names.EPOCH) == str(epoch))


def needed(record: Record | None, given_back: bool) -> bool:
    """Whether somebody may still have a write in flight.

    Nobody has where there was no release yet, and where the last driver gave its lease back
    after its own taking over was complete.
    """
    return record is not None and not (given_back and record.fenced_epoch == record.epoch)


def touches(
    podset: PodSet, workloads: Iterable[Json], pods: Iterable[Json], owner: str
) -> Iterator[Touch]:
    """What is to be touched: the workloads of the CafeDeployment `owner` (uid), their pods."""
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
    told: Callable[[int], None] = lambda _count: None,
    slow: Callable[[str], None] = lambda _text: None,
) -> CafeDeployment:
    """Make every earlier driver's writes fail: the epoch, the touches, then `fencedEpoch`.

    The lease is ours already. `told` hears how many objects are touched, `slow` what is
    waited for. Raises Fenced where a later driver has come, LeaseLost where the lease ran out
    meanwhile, Unfenced where an object can't be touched for a minute.
    """

    def arrived(current: CafeDeployment) -> Record | None:
        record = current.record
        if record is None or record.epoch == epoch:
            return None
        # Not fenced yet: whoever finds it so begins again.
        return replace(under(record, epoch, current), fenced_epoch=record.fenced_epoch)

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
    told(len(found))
    patience = Patience(transport, slow)
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="touch") as pool:
        for _ in pool.map(lambda one: touch(transport, one, epoch, patience), found):
            pass
    return store.change(transport, cafe, done)


def touch(
    transport: SessionTransport, one: Touch, epoch: int, patience: Patience | None = None
) -> None:
    """Touch one object, whatever is written to it meanwhile; gone is as good.

    Raises Unfenced when it was tried for long, Denied where a 409 is no conflict.
    """
    patience = patience or Patience(transport)
    while not one.carries(epoch):
        stale: Conflict | None = None
        try:
            transport.patch(one.path, one.body(epoch), PatchKind.MERGE)
            patience.touched()
            return
        except Gone:
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
            transport.guard()
            patience.failed(path, error)
