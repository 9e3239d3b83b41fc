"""Carrying repairs out: look, write what is due, look again, under the lease (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Event

from kubectl_cafe.cluster.transport import Transport
from kubectl_cafe.engine import deletion, drift, fence, journal, rebuild, recreating, repairs, verbs
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.lasting import Lasting
from kubectl_cafe.engine.look import read_revisions
from kubectl_cafe.engine.observe import Observer
from kubectl_cafe.engine.proposal import Around
from kubectl_cafe.engine.rebuild import Rebuilt
from kubectl_cafe.engine.release import READ_TIMEOUT, Fenced
from kubectl_cafe.engine.repairs import Finding, Left, What
from kubectl_cafe.engine.trouble import named
from kubectl_cafe.engine.unrepaired import (
    STOPPED,
    raise_fatal,
    refused,
    refused_watch,
    tired_of,
    unmended,
)
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.wheel import Told, Wheel, hold
from kubectl_cafe.pods.settled import patience
from kubectl_cafe.times import rfc3339
from statemachine.lifecycle import Trigger
from statemachine.record import Failure

TICK = 0.5
"""Seconds after which rules that read a clock are asked again."""
SLACK = 30.0
"""Seconds beyond the rules' own patience for a kubelet to follow."""
OF_THE_RECORD = (What.LOST_RECORD, What.FOREIGN_RECORD)
LATE = "not verified in time, repair it again"


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

    def mend(self, agreed: Iterable[Finding], told: Told, silent: str = "") -> list[Left]:
        """Mend what a person has agreed to; what is left of it.

        `silent` is the resourceVersion of a lease that was watched for its whole duration.

        Raises LeaseHeld (exit 6) while somebody drives, Fenced (6) where a release begins
        meanwhile, and what no retry mends.
        """
        deletion.refuse(self.cafe, Trigger.START)
        strays = [finding for finding in agreed if finding.what is What.DRIFT]
        others = {finding.key for finding in agreed if finding not in strays}
        left: list[Left] = []
        with hold(self.transport, self.cafe, self.observer, silent=silent, told=told) as wheel:
            self.cafe = self._mend_record(wheel, others, told)
            wheel.driver = self
            if any(what is What.WORKLOAD for what, _ in others):
                left += self._create(
                    wheel, {cell for what, cell in others if what is What.WORKLOAD}
                )
            if any(what not in (*OF_THE_RECORD, What.WORKLOAD) for what, _ in others):
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
            return fence.fence(self.transport, cafe, wheel.epoch, told.fencing, told.slow)
        if cafe.foreign_record and (What.FOREIGN_RECORD, cafe.uid) in keys:
            return journal.forget(self.transport, cafe)
        return verbs.take_wheel(self.transport, cafe, wheel.epoch)

    def _create(self, wheel: Wheel, cells: Collection[str]) -> list[Left]:
        """The workloads of `cells` first: their pods come up meanwhile."""
        with self._acting(wheel) as actor:
            left = recreating.create(
                actor, self.cafe, cells, lambda: self._look_under(wheel).view, self.stop
            )
        return [Left(f, STOPPED if self.stop.is_set() else LATE) for f in left]

    # Its pods

    def _mend_pods(self, wheel: Wheel, keys: Collection[tuple[What, str]]) -> list[Left]:
        """All at once: these only get what keeps them out of traffic taken away."""
        memory, clock = self.observer.memory, self.transport.clock
        begun = clock.monotonic()
        with self._acting(wheel) as actor:
            while True:
                look = self._look_under(wheel)
                raise_fatal(actor)
                if tired := tired_of(actor, look.view.now, begun):
                    raise tired
                left = [f for f in look.findings if f.key in keys and f.what is not What.WORKLOAD]
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
                look = self._look_under(wheel, blind=bool(failed))
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
        return unmended(strays, look.findings, failed, self.stop.is_set())

    def _carry(self, wheel: Wheel, actor: Actor, way: drift.Way) -> Failure | None:
        """One pod to the end of its way; the failure that ended it, if one has."""
        lasting = Lasting(self.says, self.transport.clock.monotonic())
        while True:
            look = self._look_under(wheel, blind=True)
            unseen = refused_watch(self.observer.refusal())
            actor.blind = unseen is not None
            if not unseen and self.observer.read_missing(look.view):
                continue
            due = drift.due(look.view, way)
            failure = refused(actor, way) or due.failure or unseen
            if tired := tired_of(actor, look.view.now, lasting.begun):
                if way.failure is not None:
                    raise tired
                failure = failure or Failure("WriteFailed", tired.message)
            if failure is not None and way.failure is None:
                way, lasting.begun = replace(way, failure=failure), look.view.now
                continue
            if due.over and self.observer.memory.idle:
                return way.failure
            if way.failure and unseen and not due.patch and self.observer.memory.idle:
                left = f"{way.failure.message}; the pod is left out of traffic"
                return replace(way.failure, message=left)
            awaited = (*named(actor.troubles.all().values()), *due.waits)
            lasting.waits(awaited, look.view.now)
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

    def _look_under(self, wheel: Wheel, *, blind: bool = False) -> Look:
        """One more look, unless the wheel is lost, or a release has begun.

        `blind`: even where a watch was refused for good, which is then old.
        """
        if (refusal := self.observer.refusal()) is not None and not blind:
            raise refusal
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


def _patience(view: View, findings: Iterable[Finding]) -> float:
    """Seconds for every rule of settling to have spoken, the last resort too (protocol 6)."""
    rules = (
        2 * patience(pod, name, dict.fromkeys(pod.containers))
        for pod in (view.pods[finding.uid] for finding in findings if finding.uid in view.pods)
        for name in pod.containers
    )
    return max(rules, default=0.0) + SLACK
