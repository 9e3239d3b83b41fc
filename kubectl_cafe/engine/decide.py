"""From a view to what is to be done: a pure function (protocol 10)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kubectl_cafe.engine import digests, groups, progress, sharing, stages
from kubectl_cafe.engine.standing import Row, Standing, stand
from kubectl_cafe.engine.view import Decision, View, Wanted
from kubectl_cafe.engine.writes import Writes
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import Mode
from kubectl_cafe.pods.settled import wants_acknowledgement
from kubectl_cafe.traffic import finalizers, switch
from kubectl_cafe.traffic.endpoints import unlisted
from statemachine.lifecycle import Facts, State, Trigger

CARRIES_ON = (State.PROGRESSING, State.ROLLING_BACK, State.PAUSED, State.AWAITING_CONFIRM)
"""States in which pods in flight go on to the goal; in the others drained ones are reopened."""


def decide(view: View) -> Decision:
    """What to do now, and what is awaited if that is nothing."""
    standings = [stand(pod, view) for pod in view.pods.values()]
    if view.record.forced:
        return _force(view, standings)
    failure = progress.failure(view, standings) if view.running else None
    writes = Writes(view)
    surplus = groups.surplus(view, standings) | sharing.giving_way(view, standings)
    patches: list[PodPatch] = []
    for standing in standings:
        if standing.pod.uid in view.busy or standing.pod.uid in view.barred:
            continue
        if failure is not None and standing.row is Row.DRAINED:
            continue  # It is reopened once the failure is recorded.
        write = carry_on(standing, view, writes, surplus)
        if write is not None:
            patches.append(write)
    takes = view.takes and view.goal is not None and failure is None
    chosen = groups.choose(view, standings) if takes else []
    patches += [writes.take(standing) for standing in chosen]
    in_flight = [s for s in standings if s.in_flight and s.row is not Row.FORGOTTEN]
    under_way = view.busy - view.barred
    at_rest = not patches and not under_way and all(can_rest(s, view) for s in in_flight)
    moved, architectures = digests.differing(standings), view.architectures
    restored = stages.restored(view)
    decision = Decision(
        patches=tuple(patches),
        workloads=restored,
        takes=frozenset(s.pod.uid for s in chosen if s.healthy),
        at_rest=at_rest and not restored,
        waits=progress.waits(view, standings),
        nodes=view.nodes_due or (bool(moved) and architectures is None),
        others=sharing.unread(view),
        warnings=() if architectures is None else digests.findings(moved, architectures),
    )
    if view.record.state is State.ABORTING:
        return replace(decision, move=_aborted(view, in_flight) if at_rest else None)
    if not view.running:
        return decision
    if failure is not None:
        return replace(decision, workloads=(), move=Wanted(Trigger.FAIL, failure=failure))
    if restored:
        return decision
    return stages.advance(view, standings, decision)


def _aborted(view: View, in_flight: Sequence[Standing]) -> Wanted:
    """The end of an abort whose pods are at rest; a restart that may yet come is none.

    What is stuck, or settled and not ready, stays out of traffic and is listed.
    """
    failure = progress.unfinished(view, in_flight)
    return Wanted(Trigger.FAIL, failure=failure) if failure else Wanted(Trigger.PODS_SETTLED)


def _force(view: View, standings: Sequence[Standing]) -> Decision:
    """Abort by force: nothing more is written, the pods that are left behind are named (C87)."""
    if view.busy - view.barred:
        return Decision(at_rest=False, waits=("own writes to be answered",))
    left = [s.pod.name for s in standings if s.in_flight or s.row is Row.ORPHAN]
    named = f": {', '.join(sorted(left)[: progress.NAMED])}" if left else ""
    why = f"--force; {len(left)} pods are left out of traffic{named}"
    asked = [entry.who for entry in view.record.journal if entry.trigger is Trigger.ABORT]
    who = asked[-1] if asked else ""
    return Decision(move=Wanted(Trigger.ABORT, why, facts=Facts(forced=True), who=who))


def carry_on(
    standing: Standing, view: View, writes: Writes, surplus: frozenset[str] = frozenset()
) -> PodPatch | None:
    """The next write of a pod that is already under way, newborn, or not ours to take."""
    pod = standing.pod
    match standing.row:
        case Row.NEWBORN if pod.containers_ready.status == "True" and _made_now(standing):
            return writes.open(standing)
        case Row.DRAINED:
            return _drained(standing, view, writes, surplus)
        case Row.PATCHED if standing.mode is Mode.NONE:
            return None
        case Row.PATCHED if standing.done:
            return writes.finish(standing)
        case Row.PATCHED | Row.PATCHED_ELSEWHERE if wants_acknowledgement(pod, standing.evidence):
            return writes.acknowledge(standing)
        case Row.PATCHED_ELSEWHERE:
            return _patched_elsewhere(standing, view, writes)
        case _:
            return None


def _made_now(standing: Standing) -> bool:
    """A newborn at the goal is opened when it is settled; one of another version as it stands."""
    return standing.settled or not standing.upgraded


def _carries_on(view: View) -> bool:
    """Whether pods in flight are patched to the goal."""
    return view.record.state in CARRIES_ON and not view.reopening


def _drained(
    standing: Standing, view: View, writes: Writes, surplus: frozenset[str]
) -> PodPatch | None:
    """On to the image patch, or reopened without a restart (C58, C59)."""
    at_goal = view.goal is not None and writes.at_goal(standing.pod)
    goes_on = _carries_on(view) and view.goal is not None and not at_goal
    if not goes_on or standing.pod.uid in surplus:
        return _reopen(standing, writes)
    if is_off(standing, view) and not sharing.unproven(standing.pod, view):
        return writes.patch_images(standing)
    return None


def _patched_elsewhere(standing: Standing, view: View, writes: Writes) -> PodPatch | None:
    """A change of mind under the same drain: only once the last change is settled or stuck."""
    ready_to_change = standing.settled or bool(standing.stuck)
    if not _carries_on(view) or not ready_to_change:
        return None
    if standing.mode is Mode.NONE or is_off(standing, view):
        return writes.patch_images(standing)
    return None


def _reopen(standing: Standing, writes: Writes) -> PodPatch | None:
    """Traffic on as it stands; where a stranger patched it, once that is settled (C55, I2)."""
    if standing.settled:
        return writes.finish(standing)
    if wants_acknowledgement(standing.pod, standing.evidence):
        return writes.acknowledge(standing)
    return None


def is_off(standing: Standing, view: View) -> bool:
    """Whether the pod is out of traffic, was seen so, and for drainSeconds (C22, C23, C33).

    And whether every traffic finalizer that is asked of it has let it go (C31).
    """
    if finalizers.holding(standing.pod, standing.finalizers):
        return False
    since = view.off_since.get(standing.pod.uid)
    return since is not None and view.now - since >= view.record.plan.strategy.drain_seconds


def seen_off(standing: Standing, view: View, *, before: bool = False) -> bool:
    """Whether this very view shows the pod out of traffic: acknowledged, and in no endpoints.

    `before`: the view before this one did; then it is enough that nothing speaks against it. A
    gate's pod stays selected: it is off where its Services list it as unready.
    """
    pod, traffic = standing.pod, switch(standing.mode)
    acknowledged = traffic.acknowledged_off(pod, view.sightings[pod.uid], view.now)
    return (
        standing.row in (Row.DRAINED, Row.PATCHED, Row.PATCHED_ELSEWHERE)
        and (acknowledged or (before and traffic.stays_off(pod)))
        and pod.uid not in view.endpoints
        # A label takes a pod out of a Service's selection: even one that publishes all (C30).
        and not (standing.mode is Mode.LABEL and pod.uid in view.published)
        and not (standing.mode is Mode.GATE and unlisted(pod, view.services, view.listed))
    )


def can_rest(standing: Standing, view: View) -> bool:
    """Whether a pod in flight can't move by itself any more (protocol 9)."""
    if standing.pod.uid in view.barred or view.time > progress.pod_deadline(view, standing.pod):
        return True
    if standing.row is Row.DRAINED:
        return False
    if (view.record.state is State.FAILED or view.reopening) and standing.settled:
        return True
    return bool(standing.stuck) and standing.row is Row.PATCHED
