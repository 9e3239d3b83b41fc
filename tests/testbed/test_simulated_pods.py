"""A simulated kubelet shows what a real one shows (protocol 5 and 6)."""

from __future__ import annotations

import time

import pytest

from testbed.client import Client, Object
from testbed.waiting import wait_for
from tests.testbed.samples import GATE, container, gate, image, pod, ready, started, until, waiting

NOT_TRUE = f'the status of pod readiness gate "{GATE}" is not "True", but'


def test_a_pod_starts_with_ids_an_address_and_its_generation_observed(client: Client) -> None:
    found = started(client, pod("a"))
    main = container(found)
    assert main["imageID"].startswith("docker.io/library/app@sha256:")
    assert main["containerID"].startswith("containerd://")
    assert main["restartCount"] == 0
    assert found["status"]["observedGeneration"] == found["metadata"]["generation"] == 1
    assert found["status"]["podIP"]
    assert ready(found) == ("True", "", "")


def test_an_absent_gate_keeps_a_new_pod_unready(client: Client) -> None:
    found = started(client, pod("a", gates=(GATE,)))
    message = f'corresponding condition of pod readiness gate "{GATE}" does not exist.'
    assert ready(found) == ("False", "ReadinessGatesNotReady", message)


def test_ready_quotes_the_value_of_the_gate(client: Client) -> None:
    started(client, pod("a", gates=(GATE,)))
    gate(client, "a", "True")
    until(client, "a", lambda p: ready(p) == ("True", "", ""), "is Ready")
    gate(client, "a", "False")
    until(client, "a", lambda p: ready(p)[2] == f"{NOT_TRUE} False", "quotes False")
    gate(client, "a", "Unknown")
    found = until(client, "a", lambda p: ready(p)[2] == f"{NOT_TRUE} Unknown", "quotes Unknown")
    assert ready(found)[:2] == ("False", "ReadinessGatesNotReady")


def test_a_closed_gate_leaves_the_endpoint_slice(client: Client) -> None:
    port = {"port": 80}
    spec = {"selector": {"app": "x"}, "ports": [port]}
    client.create("services", {"metadata": {"name": "x"}, "spec": spec})
    uid = started(client, pod("a", gates=(GATE,)))["metadata"]["uid"]

    def endpoint(wanted: bool) -> bool:
        return any(
            e["targetRef"]["uid"] == uid and e["conditions"]["ready"] is wanted
            for slice_ in client.list("discovery.k8s.io/v1/endpointslices")
            for e in slice_["endpoints"] or []
        )

    gate(client, "a", "True")
    assert wait_for(lambda: endpoint(True), "the endpoint to be ready")
    gate(client, "a", "False")
    assert wait_for(lambda: endpoint(False), "the endpoint to be unready")


def test_only_the_container_whose_image_changed_restarts(client: Client) -> None:
    before = started(client, pod("a"))
    image(client, "a", "app:v2")
    after = until(client, "a", lambda p: container(p)["restartCount"] == 1, "restarts")
    assert container(after)["image"] == "app:v2"
    assert container(after)["containerID"] != container(before)["containerID"]
    assert container(after)["imageID"] != container(before)["imageID"]
    assert container(after, "side") == container(before, "side")
    assert after["status"]["podIP"] == before["status"]["podIP"]


def test_a_polite_kill_is_shown_from_its_start_with_the_old_ids(client: Client) -> None:
    before = started(client, pod("a", annotations={"testbed.cafe/kill-ms": "6000"}))
    image(client, "a", "app:v2")
    killing = until(client, "a", waiting, "is killed")
    assert killing["status"]["observedGeneration"] == 2
    assert ready(killing)[:2] == ("False", "ContainersNotReady")
    assert ready(killing)[2] == "containers with unready status: [main]"
    for key in ("image", "imageID", "containerID", "restartCount"):
        assert container(killing)[key] == container(before)[key]
    until(client, "a", lambda p: ready(p)[0] == "True", "is Ready again")


