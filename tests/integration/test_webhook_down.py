"""A webhook that is down is named, and no command waits for it for ever (protocol 7, 10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from testbed.client import MERGE, Client, Object, Refused
from testbed.waiting import wait_for
from tests.integration.rows.ways import agreed
from tests.integration.shop import GATE, NAME, Shop, phase, ready, set_gate

WEBHOOKS = "admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
DOWN = 'failed calling webhook "nobody.example.com"'


def drained(shop: Shop) -> list[Object]:
    """Its pods that are only drained."""
    return [pod for pod in shop.pods() if phase(pod) == "drained"]


def updated(client: Client) -> bool:
    """Whether a pod may be updated; it is only tried."""
    (pod, *_) = client.list("pods")
    notes = {"metadata": {"annotations": {"trial": "1"}}}
    try:
        client.patch("pods", pod["metadata"]["name"], notes, kind=MERGE, dryRun="All")
    except Refused:
        return False
    return True


@pytest.fixture
def webhook(client: Client) -> Iterator[Callable[..., None]]:
    """`webhook(*resources)` is one that nobody answers for, of this namespace; removed at last."""
    everything, name = client.within(None), f"down-{client.namespace}"

    def make(*resources: str) -> None:
        rule = {
            "apiGroups": ["*"],
            "apiVersions": ["*"],
            "operations": ["CREATE", "UPDATE"],
            "resources": list(resources),
        }
        here = {"matchLabels": {"kubernetes.io/metadata.name": client.namespace}}
        body = {
            "metadata": {"name": name},
            "webhooks": [
                {
                    "name": "nobody.example.com",
                    "clientConfig": {"service": {"namespace": client.namespace, "name": "nobody"}},
                    "rules": [rule],
                    "failurePolicy": "Fail",
                    "sideEffects": "None",
                    "timeoutSeconds": 1,
                    "admissionReviewVersions": ["v1"],
                    "namespaceSelector": here,
                }
            ],
        }
        everything.create(WEBHOOKS, body)
        wait_for(lambda: not updated(client), "the webhook to be in force")

    yield make
    if everything.find(WEBHOOKS, name):
        everything.delete(WEBHOOKS, name)


@pytest.mark.guard("a-write-that-fails-is-named")
def test_a_webhook_that_is_down_is_named_and_the_driver_ends(
    shop: Shop, webhook: Callable[..., None]
) -> None:
    shop.born(3, batchSize=1, progressDeadlineSeconds=5, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    webhook("pods", "pods/status")

    done = shop.cafe("confirm", NAME, "--group", "2", seconds=75)

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    said = done.err.replace("\n", " ")
    assert DOWN in said
    assert "ProgressDeadlineExceeded" in said
    assert DOWN in str(shop.record()["failure"])
    assert shop.lease()["holderIdentity"] == ""


def test_what_was_drained_under_a_webhook_that_is_down_is_named_and_rolled_back_later(
    shop: Shop, webhook: Callable[..., None]
) -> None:
    shop.born(1, progressDeadlineSeconds=5, drainSeconds=3)
    running = shop.start("app:v2")
    (pod,) = wait_for(lambda: drained(shop), "a pod to be drained", 30)
    webhook("pods", "pods/status")

    done = running.wait(90)

    assert (done.code, shop.state()) == (4, "Failed"), done.err
    assert f"left out of traffic: {pod['metadata']['name']}" in done.err.replace("\n", " ")
    assert DOWN in done.err.replace("\n", " ")
    shop.client.within(None).delete(WEBHOOKS, f"down-{shop.client.namespace}")

    assert shop.cafe("rollback", NAME, "--yes").code == 0
    assert shop.images() == ["app:v1"]
    assert all(ready(one) for one in shop.pods())


@pytest.mark.parametrize("verb", ["rollback", "abort"])
def test_a_driver_that_can_t_fence_off_the_last_one_says_why_and_ends(
    shop: Shop, webhook: Callable[..., None], verb: str
) -> None:
    shop.born(2, batchSize=1, drainSeconds=30)
    running = shop.start("app:v2")
    wait_for(lambda: drained(shop), "a pod to be drained", 30)
    running.kill9()
    shop.forget_lease()
    webhook("pods")

    done = shop.cafe(verb, NAME, *agreed(verb), seconds=100)

    said = done.err.replace("\n", " ")
    assert (done.code, shop.state()) == (1, "Progressing"), done.err
    assert "waiting for /api/v1/namespaces" in said
    assert "pending writes of the previous driver could not be invalidated" in said
    assert DOWN in said
    assert shop.lease()["holderIdentity"] == ""
    shop.client.within(None).delete(WEBHOOKS, f"down-{shop.client.namespace}")

    assert shop.cafe(verb, NAME, *agreed(verb)).code == 0
    assert shop.images() == ["app:v1"] * 2
    assert all(ready(pod) for pod in shop.pods())


def test_a_repair_that_can_t_write_a_pod_says_why_and_ends(
    shop: Shop, webhook: Callable[..., None]
) -> None:
    (pod,) = shop.born(1)
    set_gate(shop.client, pod, GATE, "False")
    webhook("pods", "pods/status")

    done = shop.cafe("repair", NAME, "--yes", seconds=75)

    assert done.code == 1, done.err
    assert f"pod {pod['metadata']['name']} could not be written for 30s" in done.err
    assert DOWN in done.err.replace("\n", " ")
    assert shop.lease()["holderIdentity"] == ""
