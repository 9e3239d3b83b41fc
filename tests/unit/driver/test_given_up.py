"""A pod whose image can't be patched is reopened; where nothing changes by that, it is left."""

from __future__ import annotations

from statemachine.lifecycle import State
from tests.unit.driver.test_refusals import refusals, tried


def test_an_image_patch_that_still_fails_after_the_reopening_began_bars_its_pod() -> None:
    ours, _ = refusals()
    tried(ours, 100.0, State.PAUSED, image=True)
    barred = [tried(ours, now, State.PAUSED, image=True).barred for now in (130.0, 159.0, 160.0)]
    assert (ours.reopening, barred) == (True, [frozenset(), frozenset(), {"uid-a"}])
