"""The first writes are tried before: what a policy refuses or rewrites is known beforehand."""

from __future__ import annotations

import pytest

from tests.integration.admission import MIRROR, Admission
from tests.integration.shop import NAME, TWO_CELLS, Shop, name, status

UNSIGNED = "app:v2 has no signature"


@pytest.mark.guard("what-is-certain-to-fail-is-refused")
def test_an_upgrade_that_a_policy_would_refuse_is_refused_before_any_write(
    shop: Shop, admission: Admission
) -> None:
    (before,) = shop.born(1)
    admission.forbid("app:v2", UNSIGNED)
    writes = len(shop.writes())

    done = shop.upgrade("app:v2")

    assert done.code == 7, done.err
    assert f"pod/{name(before)} in namespace {shop.client.namespace}" in done.err
    assert UNSIGNED in done.err.replace("\n", " ")
    assert "  next:  kubectl get validatingadmissionpolicies" in done.err
    assert len(shop.writes()) == writes
    (after,) = shop.pods()
    assert status(after) == status(before)


def test_plan_tells_a_policys_refusal_in_its_own_words_and_exits_above_one(
    shop: Shop, admission: Admission
) -> None:
    shop.born(1, "label")
    admission.forbid("app:v2", UNSIGNED)

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert done.code == 7
    assert "refused: the API server refuses the image patch: " in done.out
    assert UNSIGNED in done.out


def test_another_image_than_the_forbidden_one_is_let_in(shop: Shop, admission: Admission) -> None:
    shop.born(1)
    admission.forbid("app:v2", UNSIGNED)

    done = shop.cafe("plan", NAME, "--image", "main=app:v3", "-o", "wide")

    assert done.code == 1
    assert "ok: dry run of the first writes passed on" in done.out


def test_plan_tells_that_admission_rewrites_the_image(shop: Shop, admission: Admission) -> None:
    shop.born(1)
    admission.mirror()

    done = shop.cafe("plan", NAME, "--image", "main=app:v2")

    assert done.code == 1
    assert f"warning: admission replaces app:v2 by {MIRROR}app:v2 (container main)" in done.out


def test_a_new_pod_pod_that_a_policy_refuses_is_told_before_the_first_release(
    shop: Shop, admission: Admission
) -> None:
    shop.make(1)
    admission.forbid("app:v1", "not this one")

    done = shop.cafe("plan", NAME)

    assert "warning: the API server refuses a new pod: " in done.out
    assert "not this one" in done.out


def test_one_pod_of_each_cell_is_tried_and_none_is_written(shop: Shop) -> None:
    shop.born(4, cells=TWO_CELLS)
    before = shop.pods()

    done = shop.cafe("plan", NAME, "--image", "main=app:v2", "-o", "wide")

    tried = next(
        line for line in done.out.splitlines() if "dry run of the first writes passed" in line
    )
    cells = {
        pod["metadata"]["labels"]["cafe.sofastack.io/cell"] for pod in before if name(pod) in tried
    }
    assert cells == set(TWO_CELLS)
    assert shop.pods() == before
