"""The situations of docs/, each made anew: what has happened when a page begins."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from testbed.client import MERGE, Object
from testbed.waiting import wait_for
from tests.integration.balancer import LB
from tests.integration.scene import BUDGETS, SHOP, V2, Scene
from tests.integration.shop import CAFED, GATE, RECORD, RELEASE, condition, name


def nothing(scene: Scene) -> None:
    """A namespace in which nobody has done anything yet."""


def released(scene: Scene) -> None:
    """All pods run v1; a next release will be confirmed group by group."""
    scene.born()


def unattended(scene: Scene) -> None:
    """The same without confirmations; a crash comes before a pod has been Ready for 3 s."""
    scene.born(minReadySeconds=3)
    scene.edit({"strategy": {"needWaitingForConfirm": False}})


def waiting(scene: Scene) -> None:
    """Group 1 is at v2, group 2 waits for a confirmation."""
    scene.born()
    assert scene.upgrade(*V2, "--reason", "CHG-1234").code == 3


def no_plugin(scene: Scene) -> None:
    """The same; whoever is asked has kubectl alone."""
    waiting(scene)


def laptop_died(scene: Scene) -> None:
    """kill -9 in the middle of group 1, half a minute ago."""
    scene.killed(6000)


def crashing(scene: Scene) -> None:
    """The new version crashes in its first group."""
    scene.born(minReadySeconds=5)
    assert scene.upgrade("--image", "shop=app:v2-crash").code == 4


def never_ready(scene: Scene) -> None:
    """The new version runs and never becomes ready."""
    scene.born(progressDeadlineSeconds=20)
    assert scene.upgrade("--image", "shop=app:v2-unready").code == 4


def no_such_image(scene: Scene) -> None:
    """The new image can't be pulled."""
    scene.born()
    assert scene.upgrade("--image", "shop=app:v2-missing").code == 4


def completed(scene: Scene) -> None:
    """All pods are at v2 since yesterday."""
    scene.born(needWaitingForConfirm=False)
    scene.edit({"strategy": {"needWaitingForConfirm": False}})
    assert scene.upgrade(*V2).code == 0


def told(scene: Scene) -> None:
    """A release that somebody asks about months later."""
    scene.born()
    scene.edit({"strategy": {"needWaitingForConfirm": False}})
    assert scene.upgrade(*V2, "--reason", "CHG-1234").code == 0


def driven(scene: Scene) -> None:
    """A colleague drives group 1, whose pods take their time."""
    scene.driven(12000)


def silent(scene: Scene) -> None:
    """A driver that hangs since half a minute: its lease has some seconds left."""
    scene.driven(6000).kill9()
    renewed = datetime.now(UTC) - timedelta(seconds=25)
    lease = {"spec": {"renewTime": f"{renewed:%Y-%m-%dT%H:%M:%S.%fZ}"}}
    scene.client.patch("coordination.k8s.io/v1/leases", f"cafe-{SHOP}", lease)


def held(scene: Scene) -> None:
    """A load balancer's controller does not let go of group 1, and nobody drives any more."""
    balancer = scene.balancer()
    scene.born(trafficFinalizers=[LB])
    balancer.lets_go.clear()
    running = scene.start(*V2)
    wait_for(lambda: "to let go of" in scene.cafe("status", SHOP).out, "a wait", 30)
    running.kill9()
    scene.drop_lease()


def guarded(scene: Scene) -> None:
    """A PodDisruptionBudget wants all four pods, and a release waits for it."""
    scene.born()
    selector = {"matchLabels": {"instance": SHOP}}
    spec = {"selector": selector, "minAvailable": 4}
    scene.client.create(BUDGETS, {"metadata": {"name": SHOP}, "spec": spec})
    scene.start(*V2)
    wait_for(lambda: "to leave room" in scene.cafe("status", SHOP).out, "a wait", 30)


def edited(scene: Scene) -> None:
    """Somebody else's apply has changed the image while group 2 waited."""
    waiting(scene)
    container = {"name": SHOP, "image": "app:v3"}
    scene.edit({"template": {"spec": {"containers": [container]}}})


def put_back(scene: Scene) -> None:
    """The same, and the release has failed by it."""
    edited(scene)
    assert scene.cafe("drive", SHOP).code == 4


def node_lost(scene: Scene) -> None:
    """The node of a cell has fallen silent while nothing was released."""
    node = scene.puppet("CellP")
    spec = node.place({})
    running = scene.begin(cells=("CellA", "CellP"), pod={"tolerations": spec["tolerations"]})
    namespace = scene.client.namespace or ""
    for count in (1, 2):
        for pod in node.wait_for_pods(namespace, count):
            node.run(pod)
    assert running.wait().code == 0
    node.lose()


def replaced(scene: Scene) -> None:
    """Gate mode: a pod was deleted while nobody drove."""
    scene.born("gate")
    pod = scene.pods()[0]
    scene.client.delete("pods", name(pod))
    scene.until(
        lambda p: not condition(p, GATE) and condition(p, "ContainersReady").get("status") == "True"
    )


def no_record(scene: Scene) -> None:
    """A `kubectl replace` has removed the record in the middle of group 1."""
    running = scene.driven(10000)
    scene.client.patch(CAFED, SHOP, {"metadata": {"annotations": {RELEASE: None}}}, kind=MERGE)
    running.wait()


def aborted(scene: Scene) -> None:
    """The release was aborted after group 1."""
    waiting(scene)
    assert scene.cafe("abort", SHOP).code == 0


def endless(scene: Scene) -> None:
    """A pod of group 1 takes for ever to stop, and nobody drives."""
    scene.killed(15000)


def hotfixed(scene: Scene) -> None:
    """Somebody has set another image on one pod by hand."""
    scene.born()
    pod = scene.pods()[0]
    scene.client.patch(
        "pods", name(pod), {"spec": {"containers": [{"name": SHOP, "image": "app:hotfix"}]}}
    )
    wait_for(lambda: _restarted(scene.pods()[0]), "its restart to be over")


def _restarted(pod: Object) -> bool:
    (container,) = pod["status"]["containerStatuses"]
    return container["restartCount"] == 1 and condition(pod).get("status") == "True"


def damaged(scene: Scene) -> None:
    """Somebody has edited a pod's record."""
    scene.born()
    notes = {"metadata": {"annotations": {RECORD: "oops"}}}
    scene.client.patch("pods", name(scene.pods()[0]), notes)


SITUATIONS: dict[str, Callable[[Scene], None]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        nothing,
        released,
        unattended,
        waiting,
        no_plugin,
        laptop_died,
        crashing,
        never_ready,
        no_such_image,
        completed,
        told,
        driven,
        silent,
        guarded,
        held,
        edited,
        put_back,
        node_lost,
        replaced,
        no_record,
        aborted,
        endless,
        hotfixed,
        damaged,
    )
}
