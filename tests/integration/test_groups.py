"""A release goes group by group, and each group waits until the one before it is over."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.integration.shop import CELL, TWO_CELLS, Shop, confirm, image, name, ready, templates


def per_cell(shop: Shop, wanted: str) -> dict[str, int]:
    """How many pods of each cell have an image in their spec."""
    pods = [pod for pod in shop.pods() if image(pod) == wanted]
    return dict(Counter(pod["metadata"]["labels"][CELL] for pod in pods))


# Groups


def test_a_first_release_brings_its_pods_to_life_group_by_group(shop: Shop) -> None:
    shop.make(6, "label", TWO_CELLS, upgradeType="Beta", batchSize=2, needWaitingForConfirm=True)
    seen = [(shop.upgrade().code, per_cell(shop, "app:v1"))]
    while seen[-1][0] == 3:
        seen.append((confirm(shop), per_cell(shop, "app:v1")))

    assert seen == [
        (3, {"CellA": 1, "CellB": 1}),
        (3, {"CellA": 2, "CellB": 2}),
        (0, {"CellA": 3, "CellB": 3}),
    ]
    assert all(ready(pod) for pod in shop.pods())


@pytest.mark.guard("group-counts-per-cell")
def test_an_upgrade_goes_group_by_group_and_waits_for_a_person_between_them(shop: Shop) -> None:
    shop.born(6, "label", TWO_CELLS, upgradeType="Beta", batchSize=2, confirm=True)

    seen = [(shop.upgrade("app:v2").code, per_cell(shop, "app:v2"))]
    while seen[-1][0] == 3:
        seen.append((confirm(shop), per_cell(shop, "app:v2")))

    assert seen == [
        (3, {"CellA": 1, "CellB": 1}),
        (3, {"CellA": 2, "CellB": 2}),
        (0, {"CellA": 3, "CellB": 3}),
    ]


def test_pods_outside_the_group_are_not_written(shop: Shop) -> None:
    """I6."""
    shop.born(4, "gate", TWO_CELLS, upgradeType="Beta", confirm=True)
    before = {name(pod): pod["metadata"]["resourceVersion"] for pod in shop.pods()}

    assert shop.upgrade("app:v2").code == 3

    untouched = [pod for pod in shop.pods() if image(pod) == "app:v1"]
    assert len(untouched) == 2
    assert all(before[name(pod)] == pod["metadata"]["resourceVersion"] for pod in untouched)


@pytest.mark.guard("commit-after-the-last-group")
def test_the_workloads_keep_the_old_template_until_the_last_group_is_over(shop: Shop) -> None:
    shop.born(2, "label", batchSize=1, confirm=True)
    seen = [templates(shop)]
    assert shop.upgrade("app:v2").code == 3
    seen.append(templates(shop))
    assert confirm(shop) == 0
    seen.append(templates(shop))

    assert seen == [{"app:v1"}, {"app:v1"}, {"app:v2"}]


def test_min_ready_seconds_pass_before_a_group_is_over(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1)
    shop.edit({"strategy": {"minReadySeconds": 3}})
    before = len(shop.writes("pods"))

    assert shop.upgrade("app:v2").code == 0

    first, second = shop.writes("pods")[before:]
    # Kubelets write whole seconds, cut: up to one of the three is lost in that.
    assert (second.time - first.time).total_seconds() >= 2


@pytest.mark.guard("percent-is-a-limit")
def test_c73_two_replicas_in_two_cells_with_all_defaults_are_never_down_at_once(
    shop: Shop,
) -> None:
    shop.make(2, "gate", TWO_CELLS)
    shop.edit({"strategy": None})
    assert shop.upgrade().code == 0
    pods, since = shop.pods(), shop.now()

    assert shop.upgrade("app:v2").code == 0

    shown = {name(pod): ready(pod) for pod in pods}
    assert set(shown.values()) == {True}
    for pod in shop.history("pods", since):
        shown[name(pod)] = ready(pod)
        assert any(shown.values())
    assert shop.images() == ["app:v2", "app:v2"]


# Nothing or little to do


def test_c54_a_release_without_pods_commits_the_template_all_the_same(shop: Shop) -> None:
    shop.born(0, "label", TWO_CELLS)

    assert shop.upgrade("app:v2").code == 0

    assert shop.state() == "Completed"
    assert templates(shop) == {"app:v2"}


@pytest.mark.guard("empty-cells-have-no-canary")
def test_c54_a_cell_without_pods_is_done_at_once(shop: Shop) -> None:
    shop.make(2, "label", TWO_CELLS, upgradeType="Beta")
    shop.edit({"topology": {"unitReplicas": {"CellA": 0}}})
    assert shop.upgrade().code == 0

    assert shop.upgrade("app:v2").code == 0

    assert per_cell(shop, "app:v2") == {"CellB": 2}
    assert templates(shop) == {"app:v2"}
