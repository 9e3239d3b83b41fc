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
BACK, END, STOP = (Trigger.ROLLBACK,), (Trigger.ABORT,), (Trigger.PAUSE,)
ONE_CELL = {"CellA": 2}
THREE_PODS = {"CellA": 1, "CellB": 1, "CellC": 1}
ONE_POD = {"CellA": 1}
CONFIRMED = {"maxUnavailable": 1, "needWaitingForConfirm": True}
BOTH = {"maxUnavailable": 2}
DRAINED = {"maxUnavailable": 1, "drainSeconds": 30}
READY = {"maxUnavailable": 1, "minReadySeconds": 30}
TWO_CHANGE = ("side:v1", "side:v2")
ONE_CHANGES = ("side:v1", "side:v1")

SMALL = (
    Scenario("plain", lag=True),
    Scenario("a crash", crashes=1, lag=True),
    Scenario("without a Service", served=False, crashes=1),
    Scenario("two drivers", cells=ONE_POD, overtaken=1),
    Scenario("two drivers, no switch", mode="None", cells=ONE_POD, overtaken=1, lag=True),
    Scenario("an unread CafeDeployment", cells=ONE_CELL, deaf=True),
    Scenario("lost answers", faults=1),
    Scenario("an answer that comes late", cells=ONE_POD, slow=1, deletions=1, answering=True),
    Scenario(
        "an answer that comes late, no switch",
        mode="None",
        cells=ONE_POD,
        slow=1,
        deletions=1,
        answering=True,
    ),
    Scenario("a stranger, one pod", cells={"CellA": 1}, deletions=1, lag=True),
    Scenario("a stranger, seen at once", cells=ONE_POD, deletions=1),
    Scenario("a lost ReplicaSet", cells=ONE_POD, losses=1),
    Scenario("an eviction", cells=ONE_POD, evictions=1),
    Scenario("an eviction, a first release", first=True, cells=ONE_POD, evictions=1),
    Scenario("a pod that its node evicts", cells=ONE_POD, failures=1),
    Scenario("a lost node", cells=ONE_POD, nodes=1),
    Scenario("a ReplicaSet that is scaled down to nothing", cells=ONE_POD, scaled=-1),
    Scenario("an edited template", cells=ONE_POD, templates=1),
    Scenario("a generation that somebody moves", cells=ONE_POD, touches=1, crashes=1),
    Scenario("a pod that strays", cells=ONE_POD, strays=1, lag=True),
    Scenario("a ReplicaSet that is disowned", cells=ONE_POD, disowned=1, verbs=VERBS, said=1),
    Scenario("a policy", cells=ONE_POD, policy="403", verbs=VERBS, said=1),
    Scenario("a schema", cells=ONE_POD, policy="422"),
    Scenario("a policy on pods", cells=ONE_POD, policy="403", about="pods"),
    Scenario("a 409 that is no conflict", cells=ONE_POD, policy="409"),
    Scenario("a 409 to the commit", cells=ONE_POD, policy="409", about="sets", verbs=BACK, said=1),
    Scenario("a schema of the record", cells=ONE_POD, policy="422", about="record"),
    Scenario("a lost right", cells=ONE_POD, policy="right", about="pods", verbs=END, said=1),
    Scenario("a webhook that is down, a pause", cells=ONE_POD, policy="500", verbs=STOP, said=1),
    Scenario("a webhook of pods that is down", cells=ONE_POD, policy="500", about="pods"),
    Scenario("a server that is down", cells=ONE_POD, policy="503", about="sets"),
    Scenario(
        "503 to pods, arriving", mode="None", cells=ONE_POD, policy="503", about="pods", faults=1
    ),
    Scenario("a watch that is refused", cells=ONE_POD, policy="unseen", about="pods"),
    Scenario("a record that can't be written", cells=ONE_POD, policy="429", about="record"),
    Scenario(
        "a first release, a policy",
        first=True,
        cells=ONE_POD,
        policy="403",
        about="sets",
        verbs=END,
        said=1,
    ),
    Scenario("a deletion of the CafeDeployment", cells=ONE_POD, deleted=True, verbs=VERBS, said=1),
    Scenario("a verb", verbs=VERBS, said=1, forced=True),
    Scenario("a verb and a crash, one pod", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
    Scenario("two verbs, one pod", cells={"CellA": 1}, verbs=VERBS, said=2, forced=True),
    Scenario("confirmed groups", cells=ONE_CELL, strategy=CONFIRMED, verbs=VERBS, said=1),
    Scenario("no such image", image="app:missing", verbs=VERBS, said=1, crashes=1, forced=True),
    Scenario("a crashing image", image="app:crash", cells={"CellA": 1}, verbs=VERBS, said=1),
    Scenario(
        "an image that is never ready", cells=ONE_POD, image="app:unready", verbs=BACK, said=1
    ),
    Scenario("a word on no list", cells=ONE_POD, image="app:registrydown", verbs=BACK, said=1),
    Scenario(
        "a canary that restarts",
        cells=ONE_CELL,
        strategy={**CONFIRMED, "batchSize": 1},
        verbs=(Trigger.CONFIRM,),
        said=1,
        restarts=1,
    ),
    Scenario("a stranger's image", cells={"CellA": 1}, edits=1, crashes=1),
    Scenario("a stranger's image without a switch", mode="None", cells={"CellA": 1}, edits=1),
    Scenario(
        "a pause and a lost answer",
        cells={"CellA": 1},
        verbs=(Trigger.PAUSE, Trigger.RESUME),
        said=2,
        faults=1,
    ),
    Scenario(
        "a rollback and a late commit",
        cells=ONE_POD,
        verbs=(Trigger.ROLLBACK,),
        said=1,
        faults=1,
    ),
    Scenario("a restart", cells={"CellA": 1}, restarts=1, crashes=1),
    Scenario("a restart without a switch", mode="None", cells={"CellA": 1}, restarts=1, crashes=1),
    Scenario("labels", mode="Label", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
    Scenario("no traffic switch", mode="None", cells={"CellA": 1}, verbs=VERBS, said=1, crashes=1),
    Scenario("a first release", first=True, cells=ONE_POD, crashes=1, lag=True),
    Scenario(
        "a first release, confirmed",
        first=True,
        cells=ONE_CELL,
        strategy={**CONFIRMED, "batchSize": 1},
        verbs=VERBS,
        said=1,
    ),
    Scenario("a first release, lost answers", first=True, cells=ONE_POD, faults=1),
    Scenario("a first release, a stranger", first=True, cells=ONE_POD, deletions=1),
    Scenario(
        "a first release, no such image",
        first=True,
        cells=ONE_POD,
        image="app:missing",
        verbs=VERBS,
        said=1,
        forced=True,
    ),
    Scenario(
        "a first release, superseded",
        first=True,
        cells=ONE_POD,
        verbs=(*VERBS, Trigger.SUPERSEDE),
        said=2,
    ),
    Scenario("a restart, published late", cells=ONE_POD, restarts=1, crashes=1, pausing=True),
    Scenario("labels, published late", mode="Label", cells=ONE_POD, restarts=1, pausing=True),
    Scenario("a stranger's image, published late", cells=ONE_POD, edits=1, pausing=True),
    Scenario("a load balancer", cells=ONE_POD, held=True, verbs=VERBS, said=1),
    Scenario("a budget", strategy=BOTH, budget=1, lag=True),
    Scenario("drained for a while", cells=ONE_POD, strategy=DRAINED, crashes=1, lag=True),
    Scenario("ready for a while", strategy=READY, minutes=2),
    Scenario("two containers", cells=ONE_POD, side=TWO_CHANGE, verbs=VERBS, said=1),
    Scenario("two containers, one changes", cells=ONE_POD, side=ONE_CHANGES, restarts=1),
)
"""A test run makes all of them."""

LARGE = (
    Scenario("two edits and a crash", cells={"CellA": 1}, edits=2, crashes=1),
    Scenario("two verbs, seen late", cells={"CellA": 1}, verbs=VERBS, said=2, lag=True),
    Scenario("a stranger, two pods", deletions=1),
    Scenario("an eviction without a switch", mode="None", cells=ONE_POD, evictions=1),
    Scenario("an eviction, seen late", cells=ONE_POD, evictions=1, lag=True),
    Scenario("an eviction, labels", mode="Label", cells=ONE_POD, evictions=1, crashes=1),
    Scenario(
        "a schema, a verb and a crash", cells=ONE_POD, policy="422", verbs=VERBS, said=1, crashes=1
    ),
    Scenario("a pod that strays, seen late", strays=1, crashes=1, lag=True),
    Scenario("a policy and a crash", cells=ONE_CELL, policy="403", crashes=1),
    Scenario("a webhook that is down, seen late", policy="500", lag=True),
    *(
        Scenario(
            f"{answer} to {about}", cells=ONE_POD, policy=answer, about=about, verbs=VERBS, said=1
        )
        for answer in ("403", "500", "right")
        for about in ("pods", "sets", "record", "all")
    ),
    Scenario("a webhook that is down", cells={"CellA": 1}, policy="500", verbs=VERBS, said=1),
    Scenario("a server that is too busy", cells=ONE_POD, policy="429", about="all"),
    Scenario("503 to the record", cells=ONE_POD, policy="503", about="record"),
    Scenario("503 to sets", cells=ONE_POD, policy="503", about="sets", verbs=VERBS, said=1),
    Scenario("a watch that is refused, two pods", policy="unseen", about="pods", crashes=1),
    Scenario(
        "a watch that is refused, a verb",
        cells=ONE_POD,
        policy="unlisted",
        about="pods",
        verbs=VERBS,
        said=1,
        faults=1,
    ),
    Scenario("503 to gates, arriving", cells=ONE_POD, policy="503", about="pods", faults=1),
    Scenario("503 to sets, arriving", cells=ONE_POD, policy="503", about="sets", faults=2),
    Scenario("503 to the record, arriving", cells=ONE_POD, policy="503", about="record", faults=2),
    Scenario("503 to all, arriving", cells=ONE_POD, policy="503", about="all", faults=2),
    Scenario(
        "503 to pods and a verb",
        cells=ONE_POD,
        policy="503",
        about="pods",
        faults=1,
        verbs=VERBS,
        said=1,
    ),
    Scenario("a webhook that is down, lost answers", cells=ONE_POD, policy="500", faults=1),
    Scenario("an edited template, a birth", cells=ONE_POD, templates=1, deletions=1),
    Scenario("two drivers, seen late", cells=ONE_POD, overtaken=1, lag=True),
    Scenario("two drivers and a verb", cells=ONE_POD, overtaken=1, verbs=VERBS, said=1),
    Scenario("two drivers, labels", mode="Label", cells=ONE_POD, overtaken=1, crashes=1),
    Scenario(
        "a canary that is not ready any more",
        cells=ONE_CELL,
        strategy={**CONFIRMED, "batchSize": 1},
        verbs=(Trigger.CONFIRM,),
        said=1,
        probes=1,
    ),
    Scenario("a ReplicaSet that is scaled up", cells=ONE_POD, scaled=1),
    Scenario("a ReplicaSet that is scaled up, no switch", mode="None", cells=ONE_POD, scaled=1),
    Scenario("a ReplicaSet that is scaled down", cells=ONE_CELL, scaled=-1),
    Scenario("a ReplicaSet that is scaled down, no switch", mode="None", cells=ONE_CELL, scaled=-1),
    Scenario("a pod that its node evicts, no switch", mode="None", cells=ONE_POD, failures=1),
    Scenario("a pod that its node evicts, seen late", cells=ONE_POD, failures=1, lag=True),
    Scenario("a generation that somebody moves, seen late", touches=1, lag=True),
    Scenario("a deletion of the CafeDeployment, seen late", deleted=True, crashes=1, lag=True),
    Scenario("a lost ReplicaSet of two", losses=1),
    Scenario("a lost ReplicaSet and a verb", cells=ONE_POD, losses=1, verbs=VERBS, said=1),
    Scenario("a lost ReplicaSet, seen late", losses=1, crashes=1, lag=True),
    Scenario("a lost ReplicaSet of a first release", first=True, cells=ONE_CELL, losses=1),
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
    Scenario(
        "no such image, both at once",
        image="app:missing",
        strategy=BOTH,
        verbs=(Trigger.ABORT,),
        said=1,
    ),
    Scenario("a first release, two cells", first=True),
    Scenario("a first release, a crash", first=True, cells=ONE_CELL, crashes=1, lag=True),
    Scenario("a first release, a verb", first=True, cells=ONE_CELL, verbs=VERBS, said=1, faults=1),
    Scenario("a first release, deleted", first=True, cells=ONE_CELL, deletions=1, crashes=1),
    Scenario(
        "a first release, labels", mode="Label", first=True, cells=ONE_CELL, verbs=VERBS, said=1
    ),
    Scenario(
        "a first release, no switch",
        mode="None",
        first=True,
        cells=ONE_CELL,
        verbs=VERBS,
        said=1,
        crashes=1,
    ),
    Scenario("published late", pausing=True, verbs=VERBS, said=1, crashes=1, restarts=1),
    Scenario("a load balancer, two pods", held=True, crashes=1, lag=True),
    Scenario("a load balancer, labels", mode="Label", held=True, verbs=VERBS, said=1),
    Scenario("a load balancer, a first release", first=True, cells=ONE_CELL, held=True, crashes=1),
    Scenario("a budget that is tightened", strategy=BOTH, budget=1, tightened=1, lag=True),
    Scenario("a budget and a crash", strategy=BOTH, budget=1, crashes=1),
    Scenario("drained, two verbs", cells=ONE_POD, strategy=DRAINED, verbs=VERBS, said=2),
    Scenario("drained, two pods", strategy=DRAINED, verbs=VERBS, said=1, crashes=1),
    Scenario("ready, a verb", cells=ONE_POD, strategy=READY, minutes=2, verbs=VERBS, said=1),
    Scenario("ready, a restart", cells=ONE_POD, strategy=READY, minutes=2, restarts=1, crashes=1),
    Scenario(
        "ready, a first release", first=True, cells=ONE_CELL, strategy=READY, minutes=2, crashes=1
    ),
    Scenario("two containers, a crash", side=TWO_CHANGE, crashes=1, restarts=1),
    Scenario(
        "two containers, no such image",
        cells=ONE_POD,
        side=("side:v1", "side:missing"),
        verbs=VERBS,
        said=1,
        crashes=1,
    ),
    Scenario(
        "two containers, one crashes",
        cells=ONE_POD,
        side=("side:v1", "side:crash"),
        verbs=VERBS,
        said=1,
    ),
    Scenario("two containers, no switch", mode="None", cells=ONE_POD, side=TWO_CHANGE, restarts=1),
    Scenario("plain, three pods", cells=THREE_PODS),
    Scenario("a crash, three pods", cells=THREE_PODS, crashes=1),
    Scenario("a verb, three pods", cells=THREE_PODS, verbs=VERBS, said=1),
)
"""`make explore` makes these as well."""


def by_name(name: str) -> Scenario:
    """The scenario called `name`."""
    return next(scene for scene in (*SMALL, *LARGE) if scene.name == name)
