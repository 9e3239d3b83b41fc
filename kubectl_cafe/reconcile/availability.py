"""How many pods may be taken now: maxUnavailable and the PodDisruptionBudgets (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

from kubectl_cafe.assessment import desired_replicas
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.pod import Assessment, PodState, touched
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.reconcile import shared_budgets


class Budget(Struct, frozen=True):
    """The number of unavailable pods, for any cause, and its limit by maxUnavailable (C62, C73).

    `new_unavailable` is the number of unavailable pods at the goal or on their way to it, with the
    same limit of its own (protocol 7): pods that are unavailable already may be taken beyond the
    first limit, and a bad version must not be patched into all of them.
    """

    limit: int
    unavailable: int
    new_unavailable: int


def limit_of(max_unavailable: int | str, replicas: int) -> int:
    """maxUnavailable in pods: a percentage is rounded down, and at least one pod is allowed."""
    text = str(max_unavailable)
    if text.endswith("%"):
        return max(1, replicas * int(text[:-1]) // 100)
    return max(1, int(text))


def budget(snapshot: Snapshot, assessments: Iterable[Assessment]) -> Budget:
    """The budget as the snapshot shows it; a missing pod counts as unavailable."""
    pods = [s for s in assessments if s.row is not PodState.FORGOTTEN]
    wanted = desired_replicas.total(snapshot)
    busy = snapshot.busy
    available = sum(s.available and s.pod.uid not in busy for s in pods)
    # A pod whose first write is under way counts as on its way to the goal already.
    heading = [
        s for s in pods if (s.upgraded and touched(s, snapshot)) or s.in_flight or s.pod.uid in busy
    ]
    return Budget(
        limit=limit_of(snapshot.record.plan.strategy.max_unavailable, wanted),
        unavailable=max(0, wanted - available),
        new_unavailable=sum(not s.available or s.pod.uid in busy for s in heading),
    )


def rooms(snapshot: Snapshot, assessments: Iterable[Assessment]) -> dict[str, int]:
    """The number of healthy pods that may be taken, by PodDisruptionBudget (protocol 7, C64)."""
    pods = [s for s in assessments if s.row is not PodState.FORGOTTEN]
    replicas = desired_replicas.total(snapshot)
    result: dict[str, int] = {}
    for one in snapshot.budgets:
        covered = [s for s in pods if one.covers(s.pod.labels)]
        available = sum(s.available and s.pod.uid not in snapshot.busy for s in covered)
        result[one.name] = one.room(
            available, max(len(covered), replicas), shared_budgets.healthy(one, snapshot)
        )
    return result


def afford(
    snapshot: Snapshot, assessments: Sequence[Assessment], wanted: Iterable[Assessment]
) -> tuple[list[Assessment], tuple[DisruptionBudget, ...]]:
    """The pods of `wanted` that every budget allows to take now, in order (I3, C62, C64).

    The second value are the PodDisruptionBudgets that block a candidate which maxUnavailable would
    allow.
    """
    chosen: list[Assessment] = []
    closed: dict[str, DisruptionBudget] = {}
    room = rooms(snapshot, assessments)
    now = budget(snapshot, assessments)
    unavailable, new_unavailable = now.unavailable, now.new_unavailable
    for assessment in wanted:
        if assessment.row is PodState.UNLABELLED:
            chosen.append(assessment)  # No restart: taking it costs no availability (C78).
            continue
        if new_unavailable >= now.limit:
            continue
        if assessment.healthy:
            if unavailable >= now.limit or snapshot.unseen_takes:
                continue
            covering = [one for one in snapshot.budgets if one.covers(assessment.pod.labels)]
            unread = snapshot.shared_budgets if snapshot.others is None else ()
            full = {one.name: one for one in covering if room[one.name] < 1 or one in unread}
            if full:
                closed |= full
                continue
            for one in covering:
                room[one.name] -= assessment.available
            # A pod inside its minReadySeconds is counted as unavailable already.
            unavailable += assessment.available
        new_unavailable += 1
        chosen.append(assessment)
    return chosen, tuple(closed.values())
