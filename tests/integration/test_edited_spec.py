"""The spec is edited while a release is under way."""

from __future__ import annotations

import pytest

from tests.integration.shop import CAFED, NAME, Shop, confirm, waiting


@pytest.mark.guard("spec-changed")
def test_an_edited_spec_fails_the_running_release_and_takes_no_more_pods(shop: Shop) -> None:
    waiting(shop)
    edit = {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "app:v9"}
    shop.client.patch(CAFED, NAME, [edit], kind="application/json-patch+json")

    done = shop.cafe("confirm", NAME)

    assert (done.code, shop.state()) == (4, "Failed")
    assert "SpecChanged" in done.err
    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]


def test_replicas_alone_wait_for_the_next_release(shop: Shop) -> None:
    waiting(shop)
    shop.edit({"replicas": 5})

    assert confirm(shop) == 3

    said = shop.cafe("status", NAME)
    assert "spec.replicas or spec.topology changed" in said.out
    assert len(shop.pods()) == 3
