"""What people say, and what other clients do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.client.errors import ApiError
from kubectl_cafe.errors import Refused
from kubectl_cafe.record import store
from kubectl_cafe.release import moves, start
from kubectl_cafe.release.start import Mover
from statemachine.lifecycle import IllegalMove, State, Trigger, legal
from tests.explore import opening
from tests.explore.bench import Bench, Outcome
from tests.explore.scenario import CAFE, NAME, SPACE, template
from tests.explore.state import VERBS
from tests.explore.state import State as World


@dataclass
class People(Bench):
    """Whatever people may do next."""

    def people_steps(self, world: World, cafe: CafeDeployment) -> Iterator[Outcome]:
        if self.scene.drives and world.driver < 0 and not world.news:
            moment = self.worlds.thaw(world, live=False)
            moment.left[VERBS] -= 1
            moment.news = True
            yield self.done("bob: drive", moment)
        can = set(legal(cafe.position.state))
        for trigger in self.scene.verbs:
            if trigger in can:
                yield from self.said(world, trigger)
        if self.scene.forced and cafe.position.state in (State.FAILED, State.ABORTING):
            yield from self.said(world, Trigger.ABORT, forced=True)

    def said(self, world: World, trigger: Trigger, *, forced: bool = False) -> Iterator[Outcome]:
        """A verb, recorded for whoever drives (--detach); nothing where it is refused."""
        moment = self.worlds.thaw(world, live=False)
        cluster: Any = moment.cluster
        moment.left[VERBS] -= 1
        cafe = store.read(cluster, SPACE, NAME)
        before, who = cafe.resource_version, Mover("bob")
        try:
            if trigger is Trigger.ROLLBACK:
                moves.roll_back(cluster, cafe, opening.around(cluster, cafe), who, fast=False)
            elif trigger is Trigger.ABORT:
                moves.abort(cluster, cafe, who, force=forced)
            elif trigger is Trigger.CONFIRM:
                moves.confirm(cluster, cafe, who, None)
            elif trigger is Trigger.RESUME:
                moves.resume(cluster, cafe, who)
            elif trigger is Trigger.SUPERSEDE:
                self._supersede(cluster, cafe, who)
            else:
                moves.record_move(cluster, cafe, trigger, who)
        except (ApiError, Refused, IllegalMove):
            return
        if cluster.objects[CAFE]["metadata"]["resourceVersion"] == before:
            return
        moment.news = True
        yield self.done(f"bob: {trigger}{' --force' if forced else ''}", moment, by="person")

    def _supersede(self, cluster: Any, cafe: CafeDeployment, who: Mover) -> None:
        start.secrets.next = "2"
        wanted = template(self.scene, "app:v3")
        opening.release(cluster, cafe, wanted, Trigger.SUPERSEDE, who.who)
        start.secrets.next = "1"
