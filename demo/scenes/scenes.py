"""The scenes by name. The first line of a scene's docstring is what `make scene` lists."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from demo.scenes.balancer import LB
from demo.scenes.objects import FREEZE, MONITORING
from demo.scenes.shop import DRIVER, LEASE, SHOP, V2, Scene
from kubectl_cafe.names import CELL, IN_PLACE, IN_SERVICE, RELEASE
from testbed.client import Object
from testbed.objects import condition, name


def nothing(scene: Scene) -> None:
    """An empty namespace."""


def released(scene: Scene) -> None:
    """All pods run v1; the next release asks for a confirmation of each group."""
    scene.first_release()


def unattended(scene: Scene) -> None:
    """All pods run v1; the next release asks for no confirmation."""
    # A crash comes before a pod has been Ready for 3 s.
    scene.first_release(minReadySeconds=3)
    scene.edit({"strategy": {"needWaitingForConfirm": False}})


def waiting(scene: Scene) -> None:
    """Group 1 runs v2, group 2 waits for a confirmation."""
    scene.first_release()
    scene.upgrade(*V2, "--reason", "CHG-1234", code=3)


def no_plugin(scene: Scene) -> None:
    """The same as waiting, to be confirmed without the plugin."""
    waiting(scene)


def laptop_died(scene: Scene) -> None:
    """The driver was killed while two pods restart, and its lease has expired."""
    scene.killed(6000)


def rolling_back(scene: Scene) -> None:
    """The driver of a rollback was killed while two pods restart, and its lease has expired."""
    waiting(scene)
    scene.slow_down(6000)
    scene.operator.start(DRIVER, "cafe", "rollback", SHOP, "--yes")
    scene.until_two_restart()
    scene.operator.kill(DRIVER)
    scene.expire_lease()


def paused(scene: Scene) -> None:
    """The release was paused after group 1, with a reason."""
    waiting(scene)
    scene.cafe("pause", SHOP, "--reason", "errors in CellA")


def crashing(scene: Scene) -> None:
    """Group 1 has failed: the new version crashes."""
    scene.first_release(minReadySeconds=5)
    scene.upgrade("--image", "shop=app:v2-crash", code=4)


def never_ready(scene: Scene) -> None:
    """Group 1 has failed: the new version does not become ready in time."""
    scene.first_release(progressDeadlineSeconds=20)
    scene.upgrade("--image", "shop=app:v2-unready", code=4)


def no_such_image(scene: Scene) -> None:
    """Group 1 has failed: the new image cannot be pulled."""
    scene.first_release()
    scene.upgrade("--image", "shop=app:v2-missing", code=4)


def completed(scene: Scene) -> None:
    """All pods run v2, revision 1 was v1."""
    scene.first_release()
    scene.edit({"strategy": {"needWaitingForConfirm": False}})
    scene.upgrade(*V2)


def history(scene: Scene) -> None:
    """The same as completed; the release to v2 has a reason."""
    scene.first_release()
    scene.edit({"strategy": {"needWaitingForConfirm": False}})
    scene.upgrade(*V2, "--reason", "CHG-1234")


def driven(scene: Scene) -> None:
    """Another terminal drives a release, whose first two pods restart slowly."""
    scene.driven(12000)


def silent(scene: Scene) -> None:
    """The driver was killed while two pods restart, and its lease has not expired yet."""
    scene.driven(6000)
    scene.operator.kill(DRIVER)
    renewed = datetime.now(UTC) - timedelta(seconds=25)
    scene.patch("lease", LEASE, {"spec": {"renewTime": f"{renewed:%Y-%m-%dT%H:%M:%S.%fZ}"}})


def held(scene: Scene) -> None:
    """A load balancer's finalizer stays on the pods of group 1, and the driver was killed."""
    balancer = scene.balancer()
    scene.operator.say(f"(a load balancer's controller puts the finalizer {LB} on the pods)")
    scene.first_release(trafficFinalizers=[LB])
    scene.operator.say("(from here on it does not remove the finalizer)")
    balancer.lets_go.clear()
    scene.start_upgrade(*V2)
    scene.until_status_has(LB)
    scene.operator.kill(DRIVER)
    scene.expire_lease()


def guarded(scene: Scene) -> None:
    """Another terminal drives a release that waits for a PodDisruptionBudget."""
    scene.first_release()
    budget = ("create", "pdb", SHOP, f"--selector=instance={SHOP}", "--min-available=4")
    scene.operator.kubectl(*budget)
    scene.start_upgrade(*V2)
    scene.until_status_has(f"PodDisruptionBudget {SHOP}")


def edited(scene: Scene) -> None:
    """Group 2 waits for a confirmation, and the image in the spec was changed to v3."""
    waiting(scene)
    scene.set_image("app:v3")


