"""What traffic finalizers ask of the pods before a release may begin (protocol 5, C31)."""

from __future__ import annotations

import pytest

from kubectl_cafe.api.cafedeployment import CafeDeployment
from kubectl_cafe.planning.traffic_finalizers import warnings
from tests.unit.builders import cafe_object, pod

BALANCER = "example.com/balancer"
CAFE = CafeDeployment(cafe_object(strategy={"trafficFinalizers": [BALANCER]}))


@pytest.mark.parametrize(("lacking", "named"), [(1, "p0"), (3, "p0, p1, p2"), (5, "p0, p1, p2")])
def test_pods_without_a_traffic_finalizer_are_counted_and_three_of_them_named(
    lacking: int, named: str
) -> None:
    pods = [pod(f"p{n}") for n in range(lacking)]
    (said,) = warnings(CAFE, [*pods, pod("with", finalizers={BALANCER: 0.0})])
    assert f"{lacking} of {lacking + 1} pods" in said
    assert BALANCER in said
    assert f"({named}):" in said


def test_pods_that_all_carry_the_finalizer_or_leave_are_not_warned_of() -> None:
    leaving = pod("leaving", terminating=True)
    assert warnings(CAFE, [pod("with", finalizers={BALANCER: 0.0}), leaving]) == ()
