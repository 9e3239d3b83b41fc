"""What is said while a release is driven does not wait for its reader (C65)."""

from __future__ import annotations

import io
import sys
import threading

import click
import pytest

from kubectl_cafe.cli.terminal.aside import Aside, aside


class Stuck(io.StringIO):
    """A terminal that was stopped: a write returns once it goes on."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = threading.Event()

    def write(self, text: str) -> int:
        self.goes_on.wait(10)
        return super().write(text)


@pytest.mark.guard("a-stuck-reader-holds-up-no-release")
def test_a_text_is_taken_while_its_reader_is_stuck_and_written_in_order_when_it_goes_on() -> None:
    out = Stuck()
    taking = Aside(out)
    for text in ("one\n", "two\n"):
        taking.write(text)
    before = out.getvalue()

    out.goes_on.set()
    taking.finish()

    assert (before, out.getvalue()) == ("", "one\ntwo\n")


def test_what_click_says_comes_out_whole(capsys: pytest.CaptureFixture[str]) -> None:
    with aside():
        click.echo("größer", err=True)
    click.echo("later", err=True)
    assert capsys.readouterr().err == "größer\nlater\n"


def test_a_reader_that_has_left_ends_nothing() -> None:
    out = io.StringIO()
    out.close()
    taking = Aside(out)
    taking.write("one\n")
    taking.finish()


def test_without_a_stream_nothing_is_put_aside(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    with aside():
        assert sys.stderr is None


def test_bytes_are_refused_so_that_it_counts_as_a_text_stream() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        Aside(io.StringIO()).write(b"x")  # type: ignore[arg-type]
