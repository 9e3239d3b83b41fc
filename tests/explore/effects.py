"""What a driver's step does: tried once, as the same driver in the same place does the same."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast

from kubectl_cafe.errors import CafeError
from kubectl_cafe.planning.deletion import BeingDeleted
from kubectl_cafe.release.held import Fenced
from tests.explore.bench import Bench, Effect
from tests.explore.policies import Unwatched
from tests.explore.scenario import CAFE, StillTrying
from tests.explore.state import FREE, LEFT, Flight, Live, Moment, request_of
from tests.explore.state import State as World
from tests.memcluster.requests import Fault, Killed

REMEMBERED = 20_000
"""Effects of drivers' steps that are remembered at once."""


@dataclass
class Effects(Bench):
    """Tries a driver's step, and applies what it did."""

    def effect(
        self,
        world: World,
        key: tuple[object, ...],
        faults: dict[int, Fault],
        act: Callable[[Moment, Live], bool | None],
    ) -> Effect:
        """What `act` does, tried once: the same driver in the same place does the same."""
        if (known := self.effects.get(key)) is not None:
            return known
        moment = self.worlds.thaw(world)
        live, cluster = moment.live, moment.cluster
        assert live is not None
        before, cluster.faults = dict(cluster.objects), faults
        cluster.unreadable = CAFE if self.deaf(world) else ""
        if self.unlisted(world):
            live.driver._observer._transport = cast(Any, Unwatched())
        epoch = live.driver._release.record.epoch
        left, killed, ended, raised, said = None, False, False, None, ""
        try:
            ended = bool(act(moment, live))
            if ended:
                left = FREE if live.actor.answered else LEFT
        except StillTrying:
            pass  # What it repeats is judged anew by its next turn.
        except Killed:
            left, killed = LEFT, True
        except CafeError as error:
            live.actor.abandon()
            left = FREE if live.actor.answered else LEFT
            fenced = bool(self.scene.overtaken) and isinstance(error, Fenced)
            raised = None if fenced or _leaves(live, error) else error
            ended, said = raised is None, str(error)
        except Exception as error:
            left, raised = LEFT, error
            live.actor.abandon()
        flights = []
        while not live.actor.queue.empty():
            job = live.actor.queue.get_nowait()
            assert job is not None
            flights.append(Flight(*job))
        flights += live.settling
        effect = Effect(
            live=live,
            epoch=epoch,
            objects={p: o for p, o in cluster.objects.items() if before.get(p) is not o},
            written=cluster.written,
            attempted=cluster.attempted,
            flights=flights,
            delayed=[replace(one, epoch=epoch) for one in cluster.delayed],
            left=left,
            killed=killed,
            ended=ended,
            raised=raised,
            said=said,
        )
        # What was read beside the watches is not in the key.
        decisions = [decision for _, decision in live.watcher.views]
        if not any(one.sweep or one.others or one.nodes or one.slices for one in decisions):
            if len(self.effects) >= REMEMBERED:
                self.effects.clear()
            self.effects[key] = effect
        return effect

    def applied(self, world: World, effect: Effect) -> Moment:
        """`world` after `effect`."""
        moment = self.worlds.thaw(world, live=False)
        moment.cluster.objects.update(effect.objects)
        moment.live, moment.kept = effect.live, -1
        moment.flights += effect.flights
        moment.late += effect.delayed
        if effect.left is not None:
            self.leave(moment, effect.left, effect.epoch)
            moment.news = not effect.ended
        return moment

    def leave(self, moment: Moment, lease: int, epoch: int) -> None:
        """The driver is gone; what it has under way may arrive at any time."""
        moment.late += [request_of(one.patch, epoch) for one in moment.flights if one.may_arrive]
        moment.flights.clear()
        moment.drained.clear()  # Whoever comes next drains again, by its own clock.
        moment.live, moment.kept, moment.lease, moment.news = None, -1, lease, True


def _leaves(live: Live, error: CafeError) -> bool:
    """Whether the driver ends by what it is meant to end by: a refusal, or a deletion."""
    return isinstance(error, BeingDeleted) or live.driver._refusals.end is not None
