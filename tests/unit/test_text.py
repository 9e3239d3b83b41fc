"""Text for a terminal."""

from __future__ import annotations

import pytest

from kubectl_cafe.text import (
    broken,
    columns,
    counted,
    cut,
    cut_inside,
    one_line,
    printable,
    wrapped,
)

LONG = "  pod web-1: container main: ImagePullBackOff: back-off pulling image of the night"
NEXT = "  next:  kubectl cafe rollback productpage -n a-namespace-with-a-very-long-name"


def test_a_long_line_is_broken_between_words_with_a_hanging_indent() -> None:
    lines = broken(LONG, 40).splitlines()

    assert max(map(len, lines)) <= 40
    assert all(line.startswith("    ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == LONG.strip()


@pytest.mark.parametrize(
    ("number", "pods", "entries"),
    [(0, "0 pods", "0 entries"), (1, "1 pod", "1 entry"), (21, "21 pods", "21 entries")],
)
def test_a_noun_agrees_with_its_number(number: int, pods: str, entries: str) -> None:
    assert counted(number, "pod") == pods
    assert counted(number, "entry", "entries") == entries


def test_a_command_stays_whole_to_be_copied() -> None:
    assert broken(f"{LONG}\n{NEXT}", 40).splitlines()[-1] == NEXT


def test_a_pipe_gets_whole_lines() -> None:
    assert broken(LONG, None) == LONG


WIDTHS = [
    ("abc", 3),
    ("M\u00fcller", 6),
    ("\u65e5\u672c", 4),
    ("\U0001f600", 2),
    ("e\u0301", 1),
    ("ab\u2026", 3),
    ("\ufffd", 1),
]


@pytest.mark.guard("wide-characters-take-two-columns")
@pytest.mark.parametrize(("text", "width"), WIDTHS, ids=[ascii(text) for text, _ in WIDTHS])
def test_a_text_takes_the_columns_that_a_terminal_gives_it(text: str, width: int) -> None:
    assert columns(text) == width


def test_what_is_cut_has_a_sign_for_it_and_is_no_wider_than_there_is_room() -> None:
    assert cut("one two", 5) == "one \u2026"
    assert cut("\u65e5\u672c\u8a9e", 4) == "\u65e5\u2026"
    assert cut("\u65e5\u672c", 4) == "\u65e5\u672c"


@pytest.mark.parametrize("width", range(-1, 12))
def test_a_name_that_is_cut_inside_is_never_too_wide(width: int) -> None:
    for name in ("payments-gateway", "\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e"):
        assert columns(cut_inside(name, width)) <= max(1, width)


def test_a_name_that_is_cut_inside_keeps_its_beginning_and_more_of_its_end() -> None:
    assert cut_inside("payments-gateway-blue", 10) == "pay\u2026y-blue"


def test_wide_characters_are_wrapped_by_their_columns() -> None:
    lines = wrapped("\u65e5\u672c\u8a9e\u65e5\u672c\u8a9e\u65e5 and more", 9)

    assert lines == ["\u65e5\u672c\u8a9e\u65e5", "\u672c\u8a9e\u65e5", "and more"]


BREAKS = ["\n", "\r\n", "\r", "\x0b", "\x85", "\u2028", "\u2029"]


@pytest.mark.parametrize("end", BREAKS, ids=ascii)
def test_no_line_end_makes_a_second_line(end: str) -> None:
    assert one_line(f"a{end}b") == "a b"


def test_line_ends_that_only_some_programs_know_are_no_line_ends() -> None:
    assert printable("a\u2028b\u2029c\nd") == "a b c\nd"


def test_half_a_surrogate_pair_is_shown_as_what_can_t_be_shown() -> None:
    assert printable("caf\udce9") == "caf\ufffd"
