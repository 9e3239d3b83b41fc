"""The terminal that tests look at does what terminals do."""

from __future__ import annotations

from testbed.terminal import Grid


def written(*texts: str, columns: int = 10, rows: int = 3) -> list[str]:
    grid = Grid(columns, rows)
    for text in texts:
        grid.write(text)
    return grid.screen()


def test_lines_stand_under_each_other_and_leave_at_the_top() -> None:
    assert written("a\r\nb\r\nc\r\nd") == ["b", "c", "d"]


def test_a_long_line_is_broken() -> None:
    assert written("0123456789ab") == ["0123456789", "ab"]


def test_a_picture_is_written_over() -> None:
    assert written("one\r\ntwo", "\r\x1b[1A", "1\x1b[K\r\n2\x1b[J") == ["1", "2"]


def test_colours_and_half_sequences_leave_no_trace() -> None:
    assert written("\x1b[1;3", "1mred\x1b[0m\x1b[?2026h") == ["red"]


def test_nothing_above_the_screen_is_reached() -> None:
    assert written("a\r\nb\r\nc\r\nd", "\r\x1b[9AX") == ["X", "c", "d"]


def test_a_narrower_one_breaks_its_lines_anew() -> None:
    grid = Grid(10, 5)
    grid.write("01234567\r\nabcd")
    grid.resize(5, 5)
    grid.write("e")
    assert grid.screen() == ["01234", "567", "abcde"]
