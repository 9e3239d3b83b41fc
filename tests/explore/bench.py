"""What every kind of step needs: the scenario, the states, and how a step ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.assessment.snapshot import Decision, Snapshot
from statemachine.lifecycle import State as ReleaseState
from tests.explore.policies import IN_FORCE, UNLISTED, UNSEEN
from tests.explore.scenario import CAFE, Scenario
from tests.explore.state import DEAF, FAULTS, POLICY, Flight, Live, Moment
from tests.explore.state import State as World
from tests.explore.world import Worlds
from tests.memcluster.address import address
from tests.memcluster.requests import Request, Written

OVER = (ReleaseState.COMPLETED, ReleaseState.ROLLED_BACK, ReleaseState.ABORTED)


@dataclass(frozen=True)
class Effect:
    """What a driver's step did: it depends on what the driver knows and on what it writes to.

    `objects` are those it changed, `flights` the writes it queued, `delayed` those on their way.
    `left`: the driver is gone, and the lease is so. `live` is the driver afterwards; `said` is
    the error by which it leaves.
    """

    live: Live
    epoch: int
    objects: Mapping[str, dict[str, Any]]
    written: list[Written]
    attempted: list[str]
    flights: list[Flight]
    delayed: list[Request]
    left: int | None = None
    killed: bool = False
    ended: bool = False
    raised: BaseException | None = None
    said: str = ""


@dataclass
class Outcome:
    """One step that was taken: what it is called, where it leads, and what it did.

    `before` is the moment's cluster as the step found it, as objects by path. `raised`: the
    product raised what it should not have. `said` is the error by which a driver leaves.
    """

    label: str
    world: World
    written: list[Written]
    looked: list[tuple[Snapshot, Decision]]
    moment: Moment
    by: str = ""
    """driver, late, person, takeover, or empty: the cluster's own."""
    epoch: int = 0
    attempted: list[str] = field(default_factory=list)
    raised: BaseException | None = None
    said: str = ""


@dataclass
class Bench:
    """Where steps are taken. `idle_turns` are drivers that have nothing to do or say."""

    scene: Scenario
    worlds: Worlds
    idle_turns: set[tuple[int, tuple[int, int]]] = field(default_factory=set)
    effects: dict[tuple[object, ...], Effect] = field(default_factory=dict)

    def cafe(self, world: World) -> CafeDeployment:
        """The CafeDeployment as the server has it."""
        for number in world.objects:
            path, item = self.worlds.objects[number]
            if path == CAFE:
                return CafeDeployment(item)
        raise AssertionError("the CafeDeployment is gone")

    def over(self, world: World) -> bool:
        """Whether nobody drives, and nothing is left to drive."""
        cafe = self.cafe(world)
        return world.driver < 0 and (cafe.position.state in OVER or cafe.deleting)

    def deaf(self, world: World) -> bool:
        """Whether drivers can't read the CafeDeployment."""
        return world.left[DEAF] == IN_FORCE

    def unlisted(self, world: World) -> bool:
        """Whether pods can't be listed."""
        return self.scene.policy in (UNSEEN, UNLISTED) and world.left[POLICY] == IN_FORCE

    def loses(self, world: World) -> bool:
        """Whether an answer may be lost now: where there is a policy, while it is in force."""
        in_force = world.left[POLICY] == IN_FORCE or not self.scene.policy
        return in_force and world.left[FAULTS] > 0

    def repeating(self, world: World) -> bool:
        """Whether the driver repeats writes that will go on failing."""
        in_force = world.left[POLICY] == IN_FORCE
        return in_force and bool(self.worlds.drivers[world.driver].troubles)

    def unheard(self, world: World) -> bool:
        """Whether the driver has not read the CafeDeployment for two renewals, and still can't."""
        return self.deaf(world) and not self.worlds.drivers[world.driver].heard

    def done(
        self, label: str, moment: Moment, effect: Effect | None = None, by: str = "", epoch: int = 0
    ) -> Outcome:
        if effect is None:
            written = moment.cluster.written
            attempted = moment.cluster.attempted
            world = self.worlds.freeze(moment)
            return Outcome(label, world, written, [], moment, by, epoch, attempted)
        return Outcome(
            label=label,
            world=self.worlds.freeze(moment),
            written=effect.written,
            looked=effect.live.watcher.views,
            moment=moment,
            by="driver",
            epoch=effect.epoch,
            attempted=effect.attempted,
            raised=effect.raised,
            said=effect.said,
        )

    def of_kind(self, world: World, plural: str) -> list[tuple[str, dict[str, Any]]]:
        found = [self.worlds.objects[number] for number in world.objects]
        return sorted((o for o in found if address(o[0]).plural == plural), key=itemgetter(0))
