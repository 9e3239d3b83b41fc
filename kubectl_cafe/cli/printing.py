"""Data on stdout, in the formats that machines read; talk on stderr."""

from __future__ import annotations

import json
import sys
from typing import Any

import click

from kubectl_cafe.cli._tty import width_of
from kubectl_cafe.text import broken, printable


def say(text: str) -> None:
    """Talk goes to stderr, cleaned of control characters, in lines that fit the terminal."""
    click.echo(broken(printable(text), width_of(sys.stderr)), err=True)


def rendered(value: Any, output: str) -> str:
    """`value` (dicts, lists, scalars) as `json` or `yaml`, keys in their own order."""
    if output == "json":
        return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
    from kubectl_cafe import yamls

    return yamls.dump(value)


def print_data(value: Any, output: str) -> None:
    """Print `value` as `json` or `yaml`."""
    click.echo(rendered(value, output), nl=False)


def print_objects(objects: list[dict[str, Any]], output: str) -> None:
    """Print Kubernetes objects: json one List (one object bare), yaml a document each."""
    if output == "json":
        many = {"apiVersion": "v1", "kind": "List", "items": objects}
        print_data(objects[0] if len(objects) == 1 else many, output)
        return
    for place, item in enumerate(objects):
        if place:
            click.echo("---")
        print_data(item, output)


def print_event(value: Any, output: str) -> None:
    """Print one of many that come over time: json one line each, yaml one document each."""
    if output == "json":
        click.echo(json.dumps(value, ensure_ascii=False))
        return
    click.echo("---")
    print_data(value, output)
