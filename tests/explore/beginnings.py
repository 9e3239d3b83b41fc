"""What may not begin: over a restarted pod, unheard, under a deletion."""

from __future__ import annotations

from collections.abc import Iterator

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from statemachine.lifecycle import State, Trigger
from statemachine.record import Record
from tests.explore.stages import GROUP, stages, under_way
from tests.explore.truths import RUNNING, is_take
from tests.memcluster.requests import Written


def unheard(snapshot: Snapshot, decision: Decision) -> Iterator[str]:
    """Of a driver that has not read the CafeDeployment for long: it takes no pod."""
    for patch in decision.patches:
        if is_take(snapshot, patch):
            yield f"I9: {patch.pod} is taken, and a pause would not be heard"


def retried(record: Record) -> bool:
    """Whether the last move was a retry; a driver that took over since moved nothing."""
    moves = [e.trigger for e in record.journal if e.trigger is not Trigger.TAKE_OVER]
    return moves[-1:] == [Trigger.RETRY]


def over_restarted(snapshot: Snapshot, decision: Decision) -> Iterator[str]:
    """No group is begun over pods of the one before that have restarted since (I6).

    A retry is a person's word that it may be.
    """
    record = snapshot.record
    now, over = under_way(record), stages(record)[: record.step]
    before = next((stage for stage in reversed(over) if stage.what == GROUP), None)
    takes = [patch.pod for patch in decision.patches if is_take(snapshot, patch)]
    if not takes or record.state is not State.PROGRESSING or before is None:
        return
    if now is None or now.what != GROUP or retried(record):
        return
    up = [
        (p, p.record) for p in snapshot.pods.values() if p.record and p.record.release == record.id
    ]
    up = [one for one in up if not one[0].terminating]
    if len(up) > sum(before.count(cell) for cell in record.plan.cells):
        return  # This group has begun already.
    for pod, known in up:
        for name, shown in pod.containers.items():
            if shown.restart_count > known.restarts.get(name, shown.restart_count):
                yield f"{takes[0]} is taken, and {name} of {pod.name} has restarted since its group"


def under_deletion(write: Written) -> Iterator[str]:
    """Nobody makes a CafeDeployment that is being deleted go on."""
    assert write.new is not None
    assert write.old is not None
    old, new = CafeDeployment(write.old), CafeDeployment(write.new)
    starts = new.position.state in RUNNING and old.position.state is not new.position.state
    if old.deleting and starts:
        yield f"{new.position.state} while the CafeDeployment is being deleted"
