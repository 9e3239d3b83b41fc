"""`rollback` shows what it would do, asks, and goes back once however often it is typed."""

from __future__ import annotations

import pytest

from tests.integration.restarting import KILL
from tests.integration.shop import NAME, SECONDS, Shop


def edit(shop: Shop, image: str) -> None:
    shop.edit({"template": {"spec": {"containers": [{"name": "main", "image": image}]}}})


@pytest.mark.guard("a-repeated-rollback-goes-nowhere")
def test_a_rollback_typed_twice_goes_back_once_and_says_how_to_go_further(shop: Shop) -> None:
    shop.born(2)
    assert [shop.upgrade(image).code for image in ("app:v2", "app:v3")] == [0, 0]
    assert shop.cafe("rollback", NAME, "--yes", "--reason", "INC-99").code == 0
    before = len(shop.writes())

    again = shop.cafe("rollback", NAME, "--yes")

    assert (again.code, len(shop.writes()), shop.images()) == (0, before, ["app:v2"] * 2)
    assert "rolled back to revision 2, by " in again.err
    assert ": INC-99; nothing was written" in again.err
    place = f"{NAME} -n {shop.client.namespace}"
    assert f"next:  kubectl cafe rollback {place} --to-revision 1" in again.err

    further = shop.cafe("rollback", NAME, "--to-revision", "1", "--yes", seconds=SECONDS)
    assert (further.code, shop.images()) == (0, ["app:v1"] * 2)


def test_a_second_rollback_follows_the_one_that_runs(shop: Shop) -> None:
    shop.born(2, notes={KILL: "3000"}, batchSize=1)
    assert shop.upgrade("app:v2").code == 0
    first = shop.cafe.start("rollback", NAME, "--yes")
    shop.until("RollingBack")

    second = shop.cafe("rollback", NAME, "--yes", seconds=SECONDS)

    assert (first.wait().code, second.code, shop.state()) == (0, 0, "RolledBack")
    assert "this rollback is already under way, by " in second.err
    assert [e["trigger"] for e in shop.record()["journal"]].count("rollback") == 1


@pytest.mark.guard("a-rollback-is-asked-for")
def test_without_a_terminal_it_refuses_and_says_what_to_type(shop: Shop) -> None:
    shop.born(1)
    assert shop.upgrade("app:v2").code == 0
    before = len(shop.writes())

    done = shop.cafe("rollback", NAME, "--fast")

    assert (done.code, len(shop.writes())) == (7, before)
    assert "image of main  app:v2  app:v1" in done.err
    place = f"{NAME} -n {shop.client.namespace}"
    assert f"next:  kubectl cafe rollback {place} --fast --yes" in done.err


def test_its_plan_names_the_edit_that_it_would_discard_and_writes_nothing(shop: Shop) -> None:
    shop.born(1)
    assert shop.upgrade("app:v2").code == 0
    edit(shop, "app:v3")
    before = len(shop.writes())

    tried = shop.cafe("rollback", NAME, "--dry-run=client")
    planned = shop.cafe("plan", NAME, "--rollback")
    asked = shop.cafe("plan", NAME, "--rollback", "-o", "json")

    discards = "unreleased changes of the spec are discarded: image of main: app:v2 ->"
    assert (tried.code, planned.code, asked.code) == (0, 1, 1)
    assert discards in " ".join(tried.err.split())
    assert discards in " ".join(planned.out.split())
    assert len(shop.writes()) == before

    done = shop.cafe("rollback", NAME, "--yes")
    assert (done.code, shop.images()) == (0, ["app:v1"])
    assert discards in done.err
