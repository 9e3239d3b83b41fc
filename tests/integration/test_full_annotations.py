"""Annotations of others use up what a CafeDeployment may have: every release still ends (I13)."""

from __future__ import annotations

import pytest

from kubectl_cafe.annotations import TOTAL
from tests.integration.shop import NAME, Shop, waiting

PAD = "example.com/pad"
LEFT = 250
"""Bytes that are left: one more entry of the journal with its reason takes more."""


def fill(shop: Shop) -> None:
    """Others take all that is left but a few bytes."""
    notes = {**shop.cafed()["metadata"]["annotations"], PAD: ""}
    used = sum(len(key.encode()) + len(value.encode()) for key, value in notes.items())
    shop.annotate({PAD: "x" * (TOTAL - used - LEFT)})


ENDS = [
    (("confirm", NAME, "--group", "2"), 3, "AwaitingConfirm"),
    (("pause", NAME), 0, "Paused"),
    (("rollback", NAME, "--yes"), 0, "RolledBack"),
    (("abort", NAME), 0, "Aborted"),
    (("abort", NAME, "--force"), 0, "Aborted"),
]


@pytest.mark.parametrize(("verb", "code", "state"), ENDS, ids=lambda value: str(value))
def test_i13_with_full_annotations_every_verb_is_written(
    shop: Shop, verb: tuple[str, ...], code: int, state: str
) -> None:
    waiting(shop)
    shop.annotate({"cafe.sofastack.io/upgrade-confirmed": "false"})
    fill(shop)

    done = shop.cafe(*verb, "--reason", "y" * 200)

    assert (done.code, shop.state()) == (code, state), done.err
    record = shop.record()
    assert record["journal"][0]["trigger"] == "start"
    assert record["journalCut"] or state == "Paused"


def test_where_others_leave_less_than_the_smallest_record_needs_the_largest_is_named(
    shop: Shop,
) -> None:
    shop.make(1)
    shop.annotate({PAD: "x" * (TOTAL - 400)})

    done = shop.upgrade()

    assert done.code == 7
    assert "annotations of one object are limited to 262144 bytes" in done.err
    assert f"kubectl annotate cafed {NAME} -n {shop.client.namespace} {PAD}-" in done.err
