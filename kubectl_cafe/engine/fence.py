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
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import Conflict, Gone, NotSent, UnknownOutcome
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.engine import journal
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.release import under
from statemachine.record import Record

Json = Mapping[str, Any]
WORKERS = 16
RETRY = 1.0
"""Seconds before a touch that was not sent, or whose answer was lost, is looked at again."""


@dataclass(frozen=True)
class Touch:
    """An object to be touched, as it was read."""

    path: str
    obj: Json

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


def touches(workloads: Iterable[Json], pods: Iterable[Json], owner: str) -> Iterator[Touch]:
    """What is to be touched: the workloads of the CafeDeployment `owner` (uid), their pods."""
    ours: set[str] = set()
    for workload in workloads:
        if _controlled_by(workload, {owner}):
            ours.add(workload["metadata"]["uid"])
            meta = workload["metadata"]
            yield Touch(paths.replicasets(meta["namespace"], meta["name"]), workload)
    for pod in pods:
        if _controlled_by(pod, ours):
            yield Touch(paths.pods(pod["metadata"]["namespace"], pod["metadata"]["name"]), pod)


def _controlled_by(obj: Json, owners: set[str]) -> bool:
    references = obj["metadata"].get("ownerReferences") or ()
    return any(r.get("controller") and r["uid"] in owners for r in references)


def fence(
    transport: Transport,
    cafe: CafeDeployment,
    epoch: int,
    told: Callable[[int], None] = lambda _count: None,
) -> CafeDeployment:
    """Make every earlier driver's writes fail: the epoch, the touches, then `fencedEpoch`.

    The lease is ours already. `told` hears how many objects are touched. Raises Fenced
    where a later driver has come, LeaseLost where the lease ran out meanwhile.
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

    cafe = journal.change(transport, cafe, arrived)
    query = {"labelSelector": cafe.label_selector}
    found = list(
        touches(
            transport.list(paths.replicasets(cafe.namespace), query).items,
            transport.list(paths.pods(cafe.namespace), query).items,
            cafe.uid,
        )
    )
    told(len(found))
    with ThreadPoolExecutor(WORKERS, thread_name_prefix="touch") as pool:
        for _ in pool.map(lambda one: touch(transport, one, epoch), found):
            pass
    return journal.change(transport, cafe, done)


def touch(transport: Transport, one: Touch, epoch: int) -> None:
    """Touch one object, whatever is written to it meanwhile; gone is as good."""
    while not one.carries(epoch):
        try:
            transport.patch(one.path, one.body(epoch), PatchKind.MERGE)
            return
        except Gone:
            return
        except Conflict:
            pass
        except (NotSent, UnknownOutcome):
            transport.clock.sleep(RETRY)
        current = _read(transport, one.path)
        if current is None or current["metadata"]["uid"] != one.obj["metadata"]["uid"]:
            return
        one = Touch(one.path, current)


def _read(transport: Transport, path: str) -> Json | None:
    while True:
        try:
            return transport.get_or_none(path)
        except NotSent:
            if transport.before_write is not None:
                transport.before_write()
            transport.clock.sleep(RETRY)
