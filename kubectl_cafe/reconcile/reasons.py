"""Why each pod is written to, waited for or passed over, for the log of decisions. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from kubectl_cafe.assessment import waiting_reasons
from kubectl_cafe.assessment.disruption_budgets import DisruptionBudget
from kubectl_cafe.assessment.pod import Assessment, PodState
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from kubectl_cafe.reconcile import availability, candidates
from kubectl_cafe.text import counted

SETTLED = {
    PodState.FORGOTTEN: "terminating or finished",
    PodState.UNREADABLE: "unreadable record: not touched",
    PodState.ORPHAN: "out of traffic without a record (kubectl cafe repair)",
    PodState.DRIFT: "image of no known revision: not touched",
}
"""Why nothing is written to a pod in these states."""


class Reason(Struct, frozen=True):
    """A pod by name, its state, and why it is written to or not."""

    pod: str
    state: str
    why: str


class _Limits(Struct, frozen=True):
    """The limits of the pods that the group takes now; the same for all pods.

    `due` are the uids of the pods that the group takes next, `closed` the PodDisruptionBudgets
    without room, `full` the message about how maxUnavailable is used up.
    """

    due: Collection[str]
    closed: Sequence[DisruptionBudget]
    full: str


def reasons(snapshot: Snapshot, decision: Decision) -> Iterator[tuple[str, Reason]]:
    """(uid, Reason) for each pod; `decision` is the result of `decide` for `snapshot`."""
    assessments = snapshot.assessments
    writes = {patch.uid: patch.what for patch in decision.patches}
    wanted = candidates.wanted(snapshot, assessments) if snapshot.takes else []
    now = availability.budget(snapshot, assessments)
    away = now.unavailable + len(decision.takes)
    limits = _Limits(
        due={one.pod.uid for one in wanted},
        closed=candidates.closed(snapshot, assessments),
        full=f"maxUnavailable is {now.limit}, {counted(away, 'pod')} unavailable or chosen now",
    )
    for one in assessments:
        uid, state = one.pod.uid, one.row.name.lower()
        if uid in writes:
            why = f"upgrade {'begins' if uid in limits.due else 'continues'}: write {writes[uid]!r}"
        else:
            why = _idle(one, snapshot, limits)
        yield uid, Reason(one.pod.name, state, why)


def _idle(one: Assessment, snapshot: Snapshot, limits: _Limits) -> str:
    """Why nothing is written to the pod now."""
    if one.pod.uid in snapshot.busy:
        return "waiting for the answer to its last write"
    if one.pod.uid in snapshot.barred:
        return "the API server refuses its writes: not touched"
    if one.row in SETTLED:
        return SETTLED[one.row]
    if one.row is PodState.AT_GOAL:
        return "at the target" if one.available else "at the target, not available yet"
    if one.in_flight:
        return _in_flight(one)
    return _passed_over(one, snapshot, limits)


def _in_flight(one: Assessment) -> str:
    """What a pod in flight waits for."""
    if one.stuck:
        found = one.stuck[0]
        return f"container {found.container} is stuck: {found.reason}: {found.message}"
    if why := waiting_reasons.trouble(one):
        return why
    if one.row is PodState.DRAINED:
        return "leaving traffic"
    return waiting_reasons.progress(one)


def _passed_over(one: Assessment, snapshot: Snapshot, limits: _Limits) -> str:
    """Why the group does not take the pod: the first reason that applies."""
    if not snapshot.takes:
        return _no_takes(snapshot)
    if one.pod.lost or one.pod.unexplained:
        return "on a lost node"
    if not candidates.is_candidate(one, snapshot):
        return _not_yet(one, snapshot)
    if one.pod.uid not in limits.due:
        return "the group has enough pods of its cell at the target or in flight"
    if snapshot.unseen_takes:
        return "waiting for the watch to show the pods chosen last"
    covering = [budget for budget in limits.closed if budget.covers(one.pod.labels)]
    if covering:
        return f"{covering[0]} allows no disruption"
    return limits.full


def _no_takes(snapshot: Snapshot) -> str:
    if snapshot.unheard:
        return "the CafeDeployment cannot be read: no further pods"
    if snapshot.stopping or snapshot.reopening:
        return "this driver is stopping: no further pods"
    return f"the release is {snapshot.record.state}: no further pods"


def _not_yet(one: Assessment, snapshot: Snapshot) -> str:
    if one.row is PodState.NEW:
        return "starting"
    if one.row is PodState.UNLABELLED:
        return "containers being verified"
    if candidates.joining(one, snapshot):
        return "not yet shown as ready by its EndpointSlices"
    return "not yet taken into traffic by its kubelet"
