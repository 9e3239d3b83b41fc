"""A group that waits for a person, and what confirms it."""

from __future__ import annotations

import pytest

from tests.integration.shop import CONFIRMED, NAME, Shop, confirm, waiting


@pytest.mark.guard("a-repeat-confirms-nothing")
def test_a_repeat_of_confirm_with_its_group_is_refused(shop: Shop) -> None:
    waiting(shop)
    assert confirm(shop, "--group", "2") == 3

    repeat = shop.cafe("confirm", NAME, "--group", "2")

    assert repeat.code == 7
    assert "group 2 is not waiting for a confirmation, group 3 is" in repeat.err
    assert "--group 3" in repeat.err
    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]


def test_a_confirmation_where_none_is_awaited_is_refused_with_what_is_legal(shop: Shop) -> None:
    shop.born(1)

    done = shop.cafe("confirm", NAME)

    assert done.code == 7
    assert "allowed now: upgrade, rollback" in done.err


@pytest.mark.parametrize("value", ["true", "2"])
def test_kubectl_annotate_confirms_and_whoever_drives_next_goes_on(shop: Shop, value: str) -> None:
    waiting(shop)
    shop.annotate({CONFIRMED: value})

    assert shop.cafe("drive", NAME).code == 3

    assert sorted(shop.images()) == ["app:v1", "app:v2", "app:v2"]
    who = [entry["who"] for entry in shop.record()["journal"] if entry["trigger"] == "confirm"]
    assert who == ["unknown, see the audit log"]
    assert shop.cafed()["metadata"]["annotations"][CONFIRMED] == "false"


@pytest.mark.guard("annotation-confirms-the-group-that-waits")
def test_an_annotation_with_another_groups_number_confirms_nothing(shop: Shop) -> None:
    waiting(shop)
    shop.annotate({CONFIRMED: "3"})

    assert shop.cafe("drive", NAME).code == 3

    assert sorted(shop.images()) == ["app:v1", "app:v1", "app:v2"]


def test_a_pipelines_second_run_drives_on_instead_of_starting_anew(shop: Shop) -> None:
    waiting(shop)
    release = shop.record()["id"]

    done = shop.upgrade("app:v2")

    assert done.code == 3
    assert "under way" in done.err
    assert shop.record()["id"] == release


def test_another_target_over_an_unfinished_release_is_refused(shop: Shop) -> None:
    waiting(shop)
    before = len(shop.writes())

    done = shop.upgrade("app:v3")

    assert (done.code, len(shop.writes())) == (7, before)
    assert "allowed now: confirm, pause, rollback, upgrade --supersede, abort" in done.err