def test_kill_and_pull_take_as_long_as_the_annotations_say(client: Client) -> None:
    annotations = {"testbed.cafe/kill-ms": "400", "testbed.cafe/pull-ms": "500"}
    started(client, pod("a", annotations=annotations))
    image(client, "a", "app:v2")
    began = time.monotonic()
    until(client, "a", lambda p: container(p)["image"] == "app:v2", "runs v2")
    assert 0.7 < time.monotonic() - began < 10


def test_an_annotation_written_meanwhile_does_not_prolong_the_kill(client: Client) -> None:
    started(client, pod("a", annotations={"testbed.cafe/kill-ms": "4000"}))
    image(client, "a", "app:v2")
    began = time.monotonic()
    while time.monotonic() - began < 3.5:
        client.patch("pods", "a", {"metadata": {"annotations": {"n": str(time.monotonic())}}})
        time.sleep(0.1)
    until(client, "a", lambda p: container(p)["image"] == "app:v2", "runs v2")
    assert time.monotonic() - began < 7


def test_a_start_takes_as_long_as_the_annotation_says(client: Client) -> None:
    client.create("pods", pod("a", annotations={"testbed.cafe/start-ms": "500"}))
    creating = until(client, "a", waiting, "is being created")
    assert waiting(creating) == "ContainerCreating"
    assert creating["status"]["phase"] == "Pending"
    until(client, "a", lambda p: ready(p)[0] == "True", "is Ready")


def test_readiness_takes_as_long_as_the_annotation_says(client: Client) -> None:
    found = started(client, pod("a", annotations={"testbed.cafe/ready-ms": "500"}))
    assert "running" in container(found)["state"]
    assert ready(found)[1] == "ContainersNotReady"
    until(client, "a", lambda p: ready(p)[0] == "True", "is Ready")


def test_two_tags_share_a_digest_where_one_is_the_alias_of_the_other(client: Client) -> None:
    before = started(client, pod("a", "app:v2"))
    image(client, "a", "app:v2-alias")
    after = until(client, "a", lambda p: container(p)["restartCount"] == 1, "restarts")
    assert container(after)["imageID"] == container(before)["imageID"]
    assert container(after)["containerID"] != container(before)["containerID"]


def test_an_impolite_kill_looks_as_if_nothing_had_happened(client: Client) -> None:
    annotations = {"testbed.cafe/impolite": "true", "testbed.cafe/kill-ms": "800"}
    before = started(client, pod("a", annotations=annotations))
    image(client, "a", "app:v2")
    seen = until(client, "a", lambda p: p["status"]["observedGeneration"] == 2, "is seen")
    assert ready(seen) == ("True", "", "")
    assert seen["status"]["containerStatuses"] == before["status"]["containerStatuses"]
    until(client, "a", lambda p: container(p)["image"] == "app:v2", "runs v2")


def test_an_impolite_kubelet_runs_the_image_between_first(client: Client) -> None:
    """Protocol 6, second timeline: v2 runs with observedGeneration already v1's."""
    annotations = {"testbed.cafe/impolite": "true", "testbed.cafe/kill-ms": "600"}
    before = started(client, pod("a", annotations=annotations))
    image(client, "a", "app:v2")
    until(client, "a", lambda p: p["status"]["observedGeneration"] == 2, "is seen")
    image(client, "a", "app:v1")
    wrong = until(client, "a", lambda p: container(p)["image"] == "app:v2", "runs v2")
    assert wrong["status"]["observedGeneration"] == 3
    assert ready(wrong)[0] == "True"
    right = until(client, "a", lambda p: container(p)["restartCount"] == 2, "runs v1 anew")
    assert container(right)["image"] == "app:v1"
    assert container(right)["imageID"] == container(before)["imageID"]
    assert container(right)["containerID"] != container(before)["containerID"]


