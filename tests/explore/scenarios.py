"""The searches that are made, small ones for every test run and larger ones for `make explore`."""

from __future__ import annotations

from statemachine.lifecycle import Trigger
from tests.explore.scenario import Scenario

VERBS = (
    Trigger.PAUSE,
    Trigger.RESUME,
    Trigger.CONFIRM,
    Trigger.RETRY,
    Trigger.ROLLBACK,
    Trigger.ABORT,
)
ONE_CELL = {"CellA": 2}
CONFIRMED = {"maxUnavailable": 1, "needWaitingForConfirm": True}

SMALL = (
    Scenario("plain", lag=True),
    Scenario("a crash", crashes=1, lag=True),
    Scenario("without a Service", served=False, crashes=1),
    Scenario("lost answers", faults=1),
    Scenario("a stranger, one pod", cells={"CellA": 1}, deletions=1, lag=True),
    Scenario("a verb", verbs=VERBS, said=1, forced=True),
    Scenario("a verb and a crash, one pod", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
    Scenario("two verbs, one pod", cells={"CellA": 1}, verbs=VERBS, said=2, forced=True),
    Scenario("confirmed groups", cells=ONE_CELL, strategy=CONFIRMED, verbs=VERBS, said=1),
    Scenario("no such image", image="app:missing", verbs=VERBS, said=1, crashes=1, forced=True),
    Scenario("a crashing image", image="app:crash", cells={"CellA": 1}, verbs=VERBS, said=1),
    Scenario("a stranger's image", cells={"CellA": 1}, edits=1, crashes=1),
    Scenario("a stranger's image without a switch", mode="None", cells={"CellA": 1}, edits=1),
    Scenario(
        "a pause and a lost answer",
        cells={"CellA": 1},
        verbs=(Trigger.PAUSE, Trigger.RESUME),
        said=2,
        faults=1,
    ),
    Scenario("a restart", cells={"CellA": 1}, restarts=1, crashes=1),
    Scenario("a restart without a switch", mode="None", cells={"CellA": 1}, restarts=1, crashes=1),
    Scenario("labels", mode="Label", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
    Scenario("no traffic switch", mode="None", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
)
"""A test run makes all of them."""

LARGE = (
    Scenario("two edits and a crash", cells={"CellA": 1}, edits=2, crashes=1),
    Scenario("two verbs, seen late", cells={"CellA": 1}, verbs=VERBS, said=2, lag=True),
    Scenario("a stranger, two pods", deletions=1),
    Scenario("a verb, seen late", verbs=VERBS, said=1, lag=True),
    Scenario("two crashes", crashes=2, lag=True),
    Scenario("a verb and a crash", verbs=VERBS, said=1, crashes=1, lag=True, forced=True),
    Scenario("a verb and a lost answer", verbs=VERBS, said=1, faults=1),
    Scenario("two verbs", verbs=VERBS, said=2, lag=True, forced=True),
    Scenario("a crash and a stranger", crashes=1, deletions=1, lag=True),
    Scenario("a verb and a stranger", verbs=VERBS, said=1, deletions=1, lag=True),
    Scenario("both at once", strategy={"maxUnavailable": 2}, verbs=VERBS, said=1, crashes=1),
    Scenario("labels, two pods", mode="Label", verbs=VERBS, said=1, crashes=1, lag=True),
    Scenario("no switch, two pods", mode="None", verbs=VERBS, said=2, crashes=1, lag=True),
    Scenario(
        "superseded", cells={"CellA": 1}, verbs=(*VERBS, Trigger.SUPERSEDE), said=2, crashes=1
    ),
)
"""`make explore` makes these as well."""


def by_name(name: str) -> Scenario:
    """The scenario called `name`."""
    return next(scene for scene in (*SMALL, *LARGE) if scene.name == name)
