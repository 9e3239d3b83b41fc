"""The live view in terminals of several sizes, letter by letter.

After a change that is meant: CAFE_WRITE_GOLDEN=1 pytest tests/unit/printers/test_live.py, and look
at what git shows.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.text import Text

from kubectl_cafe.printers import live
from kubectl_cafe.printers.fitting import Block, fitted
from kubectl_cafe.printers.status import render
from kubectl_cafe.status.model import CellLine
from kubectl_cafe.text import Size
from kubectl_cafe.waits import For, Wait
from tests.unit.printers.scenes import PROGRESSING, SCENES, pods, restarting

GOLDEN = Path(__file__).parent / "golden"
SIZES = (Size(80, 24), Size(200, 60), Size(40, 10))
QUESTION = "Confirm group 2? Type yes or 2; Ctrl-C leaves it waiting. "


def shown(scene: str, size: Size) -> list[str]:
    question = QUESTION if scene == "awaiting" else ""
    return [line.plain for line in live.lines(SCENES[scene], size, question=question)]


def golden(name: str, text: str) -> None:
    """`text` is what the file holds."""
    file = GOLDEN / f"{name}.txt"
    if "CAFE_WRITE_GOLDEN" in os.environ:
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n")
    assert text + "\n" == file.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s.width}x{s.height}")
@pytest.mark.parametrize("scene", SCENES)
def test_the_live_view_shows(scene: str, size: Size) -> None:
    lines = [line.rstrip() for line in shown(scene, size)]
    golden(f"live-{scene}-{size.width}x{size.height}", "\n".join(lines))


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s.width}x{s.height}")
@pytest.mark.parametrize("scene", SCENES)
def test_status_in_a_terminal_shows(scene: str, size: Size) -> None:
    text = render(SCENES[scene], size=size)
    golden(f"status-{scene}-{size.width}x{size.height}", text)


@pytest.mark.parametrize("scene", SCENES)
def test_the_live_view_is_never_longer_or_wider_than_the_screen(scene: str) -> None:
    for width in (20, 33, 80, 111):
        for height in range(3, 26):
            lines = shown(scene, Size(width, height))
            assert len(lines) <= height
            assert max(map(len, lines)) <= width


@pytest.mark.parametrize("scene", SCENES)
def test_at_80_by_24_status_leaves_room_for_the_prompt(scene: str) -> None:
    text = render(SCENES[scene], size=Size(80, 24))
    commands = [line for line in text.splitlines() if line.startswith("Next:")]
    assert len(text.splitlines()) <= 23
    assert all(len(line) <= 80 for line in text.splitlines() if line not in commands)


def test_a_rollback_is_shown_under_the_name_and_reason_of_who_made_it() -> None:
    back = replace(PROGRESSING, kind="rollback", driver="", why="", turned="bob at 03:00: INC-99")
    text = "\n".join(line.plain for line in live.lines(back, Size(200, 60)))
    assert "rollback by bob at 03:00: INC-99; started by alice (r-1a2b3c4d)" in text
    assert "alice: INC-99" not in text + render(back)


def test_the_question_is_the_last_line_however_small_the_screen() -> None:
    assert {shown("awaiting", Size(80, height))[-1] for height in range(3, 25)} == {QUESTION}


def test_a_pipe_gets_every_line_whole() -> None:
    failed = SCENES["failed"]
    assert f"Failure:      {failed.failure}" in render(failed).splitlines()


def test_pods_in_trouble_come_first() -> None:
    head = next(n for n, line in enumerate(shown("300-pods", SIZES[0])) if line.startswith("POD"))
    assert "restarting: main: CrashLoopBackOff" in shown("300-pods", SIZES[0])[head + 1]


def test_pods_that_do_not_fit_are_counted() -> None:
    assert shown("300-pods", SIZES[0])[-1].startswith("… and ")


def test_pods_that_no_group_has_touched_have_no_row() -> None:
    names = [pod.name for pod in PROGRESSING.pods if not (pod.current or pod.phase)]
    text = "\n".join(shown("progressing", SIZES[1]))
    assert [name for name in names if name in text] == []


def bar(updated: int, in_flight: int, total: int = 100) -> str:
    cell = CellLine("", total, updated, 0, in_flight, (total,))
    status = replace(PROGRESSING, cells=(cell,), pods=(), group=1, groups=1)
    (line,) = [x.plain for x in live.lines(status, SIZES[0]) if x.plain.startswith("all pods")]
    return line.split()[2]


def test_a_bar_shows_what_is_done_in_flight_and_ahead() -> None:
    shares = [bar(50, 25).count(char) / len(bar(50, 25)) for char in (live.DONE, live.MOVING)]
    assert shares == pytest.approx([0.5, 0.25], abs=0.05)


@pytest.mark.parametrize(
    ("updated", "char"), [(1, live.DONE), (99, live.AHEAD)], ids=["the first", "the last"]
)
def test_a_bar_hides_no_pod(updated: int, char: str) -> None:
    assert char in bar(updated, 0)


def test_a_bar_is_full_only_when_all_pods_are_there() -> None:
    assert set(bar(100, 0)) == {live.DONE}


def test_an_escape_sequence_in_the_cluster_does_not_reach_the_live_view() -> None:
    nasty = "\x1b[2J\u202egone\nand more"
    status = replace(
        PROGRESSING,
        who=nasty,
        failure=nasty,
        waits=(Wait(For.SERVER, message=nasty),),
        pods=(replace(restarting(pods(1)[0]), name=nasty, trouble=nasty),),
    )
    text = "".join(line.plain for line in live.lines(status, Size(200, 60)))
    assert not {"\x1b", "\u202e", "\n"} & set(text)


def texts(count: int) -> list[Text]:
    return [Text(f"line {n}") for n in range(count)]


def test_each_block_gets_its_least_before_any_gets_more() -> None:
    blocks = [Block(texts(5), rank=0), Block(texts(1), rank=1)]
    assert len(fitted(blocks, 3, 80)) == 3
    assert fitted(blocks, 3, 80)[-1].plain == "line 0"


def test_a_heading_is_not_shown_alone() -> None:
    blocks = [Block(texts(1), rank=0), Block(texts(5), rank=1, least=2, heads=1)]
    assert len(fitted(blocks, 2, 80)) == 1


def test_what_does_not_fit_is_counted_under_its_name() -> None:
    (_, last) = fitted([Block(texts(5), rank=0, what="cells")], 2, 80)
    assert last.plain == "… and 4 more cells"
