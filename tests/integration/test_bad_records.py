"""A record that can't be read is not acted on."""

from __future__ import annotations

import json

import pytest

from tests.integration.refusals import UPGRADE, VERBS, names_of, refused
from tests.integration.shop import NAME, RELEASE, Shop


def damage(shop: Shop, text: str) -> None:
    """Write the release annotation."""
    shop.annotate({RELEASE: text})


@pytest.mark.parametrize("args", VERBS, ids=names_of)
def test_a_garbage_record_is_not_acted_on(shop: Shop, args: tuple[str, ...]) -> None:
    shop.make(1)
    damage(shop, "{half a record")

    refused(
        shop,
        args,
        2 if args[0] == "plan" else 1,
        "the release's record cannot be read: not JSON",
        f"annotation {RELEASE}",
    )


def test_a_record_of_a_newer_version_is_left_to_a_newer_plugin(shop: Shop) -> None:
    shop.born(1)
    damage(shop, json.dumps(shop.record() | {"v": 99, "client": "9.9.9"}))

    refused(shop, UPGRADE, 1, "version 99, written by kubectl-cafe 9.9.9", "kubectl cafe version")


@pytest.mark.guard("codec-unknown-field")
def test_a_record_with_a_field_that_is_not_known_is_not_acted_on(shop: Shop) -> None:
    shop.born(1)
    damage(shop, json.dumps(shop.record() | {"surprise": 1}))

    refused(shop, UPGRADE, 1, "cannot be read", "surprise")


@pytest.mark.guard("foreign-record")
def test_a_record_that_was_copied_from_another_object_is_not_acted_on(shop: Shop) -> None:
    shop.born(1)
    damage(
        shop, json.dumps(shop.record() | {"uid": "someone-else", "state": "RollingBack", "step": 0})
    )

    done = shop.cafe("drive", NAME)

    assert done.code == 0
    assert "Idle" in done.err
