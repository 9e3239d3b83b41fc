"""Data on stdout, in machine-readable formats; messages on stderr."""

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
    """Print `text` on stderr, without control characters, in lines that fit the terminal.

    Never raises for a reader that has left, a closed terminal or a full disk: no release ends
    because a message can't be written.
    """
    say_as_it_is(broken(printable(text), width_of(sys.stderr)))


def say_next(hint: str) -> None:
    """Print the next command, with the cluster flags of this command."""
    say(f"  next:  {at(hint, cluster_flags())}")


def say_as_it_is(text: str, *, line_end: bool = True) -> None:
    """Print `text` on stderr, unchanged and not wrapped; never raises, as `say`."""
    with suppress(OSError):
        click.echo(text, err=True, nl=line_end)


def rendered(value: Any, output: str) -> str:
    """`value` (dicts, lists, scalars) as `json` or `yaml`, keys in their own order."""
    if output == "json":
        return _json(value, indent=2)
    from kubectl_cafe import yamls

    return yamls.dump(value)


def _json(value: Any, indent: int | None = None) -> str:
    """`value` as JSON; characters that move the cursor or turn the writing are escaped."""
    text = json.dumps(value, indent=indent, ensure_ascii=False) + "\n"
    if text.isascii():
        return text
    shown = (c if c.isprintable() or c == "\n" else json.dumps(c)[1:-1] for c in text)
    return "".join(shown)


def print_document(text: str) -> None:
    """Print machine-readable text, in UTF-8 whatever the locale is, as kubectl does."""
    click.echo(text.encode(errors="backslashreplace"), nl=False)


def print_data(value: Any, output: str) -> None:
    """Print `value` as `json` or `yaml`."""
    print_document(rendered(value, output))


def print_objects(objects: list[dict[str, Any]], output: str) -> None:
    """Print Kubernetes objects: JSON as one List (a single object bare), YAML as documents."""
    if output == "json":
        many = {"apiVersion": "v1", "kind": "List", "items": objects}
        print_data(objects[0] if len(objects) == 1 else many, output)
        return
    for place, item in enumerate(objects):
        if place:
            print_document("---\n")
        print_data(item, output)


def print_event(value: Any, output: str) -> None:
    """Print one of many values over time: JSON in one line each, YAML as one document each."""
    if output == "json":
        print_document(_json(value))
        return
    print_document("---\n")
    print_data(value, output)
