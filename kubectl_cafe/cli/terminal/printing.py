"""Data on stdout, in the formats that machines read; talk on stderr."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import Any

import click

from kubectl_cafe.cli.exits import cluster_flags
from kubectl_cafe.cli.terminal._tty import width_of
from kubectl_cafe.hints import at
from kubectl_cafe.text import broken, printable


def say(text: str) -> None:
    """Talk goes to stderr, cleaned of control characters, in lines that fit the terminal.

    Never raises for a reader that has left, a closed terminal or a full disk: no release ends
    because its talk can't be written.
    """
    say_as_it_is(broken(printable(text), width_of(sys.stderr)))


def say_next(hint: str) -> None:
    """Say what to type next, with the flags by which this command reached its cluster."""
    say(f"  next:  {at(hint, cluster_flags())}")


def say_as_it_is(text: str, *, line_end: bool = True) -> None:
    """The same for a text that is clean, and stays as wide as it is."""
    with suppress(OSError):
        click.echo(text, err=True, nl=line_end)


def rendered(value: Any, output: str) -> str:
    """`value` (dicts, lists, scalars) as `json` or `yaml`, keys in their own order."""
    if output == "json":
        return _json(value, indent=2)
    from kubectl_cafe import yamls

    return yamls.dump(value)


def _json(value: Any, indent: int | None = None) -> str:
    """A document in JSON; what moves a terminal's cursor or turns its writing is escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    if text.isascii():
        return text
    shown = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return "".join(shown)


def print_document(text: str) -> None:
    """Print what programs read, in UTF-8 whatever the locale is, as kubectl does."""
    click.echo(text.encode(errors="backslashreplace"), nl=False)


def print_data(value: Any, output: str) -> None:
    """Print `value` as `json` or `yaml`."""
    print_document(rendered(value, output))


def print_objects(objects: list[dict[str, Any]], output: str) -> None:
    """Print Kubernetes objects: json one List (one object bare), yaml a document each."""
    if output == "json":
        many = {"apiVersion": "v1", "kind": "List", "items": objects}
        print_data(objects[0] if len(objects) == 1 else many, output)
        return
    for place, item in enumerate(objects):
        if place:
            print_document("---\n")
        print_data(item, output)


def print_event(value: Any, output: str) -> None:
    """Print one of many that come over time: json one line each, yaml one document each."""
    if output == "json":
        print_document(_json(value))
        return
    print_document("---\n")
    print_data(value, output)
