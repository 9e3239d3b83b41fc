"""What gives way in a table that is wider than its terminal, and what stays."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs

from kubectl_cafe.history.model import History, ReleaseLine, RevisionLine
from kubectl_cafe.printers import history, live, overview, status
from kubectl_cafe.printers.brief import group_progress
from kubectl_cafe.printers.changes import changes_text
from kubectl_cafe.printers.repair import RepairLine
from kubectl_cafe.printers.repair import render as findings
from kubectl_cafe.printers.table import fields, table
from kubectl_cafe.status.model import CellLine, ImageChange, Overview
from kubectl_cafe.text import Size, columns
from kubectl_cafe.waits import For, Wait
from tests.unit.printers.scenes import SCENES

LONG = "payments-gateway-service-of-the-eastern-region-blue1"
NAMESPACE = "payments-production-eu-central-1"
ACCOUNT = "system:serviceaccount:ci-system:argo-deployer"
MAIL = "https://accounts.example.com#alice.liddell@example.com"
AT = "2026-01-02T03:04:05Z"
REGISTRY = "registry.eu.example.com:5000"
SIZES = [(80, 24), (100, 30), (60, 20)]
NASTY = "CHG-1\nFailure:  none\u2028Next:  kubectl delete"


def images(version: str) -> dict[str, str]:
    """Three containers, of which one changes."""
    return {
        "payments": f"{REGISTRY}/payments/gateway:{version}",
        "envoy": f"{REGISTRY}/mesh/envoy@sha256:{'a1b2c3d4' * 8}",
        "log": f"{REGISTRY}/obs/fluent-bit:2.1.0",
    }


def release(who: str, why: str, version: str = "1.0.0", to: int = 1) -> ReleaseLine:
    ran = ("r-1", "upgrade", "RolledBack", "1", str(to), AT, AT, 75.0)
    return ReleaseLine(*ran, who, "desk", why, images(version))


HISTORY = History(
    LONG,
    NAMESPACE,
    (RevisionLine(1, "a", images("1.0.0"), 0), RevisionLine(2, "b", images("1.1.0"), 9)),
    (
        release(ACCOUNT, "CHG-1: the first of all"),
        release(MAIL, "CHG-2: back to the old one", "1.1.0", 2),
    ),
)
LINES = (
    Overview(LONG, NAMESPACE, "AwaitingConfirm", "r-1", "upgrade", 2, 3, 12, 4, 11, 300.0),
    Overview("cart", "stores", "", problem="the release annotation can't be read: too new"),
)


@pytest.mark.guard("a-narrow-list-keeps-the-state")
@pytest.mark.parametrize("width", [80, 60, 45])
def test_the_overview_of_all_namespaces_keeps_the_state(width: int) -> None:
    lines = overview.render(LINES, spaces=True, width=width).splitlines()

    assert max(map(columns, lines)) <= width
    assert "STATE" in lines[0].split()
    assert "AwaitingConfirm" in lines[1].split()


def test_the_overview_keeps_the_counts_where_a_problem_is_long() -> None:
    short = structs.replace(LINES[0], name="shop")
    lines = overview.render([short, LINES[1]], spaces=False, width=80).splitlines()

    assert lines[0].split() == ["NAME", "STATE", "GROUP", "PODS", "UPDATED", "READY", "FOR"]
    assert "\u2026" in lines[2]


@pytest.mark.guard("a-narrow-history-keeps-who-and-why")
def test_at_80_columns_the_history_says_what_who_when_and_why() -> None:
    first, second = history.render(HISTORY, width=80).splitlines()[1:]

    assert ":1.0.0," in first
    assert ":1.1.0," in second
    assert first.rstrip().endswith("\u2026")
    assert all(part in first for part in ("ployer", "01-02 03:04Z", "RolledBack", "CHG-1"))


def test_columns_that_are_left_out_leave_a_sign_after_the_headers() -> None:
    head = table(["pod", "ip"], [("a" * 10, "10.0.0.1")], width=15, ranks=(0, 1)).splitlines()[0]

    assert head == "POD  \u2026"


def test_the_longest_cells_are_cut_first() -> None:
    text = table(["a", "b"], [("x" * 30, "short")], width=20)

    assert text.splitlines()[1] == "xxxx\u2026xxxxxxxx  short"


def test_a_text_loses_its_end() -> None:
    assert table(["a"], [("one two three",)], width=8).splitlines()[1] == "one two\u2026"


def test_wide_characters_are_aligned_by_their_columns() -> None:
    text = table(["a", "b"], [("\u65e5\u672c\u8a9e", "x"), ("e\u0301", "y")])

    assert {columns(line.rpartition("  ")[0]) for line in text.splitlines()[1:]} <= {6, 1, 5}
    assert [columns(line) for line in text.splitlines()[1:]] == [9, 9]


@pytest.mark.guard("a-narrow-live-view-keeps-what-changes")
@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("scene", SCENES)
def test_the_live_view_keeps_the_state_and_what_it_releases(
    scene: str, size: tuple[int, int]
) -> None:
    old, new = images("1.0.0"), images("1.1.0")
    changes = (ImageChange("payments", old["payments"], new["payments"]),)
    one = structs.replace(
        SCENES[scene], name=LONG, namespace=NAMESPACE, changes=changes, who=ACCOUNT
    )

    text = [line.plain for line in live.lines(one, Size(*size))]

    assert one.state in text[0]
    assert any("payments: 1.0.0 -> 1.1.0" in line for line in text)
    assert max(map(columns, text)) <= size[0]


def test_the_live_view_aligns_cells_with_wide_names() -> None:
    cells = [
        structs.replace(SCENES["progressing"].cells[0], cell=name) for name in ("\u65e5\u672c", "b")
    ]
    lines = live.lines(structs.replace(SCENES["progressing"], cells=tuple(cells)), Size(80, 24))
    bars = [
        columns(text[: text.index("\u2588")])
        for text in (x.plain for x in lines)
        if "\u2588" in text
    ]

    assert bars == [6, 6]


@pytest.mark.guard("a-failure-is-reported-once")
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_a_failure_is_said_once(size: tuple[int, int]) -> None:
    live_view = "\n".join(x.plain for x in live.lines(SCENES["failed"], Size(*size)))
    shown = status.render(SCENES["failed"], size=Size(*size))

    assert live_view.count("Back-off pulling") == 1
    assert shown.count("ImagePullB") <= 2  # The failure, and the pod's own row.
    assert "Failure:      productpage-cella-00002/main: ImagePullB" in shown


def test_a_failure_whose_message_has_changed_since_is_said_once() -> None:
    pod, _, container = SCENES["failed"].failure.partition(":")[0].partition("/")
    now = Wait(For.CONTAINER, (pod,), container, "ImagePullBackOff", "another message")
    shown = status.render(structs.replace(SCENES["failed"], waits=(now,)), size=Size(200, 60))

    assert "another message" not in shown


def test_a_status_counts_the_rows_of_commands_that_the_terminal_breaks() -> None:
    command = f"kubectl cafe rollback {LONG} -n {NAMESPACE} --to-revision 1"
    one = structs.replace(SCENES["failed"], name=LONG, next=(command, command))
    text = status.render(one, size=Size(80, 24))

    assert command in text
    assert sum(1 + (len(line) - 1) // 80 for line in text.splitlines() if line) <= 23


def test_of_two_containers_that_change_the_history_shows_the_tags() -> None:
    both = {**images("1.1.0"), "log": f"{REGISTRY}/obs/fluent-bit:2.2.0"}
    lines = (HISTORY.releases[0], replace(HISTORY.releases[1], images=both))

    shown = history.render(replace(HISTORY, releases=lines), width=100).splitlines()

    assert "1.1.0,2.2.0,\u2026" in shown[2].split()


def test_another_pod_s_trouble_is_still_waited_for() -> None:
    failed = SCENES["failed"]
    other = Wait(For.CONTAINER, ("productpage-9",), "main", "OOMKilled", "out of memory")
    shown = status.render(structs.replace(failed, waits=(*failed.waits, other)), size=Size(200, 60))

    assert "OOMKilled" in shown


def test_status_in_a_narrow_terminal_says_which_images_change() -> None:
    source = "revision 1 (" + ", ".join(f"{n}={i}" for n, i in images("1.0.0").items()) + ")"
    changes = (ImageChange("payments", images("1.0.0")["payments"], images("1.1.0")["payments"]),)
    target = source.replace("revision 1", "revision 2")
    one = structs.replace(SCENES["progressing"], source=source, target=target, changes=changes)
    said = "Images:       payments: 1.0.0 -> 1.1.0 (revision 1 -> revision 2)"

    assert said in status.render(one, size=Size(80, 24))
    assert f"From:         {source}" in status.render(one)


CHANGES = [
    ("app:1", "app:2", "c: 1 -> 2"),
    ("r:5000/a/app:1", "r:5000/a/app:2", "c: 1 -> 2"),
    ("a/app:1", "b/app:1", "c: a/app:1 -> b/app:1"),
    (
        f"app@sha256:{'a' * 64}",
        f"app@sha256:{'b' * 64}",
        f"c: sha256:{'a' * 12} -> sha256:{'b' * 12}",
    ),
    (f"app:1@sha256:{'a' * 64}", f"app:2@sha256:{'b' * 64}", "c: 1 -> 2"),
    ("", "r/app:1", "c: 1"),
    ("r/app:1", "", "c: 1 -> (removed)"),
    ("app", "app:2", "c: (no tag) -> 2"),
]


@pytest.mark.parametrize(("old", "new", "said"), CHANGES, ids=[said[:20] for *_, said in CHANGES])
def test_a_change_of_image_is_as_short_as_tells_old_from_new(old: str, new: str, said: str) -> None:
    assert changes_text([ImageChange("c", old, new)]) == said


@pytest.mark.guard("a-text-adds-no-lines")
def test_no_text_of_somebody_s_adds_a_line() -> None:
    one = structs.replace(
        SCENES["failed"],
        why=NASTY,
        failure=NASTY,
        waits=(Wait(For.SERVER, message=NASTY),),
        last=NASTY,
    )
    told = release(NASTY, NASTY)
    finding = RepairLine("drift", "pod/a", NASTY, NASTY)
    printed = [
        fields([("Note", NASTY)]),
        table(["a"], [[NASTY]]),
        status.render(one),
        status.line(one) if "\n" not in status.line(one) else "",
        history.render(replace(HISTORY, releases=(told,))),
        findings([finding]),
        findings([finding], width=200),
    ]

    lines = [line for text in printed for line in text.splitlines()]
    assert [
        line for line in lines if line.startswith(("Failure:  none", "Next:  kubectl del"))
    ] == []


@pytest.mark.parametrize(
    ("pods", "number", "shown"),
    [(6, 1, "2/2"), (6, 2, "4/6"), (5, 2, "4/5"), (5, 3, "5"), (5, 4, "5 -> 3"), (3, 4, "3")],
)
def test_a_group_that_removes_pods_shows_those_there_are_and_those_it_leaves(
    pods: int, number: int, shown: str
) -> None:
    cell = CellLine("CellA", pods, 4, 6, 0, groups=(2, 6, 5, 3))
    assert group_progress(cell, number, 4) == shown