def test_an_impolite_kubelet_acknowledges_the_gate_after_the_kill(client: Client) -> None:
    annotations = {"testbed.cafe/impolite": "true", "testbed.cafe/kill-ms": "800"}
    before = started(client, pod("a", gates=(GATE,), annotations=annotations))
    gate(client, "a", "False")
    until(client, "a", lambda p: ready(p)[2] == f"{NOT_TRUE} False", "is drained")
    image(client, "a", "app:v2")
    until(client, "a", lambda p: p["status"]["observedGeneration"] == 2, "is seen")
    gate(client, "a", "Unknown")
    time.sleep(0.3)
    assert ready(client.get("pods", "a"))[2] == f"{NOT_TRUE} False"
    done = until(client, "a", lambda p: ready(p)[2] == f"{NOT_TRUE} Unknown", "acknowledges")
    assert container(done)["containerID"] != container(before)["containerID"]


@pytest.mark.parametrize(
    ("tag", "reason", "names"),
    [
        ("missing", "ErrImagePull", "app:missing"),
        ("missing", "ImagePullBackOff", "app:missing"),
        ("badconfig", "CreateContainerConfigError", "container: main"),
        ("invalidname", "InvalidImageName", "app:invalidname"),
        ("crash", "CrashLoopBackOff", "failed container=main"),
    ],
)
def test_an_image_fails_as_its_tag_says_and_a_good_one_mends_it(
    client: Client, tag: str, reason: str, names: str
) -> None:
    before = started(client, pod("a"))
    image(client, "a", f"app:{tag}")
    failed = until(client, "a", lambda p: waiting(p) == reason, f"shows {reason}")
    assert names in container(failed)["state"]["waiting"]["message"]
    assert ready(failed)[1] == "ContainersNotReady"
    same = container(failed)["containerID"] == container(before)["containerID"]
    assert same is (tag != "crash")
    image(client, "a", "app:v3")
    until(client, "a", lambda p: ready(p)[0] == "True", "recovers")


def test_an_image_that_never_becomes_ready_runs_all_the_same(client: Client) -> None:
    started(client, pod("a"))
    image(client, "a", "app:unready")
    found = until(client, "a", lambda p: container(p)["restartCount"] == 1, "restarts")
    assert "running" in container(found)["state"]
    assert ready(found)[1] == "ContainersNotReady"


def test_a_crash_loop_counts_its_restarts(client: Client) -> None:
    started(client, pod("a", "app:crash"))
    found = until(client, "a", lambda p: container(p)["restartCount"] >= 1, "restarts")
    assert container(found)["lastState"]["terminated"]["exitCode"] == 1


def test_foreign_conditions_survive(client: Client) -> None:
    started(client, pod("a"))
    foreign: Object = {"type": "example.com/other", "status": "True"}
    client.patch("pods", "a", {"status": {"conditions": [foreign]}}, "status")
    image(client, "a", "app:v2")
    found = until(client, "a", lambda p: container(p)["restartCount"] == 1, "restarts")
    assert "example.com/other" in [c["type"] for c in found["status"]["conditions"]]


def test_a_deleted_pod_goes(client: Client) -> None:
    started(client, pod("a"))
    client.delete("pods", "a")
    assert wait_for(lambda: client.find("pods", "a") is None, "the pod to go")


def test_a_polite_kubelet_takes_the_last_of_two_changes(client: Client) -> None:
    before = started(client, pod("a", annotations={"testbed.cafe/kill-ms": "600"}))
    image(client, "a", "app:v2")
    until(client, "a", waiting, "is killed")
    image(client, "a", "app:v1")
    after = until(client, "a", lambda p: ready(p)[0] == "True", "is Ready again")
    assert container(after)["image"] == "app:v1"
    assert container(after)["restartCount"] == 1
    assert container(after)["containerID"] != container(before)["containerID"]


def test_a_change_that_restarts_nothing_is_observed(client: Client) -> None:
    before = started(client, pod("a"))
    toleration = {"key": "x", "operator": "Exists", "effect": "NoExecute"}
    tolerations = [*before["spec"]["tolerations"], toleration]
    client.patch("pods", "a", {"spec": {"tolerations": tolerations}})
    after = until(client, "a", lambda p: p["status"]["observedGeneration"] == 2, "is observed")
    assert after["status"]["containerStatuses"] == before["status"]["containerStatuses"]
