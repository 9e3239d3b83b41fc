"""What `history` prints, letter by letter."""

from __future__ import annotations

import json
from dataclasses import replace

from kubectl_cafe.history.model import Detail, History, Placed, ReleaseLine, RevisionLine
from kubectl_cafe.printers.history import (
    detail,
    document,
    names,
    placed_document,
    release_detail,
    render,
    render_placed,
)
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry

AT = "2026-01-02T03:04:05Z"
JOURNAL = (
    Entry(AT, Trigger.START, State.PROGRESSING, "alice", "CHG-1", host="desk"),
    Entry(AT, Trigger.STEP_DONE, State.COMPLETED, "alice", group=2, host="desk"),
)
RELEASE = ReleaseLine(
    id="r-1",
    kind="upgrade",
    outcome="Completed",
    source="1",
    target="2",
    started=AT,
    ended=AT,
    took=75.0,
    who="alice",
    host="desk",
    why="CHG-1",
    images={"main": "app:v2"},
    confirmed=("group 2: bob",),
    journal=JOURNAL,
    journal_cut=3,
)
FIRST = RevisionLine(1, "shop-a", {"main": "app:v1"}, 0)
SECOND = RevisionLine(2, "shop-b", {"main": "app:v2", "side": "side:v1"}, 3, (RELEASE,), 1)
BACK = replace(
    RELEASE, id="r-2", source="2", target="3", images={}, outcome="RolledBack", back="bob: smells"
)
HISTORY = History("shop", "stores", (FIRST, SECOND), (RELEASE,))
DETAIL = Detail(SECOND, {"spec": {}}, "spec: {}\n", 1, "--- revision 1\n+++ revision 2")
SHOWN = """\
STARTED               TOOK    KIND     FROM    TO    IMAGES    PODS    WHO    OUTCOME    REASON
2026-01-02T03:04:05Z  75s     upgrade  1       2     app:v2    3       alice  Completed  CHG-1"""
IN_FULL = """\
Name:      shop (namespace stores)
Revision:  2 (shop-b)
Images:    main=app:v2, side=side:v1
Pods:      3 pods at this revision

Releases:
  RELEASE    KIND     FROM    TO    STARTED               TOOK    OUTCOME    WHO    HOST    REASON
  r-1        upgrade  1       2     2026-01-02T03:04:05Z  75s     Completed  alice  desk    CHG-1
  (1 older release not kept)

Template:
  spec: {}

Difference from revision 1:
  --- revision 1
  +++ revision 2

Journal of release r-1:
  TIME                  MOVE       STATE        GROUP    WHO    HOST    REASON
  2026-01-02T03:04:05Z  start      Progressing  -        alice  desk    CHG-1
  2026-01-02T03:04:05Z  step_done  Completed    2        alice  desk    -
  (3 entries not kept)"""


RELEASE_IN_FULL = """\
Name:       shop (namespace stores)
Release:    r-1
Kind:       upgrade
From:       revision 1
To:         revision 2
Images:     main=app:v2
Started:    2026-01-02T03:04:05Z
Ended:      2026-01-02T03:04:05Z
Took:       75s
Who:        alice on desk
Reason:     CHG-1
Confirmed:  group 2: bob
Outcome:    Completed

Journal:
  TIME                  MOVE       STATE        GROUP    WHO    HOST    REASON
  2026-01-02T03:04:05Z  start      Progressing  -        alice  desk    CHG-1
  2026-01-02T03:04:05Z  step_done  Completed    2        alice  desk    -
  (3 entries not kept)"""


def test_the_history_is_a_table_of_releases() -> None:
    assert render(HISTORY) == SHOWN


def test_the_wide_table_has_the_end_the_confirmations_the_machine_and_the_id() -> None:
    heads, row = render(HISTORY, wide=True).splitlines()
    assert heads.split()[-5:] == ["ENDED", "CONFIRMED", "BY", "HOST", "RELEASE"]
    assert row.split()[-6:] == [AT, "group", "2:", "bob", "desk", "r-1"]


def test_a_release_that_was_rolled_back_says_by_whom_and_why_beside_its_own_reason() -> None:
    shown = render(replace(HISTORY, releases=(BACK,))).splitlines()[1]
    assert shown.endswith("alice  RolledBack  CHG-1; rolled back by bob: smells")


def test_the_pods_of_a_revision_stand_at_its_last_release() -> None:
    again = replace(RELEASE, id="r-3")
    rows = render(replace(HISTORY, releases=(RELEASE, again))).splitlines()[1:]
    assert [" 3  " in row for row in rows] == [False, True]


def test_after_a_rollback_the_pods_stand_at_the_release_that_was_rolled_back() -> None:
    rows = render(replace(HISTORY, releases=(RELEASE, BACK))).splitlines()[1:]
    assert [" 3  " in row for row in rows] == [False, True]


