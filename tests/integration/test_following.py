"""A verb while somebody else drives: recorded for them and followed, no pod written (C65)."""

from __future__ import annotations

import signal

import pytest

from testbed.plugin import Running
from testbed.proxy import FaultProxy
from testbed.puppet import Container
from testbed.waiting import wait_for
from tests.integration.leases import driver as driver_of
from tests.integration.restarting import KILL, in_the_middle, restarts
from tests.integration.shop import NAME, Shop, image
from tests.integration.stage import Stage

OLD, NEW, BACK = Container("app:v1"), Container("app:v2", run=1), Container("app:v1", run=2)
FOLLOWING = "Ctrl-C stops following"


def written(proxy: FaultProxy) -> set[str]:
    """The resources that went through the proxy to be changed, Events aside."""
    places = (request.path.partition("/namespaces/")[2] for request in proxy.writes)
    return {place.split("/")[1] for place in places} - {"events"}


def until_it_says(running: Running, text: str) -> None:
    """Wait for a run to have said `text`."""
    wait_for(lambda: text in running.said()[1], f"it to say {text!r}", 60)


def restarting(stage: Stage) -> Running:
    """A driver whose pod is patched and goes on restarting until the test says otherwise."""
    stage.born()
    running = stage.patched("app:v2")
    stage.show(OLD)
    return running


@pytest.mark.guard("a-live-lease-is-not-taken")
@pytest.mark.guard("followers-write-no-pods")
def test_c65_a_rollback_under_a_live_driver_is_recorded_for_it_and_followed(
    stage: Stage, proxy: FaultProxy
) -> None:
    first = restarting(stage)
    holder = driver_of(stage.shop)

    second = stage.shop.cafe.at(proxy.kubeconfig).start("rollback", NAME, "--yes")
    until_it_says(first, "RollingBack")
    stage.show(NEW)
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    stage.show(NEW)
    stage.show(BACK)
    stage.opened()

    done = second.wait()
    assert (first.wait().code, done.code, stage.shop.state()) == (4, 0, "RolledBack")
    assert f"driven by {holder} (lease expires in " in done.err
    assert FOLLOWING in done.err
    assert written(proxy) == {"cafedeployments"}


@pytest.mark.parametrize(
    "verb", [("drive", NAME), ("upgrade", NAME, "--yes")], ids=["drive", "upgrade"]
)
def test_c65_a_second_driver_of_the_same_release_follows_it_to_its_end_and_writes_nothing(
    stage: Stage, proxy: FaultProxy, verb: tuple[str, ...]
) -> None:
    first = restarting(stage)

    second = stage.shop.cafe.at(proxy.kubeconfig).start(*verb)
    until_it_says(second, FOLLOWING)
    stage.show(NEW)
    stage.opened()

    done = second.wait()
    assert (first.wait().code, done.code, proxy.writes) == (0, 0, [])
    assert "Completed" in done.err


@pytest.mark.parametrize("verb", ["retry", "confirm", "resume"])
def test_an_illegal_verb_is_refused_under_a_live_driver_too(
    stage: Stage, proxy: FaultProxy, verb: str
) -> None:
    first = restarting(stage)

    second = stage.shop.cafe.at(proxy.kubeconfig)(verb, NAME)

    assert (second.code, proxy.writes) == (7, [])
    assert "allowed now: " in second.err
    assert first.running()


def test_c65_abort_under_a_live_driver_is_carried_out_by_it(
    stage: Stage, proxy: FaultProxy
) -> None:
    first = restarting(stage)

    second = stage.shop.cafe.at(proxy.kubeconfig).start("abort", NAME)
    until_it_says(first, "Aborting")
    stage.show(NEW)
    stage.opened()

    assert (second.wait().code, first.wait().code, stage.shop.state()) == (0, 4, "Aborted")
    assert written(proxy) == {"cafedeployments"}


def test_ctrl_c_at_a_follower_leaves_the_driver_alone(stage: Stage) -> None:
    first = restarting(stage)
    second = stage.shop.cafe.start("drive", NAME)
    until_it_says(second, "Progressing")

    second.send(signal.SIGINT)
    left = second.wait()

    assert left.code == 130
    assert "left: the current driver continues" in left.err
    stage.show(NEW)
    assert (stage.settled(first).code, stage.shop.state()) == (0, "Completed")


def test_the_follower_of_an_upgrade_that_is_rolled_back_has_not_reached_its_goal(
    stage: Stage,
) -> None:
    first = restarting(stage)
    second = stage.shop.start("app:v2")
    until_it_says(second, FOLLOWING)

    assert stage.shop.cafe("rollback", NAME, "--yes", "--detach").code == 0
    until_it_says(first, "RollingBack")
    stage.show(NEW)
    stage.until(lambda pod: image(pod) == "app:v1", "the image to be patched back")
    stage.show(NEW)
    stage.show(BACK)
    stage.opened()

    assert (second.wait().code, stage.shop.state()) == (4, "RolledBack")


def test_a_follower_becomes_the_driver_when_the_driver_dies(shop: Shop) -> None:
    first = in_the_middle(shop, 10)
    second = shop.cafe.start("drive", NAME)
    until_it_says(second, FOLLOWING)

    first.kill9()
    shop.forget_lease()
    done = second.wait()

    assert (done.code, shop.state(), restarts(shop)) == (0, "Completed", [1])
    assert "this command takes over" in done.err
    assert "invalidating its pending writes" in done.err


def test_a_follower_becomes_the_driver_when_the_driver_gives_its_lease_back_and_fences_nothing(
    shop: Shop,
) -> None:
    shop.born(2, notes={KILL: "10000"}, maxUnavailable=1)
    first = shop.start("app:v2")
    shop.until_pod(lambda pod: "app:v2" in str(pod["spec"]), "a pod to be patched")
    second = shop.cafe.start("drive", NAME)
    until_it_says(second, FOLLOWING)

    first.send(signal.SIGINT)

    assert first.wait().code == 130
    done = second.wait()
    assert (done.code, shop.images(), restarts(shop)) == (0, ["app:v2", "app:v2"], [1, 1])
    assert "no driver any more: this command takes over" in done.err
    assert "fencing" not in done.err


def test_a_follower_leaves_when_a_person_is_waited_for(shop: Shop) -> None:
    shop.born(2, notes={KILL: "10000"}, batchSize=1, confirm=True)
    first = shop.start("app:v2")
    shop.until_pod(lambda pod: "app:v2" in str(pod["spec"]), "a pod to be patched")

    second = shop.cafe("drive", NAME)

    assert (first.wait().code, second.code, shop.state()) == (3, 3, "AwaitingConfirm")


def test_takeover_waits_for_the_lease_instead_of_following(stage: Stage) -> None:
    first = restarting(stage)
    holder = driver_of(stage.shop)

    second = stage.shop.cafe.start("drive", NAME, "--takeover")
    until_it_says(second, f"waiting for the lease of {holder}")
    stage.show(NEW)

    assert stage.settled(first).code == 0
    done = second.wait()
    assert (done.code, "no unfinished release to drive" in done.err) == (0, True)
