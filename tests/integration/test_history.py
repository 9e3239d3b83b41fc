"""What is left of releases: revisions, outcomes, journals, and the way back to them."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from testbed.client import Object
from tests.integration.shop import NAME, Shop

REVISIONS = "apps/v1/controllerrevisions"
RELEASES = "cafe.sofastack.io/releases"
OUTCOME = "cafe.sofastack.io/outcome"


def released(shop: Shop, *images: str) -> None:
    """Two pods without traffic control, and a release to each of `images` after the first."""
    shop.born(2, "none", containers={"main": images[0]})
    for image in images[1:]:
        done = shop.upgrade(image)
        assert done.code == 0, done.err


def kept(shop: Shop) -> list[str]:
    """The images of the revisions there are, by number."""
    found = sorted(shop.client.list(REVISIONS), key=lambda one: int(one["revision"]))
    return [one["data"]["template"]["spec"]["containers"][0]["image"] for one in found]


def revision_of(shop: Shop, image: str) -> Object:
    """The ControllerRevision of an image of `main`."""
    found = shop.client.list(REVISIONS)
    return next(one for one in found if image in json.dumps(one["data"]))


def rows(shop: Shop) -> list[dict[str, Any]]:
    """The revisions of `history -o json`."""
    done = shop.cafe("history", NAME, "-o", "json")
    assert done.code == 0, done.err
    document = done.document()
    assert document["kind"] == "ReleaseHistory"
    found: list[dict[str, Any]] = document["revisions"]
    return found


# Pruning


@pytest.mark.guard("revisions-beyond-the-limit-go")
def test_revisions_beyond_the_history_limit_are_deleted_when_a_release_ends(shop: Shop) -> None:
    released(shop, "app:v1")
    shop.edit({"historyLimit": 1})
    for image in ("app:v2", "app:v3", "app:v4"):
        assert shop.upgrade(image).code == 0

    # from and to are in use; one more is kept.
    assert kept(shop) == ["app:v2", "app:v3", "app:v4"]


def test_a_revision_that_pods_still_show_is_kept_beyond_the_limit(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    shop.edit({"historyLimit": 0})
    for image in ("app:v2", "app:v3"):
        assert shop.upgrade(image).code == 3
        assert shop.cafe("abort", NAME).code == 0
    assert sorted(shop.images()) in (["app:v1", "app:v3"], ["app:v2", "app:v3"])

    assert set(shop.images()) <= set(kept(shop))
    assert "app:v1" in kept(shop)  # The workloads' template, and the last good one.


# What a release leaves behind


def test_a_release_leaves_its_outcome_and_journal_on_its_revision(shop: Shop) -> None:
    released(shop, "app:v1")
    assert shop.upgrade("app:v2", "--reason", "CHG-7").code == 0

    notes = revision_of(shop, "app:v2")["metadata"]["annotations"]
    (release,) = json.loads(notes[RELEASES])["releases"]

    assert notes[OUTCOME] == release["outcome"] == "Completed"
    assert (release["id"], release["why"]) == (shop.record()["id"], "CHG-7")
    moves = [entry["trigger"] for entry in release["journal"]]
    assert moves == ["start", *["step_done"] * (len(moves) - 1)]
    assert {entry["host"] for entry in release["journal"]} == {socket.gethostname()}


def test_an_end_that_was_not_copied_is_copied_by_the_next_release(shop: Shop) -> None:
    released(shop, "app:v1")
    name = revision_of(shop, "app:v1")["metadata"]["name"]
    gone = {"metadata": {"annotations": {RELEASES: None, OUTCOME: None}}}
    shop.client.patch(REVISIONS, name, gone)

    assert shop.upgrade("app:v2").code == 0

    notes = revision_of(shop, "app:v1")["metadata"]["annotations"]
    assert notes[OUTCOME] == json.loads(notes[RELEASES])["releases"][0]["outcome"] == "Completed"


# history


def test_history_shows_each_revision_with_its_last_release(shop: Shop) -> None:
    released(shop, "app:v1")
    assert shop.upgrade("app:v2", "--reason", "CHG-7").code == 0

    done = shop.cafe("history", NAME)

    assert done.code == 0, done.err
    head, first, second = done.out.splitlines()
    heads = ["REVISION", "IMAGES", "PODS", "WHO", "STARTED", "TOOK", "OUTCOME", "REASON"]
    assert head.split() == heads
    assert first.split()[:3] == ["1", "app:v1", "-"]
    assert second.split()[:3] == ["2", "app:v2", "2"]
    assert second.split()[-2:] == ["Completed", "CHG-7"]


def test_history_tells_a_release_that_was_rolled_back_at_both_revisions(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2", "--reason", "try").code == 3
    assert shop.cafe("rollback", NAME, "--yes", "--reason", "smells").code == 0

    first, second = rows(shop)

    assert [r["outcome"] for r in first["releases"]] == ["Completed", "RolledBack"]
    assert first["releases"][-1]["why"] == "smells"
    assert first["pods"] == 2
    (left,) = second["releases"]
    assert (left["outcome"], left["why"]) == ("rolled back to revision 1", "try")


def test_history_tells_a_release_that_is_under_way(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2").code == 3

    first, second = rows(shop)

    assert [r["outcome"] for r in second["releases"]] == ["AwaitingConfirm"]
    assert (first["pods"], second["pods"]) == (1, 1)


def test_history_tells_a_release_whose_place_another_one_took(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2", "--reason", "first").code == 3
    shop.edit({"strategy": {"needWaitingForConfirm": False}})
    assert shop.upgrade("app:v3", "--supersede").code == 0

    _, second, third = rows(shop)

    assert [(r["outcome"], r["why"]) for r in second["releases"]] == [("Superseded", "first")]
    assert [r["outcome"] for r in third["releases"]] == ["Completed"]


def test_history_of_one_revision_shows_template_difference_and_journal(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2")

    done = shop.cafe("history", NAME, "--revision", "2")

    assert done.code == 0, done.err
    lines = [line.strip() for line in done.out.splitlines()]
    for wanted in (
        "Template:",
        "- image: app:v2",
        "Difference from revision 1:",
        "-  - image: app:v1",
        "+  - image: app:v2",
        f"Journal of release {shop.record()['id']}:",
    ):
        assert wanted in lines


def test_history_of_an_unknown_revision_names_those_there_are(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2")

    done = shop.cafe("history", NAME, "--revision", "7")

    assert (done.code, done.out) == (1, "")
    assert "revision 7 not found (existing: 1, 2)" in done.err


def test_a_cafedeployment_without_a_release_has_no_history(shop: Shop) -> None:
    shop.make()

    done = shop.cafe("history", NAME)

    assert (done.code, done.out) == (0, "")
    assert "has no release yet" in done.err


# rollback --to-revision


def test_rollback_to_revision_goes_to_an_older_one(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2", "app:v3")

    done = shop.cafe("rollback", NAME, "--yes", "--to-revision", "1")

    assert done.code == 0, done.err
    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v1", "app:v1"])


def test_rollback_to_revision_works_in_the_middle_of_a_release(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1)
    assert shop.upgrade("app:v2").code == 0
    shop.edit({"strategy": {"needWaitingForConfirm": True}})
    assert shop.upgrade("app:v3").code == 3
    assert shop.cafe("pause", NAME).code == 0

    done = shop.cafe("rollback", NAME, "--yes", "--to-revision", "1")

    assert done.code == 0, done.err
    assert (shop.state(), shop.images()) == ("RolledBack", ["app:v1", "app:v1"])


@pytest.mark.parametrize(
    ("number", "code", "said"),
    [
        ("9", 1, "revision 9 not found (existing: 1, 2). Nothing was written"),
        ("2", 7, "all pods are already at revision 2"),
    ],
    ids=["unknown", "there already"],
)
def test_rollback_to_revision_writes_nothing_where_there_is_nothing_to_go_to(
    shop: Shop, number: str, code: int, said: str
) -> None:
    released(shop, "app:v1", "app:v2")
    before = len(shop.writes())

    done = shop.cafe("rollback", NAME, "--yes", "--to-revision", number)

    assert (done.code, len(shop.writes())) == (code, before)
    assert said in done.err
