"""Pods that are not what their workload's template makes, and their way back in place (C55). Pure.

Nobody drives a release then: `repair` brings them back after a yes, one at a time, by the
engine's own rules and writes (protocol 5, 6, 7). The release that these rules are asked about
is made up here and never written; what was done stands in the pod's own record, so whoever
comes after a crash goes on from there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace

from kubectl_cafe.engine import groups, progress, switches
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.decide import can_rest, carry_on
from kubectl_cafe.engine.standing import Row, Standing, carries, on_target, stand
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.vouching import runs, shown_revision
from kubectl_cafe.engine.writes import Writes
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.patches import PodPatch
from kubectl_cafe.pods.record import REPAIR, Mode
from kubectl_cafe.revisions import template as templates
from kubectl_cafe.revisions.revision import Revision
from statemachine.lifecycle import RESTING, State
from statemachine.record import Failure, Record
from statemachine.steps import Kind

AS_ONE = (State.COMPLETED, State.ROLLED_BACK)
"""The ends of a release that leave every pod at one revision; an abort leaves a mix on purpose."""


def home(pod: Pod, view: View) -> Revision | None:
    """The revision that the pod should have: that of its workload's template, if it is known."""
    name = next((one.revision for one in view.workloads if one.uid == pod.owner), "")
    return view.revisions.get(name)


def astray(pod: Pod, view: View) -> bool:
    """Whether it runs no known revision, or another one than its template's where all are one."""
    own = home(pod, view)
    if own is not None and carries(pod, own) and runs(pod, own, view.revisions):
        return False
    shown = shown_revision(pod, view.revisions)
    if shown is None:
        return True
    return view.record.state in AS_ONE and own is not None and shown.name != own.name


def strays(view: View, standings: Iterable[Standing]) -> list[str]:
    """Pods that have drifted while no release is under way: `repair` brings them back."""
    if view.record.state not in RESTING:
        return []
    left = (Row.FORGOTTEN, Row.UNREADABLE)
    return [s.pod.name for s in standings if s.row not in left and astray(s.pod, view)]


def as_admitted(pod: Pod, own: Revision, view: View) -> Revision:
    """`own`, with the pod's image where another pod of that revision shows the same string.

    Admission has made it of the template's, then: patching the template's over it again would
    change nothing, and no restart would ever be seen (protocol 6).
    """
    known = view.revisions
    peers = [p.images() for p in view.pods.values() if p.uid != pod.uid and runs(p, own, known)]
    same = {
        name: image
        for name, image in pod.images().items()
        if any(peer.get(name) == image for peer in peers)
    }
    return replace(own, template=templates.with_images(own.template, same))


def overwritten(pod: Pod, view: View) -> bool:
    """Whether a stranger's image was patched over the one that the pod's record brought."""
    return pod.record is not None and not on_target(pod, view)


def interrupted(standing: Standing) -> bool:
    """Whether a repair has taken the pod and not let it back."""
    record = standing.pod.record
    return standing.in_flight and record is not None and record.release == REPAIR


def obstacle(standing: Standing, view: View) -> str:
    """Why the pod can't be brought back in place; empty if it can.

    A patch adds no container to a pod (protocol 6). Without a switch nobody would tell a
    traffic finalizer to let go, although it is declared that somebody must (C31).
    """
    pod, own = standing.pod, home(standing.pod, view)
    if own is None:
        return "the template of its workload is no known revision"
    if lacking := [name for name in own.images if name not in pod.containers]:
        return f"it has no container {', '.join(lacking)}"
    if pod.lost:
        return "its node is lost"
    if standing.mode is Mode.NONE and CafeDeployment(view.owner).strategy.traffic_finalizers:
        return "nothing tells a traffic finalizer to let go of it (mode None)"
    return ""


def first(view: View, uids: Collection[str]) -> Pod:
    """Which of the pods is brought back first: one that was begun, then one that is unavailable."""
    return min((stand(view.pods[uid], view) for uid in uids), key=_turn).pod


def _turn(standing: Standing) -> tuple[object, ...]:
    return groups.order(standing.pod, in_flight=standing.in_flight, healthy=standing.healthy)


@dataclass(frozen=True)
class Way:
    """One pod's way back: since when (RFC 3339, the server's), and why it has failed, if it has.

    `out`: it was out of traffic before, and nobody knows why: no failure lets it in.
    `unswitched` is why it was in mode None already as its way began.
    """

    uid: str
    since: str
    out: bool = False
    failure: Failure | None = None
    unswitched: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Due:
    """What is due on a pod's way: a write, or its end, or that it has failed, or a wait.

    `takes` are uids of healthy pods, as in a Decision.
    """

    patch: PodPatch | None = None
    takes: frozenset[str] = frozenset()
    over: bool = False
    failure: Failure | None = None
    waits: tuple[str, ...] = ()


