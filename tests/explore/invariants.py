"""What must hold in every state and of every write (protocol 11), judged by the truth.

The engine judges by what it has seen; here the runtimes themselves are asked. What an engine
can't have seen (a crash a moment ago, a pod that was just born) is held against nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.pods.model import Pod
from kubectl_cafe.pods.record import Phase
from statemachine.lifecycle import State
from tests.explore.beginnings import over_restarted, under_deletion, unheard
from tests.explore.bench import Outcome
from tests.explore.endings import Ending
from tests.explore.keeping import kept
from tests.explore.policies import TO_COME, UNLISTED, UNSEEN
from tests.explore.scenario import CAFE
from tests.explore.state import POLICY
from tests.explore.state import State as World
from tests.explore.steps import Steps
from tests.explore.truths import (
    anywhere,
    committed,
    decided,
    ours,
    outstanding,
    ready_endpoints,
    ready_endpoints_of,
    touches,
)
from tests.explore.writing import Then
from tests.memcluster import kubelet
from tests.memcluster.address import address
from tests.memcluster.requests import Written

Json = Mapping[str, Any]


@dataclass
class Invariants:
    """Judges steps."""

    steps: Steps

    def broken(self, before: World, outcome: Outcome) -> list[str]:
        """What the step broke; usually nothing."""
        if outcome.raised is not None:
            return [f"the engine raised {outcome.raised!r}"]
        if not outcome.by and "deletes" in outcome.label:
            return list(self._deletes(before, outcome))
        if not outcome.by:
            return list(self._kills(before, outcome)) if "kubelet" in outcome.label else []
        then = Then(self.steps, before)
        found: list[str] = []
        # The answer to a write of the CafeDeployment shows it as well as a read does.
        told = any(write.path == CAFE for write in outcome.written)
        deaf = before.driver >= 0 and self.steps.unheard(before) and not told
        for snapshot, decision in outcome.looked:
            found += decided(snapshot, decision)
            found += over_restarted(snapshot, decision)
            found += kept(snapshot)
            found += unheard(snapshot, decision) if deaf else ()
            if not (self.steps.scene.edits or self.steps.scene.templates):
                found += committed(snapshot, decision)
        for write in outcome.written:
            found += anywhere(write)
            plural = address(write.path).plural
            if touches(write):
                pass
            elif plural == "pods":
                found += then.pod_written(write, outcome)
            elif plural == "replicasets":
                found += then.workload_written(write, outcome)
            elif plural == "cafedeployments" and outcome.by == "driver":
                found += self._moved(write, outcome)  # A late one was true when it was judged.
            elif plural == "cafedeployments" and outcome.by == "person":
                found += under_deletion(write)
            then.apply(write)
        # A driver that leaves by itself is no news.
        if outcome.by == "driver" and outcome.world.driver < 0 and not outcome.world.news:
            found += self._left(outcome)
        return found

    def parse(self, pod: Json) -> Pod:
        """The pod as the engine parses it."""
        return self.steps.worlds.pods.parse(pod)

    def _kills(self, before: World, outcome: Outcome) -> Iterator[str]:
        """A container that runs is killed: nobody may send it requests any more (I1)."""
        scene = self.steps.scene
        if scene.mode == "None" or scene.edits or kubelet.Move.ACT not in outcome.label:
            return  # Where another client patches images, it is not ours to keep traffic off.
        workers = dict(before.workers)
        cluster = outcome.moment.cluster
        for uid, worker in outcome.moment.workers.items():
            old = workers[uid]
            if old == worker or not any(
                r.state == kubelet.RUNNING and r.name == old.acting[0] for r in old.containers
            ):
                continue
            if uid in ready_endpoints(cluster):
                yield f"I1: a container of {uid} is killed while an endpoint is ready"

    def _deletes(self, before: World, outcome: Outcome) -> Iterator[str]:
        """A ReplicaSet's controller deletes a pod for a scale-in: it is not in traffic (I1).

        A pod whose kubelet says that it is not ready may go before the one that was drained.
        """
        scene = self.steps.scene
        if scene.more >= 0 or scene.mode == "None" or scene.scaled:
            return
        then = Then(self.steps, before)
        ready = ready_endpoints_of(then.objects)
        going = outcome.moment.cluster.objects
        for path, old in then.objects.items():
            new = going.get(path)
            if address(path).plural != "pods" or new is None or old["metadata"]["uid"] not in ready:
                continue
            if self.parse(old).ready.status != "True":
                continue
            if "deletionTimestamp" in new["metadata"] and "controller of" in outcome.label:
                yield f"I1: {old['metadata']['name']} is deleted while an endpoint is ready"

    def _left(self, outcome: Outcome) -> Iterator[str]:
        """A driver leaves by itself: no pod is left drained, unless its deadline has passed.

        Nor one that it doesn't see, or whose ReplicaSet was taken from us. Where the write that
        reopens it is refused, the driver's error names it. An abort by force leaves pods drained;
        whether another abort does is asked of the move that ends it (`Ending`).
        """
        if outcome.world.era:
            return
        record = self.steps.cafe(outcome.world).record
        if self.steps.scene.forced and record is not None and record.state is State.ABORTED:
            return
        scene, left = self.steps.scene, outcome.world.left[POLICY]
        refused = scene.policy and left < TO_COME and scene.about in ("pods", "all")
        blind = scene.policy in (UNSEEN, UNLISTED)  # Its writes go on: what restarts can't be seen.
        for pod in map(self.parse, ours(outcome.moment.cluster)):
            drained = pod.record and pod.record.phase is Phase.DRAINED and not pod.terminating
            may_stay = outstanding(pod, outcome.moment.workers[pod.uid]) if blind else refused
            if drained and not (may_stay and pod.name in outcome.said):
                yield f"I12: the driver leaves, and {pod.name} is drained"

    def _moved(self, write: Written, outcome: Outcome) -> Iterator[str]:
        """A group or the release has ended: what it says of the pods is true."""
        assert write.new is not None
        new = CafeDeployment(write.new).record
        old = write.old and CafeDeployment(write.old).record
        if not new or not old:
            return
        moment = outcome.moment
        ending = Ending(
            scene=self.steps.scene,
            old=old,
            new=new,
            goal=self.steps.worlds.revisions(moment.cluster)[new.to_revision],
            cluster=moment.cluster,
            pods=tuple(map(self.parse, ours(moment.cluster))),
            workers=moment.workers,
        )
        yield from ending.broken()
