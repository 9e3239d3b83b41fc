"""A puppet shows what the test says, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

from testbed.client import Client, Object
from testbed.puppet import Container, Puppet, Ready, image_id
from testbed.waiting import wait_for
from tests.testbed.samples import GATE, container, gate, image, pod, ready, started, until

Factory = Callable[..., Puppet]


def placed(client: Client, puppet: Puppet, gates: tuple[str, ...] = ()) -> Object:
    """A pod on the puppet, not shown yet."""
    body = pod("a", gates=gates)
    body["spec"] = puppet.place(body["spec"])
    client.create("pods", body)
    assert client.namespace
    return puppet.wait_for_pods(client.namespace, 1)[0]


def test_a_pod_on_a_puppet_shows_nothing_by_itself(client: Client, puppet: Factory) -> None:
    found = placed(client, puppet())
    assert found["status"]["phase"] == "Pending"
    assert container(found) == {}


def test_run_shows_every_container_running_and_ready(client: Client, puppet: Factory) -> None:
    one = puppet("CellB")
    found = one.run(placed(client, one))
    assert ready(found) == ("True", "", "")
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"]
    assert container(found)["imageID"] == image_id("app:v1")


def test_a_kubelet_that_has_seen_the_new_generation_may_still_show_the_old_container(
    client: Client, puppet: Factory
) -> None:
    """Protocol 6: 3.97 gen 2 obs 2 Ready True v1 C1 D1."""
    one = puppet()
    before = one.run(placed(client, one))
    image(client, "a", "app:v2")
    after = one.show(before, {"main": Container("app:v1")}, seen=2)
    assert after["status"]["observedGeneration"] == 2
    assert ready(after)[0] == "True"
    assert container(after)["containerID"] == container(before)["containerID"]


def test_another_run_is_another_container(client: Client, puppet: Factory) -> None:
    one = puppet()
    before = one.run(placed(client, one))
    image(client, "a", "app:v2")
    after = one.show(before, {"main": Container("app:v2", run=1)})
    assert container(after)["containerID"] != container(before)["containerID"]
    assert container(after)["imageID"] == image_id("app:v2")
    assert container(after)["restartCount"] == 1
    assert container(after, "side")["containerID"] == container(before, "side")["containerID"]


def test_the_test_may_word_ready_itself(client: Client, puppet: Factory) -> None:
    one = puppet()
    shown = one.run(placed(client, one, (GATE,)))
    gate(client, "a", "False")
    wanted = Ready("True", None, None)
    assert ready(one.show(shown, ready=wanted))[0] == "True"


def test_left_alone_ready_follows_gates_and_containers(client: Client, puppet: Factory) -> None:
    one = puppet()
    shown = one.run(placed(client, one, (GATE,)))
    assert ready(shown)[1] == "ReadinessGatesNotReady"
    gate(client, "a", "True")
    assert ready(one.show(shown))[0] == "True"
    waits = Container("app:v1", waiting=("ErrImagePull", "app:v9: not found"))
    shown = one.show(shown, {"main": waits})
    assert ready(shown) == (
        "False",
        "ContainersNotReady",
        "containers with unready status: [main]",
    )


def test_an_old_kubelet_observes_no_generation(client: Client, puppet: Factory) -> None:
    one = puppet()
    shown = one.show(placed(client, one), {"main": Container("app:v1")}, seen=0)
    assert "observedGeneration" not in shown["status"]


def test_a_lost_node_makes_its_pods_unready_but_not_their_containers(
    client: Client, puppet: Factory
) -> None:
    one = puppet()
    one.run(placed(client, one))
    one.lose()
    found = until(client, "a", lambda p: ready(p)[0] == "False", "is unready")
    states = {c["type"]: c["status"] for c in found["status"]["conditions"]}
    assert states["ContainersReady"] == "True"


def test_a_deleted_pod_goes_from_a_puppet(client: Client, puppet: Factory) -> None:
    one = puppet()
    one.run(placed(client, one))
    client.delete("pods", "a")
    assert wait_for(lambda: client.find("pods", "a") is None, "the pod to go")


def test_other_pods_stay_off_a_puppet(client: Client, puppet: Factory) -> None:
    one = puppet()
    assert started(client, pod("b"))["spec"]["nodeName"] != one.name
