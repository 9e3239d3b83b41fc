"""Asking before a write that can hurt."""

from __future__ import annotations

import io

import pytest

from kubectl_cafe.cli.terminal.asking import Effect, ask
from kubectl_cafe.errors import Refused

EFFECT = Effect("prod", "payments", "cafedeployment/web", "10 pods restart")


class Terminal(io.StringIO):
    """A stream that a person sits at."""

    def isatty(self) -> bool:
        return True


def test_it_shows_context_namespace_object_and_effect() -> None:
    stderr = Terminal()

    ask(EFFECT, yes=False, stdin=Terminal("y\n"), stderr=stderr)

    assert stderr.getvalue() == (
        "context:   prod\n"
        "namespace: payments\n"
        "object:    cafedeployment/web\n"
        "effect:    10 pods restart\n"
        "Proceed? [y/N] "
    )


@pytest.mark.parametrize("answer", ["", "\n", "n\n", "yep\n"])
def test_anything_but_yes_is_no(answer: str) -> None:
    with pytest.raises(Refused, match="Nothing was written") as refused:
        ask(EFFECT, yes=False, stdin=Terminal(answer), stderr=Terminal())

    assert refused.value.exit_code == 7


def test_without_a_terminal_it_refuses_and_names_the_flag() -> None:
    with pytest.raises(Refused) as refused:
        ask(EFFECT, yes=False, stdin=io.StringIO("y\n"), stderr=io.StringIO())

    assert "--yes" in refused.value.hint


def test_the_flag_answers_and_the_effect_is_shown_all_the_same() -> None:
    stderr = io.StringIO()

    ask(EFFECT, yes=True, stdin=io.StringIO(), stderr=stderr)

    assert "10 pods restart" in stderr.getvalue()
    assert "Go on?" not in stderr.getvalue()


def test_an_escape_sequence_in_a_name_is_not_shown() -> None:
    assert "\x1b" not in str(Effect("prod", "", "x\x1b[31m", "y"))
