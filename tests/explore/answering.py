"""Writes of pods under way: how they arrive, and how they are answered."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.client.errors import ApiError, lost_answer
from tests.explore.bench import Outcome
from tests.explore.effects import Effects
from tests.explore.scenario import StillTrying
from tests.explore.state import (
    DEAF,
    FAULTS,
    POLICY,
    SLOW,
    Flight,
    Live,
    Moment,
    pod_path,
    request_of,
)
from tests.explore.state import State as World
from tests.memcluster.requests import Fault


@dataclass
class Answering(Effects):
    """Whatever may become of a write under way."""

    def answered(self, world: World, number: int, fault: Fault | None) -> Iterator[Outcome]:
        """A write under way arrives, and its answer comes back, or not."""
        patch, took, answer = self.worlds.flight(world.flights[number])
        mine = tuple(n for n in world.objects if self.worlds.objects[n][0] == pod_path(patch.pod))
        judged = world.left[POLICY], world.left[DEAF]
        key = (world.driver, world.passed, "answer", world.flights[number], mine, fault, judged)

        def carry_out(moment: Moment, live: Live) -> None:
            session: Any = live.actor._transport
            session.answer = answer
            try:
                live.actor.carry_out(patch, took)
            except StillTrying:
                live.actor._lost.remove(patch)  # It is lost again when its writer goes on.
                live.settling.append(Flight(patch, took, lost_answer("", pod_path(patch.pod))))

        effect = self.effect(world, key, {1: fault} if fault else {}, carry_out)
        flights = world.flights[:number] + world.flights[number + 1 :]
        moment = self.applied(world._replace(flights=flights), effect)
        moment.left[FAULTS] -= fault is not None
        said = f": {fault.name.lower().replace('_', ' ')}" if fault else ""
        does = f"reaches {patch.pod}" if answer is None else f"to {patch.pod} is answered"
        yield self.done(f"the driver's {patch.what!r} {does}{said}", moment, effect)

    def arrives(self, world: World, number: int) -> Outcome:
        """A write under way arrives, and its answer takes a while."""
        moment, epoch = self.worlds.thaw(world, live=False), self.worlds.record(world.driver).epoch
        moment.left[SLOW] -= 1
        one = moment.flights.pop(number)
        request, answer = request_of(one.patch, epoch), None
        try:
            answer = moment.cluster.patch(request.path, request.body, request.kind)
        except ApiError as error:
            answer = error
        moment.flights.append(one._replace(answer=answer))
        label = f"the driver's {one.patch.what!r} reaches {one.patch.pod}, its answer takes a while"
        return self.done(label, moment, by="driver", epoch=epoch)
