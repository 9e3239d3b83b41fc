"""What this version does not honour is refused with its path, not passed over."""

from __future__ import annotations

import copy

import pytest

from testbed.client import Object
from tests.integration.refusals import UPGRADE, refused
from tests.integration.shop import CAFED, NAME, Shop

UNHONOURED: dict[str, tuple[Object, str]] = {
    "auto-reschedule": (
        {"topology": {"autoReschedule": {"enable": True}}},
        "spec.topology.autoReschedule.enable",
    ),
}


@pytest.mark.guard("unhonoured-fields-are-refused")
@pytest.mark.parametrize(("spec", "path"), UNHONOURED.values(), ids=UNHONOURED)
def test_what_this_version_does_not_honour_is_refused_with_its_path(
    shop: Shop, spec: Object, path: str
) -> None:
    shop.born(1)
    shop.edit(spec)

    refused(
        shop,
        (*UPGRADE, "--image", "main=app:v2"),
        7,
        f"not supported by this version of kubectl-cafe: {path}",
    )


@pytest.mark.parametrize("kind", ["ReplicaSet", "StatefulSet"])
def test_another_pod_set_type_is_refused_with_its_path(shop: Shop, kind: str) -> None:
    made = shop.make(1)
    shop.client.delete(CAFED, NAME)
    spec = copy.deepcopy(made["spec"]) | {"podSetType": kind}
    body = {key: made[key] for key in ("apiVersion", "kind")}
    shop.client.create(CAFED, body | {"metadata": {"name": NAME}, "spec": spec})

    refused(shop, UPGRADE, 7, "not supported by this version of kubectl-cafe: spec.podSetType")
