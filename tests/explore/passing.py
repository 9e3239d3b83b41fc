"""Time, which passes by steps of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.pods.model import Pod
from kubectl_cafe.release.write_failures import IMAGE
from tests.explore.bench import Bench, Outcome
from tests.explore.policies import IN_FORCE
from tests.explore.state import DEAF, ERA, LONG_AGO, MINUTE, POD, TOUCHES, Moment, aged, later
from tests.explore.state import State as World
from tests.explore.truths import is_truly_off
from tests.memcluster import controllers, kubelet
from tests.memcluster.address import address


@dataclass
class Passing(Bench):
    """However much time may pass next."""

    def patience(self, world: World) -> Iterator[Outcome]:
        """Long enough passes for rules that read a clock, over a pod of which nothing moves.

        Or over one whose kubelet hangs before it reads the spec, or while it pulls: no rule may
        count on more than is shown by then.
        """
        kept = self.worlds.drivers[world.driver].cache
        busy = {self.worlds.writes[n].uid for n, *_ in world.flights}
        workers = dict(world.workers)
        for path, pod in self.of_kind(world, "pods"):
            uid = pod["metadata"]["uid"]
            known, sighting = kept["_pods"].get(uid), kept["_sightings"].get(uid)
            if known is None or uid in busy:
                continue
            if not kubelet.idle(pod, workers[uid]) and not _hangs(known):
                continue
            if known.resource_version != pod["metadata"]["resourceVersion"]:
                continue
            # Where somebody moves generations, a pod that serves may have to settle once more.
            moved = self.scene.touches > world.left[TOUCHES]
            steady = known.ready.status == "True" and not _unfinished(known) and not moved
            if steady or aged(sighting) == sighting:
                continue
            moment = self.worlds.thaw(world)
            assert moment.live is not None
            moment.live.cache._sightings[uid] = aged(sighting)
            yield self.done(f"long enough passes over {address(path).name}", moment)

    def repeats(self, world: World) -> Iterator[Outcome]:
        """Long enough passes in which every write that is repeated fails.

        Not before the write that a driver sends instead: it takes a turn twice a second.
        """
        if not self.repeating(world):
            return
        kept = self.worlds.drivers[world.driver]
        _, reopening, _, _, (mode, since) = kept.refusals
        flights = [self.worlds.flight(one) for one in world.flights]
        sent = {(one.patch.uid, one.patch.what == IMAGE) for one in flights}
        lost = {one.patch.uid for one in flights if one.answer is not None}
        for one in kept.troubles:
            instead = one.image and reopening and one.key not in lost
            if one.of == POD and ((one.key, one.image) not in sent or instead):
                return
        if since == LONG_AGO and all(one.since == LONG_AGO for one in kept.troubles):
            return
        moment = self.worlds.thaw(world)
        live = moment.live
        assert live is not None
        live.driver._refusals._still = (mode, LONG_AGO)
        for one in kept.troubles:
            self.worlds.repeats(live, one._replace(since=LONG_AGO))
        yield self.done("long enough passes over writes that fail", moment)

    def silence(self, world: World) -> Iterator[Outcome]:
        """Two renewals of the lease pass in which the CafeDeployment can't be read."""
        if world.left[DEAF] == IN_FORCE and self.worlds.drivers[world.driver].heard:
            moment = self.worlds.thaw(world)
            assert moment.live is not None
            moment.live.driver._release._heard = LONG_AGO
            yield self.done("the driver has not heard for two renewals", moment)

    def drains(self, world: World) -> Iterator[Outcome]:
        """drainSeconds pass over a pod that the driver has seen off."""
        if not self.scene.strategy.get("drainSeconds"):
            return
        for uid, since in self.worlds.drivers[world.driver].cache["_off_since"].items():
            if since == LONG_AGO:
                continue
            moment = self.worlds.thaw(world)
            _drain(moment, [uid])
            yield self.done(f"drainSeconds pass over {uid}", moment)

    def minute(self, world: World) -> Iterator[Outcome]:
        """A minute passes: minReadySeconds of whatever began before are over, deadlines are not."""
        if world.minute < self.scene.minutes:
            moment = self.worlds.thaw(world)
            if moment.live is not None:
                cache = moment.live.cache
                cache._sightings = {uid: later(s, MINUTE) for uid, s in cache._sightings.items()}
            moment.minute += 1
            yield self.done("a minute passes", moment)

    def deadline(self, world: World) -> Iterator[Outcome]:
        """Every deadline passes."""
        if world.era >= self.scene.eras:
            return
        moment = self.worlds.thaw(world)
        assert moment.live is not None
        cache = moment.live.cache
        aging = {uid: aged(s) for uid, s in cache._sightings.items()}
        cache._sightings = {uid: later(s, ERA) for uid, s in aging.items()}
        _drain(moment, list(cache._off_since))
        moment.era += 1
        yield self.done("every deadline passes", moment)


def _drain(moment: Moment, uids: list[str]) -> None:
    """Make it long since the driver saw these off; those that are off are drained then."""
    assert moment.live is not None
    for uid in uids:
        moment.live.cache._off_since[uid] = LONG_AGO
    for _, item in controllers.of_kind(moment.cluster, "pods"):
        pod = moment.live.cache._pods.get(item["metadata"]["uid"])
        if pod and pod.uid in uids and is_truly_off(moment.cluster, pod):
            moment.drained.add(pod.uid)


def _hangs(known: Pod) -> bool:
    """Whether its kubelet may be stuck for any time: what it shows is older than the spec."""
    before = known.record.before if known.record else {}
    shown = known.containers
    return known.observed < known.generation or any(
        name in shown and shown[name].container_id == one.container_id
        for name, one in before.items()
    )


def _unfinished(pod: Any) -> bool:
    return pod.record is not None and pod.record.phase != "finished"