def test_pods_that_were_rolled_back_count_though_none_runs_what_was_given_up() -> None:
    first = replace(RELEASE, source="", target="1")
    back = replace(BACK, source="1", target="2")
    lines = (replace(FIRST, pods=4), replace(SECOND, pods=0))
    shown = render(replace(HISTORY, revisions=lines, releases=(first, back))).splitlines()
    assert [" 4  " in row for row in shown[1:]] == [False, True]


def test_what_can_t_be_read_is_said_below_the_table() -> None:
    shown = render(replace(HISTORY, problems=("controllerrevision x can't be read",)))
    assert shown.splitlines()[-1] == "warning: controllerrevision x can't be read"


def test_one_release_is_shown_in_full() -> None:
    assert release_detail(HISTORY, RELEASE) == RELEASE_IN_FULL


def test_the_releases_of_many_have_their_places() -> None:
    lines = [Placed("stores", "shop", RELEASE)]
    heads, row = render_placed(lines, spaces=True).splitlines()
    assert heads.split()[:3] == ["NAMESPACE", "NAME", "STARTED"]
    assert (row.split()[:2], row.split()[-1]) == (["stores", "shop"], "r-1")
    assert "NAMESPACE" not in render_placed(lines, spaces=False)


def test_in_a_narrow_terminal_the_releases_of_many_have_no_longer_row() -> None:
    lines = [Placed("stores", "shop", RELEASE), Placed("stores", "shop", BACK)]
    assert max(map(len, render_placed(lines, spaces=True, width=90).splitlines())) <= 90


def test_the_document_of_many_releases_has_the_place_of_each() -> None:
    (shown,) = json.loads(json.dumps(placed_document([Placed("stores", "shop", RELEASE)])))[
        "releases"
    ]
    assert (shown["namespace"], shown["name"], shown["id"]) == ("stores", "shop", "r-1")


def test_the_names_are_those_of_the_controllerrevisions() -> None:
    shown = ["controllerrevision.apps/shop-a", "controllerrevision.apps/shop-b"]
    assert names(HISTORY) == shown
    assert names(HISTORY, DETAIL) == shown[1:]


def test_one_revision_is_shown_in_full() -> None:
    assert detail(HISTORY, DETAIL) == IN_FULL


def test_a_template_s_control_characters_don_t_reach_the_terminal() -> None:
    shown = Detail(FIRST, {}, "a: \x1b[31m\n", None, "")
    assert "\x1b" not in detail(HISTORY, shown)


def test_the_document_is_versioned_and_plain() -> None:
    shown = json.loads(json.dumps(document(HISTORY)))
    assert (shown["apiVersion"], shown["kind"]) == ("cafe.sofastack.io/v1", "ReleaseHistory")
    assert [one["number"] for one in shown["revisions"]] == [1, 2]
    journal = shown["revisions"][1]["releases"][0]["journal"]
    assert (journal[0]["trigger"], journal[0]["state"]) == ("start", "Progressing")


def test_the_document_of_one_release_has_it_alone() -> None:
    shown = json.loads(json.dumps(document(HISTORY, None, RELEASE)))
    assert ([one["id"] for one in shown["releases"]], "revisions" in shown) == (["r-1"], False)


def test_the_document_of_one_revision_has_its_template_and_difference() -> None:
    (shown,) = json.loads(json.dumps(document(HISTORY, DETAIL)))["revisions"]
    assert (shown["template"], shown["before"]) == ({"spec": {}}, 1)
    assert shown["difference"].startswith("--- revision 1")


def test_in_a_narrow_terminal_no_row_is_longer_and_the_images_keep_what_tells_them_apart() -> None:
    images = {"main": "registry.example/team/productpage:v1", "proxy": "registry.example/proxy:v9"}
    before = {"main": "registry.example/team/productpage:v0", "proxy": images["proxy"]}
    lines = tuple(replace(RELEASE, id=str(n), images=i) for n, i in enumerate((before, images)))

    shown = render(replace(HISTORY, releases=lines), width=60).splitlines()

    assert max(map(len, shown)) <= 60
    assert shown[0].split()[:3] == ["STARTED", "TO", "IMAGES"]
    assert "productpage:v0" in shown[1]
    assert "productpage:v1" in shown[2]


def test_where_there_is_room_a_terminal_gets_the_whole_table() -> None:
    assert render(HISTORY, width=200) == SHOWN


def test_in_a_narrow_terminal_the_journal_leaves_out_what_is_least() -> None:
    journal = detail(HISTORY, DETAIL, 60).partition("Journal of release")[2].splitlines()

    assert max(map(len, journal[1:])) <= 60
    assert journal[1].split()[:3] == ["TIME", "MOVE", "WHO"]
    assert "GROUP" not in journal[1]
