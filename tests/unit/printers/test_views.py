"""What is printed, letter by letter."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from kubectl_cafe.printers import states, status
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.record.move_text import move_line
from kubectl_cafe.status.model import CellLine, PodLine, Status
from kubectl_cafe.waits import For, Wait
from statemachine.lifecycle import TABLE, State, Trigger
from statemachine.record import Entry, Failure
from tests.unit.builders import release

DOCS = Path(__file__).parents[3] / "docs"
POD = PodLine("shop-1", "CellA", True, True, "r2", "app:v2", "", 1, "10.0.0.1", "node-1")
STATUS = Status(
    name="shop",
    namespace="stores",
    state="Progressing",
    release="r1",
    kind="upgrade",
    source="revision 1 (main=app:v1)",
    target="revision 2 (main=app:v2)",
    group=1,
    groups=2,
    step="upgrade",
    age=75.0,
    who="alice",
    driver="alice@desk",
    waits=(Wait(For.RESTART, ("shop-2",), message="restarting"),),
    cells=(CellLine("CellA", 2, 1, 1, 1, (1, 2)),),
    pods=(
        POD,
        replace(POD, name="shop-2", ready=False, available=False, phase="patched", ip="10.0.0.2"),
    ),
)
SHOWN = """\
Name:         shop (namespace stores)
State:        Progressing (group 1 of 2: upgrade) for 75s
Release:      r1 upgrade
From:         revision 1 (main=app:v1)
To:           revision 2 (main=app:v2)
Started by:   alice
Driver:       alice@desk
Waiting for:  restarting: shop-2

CELL    PODS    UPDATED    AVAILABLE    IN FLIGHT    GROUP 1    GROUP 2
CellA   2       1          1            1            1/1        1/2

