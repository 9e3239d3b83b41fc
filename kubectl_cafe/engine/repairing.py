"""Carrying repairs out: look, write what is due, look again, under the lease (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.errors import Invalid
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.engine import drift, fence, journal, rebuild, repairs, verbs
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.look import read_revisions
from kubectl_cafe.engine.observe import Observer
from kubectl_cafe.engine.proposal import Around
from kubectl_cafe.engine.rebuild import Rebuilt
from kubectl_cafe.engine.release import READ_TIMEOUT, Fenced
from kubectl_cafe.engine.repairs import Finding, Left, What
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.wheel import Told, Wheel, hold
from kubectl_cafe.pods.settled import patience
from kubectl_cafe.times import rfc3339
from statemachine.record import Failure

TICK = 0.5
"""Seconds after which rules that read a clock are asked again."""
SLACK = 30.0
"""Seconds beyond the rules' own patience for a kubelet to follow."""
LASTING = 5.0
"""Seconds after which a person is told what is awaited."""
OF_THE_RECORD = (What.LOST_RECORD, What.FOREIGN_RECORD)
LATE = "not verified in time, repair it again"
STOPPED = "not repaired: interrupted"


@dataclass(frozen=True)
class Look:
    """One look at what is there to repair."""

    view: View
    rebuilt: Rebuilt | None
    findings: tuple[Finding, ...]


@dataclass
class Repair:
    """The repair of `cafe` by `who`; the observer has its first lists.

    `says` hears of every pod that is brought back, and of what is awaited for long. `stop` is
    set by Ctrl-C: the pod that is under way is finished, and no other one begun.
    """

    transport: Transport
    cafe: CafeDeployment
    observer: Observer
    around: Around
    who: str
    says: Callable[[str], None] = lambda _text: None
    stop: Event = field(default_factory=Event)
    newest: CafeDeployment | None = None

    def look(self, epoch: int = 0) -> Look:
        """What there is; reads only."""
        cafe = self.cafe
        now, at = self.transport.clock.monotonic(), self.transport.server_time()
        memory = self.observer.memory
        around = Around(
            revisions=self.around.revisions,
            workloads=memory.workloads.all(),
            pods=tuple(memory.pods()),
        )
        found = rebuild.rebuild(cafe, around, at=rfc3339(at), who=self.who, epoch=epoch)
        record = found.record if found else cafe.record
        record = record or rebuild.assume(cafe, around, rfc3339(at), epoch)
        known = {revision.name: revision for revision in around.revisions}
        seen = rebuild.with_record(cafe, record)
        view = memory.view(seen, known, now=now, time=at, stopping=False)
        return Look(view, found, repairs.find(cafe, view, found))

    def mend(self, agreed: Iterable[Finding], told: Told) -> list[Left]:
        """Mend what a person has agreed to; what is left of it.

        Raises LeaseHeld (exit 6) while somebody drives, Fenced (6) where a release begins
        meanwhile, and what no retry mends.
        """
        strays = [finding for finding in agreed if finding.what is What.DRIFT]
        others = {finding.key for finding in agreed if finding not in strays}
        left: list[Left] = []
        with hold(self.transport, self.cafe, self.observer, told=told) as wheel:
            self.cafe = self._mend_record(wheel, others, told)
            wheel.driver = self
            if any(what not in OF_THE_RECORD for what, _ in others):
                left += self._mend_pods(wheel, others)
            if strays:
                left += self._bring_back(wheel, strays)
        return left

    # Told from other threads

    def refresh(self) -> None:
        """Read the CR; runs at each renewal of the lease, so a release is seen within 5 s."""
        place = (self.cafe.namespace, self.cafe.name)
        self.newest = journal.read(self.transport, *place, timeout=READ_TIMEOUT)
        self.wake()

    def wake(self) -> None:
        """Look again now."""
        self.observer.memory.wake()

    # The record of the release

    def _mend_record(
        self, wheel: Wheel, keys: Collection[tuple[What, str]], told: Told
    ) -> CafeDeployment:
        """The CafeDeployment's own record first: pods are judged by it."""
        cafe = self.cafe = wheel.cafe
        look = self.look(wheel.epoch)
        if look.rebuilt is not None and (What.LOST_RECORD, cafe.uid) in keys:
            cafe = journal.write(self.transport, cafe, look.rebuilt.record)
            # Whoever drove before the record was lost may still have a write in flight.
            return fence.fence(self.transport, cafe, wheel.epoch, told.fencing)
        if cafe.foreign_record and (What.FOREIGN_RECORD, cafe.uid) in keys:
            return _forget(self.transport, cafe)
        return verbs.take_wheel(self.transport, cafe, wheel.epoch)

    # Its pods

    def _mend_pods(self, wheel: Wheel, keys: Collection[tuple[What, str]]) -> list[Left]:
        """All at once: these only get what keeps them out of traffic taken away."""
        memory, clock = self.observer.memory, self.transport.clock
        begun = clock.monotonic()
        with self._acting(wheel) as actor:
            while True:
                look = self._look_under(wheel)
                _raise_fatal(actor)
                left = [f for f in look.findings if f.key in keys]
                able = [f for f in left if f.mend]
                late = clock.monotonic() > begun + _patience(look.view, able)
                if memory.idle and (not able or late or self.stop.is_set()):
                    return [Left(f, STOPPED if self.stop.is_set() else LATE) for f in left]
                free = (f for f in able if f.uid not in look.view.busy and not late)
                due = (repairs.write(finding, look.view) for finding in free)
                actor.patch([patch for patch in due if patch], frozenset())
                memory.wait(TICK)

    def _bring_back(self, wheel: Wheel, strays: Sequence[Finding]) -> list[Left]:
        """One pod after the other, until one of them fails (C55)."""
        agreed, tried = {finding.uid for finding in strays}, set[str]()
        failed: dict[str, str] = {}
        with self._acting(wheel) as actor:
            while True:
                look = self._look_under(wheel)
                found = {f.uid for f in look.findings if f.what is What.DRIFT and f.mend}
                waiting = agreed & found - tried
                if not waiting or failed or self.stop.is_set():
                    break
                pod = drift.first(look.view, waiting)
                tried.add(pod.uid)
                self.says(f"pod/{pod.name}: on its way back")
                way = drift.begin(pod, look.view, rfc3339(look.view.time))
                if failure := self._carry(wheel, actor, way):
                    failed[pod.uid] = str(failure)
        return _unmended(strays, look.findings, failed, self.stop.is_set())

    def _carry(self, wheel: Wheel, actor: Actor, way: drift.Way) -> Failure | None:
        """One pod to the end of its way; the failure that ended it, if one has."""
        lasting = _Lasting(self.says)
        while True:
            look = self._look_under(wheel)
            due = drift.due(look.view, way)
            failure = _refused(actor) or due.failure
            if failure is not None and way.failure is None:
                way = replace(way, failure=failure)
                continue
            if due.over and self.observer.memory.idle:
                return way.failure
            lasting.waits(due.waits, look.view.now)
            actor.patch([due.patch] if due.patch else [], due.takes)
            self.observer.memory.wait(TICK)

    @contextmanager
    def _acting(self, wheel: Wheel) -> Iterator[Actor]:
        """Writers of pods; whether all they sent is answered decides what becomes of the lease."""
        actor = Actor(self.transport, self.cafe.namespace, self.observer.memory)
        try:
            yield actor
        except BaseException:
            actor.abandon()
            raise
        finally:
            actor.close()
            wheel.answered = actor.answered

    def _look_under(self, wheel: Wheel) -> Look:
        """One more look, unless the wheel is lost, or a release has begun."""
        self.observer.raise_failure()
        if self.transport.before_write is not None:
            self.transport.before_write()
        if self.observer.memory.highest_epoch() > wheel.epoch:
            raise Fenced("a pod was written by a later driver", where=self.cafe.where)
        if self.newest is not None and self.newest.record != self.cafe.record:
            place = f"{self.cafe.name} -n {self.cafe.namespace}"
            raise Fenced(
                "a release has begun, or was moved, meanwhile: whoever drives it goes on with the "
                "pod that was under way",
                where=self.cafe.where,
                hint=f"kubectl cafe status {place}",
            )
        return self.look(wheel.epoch)


