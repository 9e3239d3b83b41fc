"""Which pods a group takes next: its count per cell, the order, and the budget (protocol 7)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kubectl_cafe import names
from kubectl_cafe.engine import desired, earlier, sharing
from kubectl_cafe.engine.disruption import DisruptionBudget
from kubectl_cafe.engine.standing import Row, Standing, touched
from kubectl_cafe.engine.view import View
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Mode
from statemachine.steps import StepKind


@dataclass(frozen=True)
class Budget:
    """How many pods are unavailable, for any cause, and how many may be (protocol 7, C62, C73).

    `new_unavailable` are those at or on their way to the goal: a bad version can't eat an
    already broken set.
    """

    limit: int
    unavailable: int
    new_unavailable: int


def limit_of(max_unavailable: int | str, replicas: int) -> int:
    """maxUnavailable in pods: a percentage is rounded down, and one pod is always allowed."""
    text = str(max_unavailable)
    if text.endswith("%"):
        return max(1, replicas * int(text[:-1]) // 100)
    return max(1, int(text))


def budget(view: View, standings: Iterable[Standing]) -> Budget:
    """The budget as the view shows it; a missing pod is unavailable too."""
    pods = [s for s in standings if s.row is not Row.FORGOTTEN]
    wanted = desired.total(view)
    busy = view.busy
    available = sum(s.available and s.pod.uid not in busy for s in pods)
    # A pod whose first write is under way heads for the goal, although it does not show it yet.
    heading = [
        s for s in pods if (s.upgraded and touched(s, view)) or s.in_flight or s.pod.uid in busy
    ]
    return Budget(
        limit=limit_of(view.record.plan.strategy.max_unavailable, wanted),
        unavailable=max(0, wanted - available),
        new_unavailable=sum(not s.available or s.pod.uid in busy for s in heading),
    )


def counts(view: View, standings: Sequence[Standing]) -> dict[str, int]:
    """How many pods of each cell the current step brings to the goal.

    The last group and the sweep upgrade every pod that lives or is desired, so pods that a
    stranger added are upgraded with them (C51); a cell whose workload wishes for fewer than its
    count is done sooner (C52). A pod that is missing, on its way out or not yet replaced is
    waited for: a group is never over because its pod is gone (C45, C49). Where the group before
    is not available any more, its counts hold until it is (`earlier`).
    """
    wanted = wished(view, standings)
    step = earlier.held(view, standings, wanted) or view.record.current
    if step is None or step.kind is StepKind.COMMIT:
        return dict.fromkeys(wanted, 0)
    if step.kind is StepKind.SCALE_OUT:
        return {cell: step.count(cell) for cell in view.record.plan.cells}
    if step.kind is StepKind.SWEEP or step.counts == view.record.plan.cells:
        return wanted
    return {cell: min(size, step.count(cell)) for cell, size in wanted.items()}


def wished(view: View, standings: Sequence[Standing]) -> dict[str, int]:
    """How many pods each cell is to have: what is desired, or what lives if that is more."""
    wanted = desired.per_cell(view)
    for cell, living in living_per_cell(standings).items():
        wanted[cell] = max(living, wanted.get(cell, 0))
    return wanted


def living_per_cell(standings: Iterable[Standing]) -> dict[str, int]:
    """The pods of each cell that count."""
    living: dict[str, int] = {}
    for standing in standings:
        if standing.row is not Row.FORGOTTEN:
            living[standing.pod.cell] = living.get(standing.pod.cell, 0) + 1
    return living


def surplus(view: View, standings: Sequence[Standing]) -> frozenset[str]:
    """Drained pods whose cell has its count without them: released, not stranded (C48)."""
    result: set[str] = set()
    for cell, count in counts(view, standings).items():
        here = [s for s in standings if s.pod.cell == cell]
        there = sum(s.upgraded or s.row is Row.PATCHED_ELSEWHERE for s in here)
        drained = sorted((s for s in here if s.row is Row.DRAINED), key=_first)
        result.update(s.pod.uid for s in drained[max(0, count - there) :])
    return frozenset(result)


def choose(view: View, standings: Sequence[Standing]) -> list[Standing]:
    """The pods to take now, in order: within the group's counts and within every budget."""
    return afford(view, standings, _wanted(view, standings))[0]


def closed(view: View, standings: Sequence[Standing]) -> tuple[DisruptionBudget, ...]:
    """The PodDisruptionBudgets for whose sake alone a pod is not taken now (C64)."""
    if not view.budgets or not view.running:
        return ()
    return afford(view, standings, _wanted(view, standings))[1]


def rooms(view: View, standings: Iterable[Standing]) -> dict[str, int]:
    """How many healthy pods each PodDisruptionBudget lets go, by its name (protocol 7, C64)."""
    pods = [s for s in standings if s.row is not Row.FORGOTTEN]
    replicas = desired.total(view)
    result: dict[str, int] = {}
    for one in view.budgets:
        covered = [s for s in pods if one.covers(s.pod.labels)]
        available = sum(s.available and s.pod.uid not in view.busy for s in covered)
        result[one.name] = one.room(
            available, max(len(covered), replicas), sharing.healthy(one, view)
        )
    return result