POD     REVISION    READY    AVAILABLE    IN PLACE    RESTARTS    IP        TROUBLE
shop-1  r2          yes      yes          -           1           10.0.0.1  -
shop-2  r2          no       no           patched     1           10.0.0.2  -"""


def test_a_release_under_way_is_shown_by_cells_groups_and_pods() -> None:
    assert status.render(STATUS) == SHOWN


def test_a_cafedeployment_without_a_release_says_so() -> None:
    shown = status.render(Status("shop", "stores", "Idle", next="kubectl cafe upgrade shop"))
    assert "State:  Idle: no release yet" in shown


def test_of_many_pods_only_those_in_flight_or_in_trouble_are_shown() -> None:
    quiet = tuple(replace(POD, name=f"quiet-{n}") for n in range(21))
    shown = status.render(replace(STATUS, pods=(*quiet, replace(POD, name="odd", trouble="x"))))
    assert ("odd" in shown, "quiet-1" in shown) == (True, False)


def test_wide_shows_every_pod_and_its_node() -> None:
    many = tuple(replace(POD, name=f"pod-{n}") for n in range(60))
    shown = status.render(replace(STATUS, pods=many), wide=True)
    assert ("pod-59" in shown, "node-1" in shown) == (True, True)


def test_what_is_left_out_is_counted() -> None:
    many = tuple(replace(POD, name=f"pod-{n}", trouble="x") for n in range(60))
    assert "... and 10 more" in status.render(replace(STATUS, pods=many))


def test_the_document_is_versioned() -> None:
    found = status.document(STATUS)
    assert (found["apiVersion"], found["kind"]) == ("cafe.sofastack.io/v1", "ReleaseStatus")


def test_the_document_says_why_the_release_runs() -> None:
    assert status.document(STATUS)["releaseKind"] == "upgrade"


MOVES = [
    (release(), "Progressing: upgrade group 1 of 2 (all 1)"),
    (release(step=2), "Progressing: commit (the workloads get the target template)"),
    (release(State.AWAITING_CONFIRM, step=1), "group 2 of 2 waits for a confirmation"),
    (release(State.FAILED, failure=Failure("ErrImagePull", pod="a")), "Failed: a: ErrImagePull"),
    (release(State.PAUSED, origin=State.PROGRESSING), "was Progressing; pods in flight finish"),
    (release(State.COMPLETED, step=4), "Completed: release r1 to v2"),
]


@pytest.mark.guard("a-time-has-a-zone")
@pytest.mark.parametrize(("record", "words"), MOVES, ids=[words for _, words in MOVES])
def test_a_move_is_one_line_with_its_time(record: object, words: str) -> None:
    line = move_line(record)  # type: ignore[arg-type]
    assert line.startswith("13:46:40Z  ")
    assert line.endswith(words)


@pytest.mark.guard("a-line-names-who-moved-it")
@pytest.mark.parametrize(
    ("who", "trigger", "reader", "words"),
    [
        ("bob", Trigger.CONFIRM, "ann", ", by bob: looks good"),
        ("ann", Trigger.CONFIRM, "ann", ""),
        ("bob", Trigger.CONFIRM, "", ""),
        ("bob", Trigger.STEP_DONE, "ann", ""),
    ],
    ids=["another person", "the reader", "no reader", "the driver"],
)
def test_a_move_names_another_person_who_made_it(
    who: str, trigger: Trigger, reader: str, words: str
) -> None:
    entry = Entry("2023-11-14T13:46:40Z", trigger, State.PROGRESSING, who, "looks good")
    line = move_line(release(journal=(entry,)), reader)
    assert line.endswith(f"upgrade group 1 of 2 (all 1){words}")


def test_an_empty_cell_is_a_dash() -> None:
    assert table(["a"], [[""]]) == "A\n-"


def test_a_value_that_looks_like_a_number_is_left_as_it_is() -> None:
    assert table(["a"], [["1e3"]]) == "A\n1e3"


@pytest.mark.guard("no-escape-sequence-reaches-the-terminal")
def test_an_escape_sequence_in_the_cluster_does_not_reach_the_terminal() -> None:
    assert "\x1b" not in table(["a"], [["\x1b[2Jgone"]]) + fields([("a", "\x1b[2Jgone")])


def test_the_page_of_the_state_machine_is_current() -> None:
    """Else: kubectl cafe states -o markdown > docs/state-machine.md."""
    assert (DOCS / "state-machine.md").read_text(encoding="utf-8") == states.page()


def test_the_diagram_has_every_state_and_every_pair_that_a_move_joins() -> None:
    drawn = states.mermaid()
    assert all(f"{row.source} --> {row.dest}: " in drawn for row in TABLE)


def test_the_table_has_a_line_for_every_move() -> None:
    assert len(states.text().splitlines()) == len(TABLE) + 1


# What fits a terminal

WIDE = (["pod", "ready", "ip"], [("shop-a", "yes", "10.0.0.1"), ("shop-b", "no", "10.0.0.2")])


def test_a_table_that_is_too_wide_loses_the_columns_of_the_highest_rank() -> None:
    assert table(*WIDE, width=18, ranks=(0, 1, 2)).splitlines()[0] == "POD     READY  …"


def test_names_lose_what_they_share_before_a_line_is_cut() -> None:
    assert table(*WIDE, width=12, ranks=(0, 0, 1)) == "POD    READY\n…op-a  yes\n…op-b  no"


def test_without_a_width_nothing_is_left_out() -> None:
    assert "10.0.0.2" in table(*WIDE, ranks=(0, 1, 2))


def test_a_long_value_is_wrapped_under_itself_and_a_command_is_not() -> None:
    found = fields([("Note", "one two three"), ("Next", "kubectl cafe drive")], width=14)
    assert found == "Note:  one two\n       three\nNext:  kubectl cafe drive"


def test_of_too_many_lines_the_last_is_cut() -> None:
    assert fields([("Note", "one two three four")], width=15, most=2).endswith("three f…")
