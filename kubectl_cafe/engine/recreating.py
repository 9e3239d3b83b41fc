"""Creating workloads that are gone while no release is under way: `repair` does it after a yes."""

from __future__ import annotations

from collections.abc import Callable, Collection
from threading import Event

from kubectl_cafe.engine import repairs, stages
from kubectl_cafe.engine.act import Actor
from kubectl_cafe.engine.cafedeployment import CafeDeployment
from kubectl_cafe.engine.repairs import Finding
from kubectl_cafe.engine.view import View

PATIENCE = 30.0
"""Seconds for the workloads to be created and seen by their watch."""
EVERY = 0.5
"""Seconds between two looks."""


def create(
    actor: Actor,
    cafe: CafeDeployment,
    cells: Collection[str],
    look: Callable[[], View],
    stop: Event,
) -> list[Finding]:
    """Create the workloads of `cells` with their planned pods; those that are still gone.

    Raises Invalid, Forbidden and NotOurs where the server refuses one.
    """
    view = look()
    late = view.now + PATIENCE
    while left := [f for f in repairs.of_workloads(cafe, view) if f.uid in cells]:
        if view.now > late or stop.wait(EVERY):
            break
        actor.write_workloads(stages.creations(view, cells), lambda _what: None)
        view = look()
    return left