@dataclass
class _Lasting:
    """Says what is awaited, once it has been for long; no line for what passes at once."""

    says: Callable[[str], None]
    awaited: tuple[str, ...] = ()
    since: float = 0.0
    said: bool = False

    def waits(self, awaited: tuple[str, ...], now: float) -> None:
        """What is awaited at `now`, in seconds."""
        if awaited != self.awaited:
            self.awaited, self.since, self.said = awaited, now, False
        if awaited and not self.said and now - self.since >= LASTING:
            self.said = True
            self.says(f"  waits for {'; '.join(awaited)}")


def begin(
    transport: Transport,
    cafe: CafeDeployment,
    observer: Observer,
    who: str,
    says: Callable[[str], None] = lambda _text: None,
) -> Repair:
    """A repair of `cafe` as it stands; reads the revisions."""
    around = Around(read_revisions(transport, cafe), workloads=(), pods=())
    return Repair(transport, cafe, observer, around, who, says)


def _unmended(
    strays: Iterable[Finding], found: Iterable[Finding], failed: Mapping[str, str], stopped: bool
) -> list[Left]:
    """What is left of `strays`: the pods that have failed, and those that are `found` as before."""
    still = {finding.uid: finding.found for finding in found}
    others = STOPPED if stopped else "not begun, for another pod has failed" if failed else ""
    left = [finding for finding in strays if finding.uid in (still.keys() | failed.keys())]
    return [Left(f, failed.get(f.uid) or others or still[f.uid]) for f in left]


def _raise_fatal(actor: Actor) -> None:
    if actor.fatal is not None:
        raise actor.fatal[0]


def _refused(actor: Actor) -> Failure | None:
    """The write that the server refuses for good: its pod has failed. Raises anything else."""
    found, actor.fatal = actor.fatal, None
    if found is None:
        return None
    error, patch = found
    if not isinstance(error, Invalid):
        raise error
    return Failure("PatchRefused", f"{error.where}: {error.message}", patch.pod)


def _patience(view: View, findings: Iterable[Finding]) -> float:
    """Seconds for every rule of settling to have spoken, the last resort too (protocol 6)."""
    rules = (
        2 * patience(pod, name, dict.fromkeys(pod.containers))
        for pod in (view.pods[finding.uid] for finding in findings if finding.uid in view.pods)
        for name in pod.containers
    )
    return max(rules, default=0.0) + SLACK


def _forget(transport: Transport, cafe: CafeDeployment) -> CafeDeployment:
    """Remove a record that belongs to another object, from the object that was judged."""
    meta = {
        "uid": cafe.uid,
        "resourceVersion": cafe.resource_version,
        "annotations": {names.RELEASE: None},
    }
    path = paths.cafedeployments(cafe.namespace, cafe.name)
    return CafeDeployment(transport.patch(path, {"metadata": meta}, PatchKind.MERGE))
