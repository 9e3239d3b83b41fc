"""Carrying repairs out: look, write what is due, look again, under the lease (protocol 10)."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from kubectl_cafe import names
from kubectl_cafe.cluster import paths
from kubectl_cafe.cluster.transport import PatchKind, Transport
from kubectl_cafe.engine import fence, journal, rebuild, repairs, start, verbs
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.observe import Observer
from kubectl_cafe.engine.proposal import Around
from kubectl_cafe.engine.rebuild import Rebuilt
from kubectl_cafe.engine.release import Fenced
from kubectl_cafe.engine.repairs import Finding, What
from kubectl_cafe.engine.view import View
from kubectl_cafe.engine.wheel import Told, Wheel, hold
from kubectl_cafe.pods.settled import patience
from kubectl_cafe.times import rfc3339

TICK = 0.5
"""Seconds after which rules that read a clock are asked again."""
SLACK = 30.0
"""Seconds beyond the rules' own patience for a kubelet to follow."""
OF_THE_RECORD = (What.LOST_RECORD, What.FOREIGN_RECORD)


@dataclass(frozen=True)
class Look:
    """One look at what is there to repair."""

    view: View
    rebuilt: Rebuilt | None
    findings: tuple[Finding, ...]


@dataclass
class Repair:
    """The repair of one CafeDeployment by `who`; the observer has its first lists."""

    transport: Transport
    observer: Observer
    around: Around
    who: str

    def look(self, cafe: CafeDeployment, epoch: int = 0) -> Look:
        """What there is; reads only."""
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

    def mend(
        self, cafe: CafeDeployment, agreed: Iterable[Finding], told: Told
    ) -> tuple[Finding, ...]:
        """Mend what a person has agreed to; what is left of it.

        Raises LeaseHeld (exit 6) while somebody drives, and what no retry mends.
        """
        keys = {finding.key for finding in agreed}
        with hold(self.transport, cafe, self.observer, told=told) as wheel:
            cafe = self._mend_record(wheel, keys, told)
            if any(what not in OF_THE_RECORD for what, _ in keys):
                return self._mend_pods(wheel, cafe, keys)
            return ()

    def _mend_record(
        self, wheel: Wheel, keys: Collection[tuple[What, str]], told: Told
    ) -> CafeDeployment:
        """The CafeDeployment's own record first: pods are judged by it."""
        cafe = wheel.cafe
        look = self.look(cafe, wheel.epoch)
        if look.rebuilt is not None and (What.LOST_RECORD, cafe.uid) in keys:
            cafe = journal.write(self.transport, cafe, look.rebuilt.record)
            # Whoever drove before the record was lost may still have a write in flight.
            return fence.fence(self.transport, cafe, wheel.epoch, told.fencing)
        if cafe.foreign_record and (What.FOREIGN_RECORD, cafe.uid) in keys:
            return _forget(self.transport, cafe)
        return verbs.take_wheel(self.transport, cafe, wheel.epoch)

    def _mend_pods(
        self, wheel: Wheel, cafe: CafeDeployment, keys: Collection[tuple[What, str]]
    ) -> tuple[Finding, ...]:
        memory, clock = self.observer.memory, self.transport.clock
        actor = Actor(self.transport, cafe.namespace, memory)
        begun = clock.monotonic()
        try:
            while True:
                look = self._look_under(wheel, cafe, actor)
                left = tuple(f for f in look.findings if f.key in keys)
                able = [f for f in left if f.mend]
                late = clock.monotonic() > begun + _patience(look.view, able)
                if memory.idle and (not able or late):
                    return left
                free = (f for f in able if f.uid not in look.view.busy and not late)
                due = (repairs.write(finding, look.view) for finding in free)
                actor.patch([patch for patch in due if patch], frozenset())
                memory.wait(TICK)
        except BaseException:
            actor.abandon()
            raise
        finally:
            actor.close()
            wheel.answered = actor.answered

    def _look_under(self, wheel: Wheel, cafe: CafeDeployment, actor: Actor) -> Look:
        """One more look, unless the wheel is lost."""
        self.observer.raise_failure()
        if self.transport.before_write is not None:
            self.transport.before_write()
        if self.observer.memory.highest_epoch() > wheel.epoch:
            raise Fenced("a pod was written by a later driver", where=cafe.where)
        if actor.fatal is not None:
            raise actor.fatal[0]
        return self.look(cafe, wheel.epoch)


def begin(transport: Transport, cafe: CafeDeployment, observer: Observer, who: str) -> Repair:
    """A repair of `cafe` as it stands; reads the revisions."""
    around = Around(start.read_revisions(transport, cafe), workloads=(), pods=())
    return Repair(transport, observer, around, who)


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
