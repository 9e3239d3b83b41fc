"""Two drivers: one goes on although its lease has run out, and another takes over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tests.explore.bench import Outcome
from tests.explore.driving import Driving
from tests.explore.state import LEFT, OVERTAKEN
from tests.explore.state import State as World


@dataclass
class Overtaking(Driving):
    """What a driver does whose lease another one holds."""

    def overtaken(self, world: World) -> Outcome:
        """The driver's lease runs out, and it goes on: a machine that slept."""
        left = tuple(n - (i == OVERTAKEN) for i, n in enumerate(world.left))
        after = world._replace(driver=-1, flights=(), lease=LEFT, news=True, left=left, drained=())
        after = after._replace(other=world.driver, other_flights=world.flights)
        moment = self.worlds.thaw(after)
        return Outcome("the driver's lease runs out, and it goes on", after, [], [], moment)

    def others_steps(self, world: World) -> Iterator[Outcome]:
        """What a driver does whose lease has run out: nothing of the lease is its own any more."""
        for outcome in self.driver_steps(_swapped(world)):
            after = _swapped(outcome.world)._replace(lease=world.lease, news=world.news)
            yield replace(outcome, world=after, label=f"the overtaken one: {outcome.label}")


def _swapped(world: World) -> World:
    """`world` with the driver in the place of the one that was overtaken, and the reverse."""
    return world._replace(
        driver=world.other,
        flights=world.other_flights,
        other=world.driver,
        other_flights=world.flights,
    )
