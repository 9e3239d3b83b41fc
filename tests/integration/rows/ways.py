"""How a release gets into each state, in few words, and what moves it has made (protocol 9).

Most states are reached by verbs that record alone (--detach): no driver, no waiting.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import pairwise

from testbed.client import JSON, Object
from testbed.plugin import Outcome, Running
from testbed.waiting import wait_for
from tests.integration.shop import CAFED, NAME, REPLICASETS, Shop, name, phase, set_gate

REVISION = "cafe.sofastack.io/revision"
OTHER = "example.com/load-balancer"
KILL = "testbed.cafe/kill-ms"
LONG = "60000"
"""Milliseconds of a restart that no test waits for."""
DEADLINE = {"strategy": {"progressDeadlineSeconds": 4}}
Move = tuple[str, str, str]
"""From, trigger, to."""


def moves(shop: Shop) -> list[Move]:
    """The moves in the journal of the release; its first one comes from an empty state."""
    journal = [("", ""), *((e["trigger"], e["state"]) for e in shop.record()["journal"])]
    return [(before[1], trigger, state) for before, (trigger, state) in pairwise(journal)]


def began(shop: Shop) -> tuple[str, str]:
    """The first move of the release: its trigger and its state."""
    return moves(shop)[0][1:]


def text(record: object) -> str:
    """A record as the annotation holds it."""
    return json.dumps(record)


def agreed(verb: str) -> tuple[str, ...]:
    """The flag that answers what a verb asks before it writes."""
    return ("--yes",) if verb == "rollback" else ()


def say(shop: Shop, *words: str) -> Outcome:
    """`VERB web --detach`: recorded, not driven; it has to be taken."""
    verb, *more = words
    done = shop.cafe(verb, NAME, "--detach", *agreed(verb), *more)
    assert done.code == 0, done.err
    return done


def carry(shop: Shop, *words: str, code: int = 0) -> Outcome:
    """`VERB web`, driven until it ends or waits."""
    verb, *more = words
    done = shop.cafe(verb, NAME, *agreed(verb), *more)
    assert done.code == code, done.err
    return done


def release(shop: Shop, image: str = "app:v2", *more: str) -> None:
    """A release of another image, recorded and not driven."""
    done = shop.upgrade(image, "--detach", *more)
    assert done.code == 0, done.err


def edit_image(shop: Shop, image: str) -> Object:
    """`kubectl edit` of the template's image."""
    change = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}
    return shop.client.patch(CAFED, NAME, [change], kind=JSON)


def widow(shop: Shop, running: Running) -> None:
    """Kill the driver; its lease has run out long ago."""
    running.kill9()
    past = {"spec": {"renewTime": "2020-01-01T00:00:00.000000Z"}}
    shop.client.patch("coordination.k8s.io/v1/leases", f"cafe-{NAME}", past)


def annotate_pod(shop: Shop, pod: Object, notes: Mapping[str, str | None]) -> Object:
    """As `kubectl annotate pod` would."""
    return shop.client.patch("pods", name(pod), {"metadata": {"annotations": notes}})


def set_image(shop: Shop, pod: Object, image: str) -> Object:
    """As `kubectl set image pod` would."""
    containers = [{"name": "main", "image": image}]
    return shop.client.patch("pods", name(pod), {"spec": {"containers": containers}})


def gated(shop: Shop, pods: int, **strategy: object) -> None:
    """Pods in Label mode that are ready as long as somebody else's gate says so."""
    gate = {"readinessGates": [{"conditionType": OTHER}]}
    shop.make(pods, "label", pod=gate, needWaitingForConfirm=False, **strategy)
    running = shop.start("")
    shop.until_pod(lambda _: len(shop.pods()) == pods, "its pods")
    for pod in shop.pods():
        hold(shop, pod, ready=True)
    assert running.wait().code == 0


def hold(shop: Shop, pod: Object, *, ready: bool) -> Object:
    """What somebody else's gate says of a pod from `gated`."""
    return set_gate(shop.client, pod, OTHER, str(ready))


def flip_template(shop: Shop) -> None:
    """Somebody gives the workloads the template that the release goes to, ahead of its commit."""
    goal = shop.record()["toRevision"]
    for workload in shop.client.list(REPLICASETS):
        template = {
            "metadata": {"labels": {REVISION: goal}},
            "spec": {"containers": [{"name": "main", "image": "app:v2"}]},
        }
        body = {"spec": {"template": template}}
        shop.client.patch(REPLICASETS, name(workload), body)


def kill(shop: Shop, pod: Object) -> None:
    """Delete a pod at once; its workload makes another."""
    shop.client.delete("pods", name(pod), {"gracePeriodSeconds": 0})
    count, gone = len(shop.pods()), pod["metadata"]["uid"]
    wait_for(
        lambda: (
            gone not in [p["metadata"]["uid"] for p in shop.pods()]
            and len(shop.pods()) >= max(count, 1)
        ),
        "its replacement",
    )


# The states


def progressing(shop: Shop, pods: int = 1) -> None:
    """On its way from v1 to v2; nobody drives, no pod has been touched."""
    shop.born(pods, "label", batchSize=1)
    release(shop)


def awaiting_confirm(shop: Shop) -> None:
    """The first of two pods is at v2; the second waits for a person."""
    shop.born(2, "label", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3


def paused(shop: Shop) -> None:
    """Paused by a verb before its first pod."""
    progressing(shop)
    assert shop.cafe("pause", NAME).code == 0


def rolling_back(shop: Shop) -> None:
    """On its way back to v1; nobody drives."""
    progressing(shop)
    say(shop, "rollback")


def aborting(shop: Shop) -> None:
    """About to end; nobody drives."""
    progressing(shop)
    say(shop, "abort")


def failed(shop: Shop) -> None:
    """Its only pod is never ready at v2: it stays out of traffic."""
    shop.born(1, "label")
    shop.edit(DEADLINE)
    assert shop.upgrade("app:v2-unready").code == 4


def completed(shop: Shop) -> None:
    """Every pod is at v2."""
    shop.born(1, "label")
    assert shop.upgrade("app:v2").code == 0


def rolled_back(shop: Shop) -> None:
    """From v1 to v2 and v3, and back to v2."""
    completed(shop)
    release(shop, "app:v3")
    carry(shop, "rollback")


def aborted(shop: Shop) -> None:
    """Ended before its first pod."""
    progressing(shop)
    carry(shop, "abort")


def rollback_failed(shop: Shop) -> None:
    """The way back to v1 takes its pod longer than the deadline allows."""
    shop.born(1, "label")
    shop.edit(DEADLINE)
    assert shop.upgrade("app:v2").code == 0
    (pod,) = shop.pods()
    annotate_pod(shop, pod, {KILL: LONG})
    carry(shop, "rollback", code=4)


def abort_failed(shop: Shop) -> None:
    """An abort waited in vain for the restart of the pod in flight."""
    shop.born(1, "label", notes={KILL: LONG})
    shop.edit(DEADLINE)
    running = shop.start("app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a patched pod")
    say(shop, "abort")
    assert running.wait().code == 4
