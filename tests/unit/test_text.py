"""Text for a terminal."""

from __future__ import annotations

from kubectl_cafe.text import broken

LONG = "  pod web-1: container main: ImagePullBackOff: back-off pulling image of the night"
NEXT = "  next:  kubectl cafe rollback productpage -n a-namespace-with-a-very-long-name"


def test_a_long_line_is_broken_between_words_with_a_hanging_indent() -> None:
    lines = broken(LONG, 40).splitlines()

    assert max(map(len, lines)) <= 40
    assert all(line.startswith("    ") for line in lines[1:])
    assert " ".join(line.strip() for line in lines) == LONG.strip()


def test_a_command_stays_whole_to_be_copied() -> None:
    assert broken(f"{LONG}\n{NEXT}", 40).splitlines()[-1] == NEXT


def test_a_pipe_gets_whole_lines() -> None:
    assert broken(LONG, None) == LONG
