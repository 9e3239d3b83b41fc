"""An annotation that nobody can read costs the row of the pod that carries it, and no command."""

from __future__ import annotations

import pytest

from tests.integration.refusals import VERBS, names_of, refused
from tests.integration.shop import NAME, RECORD, RELEASE, Shop, name

POISONS = {"deep": "[" * 100_000, "huge": "x" * 200_000, "another type": "5"}


@pytest.mark.parametrize("text", POISONS.values(), ids=POISONS)
def test_one_pod_s_poison_costs_that_pod_s_row(shop: Shop, text: str) -> None:
    first, second = shop.born(2, "none")
    shop.client.patch("pods", name(first), {"metadata": {"annotations": {RECORD: text}}})

    seen = shop.cafe("status", NAME)
    overview = shop.cafe("status")
    planned = shop.cafe("plan", NAME, "--image", "main=app:v2")
    found = shop.cafe("repair", NAME, "--dry-run=server")

    assert (seen.code, overview.code) == (0, 0), seen.err + overview.err
    assert name(first) in seen.out
    assert len(seen.out) < 5000
    assert NAME in overview.out
    assert planned.code in (1, 7), planned.err
    assert name(second) in planned.out
    assert name(first) in found.out + found.err
    for done in (seen, overview, planned, found):
        assert "Traceback" not in done.err + done.out


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_a_release_s_poisoned_record_is_named_by_every_verb(
    shop: Shop, args: tuple[str, ...]
) -> None:
    shop.make(1)
    shop.annotate({RELEASE: POISONS["deep"]})

    refused(shop, args, 2 if args[0] == "plan" else 1, "not a JSON object", f"annotation {RELEASE}")
    assert shop.cafe("status").code == 0
