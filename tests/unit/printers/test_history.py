"""What `history` prints, letter by letter."""

from __future__ import annotations

import json
from dataclasses import replace

from kubectl_cafe.history.model import Detail, History, ReleaseLine, RevisionLine
from kubectl_cafe.printers.history import detail, document, names, render
from statemachine.lifecycle import State, Trigger
from statemachine.record import Entry

AT = "2026-01-02T03:04:05Z"
JOURNAL = (
    Entry(AT, Trigger.START, State.PROGRESSING, "alice", "CHG-1", host="desk"),
    Entry(AT, Trigger.STEP_DONE, State.COMPLETED, "alice", group=2, host="desk"),
)
RELEASE = ReleaseLine(
    "r-1", "upgrade", "Completed", "1", AT, AT, 75.0, "alice", "desk", "CHG-1", JOURNAL, 3
)
FIRST = RevisionLine(1, "shop-a", {"main": "app:v1"}, 0)
SECOND = RevisionLine(2, "shop-b", {"main": "app:v2", "side": "side:v1"}, 3, (RELEASE,), 1)
HISTORY = History("shop", "stores", (FIRST, SECOND))
DETAIL = Detail(SECOND, {"spec": {}}, "spec: {}\n", 1, "--- revision 1\n+++ revision 2")
SHOWN = """\
REVISION    IMAGES          PODS    WHO    STARTED               TOOK    OUTCOME    REASON
1           app:v1          -       -      -                     -       -          -
2           app:v2,side:v1  3       alice  2026-01-02T03:04:05Z  75s     Completed  CHG-1"""
IN_FULL = """\
Name:      shop (namespace stores)
Revision:  2 (shop-b)
Images:    main=app:v2, side=side:v1
Pods:      3 pods at this revision

Releases:
  RELEASE    KIND     FROM    STARTED               TOOK    OUTCOME    WHO    HOST    REASON
  r-1        upgrade  1       2026-01-02T03:04:05Z  75s     Completed  alice  desk    CHG-1
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


def test_the_history_is_a_table_of_revisions() -> None:
    assert render(HISTORY) == SHOWN


def test_the_wide_table_says_from_where_on_which_machine_and_by_which_names() -> None:
    heads, first, second = render(HISTORY, wide=True).splitlines()
    assert heads.split()[-5:] == ["KIND", "FROM", "HOST", "NAME", "RELEASE"]
    assert first.split()[-2:] == ["shop-a", "-"]
    assert second.split()[-5:] == ["upgrade", "1", "desk", "shop-b", "r-1"]


def test_the_names_are_those_of_the_controllerrevisions() -> None:
    shown = ["controllerrevision.apps/shop-a", "controllerrevision.apps/shop-b"]
    assert names(HISTORY).splitlines() == shown
    assert names(HISTORY, DETAIL).splitlines() == shown[1:]


def test_one_revision_is_shown_in_full() -> None:
    assert detail(HISTORY, DETAIL) == IN_FULL


def test_what_can_t_be_read_is_said_in_its_row() -> None:
    broken = RevisionLine(1, "shop-a", {"main": "app:v1"}, 0, problem="can't be read")
    assert render(History("shop", "stores", (broken,))).splitlines()[1].endswith("can't be read  -")


def test_a_template_s_control_characters_don_t_reach_the_terminal() -> None:
    shown = Detail(FIRST, {}, "a: \x1b[31m\n", None, "")
    assert "\x1b" not in detail(HISTORY, shown)


def test_the_document_is_versioned_and_plain() -> None:
    shown = json.loads(json.dumps(document(HISTORY)))
    assert (shown["apiVersion"], shown["kind"]) == ("cafe.sofastack.io/v1", "ReleaseHistory")
    assert [one["number"] for one in shown["revisions"]] == [1, 2]
    journal = shown["revisions"][1]["releases"][0]["journal"]
    assert (journal[0]["trigger"], journal[0]["state"]) == ("start", "Progressing")


def test_the_document_of_one_revision_has_its_template_and_difference() -> None:
    (shown,) = json.loads(json.dumps(document(HISTORY, DETAIL)))["revisions"]
    assert (shown["template"], shown["before"]) == ({"spec": {}}, 1)
    assert shown["difference"].startswith("--- revision 1")


def test_in_a_narrow_terminal_no_row_is_longer_and_the_images_keep_what_tells_them_apart() -> None:
    images = {"main": "registry.example/team/productpage:v1", "proxy": "registry.example/proxy:v9"}
    before = {"main": "registry.example/team/productpage:v0", "proxy": images["proxy"]}
    lines = tuple(
        replace(line, images=found)
        for line, found in zip(HISTORY.revisions, (before, images), strict=True)
    )

    shown = render(replace(HISTORY, revisions=lines), width=60).splitlines()

    assert max(map(len, shown)) <= 60
    assert shown[0].split() == ["REVISION", "IMAGES", "WHO", "OUTCOME", "REASON", "…"]
    assert [line.split()[1] for line in shown[1:]] == ["productpage:v0,…", "productpage:v1,…"]


def test_where_there_is_room_a_terminal_gets_the_whole_table() -> None:
    assert render(HISTORY, width=200) == SHOWN


def test_in_a_narrow_terminal_the_journal_leaves_out_what_is_least() -> None:
    journal = detail(HISTORY, DETAIL, 60).partition("Journal of release")[2].splitlines()

    assert max(map(len, journal[1:])) <= 60
    assert journal[1].split()[:3] == ["TIME", "MOVE", "WHO"]
    assert "GROUP" not in journal[1]