def put_back(scene: Scene) -> None:
    """The same as edited, and the release has failed by it."""
    edited(scene)
    scene.cafe("drive", SHOP, code=4)


def refused(scene: Scene) -> None:
    """Group 2 has failed: an admission policy denied the change of its pods."""
    scene.operator.apply(FREEZE, "freeze.yaml", "a policy: no change of a pod in a change freeze")
    waiting(scene)
    scene.operator.kubectl("create", "configmap", "change-freeze")
    scene.operator.kubectl("label", "configmap", "change-freeze", "example.com/freeze=true")
    probe = ("annotate", "pods", "--all", "example.com/probe=1", "--dry-run=server")
    scene.until("the policy to deny changes", lambda: not scene.operator.answer(*probe))
    scene.cafe("confirm", SHOP, "--group", "2", code=4)


def bypassed(scene: Scene) -> None:
    """Group 2 has failed: a second Service selects the pods without their traffic label."""
    waiting(scene)
    scene.operator.create([MONITORING], "monitoring.yaml", "a second Service over the pods")
    scene.cafe("confirm", SHOP, "--group", "2", code=4)


def replicaset_gone(scene: Scene) -> None:
    """The ReplicaSet of CellA was deleted, without a release."""
    scene.first_release()
    scene.operator.kubectl("delete", "replicaset", "-l", f"{CELL}=CellA")
    scene.until("the end of its pods", lambda: len(scene.pods()) == 2)


def node_lost(scene: Scene) -> None:
    """The node of two pods is lost, without a release."""
    scene.operator.say("(a node of the new cell CellP is added)")
    node = scene.puppet("CellP")
    scene.create(cells=("CellA", "CellP"), pod={"tolerations": node.place({})["tolerations"]})
    scene.start_upgrade()
    namespace = scene.operator.namespace()
    for count in (1, 2):
        for pod in node.wait_for_pods(namespace, count):
            node.run(pod)
    scene.operator.wait_for_end(DRIVER)
    scene.operator.say(f"(the node {node.name} is lost)")
    node.lose()


def replaced(scene: Scene) -> None:
    """Gate mode, no release: a pod was deleted, and its replacement is out of traffic."""
    scene.first_release("gate")
    scene.operator.kubectl("delete", "pod", name(scene.pods()[0]))
    scene.until("its replacement", lambda: any(map(_closed, scene.pods())))


def _closed(pod: Object) -> bool:
    runs = condition(pod, "ContainersReady").get("status") == "True"
    return runs and not condition(pod, IN_SERVICE)


def no_record(scene: Scene) -> None:
    """The record of the release was removed while two pods restart."""
    scene.driven(10000)
    scene.operator.kubectl("annotate", "cafed", SHOP, f"{RELEASE}-")
    scene.operator.wait_for_end(DRIVER)


def aborted(scene: Scene) -> None:
    """The release was aborted when group 1 ran v2."""
    waiting(scene)
    scene.cafe("abort", SHOP)


def endless(scene: Scene) -> None:
    """Two pods take very long to restart, and the driver was killed."""
    scene.killed(15000)


def hotfixed(scene: Scene) -> None:
    """Without a release, the image of one pod was changed by hand."""
    scene.first_release()
    pod = name(scene.pods()[0])
    scene.operator.kubectl("set", "image", f"pod/{pod}", f"{SHOP}=app:hotfix")
    scene.until("its restart", lambda: _restarted(scene.pods()[0]))


def _restarted(pod: Object) -> bool:
    (container,) = pod["status"]["containerStatuses"]
    return bool(container["restartCount"] == 1 and condition(pod).get("status") == "True")


def damaged(scene: Scene) -> None:
    """The record on one pod was overwritten by hand."""
    scene.first_release()
    pod = name(scene.pods()[0])
    scene.operator.kubectl("annotate", "pod", pod, "--overwrite", f"{IN_PLACE}=oops")


SCENES: dict[str, Callable[[Scene], None]] = {
    made.__name__.replace("_", "-"): made
    for made in (
        nothing,
        released,
        unattended,
        waiting,
        no_plugin,
        laptop_died,
        rolling_back,
        paused,
        crashing,
        never_ready,
        no_such_image,
        completed,
        history,
        driven,
        silent,
        guarded,
        held,
        edited,
        put_back,
        refused,
        bypassed,
        replicaset_gone,
        node_lost,
        replaced,
        no_record,
        aborted,
        endless,
        hotfixed,
        damaged,
    )
}


def summary(name: str) -> str:
    """One line on a scene."""
    return (SCENES[name].__doc__ or "").splitlines()[0].rstrip(".")
