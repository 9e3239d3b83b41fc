"""Quotas and limits, where pods are born."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kubectl_cafe.preflight import new_pods, quota
from kubectl_cafe.preflight.answers import Answers
from kubectl_cafe.preflight.new_pods import Demand
from kubectl_cafe.preflight.quantity import quantity
from tests.unit.builders import template
from tests.unit.preflight.cases import MAY_NOT, create, said, upgrade


def asking(**resources: Any) -> dict[str, Any]:
    """A template whose container has `resources`."""
    made = template()
    made["spec"]["containers"][0]["resources"] = resources
    return made


def a_quota(hard: dict[str, str], used: dict[str, str] | None = None, **spec: Any) -> Any:
    return {
        "metadata": {"name": "q"},
        "spec": {"hard": hard, **spec},
        "status": {"hard": hard, "used": used or {}},
    }


def a_range(kind: str = "Container", **item: Any) -> Any:
    return {"metadata": {"name": "r"}, "spec": {"limits": [{"type": kind, **item}]}}


def judged(*, quotas: Any = (), limits: Any = (), made: Any = None) -> list[str]:
    answers = Answers(quotas=quotas, limits=limits)
    return said(quota.judge(create(template=made or template()), answers))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2", 2),
        ("100m", "0.1"),
        ("1.5Gi", 1610612736),
        ("2e3", 2000),
        ("5k", 5000),
        ("1E", 10**18),
        (".5", "0.5"),
    ],
)
def test_a_quantity_is_read_as_kubernetes_writes_it(text: str, value: object) -> None:
    assert quantity(text) == Decimal(str(value))


@pytest.mark.parametrize("text", ["", "m", "1x", "1 Gi", "1ki"])
def test_what_is_no_quantity_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a quantity"):
        quantity(text)


@pytest.mark.guard("a-quota-without-room-is-refused")
def test_a_quota_of_pods_without_room_is_refused_with_the_numbers() -> None:
    (found,) = judged(quotas=[a_quota({"pods": "10"}, {"pods": "9"})])
    assert found == "refused: quota q: pods 2 required for 2 new pods, 1 left"


def test_a_quota_with_room_is_well() -> None:
    (found,) = judged(quotas=[a_quota({"pods": "10"}, {"pods": "8"})])
    assert found.startswith("ok: ")


def test_a_quota_of_cpu_counts_what_the_containers_request() -> None:
    made = asking(requests={"cpu": "600m"})
    (found,) = judged(quotas=[a_quota({"requests.cpu": "1"})], made=made)
    assert found == "refused: quota q: requests.cpu 1.2 required for 2 new pods, 1 left"


def test_a_container_that_does_not_say_what_a_quota_counts_is_refused() -> None:
    (found,) = judged(quotas=[a_quota({"limits.memory": "1Gi"})])
    assert found == "refused: quota q requires limits.memory of every container, main has none"


def test_a_limit_is_the_request_that_is_not_said() -> None:
    made = asking(limits={"cpu": "1"})
    assert new_pods.demands(made, ()) == [Demand("main", {"cpu": "1"}, {"cpu": "1"})]


def test_a_limit_ranges_defaults_are_what_a_container_does_not_say() -> None:
    one = a_range(default={"cpu": "2"}, defaultRequest={"cpu": "1"})
    assert new_pods.demands(template(), [one]) == [Demand("main", {"cpu": "1"}, {"cpu": "2"})]


def test_a_quota_of_other_things_is_no_finding() -> None:
    (found,) = judged(quotas=[a_quota({"services": "0", "requests.storage": "1Gi"})])
    assert found.startswith("ok: ")


def test_a_quota_with_scopes_is_not_known() -> None:
    (found,) = judged(quotas=[a_quota({"pods": "0"}, scopes=["BestEffort"])])
    assert found.startswith("not checked: quota q: quotas with scopes")


def test_what_init_containers_take_is_not_known() -> None:
    made = template()
    made["spec"]["initContainers"] = [{"name": "init", "image": "i:1"}]
    (found,) = judged(quotas=[a_quota({"pods": "10"})], made=made)
    assert found.startswith("not checked: the share of init containers")


def test_a_limit_range_that_is_broken_is_refused() -> None:
    made = asking(limits={"cpu": "4"}, requests={"cpu": "1m"})
    found = judged(limits=[a_range(max={"cpu": "2"}, min={"cpu": "10m"})], made=made)
    assert found == [
        "refused: LimitRange r: container main has a cpu limit of 4, the maximum is 2",
        "refused: LimitRange r: container main has a cpu request of 1m, the minimum is 10m",
    ]


def test_a_limit_range_wants_what_it_bounds_to_be_said() -> None:
    found = judged(limits=[a_range(max={"cpu": "2"}, min={"memory": "1Mi"})])
    assert [line.partition("main ")[2] for line in found] == [
        "has no cpu limit, the maximum is 2",
        "has no memory request, the minimum is 1Mi",
    ]


def test_limits_of_whole_pods_are_not_known() -> None:
    found = judged(limits=[a_range("Pod", max={"cpu": "2"})])
    assert found[0].startswith("not checked: LimitRange r: limits of type Pod")


def test_quotas_that_may_not_be_read_are_no_pass() -> None:
    (found,) = judged(quotas=MAY_NOT)
    assert found.startswith("not checked: quotas and limits for 2 new pods")


def test_no_quota_is_asked_where_no_pod_is_born() -> None:
    answers = Answers(quotas=[a_quota({"pods": "0"})], limits=[])
    assert list(quota.judge(upgrade(), answers)) == []
