"""A release stops and says why, whatever refuses its writes (protocol 7, 10)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from testbed.client import MERGE, Object
from testbed.controlplane import ControlPlane
from testbed.plugin import Cafe, Outcome
from testbed.proxy import FaultProxy
from testbed.waiting import wait_for
from tests.integration.admission import Admission
from tests.integration.drifting import drifted
from tests.integration.shop import (
    NAME,
    Shop,
    name,
    phase,
    ready,
    templates,
)

RBAC = "rbac.authorization.k8s.io/v1"


def restricted(shop: Shop, level: str = "restricted") -> None:
    """Label the namespace for Pod Security: pods of the tests are not restricted."""
    labels = {"pod-security.kubernetes.io/enforce": level}
    everything = shop.client.within(None)
    everything.patch(
        "namespaces", shop.client.namespace, {"metadata": {"labels": labels}}, kind=MERGE
    )


@pytest.mark.parametrize("mode", ["gate", "label"])
@pytest.mark.guard("a-403-of-admission-fails-the-group")
def test_pod_security_in_the_middle_fails_the_group_and_reopens_the_drained(
    shop: Shop, mode: str
) -> None:
    shop.born(5, mode, upgradeType="Beta", confirm=True)
    assert shop.upgrade("app:v2").code == 3
    restricted(shop)

    done = shop.cafe("confirm", NAME, "--group", "2")

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    assert "PatchRefused" in done.err
    assert "violates PodSecurity" in done.err.replace("\n", " ")
    assert f"kubectl cafe rollback {NAME}" in done.err
    assert sorted(shop.images()) == ["app:v1"] * 4 + ["app:v2"]
    assert all(ready(pod) for pod in shop.pods())
    assert "drained" not in {phase(pod) for pod in shop.pods()}

    restricted(shop, "privileged")
    assert shop.cafe("retry", NAME).code == 0
    assert shop.images() == ["app:v2"] * 5


def test_a_policy_on_replicasets_fails_the_commit_with_its_words(
    shop: Shop, admission: Admission
) -> None:
    shop.born(2, batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    admission.freeze("replicasets", "templates are frozen", "Forbidden")

    done = shop.cafe("confirm", NAME, "--group", "2")

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    assert "templates are frozen" in done.err.replace("\n", " ")
    assert templates(shop) == {"app:v1"}
    assert all(ready(pod) for pod in shop.pods())

    admission.remove()
    assert shop.cafe("retry", NAME).code == 0
    assert templates(shop) == {"app:v2"}


def test_a_policy_on_replicasets_is_found_before_the_release(
    shop: Shop, admission: Admission
) -> None:
    shop.born(1)
    admission.freeze("replicasets", "templates are frozen", "Forbidden")
    writes = len(shop.writes())

    done = shop.upgrade("app:v2")

    assert done.code == 7, done.err
    assert f"replicaset/{NAME} in namespace {shop.client.namespace}" in done.err
    assert "templates are frozen" in done.err.replace("\n", " ")
    assert len(shop.writes()) == writes


def test_births_that_pod_security_refuses_fail_the_first_release(shop: Shop) -> None:
    shop.make(2, "label", needWaitingForConfirm=False)
    restricted(shop)

    done = shop.upgrade()

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    said = done.err.replace("\n", " ")
    assert "FailedCreate" in said
    assert "violates PodSecurity" in said

    restricted(shop, "privileged")
    assert shop.cafe("retry", NAME, seconds=75).code == 0


def quota(shop: Shop, pods: int) -> None:
    """Let the namespace have so many pods."""
    body = {"metadata": {"name": "few"}, "spec": {"hard": {"pods": str(pods)}}}
    shop.client.apply("resourcequotas", {"apiVersion": "v1", "kind": "ResourceQuota", **body})


def test_births_over_a_quota_are_named_and_waited_for(shop: Shop) -> None:
    shop.make(2, "label", batchSize=1, needWaitingForConfirm=True)
    assert shop.upgrade().code == 3
    quota(shop, pods=1)
    running = shop.cafe.start("confirm", NAME, "--group", "2")
    wait_for(lambda: "exceeded quota: few" in shop.cafe("status", NAME).out, "status to name it")
    assert shop.state() == "Progressing"

    quota(shop, pods=2)

    assert (running.wait(90).code, len(shop.pods())) == (0, 2)


def test_births_over_a_quota_fail_the_group_at_its_deadline_with_the_servers_words(
    shop: Shop,
) -> None:
    shop.make(2, "label", batchSize=1, progressDeadlineSeconds=5, needWaitingForConfirm=True)
    assert shop.upgrade().code == 3
    quota(shop, pods=1)

    done = shop.cafe("confirm", NAME, "--group", "2", seconds=75)

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    assert "exceeded quota: few" in " ".join(done.err.split())


@pytest.fixture
def operator(control_plane: ControlPlane, shop: Shop) -> Callable[..., Cafe]:
    """`operator(*without)` is the plugin of a user who may do all here, but for what is named.

    "pods" and "pods/status" are writes, "watches" is to list and watch pods. Called again it
    changes what the same user may do.
    """

    def allow(*without: str) -> Cafe:
        everything = ["get", "list", "watch", "create", "update", "patch", "delete"]
        pods = [one for one in ("pods", "pods/status") if one not in without]
        writes = ["get", "create", "update", "patch", "delete"]
        seen = ["services", "events"] if "watches" in without else ["*"]
        others = ["discovery.k8s.io", "policy"]
        rules = [
            {"apiGroups": others, "resources": ["*"], "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": seen, "verbs": ["get", "list", "watch"]},
            {"apiGroups": [""], "resources": [*pods, "events"], "verbs": writes},
            {
                "apiGroups": ["apps", "apps.cafe.cloud.alipay.com", "coordination.k8s.io"],
                "resources": ["*"],
                "verbs": everything,
            },
        ]
        shop.client.apply(
            f"{RBAC}/roles",
            {
                "apiVersion": RBAC,
                "kind": "Role",
                "metadata": {"name": "here"},
                "rules": rules,
            },
        )
        if not shop.client.find(f"{RBAC}/rolebindings", "here"):
            group = "rbac.authorization.k8s.io"
            subject = {"kind": "User", "name": "operator", "apiGroup": group}
            reference = {"apiGroup": group, "kind": "Role", "name": "here"}
            body = {"metadata": {"name": "here"}, "roleRef": reference, "subjects": [subject]}
            shop.client.create(f"{RBAC}/rolebindings", body)
        return Cafe(control_plane.user("operator"), shop.client.namespace)

    return allow


def drained(shop: Shop) -> list[Object]:
    """Its pods that are only drained."""
    return [pod for pod in shop.pods() if phase(pod) == "drained"]


@pytest.mark.guard("a-lost-right-is-asked-for")
def test_a_lost_right_to_patch_pods_ends_the_driver_and_reopens_what_it_can(
    shop: Shop, operator: Callable[..., Cafe]
) -> None:
    shop.born(2, batchSize=1, drainSeconds=3)
    cafe = operator()
    running = cafe.start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    wait_for(lambda: drained(shop), "a pod to be drained", 30)
    operator("pods")

    done = running.wait()

    assert (done.code, shop.state()) == (1, "Progressing"), done.err
    assert "permission to patch pods was lost" in done.err
    assert f"next:  kubectl auth can-i patch pods -n {shop.client.namespace}" in done.err
    assert all(ready(pod) for pod in shop.pods())
    assert shop.lease()["holderIdentity"] == ""

    operator()
    assert cafe("drive", NAME).code == 0
    assert shop.images() == ["app:v2"] * 2


def test_pods_that_a_lost_right_keeps_out_of_traffic_are_named(
    shop: Shop, operator: Callable[..., Cafe]
) -> None:
    shop.born(2, batchSize=1, drainSeconds=3)
    running = operator().start("upgrade", NAME, "--yes", "--image", "main=app:v2")
    wait_for(lambda: drained(shop), "a pod to be drained", 30)
    (pod,) = drained(shop)
    operator("pods", "pods/status")

    done = running.wait()

    assert (done.code, shop.state()) == (1, "Progressing"), done.err
    assert f"left out of traffic: {pod['metadata']['name']}" in done.err
    assert "  next:  kubectl auth can-i patch pods" in done.err
    assert shop.lease()["holderIdentity"] == ""


@pytest.fixture
def loses_watches(
    shop: Shop, operator: Callable[..., Cafe], control_plane: ControlPlane, tmp_path: Path
) -> Callable[..., Outcome]:
    """`loses_watches(*args)`: what a command ends with that may watch pods until one is drained.

    An open watch outlives its right: the server asks for it when the next one is opened.
    """

    def run(*args: str) -> Outcome:
        operator()
        with FaultProxy(control_plane, tmp_path, "operator") as proxy:
            running = Cafe(proxy.kubeconfig, shop.client.namespace).start(*args)
            wait_for(lambda: drained(shop), "a pod to be drained", 30)
            operator("watches")
            proxy.cut_streams()
            return running.wait()

    return run


def test_a_lost_right_to_watch_pods_ends_the_driver_and_reopens_what_is_drained(
    shop: Shop, loses_watches: Callable[..., Outcome]
) -> None:
    shop.born(2, batchSize=1, drainSeconds=8)

    done = loses_watches("upgrade", NAME, "--yes", "--image", "main=app:v2")

    assert (done.code, shop.state()) == (1, "Progressing"), done.err
    assert "permission to list pods was lost" in done.err
    assert f"next:  kubectl auth can-i list pods -n {shop.client.namespace}" in done.err
    assert not drained(shop)
    assert (shop.images(), all(map(ready, shop.pods()))) == (["app:v1"] * 2, True)
    assert shop.lease()["holderIdentity"] == ""


def test_a_repair_that_loses_the_right_to_watch_pods_names_the_pod_that_it_leaves(
    shop: Shop, loses_watches: Callable[..., Outcome]
) -> None:
    """What another client started can't be seen to be settled without a watch."""
    shop.born(2, batchSize=1, drainSeconds=8)
    pod = drifted(shop, shop.pods()[0])
    images = sorted(shop.images())

    done = loses_watches("repair", NAME, "--yes")

    said = f"pod/{name(pod)}: WatchRefused: "
    assert (done.code, said in done.err) == (3, True), done.err
    assert "; the pod stays out of traffic" in done.err
    assert sorted(shop.images()) == images
    assert shop.lease()["holderIdentity"] == ""
