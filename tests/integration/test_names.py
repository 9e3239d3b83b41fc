"""Names of CafeDeployments: every one that is accepted can be released."""

from __future__ import annotations

import pytest

from tests.integration.applied import GOOD, Kubectl, tried
from tests.integration.shop import CAFED, Shop

LONGEST = "a" * 52


def named(name: str) -> dict[str, object]:
    return {**GOOD, "metadata": {"name": name}}


def test_a_name_too_long_for_a_revision_s_label_is_refused_at_once(kubectl: Kubectl) -> None:
    assert tried(kubectl, named(LONGEST)).returncode == 0

    assert (
        "metadata.name must have at most 52 characters"
        in tried(kubectl, named(f"{LONGEST}a")).stderr
    )


@pytest.mark.parametrize(
    "name",
    [
        LONGEST,
        "a" * 39 + ".b",
        "a" * 39 + "-b",
        "a" * 38 + ".b.c",
        "a" * 38 + "--b",
    ],
)
def test_every_name_that_is_accepted_is_released(shop: Shop, name: str) -> None:
    made = shop.make(1, "none")
    body = {key: made[key] for key in ("apiVersion", "kind", "spec")}
    shop.client.create(CAFED, body | {"metadata": {"name": name}})

    planned = shop.cafe("plan", name)
    done = shop.cafe("upgrade", name, "--yes", seconds=75)

    assert planned.code == 1, planned.out + planned.err
    assert done.code == 0, done.err
