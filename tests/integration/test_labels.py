"""Labels and annotations of the template go in place, without a restart."""

from __future__ import annotations

from collections import Counter

import pytest

from testbed.client import Object
from tests.integration.shop import CELL, NAME, TWO_CELLS, Shop, name, ready, status


def relabel(shop: Shop) -> Object:
    """Change a label and an annotation of the template, and nothing else."""
    meta = {"labels": {"team": "payments"}, "annotations": {"note": "seen"}}
    return shop.edit({"template": {"metadata": meta}})


@pytest.mark.guard("labels-alone-switch-nothing")
@pytest.mark.parametrize("mode", ["gate", "label", "none"])
def test_c78_labels_and_annotations_cost_one_write_and_no_restart(shop: Shop, mode: str) -> None:
    pods, before = shop.born(2, mode), len(shop.writes("pods"))
    since = shop.now()
    relabel(shop)

    assert shop.upgrade().code == 0

    assert Counter(r.name for r in shop.writes("pods")[before:]) == {name(p): 1 for p in pods}
    assert all(ready(pod) for pod in shop.history("pods", since))
    for old, new in zip(pods, shop.pods(), strict=True):
        assert new["metadata"]["labels"]["team"] == "payments"
        assert new["metadata"]["annotations"]["note"] == "seen"
        assert new["metadata"]["generation"] == old["metadata"]["generation"]
        assert status(new)["containerID"] == status(old)["containerID"]


def test_c78_variables_that_running_containers_keep_are_named_before_the_release(
    shop: Shop,
) -> None:
    field = {"fieldRef": {"fieldPath": "metadata.labels['team']"}}
    env = [{"name": "TEAM", "valueFrom": field}]
    shop.born(1, pod={"containers": [{"name": "main", "image": "app:v1", "env": env}]})
    relabel(shop)

    planned, released = shop.cafe("plan", NAME), shop.upgrade()

    warned = "container main does not restart: it keeps the old value of TEAM"
    assert (planned.code, released.code) == (1, 0)
    assert warned in " ".join(planned.out.split())
    assert warned in " ".join(released.err.split())


@pytest.mark.guard("selector-labels-stay")
def test_c57_a_label_that_the_workloads_select_by_is_refused_with_its_path(shop: Shop) -> None:
    shop.born(2, "label", TWO_CELLS)
    shop.edit({"template": {"metadata": {"labels": {CELL: "CellA"}}}})
    before = len(shop.writes())

    done = shop.upgrade("app:v2")

    assert (done.code, len(shop.writes())) == (7, before)
    assert f"spec.template.metadata.labels[{CELL}]" in done.err


def test_c57_labels_that_the_owner_selects_by_stay(shop: Shop) -> None:
    before = shop.born(2, "label", TWO_CELLS)

    assert shop.upgrade("app:v2").code == 0

    for old, new in zip(before, shop.pods(), strict=True):
        for key in ("app", CELL):
            assert new["metadata"]["labels"][key] == old["metadata"]["labels"][key]
        assert new["metadata"]["ownerReferences"] == old["metadata"]["ownerReferences"]