def begin(pod: Pod, view: View, since: str) -> Way:
    """The way of `pod` as it stands."""
    lost = switches.planned((pod, replace(pod, record=None)), view.services, view.revisions)
    out = stand(pod, view).row is Row.ORPHAN
    return Way(pod.uid, since, out=out, unswitched=frozenset(lost))


def due(view: View, way: Way) -> Due:
    """What is to be done now for the pod of `way`; `view` is as the release rests."""
    pod = view.pods.get(way.uid)
    own = home(pod, view) if pod else None
    if pod is None or own is None:
        return Due(over=True)  # Replaced from the template, or there is no way any more.
    known = {**view.revisions, own.name: as_admitted(pod, own, view)}
    view = replace(view, record=_repair(view, own, way), revisions=known, unswitched=way.unswitched)
    standing = _standing(pod, view)
    if standing.row in (Row.FORGOTTEN, Row.UNREADABLE):
        return Due(over=True)
    if standing.row is Row.AT_GOAL and standing.available:
        return Due(over=True)
    failure = None if way.failure else _failure(view, standing)
    if failure is not None:
        return Due(failure=failure)
    if pod.uid in view.busy:
        return Due()
    return _failed(view, way, standing) if way.failure else _next(view, standing)


def _repair(view: View, own: Revision, way: Way) -> Record:
    """The release of one sweep towards `own`, by the strategy as it stands: never written."""
    strategy = CafeDeployment(view.owner).strategy
    record = replace(
        view.record,
        id=REPAIR,
        kind=Kind.UPGRADE,
        state=State.FAILED if way.failure else State.PROGRESSING,
        origin=State.PROGRESSING if way.failure else None,
        plan=replace(view.record.plan, strategy=strategy),
        to_revision=own.name,
        since=way.since,
        started=way.since,
        failure=way.failure,
    )
    return replace(record, step=len(record.steps) - 1)


def _standing(pod: Pod, view: View) -> Standing:
    """Where the pod stands once a person has agreed: what a release leaves alone is a candidate."""
    strange = overwritten(pod, view)
    if strange and pod.record is not None and pod.record.mode is Mode.NONE:
        pod = replace(pod, record=None)  # In traffic: the record of that restart is history.
    standing = stand(pod, view)
    left_alone = standing.row in (Row.DRIFT, Row.ORPHAN) and not _at_home(standing, view)
    if left_alone:
        return replace(standing, row=Row.CANDIDATE)
    if strange and standing.row is Row.PATCHED:
        return replace(standing, row=Row.PATCHED_ELSEWHERE)
    return standing


def _at_home(standing: Standing, view: View) -> bool:
    goal = view.goal
    return goal is not None and runs(standing.pod, goal, view.revisions)


def _next(view: View, standing: Standing) -> Due:
    """The next write towards home, or what is awaited."""
    writes = Writes(view)
    under_way = standing.in_flight or standing.row is Row.NEWBORN
    if under_way and (write := carry_on(standing, view, writes)):
        return Due(write)
    if not groups.is_candidate(standing, view):
        return Due(waits=progress.waits(view, [standing]))
    chosen, closed = groups.afford(view, _company(view, standing), [standing])
    if chosen:
        takes = frozenset([standing.pod.uid]) if standing.healthy else frozenset()
        return Due(writes.take(standing), takes)
    return Due(waits=_budgets(closed))


def _company(view: View, standing: Standing) -> list[Standing]:
    """All pods that the budgets count, and this one.

    Those in flight are unavailable with or without being counted; left out, what a release
    left behind does not use up the share of pods on their way, of which there is this one.
    """
    others = (stand(pod, view) for uid, pod in view.pods.items() if uid != standing.pod.uid)
    return [*(other for other in others if not other.in_flight), standing]


def _budgets(closed: Sequence[object]) -> tuple[str, ...]:
    if not closed:
        return ("other pods to become available: maxUnavailable is used up",)
    return tuple(f"{budget} to leave room" for budget in closed)


def _failure(view: View, standing: Standing) -> Failure | None:
    """Why the way ends here: the container is stuck, or nothing moves for too long."""
    found = progress.failure(view, [standing])
    if found is None or found.reason != progress.DEADLINE:
        return found
    allowed = view.record.plan.strategy.progress_deadline_seconds
    awaited = _next(view, standing).waits or progress.waits(view, [standing])
    return replace(found, message=f"no progress for {allowed} s: {'; '.join(awaited)}")


def _failed(view: View, way: Way, standing: Standing) -> Due:
    """As a failed group: one that was only drained is reopened, the others stay as they are."""
    if not standing.in_flight or (way.out and standing.row is Row.DRAINED):
        return Due(over=True)
    write = carry_on(standing, view, Writes(view))
    return Due(write, over=write is None and can_rest(standing, view))
