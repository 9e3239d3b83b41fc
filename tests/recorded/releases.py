"""The releases that are recorded: each a few commands, typed one after the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from testbed.faults import Request, killed_after
from testbed.proxy import FaultProxy
from tests.integration.shop import NAME, TWO_CELLS, Shop, phase

Script = Callable[[Shop, FaultProxy], object]
SCRIPTS: dict[str, Script] = {}
SLOW = {"testbed.cafe/pull-ms": "3000"}
"""Annotations of pods whose restarts take a while."""


def recorded(script: Script) -> Script:
    """Keep the script under its name."""
    SCRIPTS[script.__name__] = script
    return script


def said(shop: Shop, *args: str, code: int = 0) -> None:
    """The command, which must end with `code`."""
    done = shop.cafe(args[0], NAME, *args[1:], seconds=90)
    assert done.code == code, f"{args}: {done.code}\n{done.out}\n{done.err}"


def upgrade(shop: Shop, image: str = "app:v2", *more: str, code: int = 0) -> None:
    """An upgrade to `image`, without a question."""
    said(shop, "upgrade", "--yes", "--image", f"main={image}", *more, code=code)


def confirmed(shop: Shop) -> None:
    """Every group that waits is confirmed, one after the other."""
    while shop.state() == "AwaitingConfirm":
        shop.cafe("confirm", NAME)
    assert shop.state() == "Completed"


@recorded
def first(shop: Shop, _: FaultProxy) -> None:
    shop.born(2)


@recorded
def first_in_two_cells(shop: Shop, _: FaultProxy) -> None:
    shop.born(4, cells=TWO_CELLS)


@recorded
def gate(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, "gate", service=True, maxUnavailable=1)
    upgrade(shop)


@recorded
def label(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, "label", service=True, maxUnavailable=1)
    upgrade(shop)


@recorded
def without_a_switch(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, "none", maxUnavailable=1)
    upgrade(shop)


@recorded
def beta_in_two_cells(shop: Shop, _: FaultProxy) -> None:
    shop.born(4, cells=TWO_CELLS, upgradeType="Beta", batchSize=2, maxUnavailable=1, confirm=True)
    upgrade(shop, code=3)
    confirmed(shop)


@recorded
def paused_and_resumed(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, batchSize=1, confirm=True)
    upgrade(shop, code=3)
    said(shop, "pause")
    said(shop, "resume", code=3)
    confirmed(shop)


@recorded
def aborted(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, batchSize=1, confirm=True)
    upgrade(shop, code=3)
    said(shop, "abort")


@recorded
def aborted_by_force(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    upgrade(shop, "app:missing", code=4)
    said(shop, "abort", "--force")


@recorded
def rolled_back_from_the_middle(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, batchSize=1, confirm=True)
    upgrade(shop, code=3)
    said(shop, "rollback", "--yes")


@recorded
def rolled_back_after_the_end(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    upgrade(shop)
    said(shop, "rollback", "--yes")


@recorded
def rolled_back_two_revisions(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    upgrade(shop)
    upgrade(shop, "app:v3")
    said(shop, "rollback", "--to-revision", "1", "--yes")


@recorded
def failed_and_rolled_back(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    upgrade(shop, "app:missing", code=4)
    said(shop, "rollback", "--yes")


@recorded
def failed_and_retried(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1, progressDeadlineSeconds=4)
    upgrade(shop, "app:v2-unready", code=4)
    said(shop, "retry", code=4)


@recorded
def failed_and_back_by_itself(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1, onFailure="Rollback")
    shop.upgrade("app:missing")
    shop.until("RolledBack")


@recorded
def superseded(shop: Shop, _: FaultProxy) -> None:
    shop.born(3, batchSize=1, confirm=True)
    upgrade(shop, code=3)
    upgrade(shop, "app:v3", "--supersede", code=3)
    confirmed(shop)


@recorded
def taken_over(shop: Shop, proxy: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)

    def to_image(request: Request) -> bool:
        parts = request.path.split("/")
        return bool(request.write) and parts[-2] == "pods" and b'"spec"' in request.body

    upgrading = ("upgrade", NAME, "--yes", "--image", "main=app:v2")
    running = shop.cafe.start(*upgrading)
    proxy.on(to_image, killed_after(running.kill9))
    running.wait()
    shop.forget_lease()
    said(shop, "drive")


@recorded
def paused_under_a_driver(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, notes=SLOW, maxUnavailable=1)
    running = shop.cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    shop.until_pod(lambda pod: phase(pod) == "patched", "a pod that restarts")
    said(shop, "pause")
    assert running.wait().code == 3
    said(shop, "resume")


@recorded
def two_containers(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, containers={"main": "app:v1", "side": "log:v1"}, maxUnavailable=1)
    both = ("--image", "main=app:v2", "--image", "side=log:v2")
    said(shop, "upgrade", "--yes", *both)


@recorded
def labels_alone(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    shop.edit({"template": {"metadata": {"labels": {"app": NAME, "tier": "front"}}}})
    said(shop, "upgrade", "--yes")


@recorded
def repaired(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, maxUnavailable=1)
    pod = shop.pods()[0]["metadata"]["name"]
    other = {"spec": {"containers": [{"name": "main", "image": "app:v9"}]}}
    shop.client.patch("pods", pod, other)
    said(shop, "repair", "--yes")


@recorded
def scaled_under_a_release(shop: Shop, _: FaultProxy) -> None:
    shop.born(2, batchSize=1, confirm=True)
    upgrade(shop, code=3)
    one = shop.client.list("apps/v1/replicasets")[0]["metadata"]["name"]
    shop.client.patch("apps/v1/replicasets", one, {"spec": {"replicas": 3}})
    confirmed(shop)


GOLDEN = Path(__file__).parent / "golden"
"""What was recorded, one file a script."""
