"""Data on stdout, in machine-readable formats; messages on stderr."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.hints import at
from kubectl_cafe.text import broken, printable

if TYPE_CHECKING:
    from kubectl_cafe.printers.output import Printable


def say(text: str) -> None:
    """Print `text` on stderr, without control characters, in lines that fit the terminal.

    Never raises for a closed pipe, a closed terminal or a full disk: the release continues without
    the message.
    """
    say_as_it_is(broken(printable(text), width_of(sys.stderr)))


def say_next(hint: str) -> None:
    """Print the next command, with the cluster flags of this command."""
    say(f"  next:  {at(hint, cluster_flags())}")


def say_as_it_is(text: str, *, line_end: bool = True) -> None:
    """Print `text` on stderr, unchanged and not wrapped; never raises, as `say`."""
    with suppress(OSError):
        click.echo(text, err=True, nl=line_end)


def print_document(text: str) -> None:
    """Print machine-readable text, in UTF-8 whatever the locale is, as kubectl does."""
    click.echo(text.encode(errors="backslashreplace"), nl=False)


def show(result: Printable, output: str | None) -> None:
    """Print `result` in the format `output`; None is the table."""
    from kubectl_cafe.printers.output import text

    _print(text(result, output), output)


def show_event(result: Printable, output: str | None) -> None:
    """Print `result` as one of several over time (`output.event`)."""
    from kubectl_cafe.printers.output import event

    _print(event(result, output), output)


def _print(text: str, output: str | None) -> None:
    from kubectl_cafe.printers.output import DATA

    if output in DATA:
        print_document(text)
    elif text:
        click.echo(text, nl=False)
