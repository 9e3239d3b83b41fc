"""The times of one pod in a release (its Passage), from its record and its status. Pure.

Some times are lost once the pod has restarted again or a later release has overwritten its record.
They are left out, not estimated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from kubectl_cafe.history.report_model import Passage, Span, What
from kubectl_cafe.pods.done import backing_off
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.observed import trouble
from kubectl_cafe.pods.record import AGAIN, Mode, Phase, PodRecord
from kubectl_cafe.times import seconds

NO_GROUP = 0
"""The group number of a pod that belongs to no group."""
SKEW = 2.0
"""Seconds by which a time of a pod's record (the driver's estimate of the server's clock) and a
time of its status (the node's clock) may differ."""


@dataclass(frozen=True)
class Frame:
    """The release and its time. `until` is its end or, while `under_way`, now; epoch seconds.

    `release` is its id. `creates`: it creates pods and upgrades none.
    """

    release: str
    start: float
    until: float
    under_way: bool
    creates: bool = False

    def saw_the_birth_of(self, pod: Pod) -> bool:
        """Whether the pod was created during the release.

        Times are whole seconds. A pod created in the second of the release's start counts only for
        a release that creates pods.
        """
        after = pod.created > self.start or (self.creates and pod.created == self.start)
        return after and pod.created <= self.until


def passage(pod: Pod, frame: Frame, over: float = 0.0) -> Passage | None:
    """The pod's times in the release; None if the pod has no data of the release.

    `over` is the end of the pod's group, 0 if it is not known. Ready was True by then: later
    changes of Ready do not belong to the release.
    """
    if pod.terminating or pod.over:
        return None
    bound = (over or frame.until) + SKEW
    if pod.record is not None and _of(pod.record, frame):
        return _taken(pod, pod.record, frame, bound)
    if frame.saw_the_birth_of(pod):
        return _born(pod, frame, bound)
    return None


def _of(record: PodRecord, frame: Frame) -> bool:
    """Whether the record is of this release.

    A record that begins after the end of the release is not: `repair` writes under its id.
    """
    begun = min(seconds(at) for at in record.written.values())
    return record.release == frame.release and begun <= frame.until + SKEW


def _taken(pod: Pod, record: PodRecord, frame: Frame, bound: float) -> Passage:
    """The Passage of an upgraded pod; the start of its containers is the end of the restart."""
    written = {phase: seconds(record.written.get(phase)) for phase in Phase}
    on = written[Phase.FINISHED]
    known = Passage(
        pod=pod.name,
        cell=pod.cell,
        group=record.group,
        stands="",
        off=written[Phase.DRAINED],
        patched=written[Phase.PATCHED],
        again=seconds(record.written.get(AGAIN)),
        on=on,
        open=record.phase is not Phase.FINISHED,
        writes=len(record.written),
    )
    if known.patched or not known.off:
        after = known.again or known.patched or frame.start
        known = replace(known, runs=_runs(pod, record, after, on, bound))
    known = replace(known, ready=_ready(pod, on, bound) if on else 0.0)
    if record.mode is Mode.NONE and record.phase is Phase.PATCHED:
        known = _without_switch(pod, known, bound)
    if known.open:
        known = replace(known, trouble=_trouble(pod))
    spans = tuple(_spans(known, frame.until))
    # Times are whole seconds: spans of 0 seconds are left out, but a pod keeps at least one.
    shown = tuple(span for span in spans if span.end > span.start) or spans[:1]
    return replace(known, spans=shown, stands=_stands(known, record, frame))


def _without_switch(pod: Pod, known: Passage, bound: float) -> Passage:
    """`known` of a pod in mode None: only Ready shows the end of its upgrade, no write does."""
    ready = _ready(pod, known.runs, bound) if known.runs else 0.0
    return replace(known, ready=ready, open=not ready)


def _runs(pod: Pod, record: PodRecord, after: float, on: float, bound: float) -> float:
    """When the last of the changed containers started; 0 if none started during the upgrade.

    `after` and `on` (0: `bound`) are its limits. If the record has the containers from before the
    patch, only those containers with a new ID count.
    """
    old = {name: before.container_id for name, before in record.before.items()}
    changed = [c for c in pod.containers.values() if not old or c.name in old]
    starts = [c.started_at for c in changed if c.running and c.container_id != old.get(c.name)]
    last = on + SKEW if on else bound
    found = [at for at in starts if after - SKEW <= at <= last]
    return min(max(after, *found), on or bound) if found else 0.0


def _ready(pod: Pod, on: float, bound: float) -> float:
    """When the pod became Ready with traffic on; 0 if it is not Ready, or only after `bound`.

    In Label mode the pod may have been Ready all the time: then this is `on`.
    """
    if pod.ready.status != "True":
        return 0.0
    at = max(pod.ready.since, on)
    return at if at <= bound else 0.0


def _spans(known: Passage, until: float) -> Iterator[Span]:
    """The spans of the pod in order; the last span of an unfinished pod ends at `until`."""
    last = What.TROUBLE if known.trouble else None
    if known.off:
        yield Span(What.DRAIN, known.off, known.patched or known.on or until)
    if known.patched:
        done, last_patch = known.on or known.ready, known.again or known.patched
        if known.again:
            yield Span(What.ASTRAY, known.patched, known.again)
        if known.runs:
            yield Span(What.RESTART, last_patch, known.runs)
            yield Span(last or What.VERIFY, known.runs, done or until, known.trouble)
        else:
            yield Span(last or What.RESTART, last_patch, done or until, known.trouble)
    elif known.on and known.runs:
        yield Span(What.VERIFY, known.runs, known.on)
    if known.on and known.ready:
        yield Span(What.RETURN, known.on, known.ready)


def _stands(known: Passage, record: PodRecord, frame: Frame) -> str:
    """The state of the pod as text."""
    if not known.open:
        if known.off and not known.patched:
            return "back in traffic, image unchanged"
        return "upgraded" if known.patched else "finished"
    if known.trouble:
        return known.trouble
    out = "" if frame.under_way or record.mode is Mode.NONE else "left "
    if record.phase is Phase.DRAINED:
        return f"{out}out of traffic, image unchanged"
    return f"{out}out of traffic, patched" if out else "restarting"


def _born(pod: Pod, frame: Frame, bound: float) -> Passage:
    """The Passage of a pod that was created during the release, by it or as a replacement."""
    ready = _ready(pod, pod.created, bound)
    opened = pod.gated and pod.gate.status == "True"
    wrong = "" if ready or pod.ready.status == "True" else _trouble(pod)
    what = What.TROUBLE if wrong else What.STARTING
    starts = [c.started_at for c in pod.containers.values() if c.running]
    end = ready or (pod.created if pod.ready.status == "True" else frame.until)
    return Passage(
        pod=pod.name,
        cell=pod.cell,
        group=NO_GROUP,
        stands=wrong or ("created" if pod.ready.status == "True" else "created, not Ready yet"),
        born=pod.created,
        runs=max((at for at in starts if at <= bound), default=0.0),
        ready=ready,
        open=pod.ready.status != "True",
        trouble=wrong,
        writes=int(opened),
        spans=(Span(what, pod.created, end, wrong),),
    )


def _trouble(pod: Pod) -> str:
    """Why the pod's containers do not run; empty if they do, are starting, or back off."""
    waiting = (c for c in pod.containers.values() if not backing_off(pod, c))
    found = (f"{c.name}: {trouble(c)}" for c in waiting if trouble(c))
    return "; ".join(found)
