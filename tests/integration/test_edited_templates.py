"""A workload's template that somebody edited, and the pods that it makes (protocol 2, A2)."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.client import Object
from testbed.waiting import wait_for
from tests.integration.drifting import HOTFIX, repaired
from tests.integration.shop import NAME, REPLICASETS, Shop, image, name, templates

PATH = "spec.template.spec.containers[main].image"
SAID = "the template of ReplicaSet web differs from"


def set_in_template(shop: Shop, **container: Any) -> None:
    """As `kubectl set image replicaset/web` and `kubectl set env` would."""
    changed = {"name": "main", **container}
    shop.client.patch(
        REPLICASETS, NAME, {"spec": {"template": {"spec": {"containers": [changed]}}}}
    )


def reborn(shop: Shop, pod: Object) -> Object:
    """The pod that the ReplicaSet makes in place of `pod`."""
    known = {name(one) for one in shop.pods()}
    shop.client.delete("pods", name(pod))
    return shop.until_pod(lambda one: name(one) not in known, "a replacement")


def status(shop: Shop) -> str:
    """What `status` says, in one line."""
    return " ".join(shop.cafe("status", NAME).out.split())


@pytest.mark.guard("an-edited-template-proves-no-creation")
def test_c55_a_pod_born_from_an_edited_template_is_no_pod_of_the_revision(shop: Shop) -> None:
    one, _ = shop.born(2, "label")
    set_in_template(shop, image=HOTFIX)
    born = reborn(shop, one)
    assert (image(born), born["metadata"]["labels"]["cafe.sofastack.io/revision"]) == (
        HOTFIX,
        one["metadata"]["labels"]["cafe.sofastack.io/revision"],
    )

    assert f"1 pod drifted from the workload's template: {name(born)}" in status(shop)
    assert repaired(shop).code == 0
    assert shop.images() == ["app:v1"] * 2


@pytest.mark.parametrize(
    ("container", "path"),
    [({"image": HOTFIX}, PATH), ({"env": [{"name": "DEBUG", "value": "1"}]}, "spec.template")],
    ids=["image", "env"],
)
def test_an_edited_template_is_named_and_a_release_writes_it_anew(
    shop: Shop, container: dict[str, Any], path: str
) -> None:
    shop.born(1, "label")
    assert shop.cafe("plan", NAME).code == 0
    (before,) = (one["spec"]["template"] for one in shop.client.list(REPLICASETS))
    set_in_template(shop, **container)

    assert SAID in status(shop)
    assert f"({path})" in status(shop)
    planned = shop.cafe("plan", NAME)
    assert (planned.code, SAID in " ".join(planned.out.split())) == (1, True)

    done = shop.upgrade()

    assert (done.code, SAID in " ".join(done.err.split())) == (0, True)
    (after,) = (one["spec"]["template"] for one in shop.client.list(REPLICASETS))
    assert (after, shop.images()) == (before, ["app:v1"])
    assert SAID not in status(shop)
    assert shop.cafe("plan", NAME).code == 0


def test_under_a_release_pods_that_an_edited_template_makes_do_not_pass_for_the_old_version(
    shop: Shop,
) -> None:
    shop.born(3, "label", batchSize=1, progressDeadlineSeconds=6, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    set_in_template(shop, image=HOTFIX)
    old = next(pod for pod in shop.pods() if image(pod) == "app:v1")
    born = reborn(shop, old)
    wait_for(lambda: SAID in status(shop), "status to name the template")
    other = next(pod for pod in shop.pods() if image(pod) == "app:v1")
    reborn(shop, other)

    done = shop.cafe("confirm", NAME, "--group", "2", seconds=75)

    assert done.code == 4
    assert "pods with an image of no known revision (not touched)" in " ".join(done.err.split())
    assert image(shop.client.get("pods", name(born))) == HOTFIX


def test_the_commit_of_a_release_writes_over_an_edit(shop: Shop) -> None:
    shop.born(2, "label", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3
    set_in_template(shop, env=[{"name": "DEBUG", "value": "1"}])

    assert shop.cafe("confirm", NAME, "--group", "2").code == 0

    (made,) = (one["spec"]["template"]["spec"] for one in shop.client.list(REPLICASETS))
    assert "env" not in made["containers"][0]
    assert templates(shop) == {"app:v2"}
