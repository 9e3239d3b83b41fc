"""docs/commands says what `--help` says, and every verb has examples."""

from __future__ import annotations

import pytest

from kubectl_cafe.cli import VERBS, run
from kubectl_cafe.cli.examples import EXAMPLES
from tests.pages.__main__ import FOLDER
from tests.pages.commands import pages


def test_the_pages_of_the_commands_are_current() -> None:
    """Else: make docs."""
    assert {path.name: path.read_text() for path in FOLDER.glob("*.md")} == pages()


def test_every_verb_has_examples() -> None:
    assert set(EXAMPLES) == set(VERBS)


@pytest.mark.parametrize("verb", EXAMPLES)
def test_the_help_ends_with_the_examples(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([verb, "--help"]) == 0

    shown = capsys.readouterr().out
    for example in EXAMPLES[verb]:
        assert f"    # {example.what}\n    {example.command}\n" in shown