def afford(
    view: View, standings: Sequence[Standing], wanted: Iterable[Standing]
) -> tuple[list[Standing], tuple[DisruptionBudget, ...]]:
    """Those of `wanted` that every budget lets go now, in order (I3, C62, C64).

    And the PodDisruptionBudgets for whose sake alone another one has to wait.
    """
    chosen: list[Standing] = []
    closed: dict[str, DisruptionBudget] = {}
    room = rooms(view, standings)
    now = budget(view, standings)
    unavailable, new_unavailable = now.unavailable, now.new_unavailable
    for standing in wanted:
        if standing.row is Row.UNLABELLED:
            chosen.append(standing)  # Its containers go on: it costs nothing (C78).
            continue
        if new_unavailable >= now.limit:
            continue
        if standing.healthy:
            if unavailable >= now.limit or view.unseen_takes:
                continue
            covering = [one for one in view.budgets if one.covers(standing.pod.labels)]
            unread = view.shared_budgets if view.others is None else ()
            full = {one.name: one for one in covering if room[one.name] < 1 or one in unread}
            if full:
                closed |= full
                continue
            for one in covering:
                room[one.name] -= standing.available
            # A pod inside its minReadySeconds is counted as unavailable already.
            unavailable += standing.available
        new_unavailable += 1
        chosen.append(standing)
    return chosen, tuple(closed.values())


def _wanted(view: View, standings: Sequence[Standing]) -> list[Standing]:
    """The candidates of the current group beyond what each cell already has."""
    by_cell: dict[str, list[Standing]] = {}
    for standing in standings:
        by_cell.setdefault(standing.pod.cell, []).append(standing)
    wanted: list[Standing] = []
    for cell, count in counts(view, standings).items():
        here = by_cell.get(cell, [])
        taken = sum(s.upgraded or s.in_flight or s.pod.uid in view.busy for s in here)
        free = sorted((s for s in here if is_candidate(s, view)), key=_first)
        wanted += free[: max(0, count - taken)]
    return wanted


def is_candidate(standing: Standing, view: View) -> bool:
    """Whether the pod may be taken at all (C27, C29, C80).

    Not a lost one, not one with a write under way, and not one whose opening is on the way,
    at its kubelet or in the EndpointSlices.
    """
    pod = standing.pod
    if pod.uid in view.busy or pod.lost or pod.unexplained:
        return False
    if standing.row is Row.NEWBORN:
        return not standing.upgraded and bool(standing.stuck)
    if standing.row is Row.UNLABELLED:
        return standing.settled
    return standing.row is Row.CANDIDATE and not opening(pod) and not joining(standing, view)


def opening(pod: Pod) -> bool:
    """Whether the kubelet has yet to answer our gate's True (protocol 5).

    Its gate is True and its containers are ready while Ready is still False. Where Ready's
    message leaves our gate out, the kubelet has seen it, and it is another gate, somebody
    else's, that keeps the pod unready (C29, C32): that one is not waited for.
    """
    return (
        pod.gated
        and pod.gate.status == "True"
        and pod.containers_ready.status == "True"
        and pod.ready.status != "True"
        and not others_hold(pod)
    )


def joining(standing: Standing, view: View) -> bool:
    """Whether the EndpointSlices that this process knows have yet to show a Ready pod (C22).

    Their watch may lag behind the pods'. One that has not shown the pod come would not show
    it gone either, but not there yet: taken now, the pod would pass for off while it is served.
    """
    pod = standing.pod
    return (
        standing.mode is not Mode.NONE
        and pod.ready.status == "True"
        and bool(pod.ip)
        and pod.uid not in view.endpoints
        and any(s.selects(pod.labels) and not s.publishes_unready for s in view.services)
    )


def others_hold(pod: Pod) -> bool:
    """Whether Ready is False by readiness gates of which ours is none."""
    return (
        pod.ready.status == "False"
        and "readiness gate" in pod.ready.message
        and names.IN_SERVICE not in pod.ready.message
    )


def order(pod: Pod, *, in_flight: bool, healthy: bool) -> tuple[bool, bool, bool, float, str]:
    """Who comes first inside a cell (protocol 7): in flight, then unavailable, then newest.

    A pod on a lost node comes after the others: it is never taken (C80). Stable for equal input.
    """
    return (not in_flight, pod.lost, healthy, -pod.created, pod.name)


def _first(standing: Standing) -> tuple[bool, bool, bool, float, str]:
    return order(standing.pod, in_flight=standing.in_flight, healthy=standing.healthy)


def missing(view: View, standings: Sequence[Standing]) -> Mapping[str, int]:
    """How many available upgraded pods each cell still lacks for the current step to be over."""
    result: dict[str, int] = {}
    for cell, count in counts(view, standings).items():
        there = sum(s.available and s.row is Row.AT_GOAL for s in standings if s.pod.cell == cell)
        if there < count:
            result[cell] = count - there
    return result
