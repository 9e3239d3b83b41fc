"""What is left of releases: revisions, outcomes, journals, and the way back to them."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from testbed.client import MERGE, Object, Refused
from testbed.waiting import wait_for
from tests.integration.shop import CAFED, NAME, Shop

REVISIONS = "apps/v1/controllerrevisions"
RELEASE_OF = "cafe.sofastack.io/release-of"


def released(shop: Shop, *images: str) -> None:
    """Two pods without traffic control, and a release to each of `images` after the first."""
    shop.born(2, "none", containers={"main": images[0]})
    for image in images[1:]:
        done = shop.upgrade(image)
        assert done.code == 0, done.err


def records(shop: Shop) -> list[Object]:
    """The stored releases, oldest first."""
    found = [one for one in shop.client.list(REVISIONS) if is_record(one)]
    return sorted(found, key=lambda one: str(one["data"]["record"]["started"]))


def is_record(one: Object) -> bool:
    return RELEASE_OF in one["metadata"]["labels"]


def kept(shop: Shop) -> list[str]:
    """The images of the revisions there are, by number."""
    revisions = (one for one in shop.client.list(REVISIONS) if not is_record(one))
    found = sorted(revisions, key=lambda one: int(one["revision"]))
    return [one["data"]["template"]["spec"]["containers"][0]["image"] for one in found]


def rows(shop: Shop, of: str = "revisions") -> list[dict[str, Any]]:
    """The revisions, or the releases, of `history -o json`."""
    done = shop.cafe("history", NAME, "-o", "json")
    assert done.code == 0, done.err
    document = done.document()
    assert document["kind"] == "ReleaseHistory"
    found: list[dict[str, Any]] = document[of]
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


def test_a_release_leaves_a_record_of_its_own_with_outcome_and_journal(shop: Shop) -> None:
    released(shop, "app:v1")
    assert shop.upgrade("app:v2", "--reason", "CHG-7").code == 0

    first, second = (one["data"] for one in records(shop))

    assert (first["outcome"], second["outcome"]) == ("Completed", "Completed")
    assert second["record"] == shop.record()
    assert second["record"]["why"] == "CHG-7"
    assert sorted(one["number"] for one in second["revisions"].values()) == [1, 2]
    moves = [entry["trigger"] for entry in second["record"]["journal"]]
    assert moves == ["start", *["step_done"] * (len(moves) - 1)]
    assert {entry["host"] for entry in second["record"]["journal"]} == {socket.gethostname()}


def test_the_record_of_an_ended_release_can_t_be_changed_and_its_labels_can(shop: Shop) -> None:
    released(shop, "app:v1")
    (one,) = records(shop)
    name = one["metadata"]["name"]

    with pytest.raises(Refused, match="field is immutable"):
        shop.client.patch(REVISIONS, name, {"data": {"outcome": "Aborted"}}, kind=MERGE)
    shop.client.patch(REVISIONS, name, {"metadata": {"labels": {"audited": "yes"}}}, kind=MERGE)

    assert records(shop)[0]["data"] == one["data"]


def test_an_end_that_was_not_stored_is_stored_by_the_next_release(shop: Shop) -> None:
    released(shop, "app:v1")
    (one,) = records(shop)
    shop.client.delete(REVISIONS, one["metadata"]["name"])

    assert shop.upgrade("app:v2").code == 0

    again, _ = records(shop)
    assert again["data"] == one["data"]


def test_records_beyond_the_history_limit_are_deleted_when_a_release_ends(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    shop.edit({"historyLimit": 1})
    for image in ("app:v2", "app:v3", "app:v4"):
        assert shop.upgrade(image).code == 3
        assert shop.cafe("abort", NAME).code == 0

    # The first release is what a rollback needs; one more is kept.
    assert [one["data"]["outcome"] for one in records(shop)] == ["Completed", "Aborted"]


@pytest.mark.parametrize("keep", [False, True], ids=["deleted", "kept"])
def test_the_records_of_a_deleted_cafedeployment_stay_where_the_spec_says_so(
    shop: Shop, keep: bool
) -> None:
    shop.make()
    shop.edit({"keepRecords": keep})
    assert shop.cafe("upgrade", NAME, "--yes").code == 0
    shop.client.delete(CAFED, NAME)
    # The garbage collector looks for new resources, such as ours, every 30 s.
    collected = "what it owned to be gone"
    wait_for(lambda: not kept(shop) and len(records(shop)) == int(keep), collected, 90)

    done = shop.cafe("history", "--since", "1h", "-o", "json")

    assert [one["name"] for one in done.document()["releases"]] == ([NAME] if keep else [])


# history


def test_history_shows_each_release_in_the_order_of_time(shop: Shop) -> None:
    released(shop, "app:v1")
    assert shop.upgrade("app:v2", "--reason", "CHG-7").code == 0

    done = shop.cafe("history", NAME)

    assert done.code == 0, done.err
    head, first, second = done.out.splitlines()
    assert head.split()[:5] == ["STARTED", "TOOK", "KIND", "FROM", "TO"]
    assert "app:v1" in first.split()
    assert second.split()[2:7] == ["upgrade", "1", "2", "app:v2", "2"]
    assert second.split()[-2:] == ["Completed", "CHG-7"]


def test_a_revision_keeps_its_number_and_every_release_to_it_is_there(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2", "app:v1", "app:v2")

    told = [(one["source"], one["target"], one["outcome"]) for one in rows(shop, "releases")]

    assert told == [(a, b, "Completed") for a, b in (("", "1"), ("1", "2"), ("2", "1"), ("1", "2"))]
    assert [row["number"] for row in rows(shop)] == [1, 2]


def test_history_tells_a_release_that_was_rolled_back_once_with_both_reasons(shop: Shop) -> None:
    shop.born(2, "none", batchSize=1, confirm=True)
    assert shop.upgrade("app:v2", "--reason", "try").code == 3
    assert shop.cafe("rollback", NAME, "--yes", "--reason", "smells").code == 0

    first, second = rows(shop, "releases")

    assert first["outcome"] == "Completed"
    assert (second["outcome"], second["source"], second["target"]) == ("RolledBack", "1", "2")
    assert second["why"] == "try"
    assert second["back"].endswith(": smells")


def test_the_releases_of_all_namespaces_are_listed_by_time(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2")

    done = shop.cafe("history", "-A", "--since", "1h", "-o", "json")

    assert done.code == 0, done.err
    assert done.document()["kind"] == "ReleaseList"
    space = shop.client.namespace
    own = [one for one in done.document()["releases"] if one["namespace"] == space]
    assert [(one["name"], one["source"], one["target"]) for one in own] == [
        (NAME, "", "1"),
        (NAME, "1", "2"),
    ]


def test_one_release_is_shown_in_full_by_its_id(shop: Shop) -> None:
    released(shop, "app:v1", "app:v2")
    first = rows(shop, "releases")[0]["id"]

    done = shop.cafe("history", NAME, "--release", first)
    page = shop.cafe("report", NAME, "--release", first, "-o", "json")

    assert done.code == 0, done.err
    assert f"Release:  {first}" in done.out
    assert page.document()["id"] == first


def test_an_unknown_release_names_those_there_are(shop: Shop) -> None:
    released(shop, "app:v1")
    known = shop.record()["id"]
    for verb in ("history", "report"):
        done = shop.cafe(verb, NAME, "--release", "r-0")
        assert (done.code, done.out) == (1, "")
        assert f"known: {known}" in done.err


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
