"""Carries out repairs under the lease: a snapshot, the writes that are due, again (protocol 10)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event

from msgspec.structs import replace

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Snapshot
from kubectl_cafe.cache.direct_reads import read_revisions
from kubectl_cafe.cache.informers import Observer
from kubectl_cafe.client.transport import Transport
from kubectl_cafe.driver import fencing
from kubectl_cafe.driver.leader import Leader, Progress, lead
from kubectl_cafe.driver.writers import Writers
from kubectl_cafe.hints import cafe_command
from kubectl_cafe.planning import deletion
from kubectl_cafe.planning.around import Around
from kubectl_cafe.pods.restarted import patience
from kubectl_cafe.reconcile import drift
from kubectl_cafe.record import store
from kubectl_cafe.release import moves
from kubectl_cafe.release.held import READ_TIMEOUT, Fenced
from kubectl_cafe.release.write_failures import named
from kubectl_cafe.repair import findings, pod_repairs, rebuilt_record, recreate
from kubectl_cafe.repair.findings import Finding, Unrepaired, What
from kubectl_cafe.repair.long_waits import Lasting
from kubectl_cafe.repair.rebuilt_record import Rebuilt
from kubectl_cafe.repair.unfinished import (
    STOPPED,
    raise_fatal,
    refused,
    refused_watch,
    remaining,
    tired_of,
)
from kubectl_cafe.times import rfc3339
from kubectl_cafe.waits import texts
from statemachine.lifecycle import Trigger
from statemachine.record import Failure

TICK = 0.5
"""Seconds after which rules that depend on time are evaluated again."""
SLACK = 30.0
"""Seconds that a kubelet may take, in addition to the longest time of the rules."""
OF_THE_RECORD = (What.LOST_RECORD, What.FOREIGN_RECORD)
LATE = "not verified in time: run repair again"


@dataclass(frozen=True)
class Look:
    """One snapshot, and the findings in it."""

    snapshot: Snapshot
    rebuilt: Rebuilt | None
    findings: tuple[Finding, ...]


@dataclass
class Repair:
    """The repair of `cafe` by the user `who`; the observer must have its first lists.

    `transport` is for reads; writes go through the leader's session. `says` gets a line for each
    pod that is restored and for long waits. `stop` is set by Ctrl-C: the pod under way is finished,
    and no other one is started.
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
        """The current findings; writes nothing."""
        cafe = self.cafe
        now, at = self.transport.clock.monotonic(), self.transport.server_time()
        cache = self.observer.cache
        around = Around(
            revisions=self.around.revisions,
            workloads=cache.workloads.all(),
            pods=tuple(cache.pods()),
        )
        found = rebuilt_record.rebuild(cafe, around, at=rfc3339(at), who=self.who, epoch=epoch)
        record = found.record if found else cafe.record
        record = record or rebuilt_record.assume(cafe, around, rfc3339(at), epoch)
        known = {revision.name: revision for revision in around.revisions}
        seen = rebuilt_record.with_record(cafe, record)
        snapshot = cache.snapshot(seen, known, now=now, time=at, stopping=False)
        return Look(snapshot, found, findings.find(cafe, snapshot, found))

    def apply(
        self, agreed: Iterable[Finding], progress: Progress, silent: str = ""
    ) -> list[Unrepaired]:
        """Repair the findings in `agreed`; returns those that remain.

        `silent` is the resourceVersion of a lease that was not renewed while it was watched. Raises
        LeaseHeld (exit 6) while a driver holds the lease, Fenced (6) if a release begins meanwhile,
        and errors that no retry resolves.
        """
        deletion.refuse(self.cafe, Trigger.START)
        strays = [finding for finding in agreed if finding.what is What.DRIFT]
        others = {finding.key for finding in agreed if finding not in strays}
        left: list[Unrepaired] = []
        with lead(
            self.transport, self.cafe, self.observer, who=self.who, silent=silent, progress=progress
        ) as leader:
            self.cafe = self._repair_record(leader, others, progress)
            leader.driver = self
            if any(what is What.WORKLOAD for what, _ in others):
                left += self._create(
                    leader, {cell for what, cell in others if what is What.WORKLOAD}
                )
            if any(what not in (*OF_THE_RECORD, What.WORKLOAD) for what, _ in others):
                left += self._repair_pods(leader, others)
            if strays:
                left += self._bring_back(leader, strays)
        return left

    # Called from other threads

    def refresh(self) -> None:
        """Read the CafeDeployment; called at each renewal, so that a release is seen within 5 s."""
        place = (self.cafe.namespace, self.cafe.name)
        self.newest = store.read(self.transport, *place, timeout=READ_TIMEOUT)
        self.wake()

    def wake(self) -> None:
        """Start the next turn now."""
        self.observer.cache.wake()

    # The record of the release

    def _repair_record(
        self, leader: Leader, keys: Collection[tuple[What, str]], progress: Progress
    ) -> CafeDeployment:
        """Repair the CafeDeployment's record; before the pods, because they are assessed by it.

        Returns the CafeDeployment after that.
        """
        cafe = self.cafe = leader.cafe
        look = self.look(leader.epoch)
        if look.rebuilt is not None and (What.LOST_RECORD, cafe.uid) in keys:
            cafe = store.write(leader.transport, cafe, look.rebuilt.record)
            # A driver that ran before the record was lost may still have a write in flight.
            return fencing.fence(
                leader.transport, cafe, leader.epoch, self.who, progress.fencing, progress.slow
            )
        if cafe.foreign_record and (What.FOREIGN_RECORD, cafe.uid) in keys:
            return store.forget(leader.transport, cafe)
        return moves.become_driver(leader.transport, cafe, leader.epoch, self.who)

    def _create(self, leader: Leader, cells: Collection[str]) -> list[Unrepaired]:
        """Create the workloads of `cells`, so that their pods start; returns those not created."""
        with self._acting(leader) as actor:
            left = recreate.create(
                actor.workloads,
                self.cafe,
                cells,
                lambda: self._look_under(leader).snapshot,
                self.stop,
            )
        return [Unrepaired(f, STOPPED if self.stop.is_set() else LATE) for f in left]

    # The pods

    def _repair_pods(self, leader: Leader, keys: Collection[tuple[What, str]]) -> list[Unrepaired]:
        """Repair all pods at once: these repairs take none out of traffic. Returns what remains."""
        cache, clock = self.observer.cache, self.transport.clock
        begun = clock.monotonic()
        with self._acting(leader) as actor:
            while True:
                look = self._look_under(leader)
                raise_fatal(actor)
                if tired := tired_of(actor, look.snapshot.now, begun):
                    raise tired
                left = [f for f in look.findings if f.key in keys and f.what is not What.WORKLOAD]
                able = [f for f in left if f.remedy]
                late = clock.monotonic() > begun + _patience(look.snapshot, able)
                if cache.idle and (not able or late or self.stop.is_set()):
                    return [Unrepaired(f, STOPPED if self.stop.is_set() else LATE) for f in left]
                free = (f for f in able if f.uid not in look.snapshot.busy and not late)
                due = (pod_repairs.write(finding, look.snapshot) for finding in free)
                actor.patch([patch for patch in due if patch], frozenset())
                cache.wait(TICK)

    def _bring_back(self, leader: Leader, strays: Sequence[Finding]) -> list[Unrepaired]:
        """Restore pods that have drifted, one by one, until one fails (C55); returns those left."""
        agreed, tried = {finding.uid for finding in strays}, set[str]()
        failed: dict[str, str] = {}
        with self._acting(leader) as actor:
            while True:
                look = self._look_under(leader, blind=bool(failed))
                found = {f.uid for f in look.findings if f.what is What.DRIFT and f.remedy}
                waiting = agreed & found - tried
                if not waiting or failed or self.stop.is_set():
                    break
                pod = drift.first(look.snapshot, waiting)
                tried.add(pod.uid)
                self.says(f"pod/{pod.name}: restoring")
                way = drift.begin(pod, look.snapshot, rfc3339(look.snapshot.time))
                if failure := self._carry(leader, actor, way):
                    failed[pod.uid] = str(failure)
        return remaining(strays, look.findings, failed, self.stop.is_set())

    def _carry(self, leader: Leader, actor: Writers, way: drift.PodRepair) -> Failure | None:
        """Restore one pod; returns the failure that ended its repair, if any."""
        lasting = Lasting(self.says, self.transport.clock.monotonic())
        while True:
            look = self._look_under(leader, blind=True)
            unseen = refused_watch(self.observer.refusal())
            actor.blind = unseen is not None
            if not unseen and self.observer.read_missing(look.snapshot):
                continue
            due = drift.due(look.snapshot, way)
            failure = refused(actor, way) or due.failure or unseen
            if tired := tired_of(actor, look.snapshot.now, lasting.begun):
                if way.failure is not None:
                    raise tired
                failure = failure or Failure("WriteFailed", tired.message)
            if failure is not None and way.failure is None:
                way, lasting.begun = replace(way, failure=failure), look.snapshot.now
                continue
            if due.over and self.observer.cache.idle:
                return way.failure
            if way.failure and unseen and not due.patch and self.observer.cache.idle:
                left = f"{way.failure.message}; the pod stays out of traffic"
                return replace(way.failure, message=left)
            awaited = (*named(actor.troubles.all().values()), *texts(due.waits))
            lasting.waits(awaited, look.snapshot.now)
            actor.patch([due.patch] if due.patch else [], due.takes)
            self.observer.cache.wait(TICK)

    @contextmanager
    def _acting(self, leader: Leader) -> Iterator[Writers]:
        """Writers of pods; afterwards `leader.answered` shows whether the lease may be released."""
        actor = Writers(leader.transport, self.cafe.namespace, self.observer.cache)
        try:
            yield actor
        except BaseException:
            actor.abandon()
            raise
        finally:
            actor.close()
            leader.answered = actor.answered

    def _look_under(self, leader: Leader, *, blind: bool = False) -> Look:
        """The current findings; raises an error if the lease is lost or a release has begun.

        `blind`: continue after a watch was refused permanently, although its objects may be stale.
        """
        if (refusal := self.observer.refusal()) is not None and not blind:
            raise refusal
        leader.transport.check_lease()
        if self.observer.cache.highest_epoch() > leader.epoch:
            raise Fenced("a pod was written by a later driver", where=self.cafe.where)
        if self.newest is not None and self.newest.record != self.cafe.record:
            raise Fenced(
                "a release has started or changed its state meanwhile: its driver continues with "
                "the pod in flight",
                where=self.cafe.where,
                hint=cafe_command("status", self.cafe.name, self.cafe.namespace),
            )
        return self.look(leader.epoch)


def begin(
    transport: Transport,
    cafe: CafeDeployment,
    observer: Observer,
    who: str,
    says: Callable[[str], None] = lambda _text: None,
) -> Repair:
    """A repair of the current `cafe`; reads the revisions."""
    around = Around(read_revisions(transport, cafe), workloads=(), pods=())
    return Repair(transport, cafe, observer, around, who, says)


def _patience(snapshot: Snapshot, findings: Iterable[Finding]) -> float:
    """Seconds after which every container of the pods with findings has settled (protocol 6).

    This is the longest time of rule c, as for an imageID that the pod had before, and SLACK.
    """
    rules = (
        2 * patience(pod, name, dict.fromkeys(pod.containers))
        for pod in (
            snapshot.pods[finding.uid] for finding in findings if finding.uid in snapshot.pods
        )
        for name in pod.containers
    )
    return max(rules, default=0.0) + SLACK
